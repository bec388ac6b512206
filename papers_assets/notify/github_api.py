"""A client of GitHub's REST API, without retries."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from papers_assets.arxiv.client import USER_AGENT
from papers_assets.notify.message import DeliveryError
from papers_assets.text import to_printable

_CHANNEL = "GitHub issue"
_API_VERSION = "2022-11-28"
_TIMEOUT = (10.0, 60.0)
"""Seconds for the connection, and between two pieces of an answer."""
_PER_PAGE = 100
"""GitHub's limit."""
_MAX_PAGES = 200
_MIN_WAIT = 60.0
"""Seconds that GitHub asks us to wait if it limits the rate without stating a time."""
_RETRY_HINT = "The next run tries again"

_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "The token is wrong or has expired: set PAPERS_GITHUB_TOKEN to a new "
    "one",
    HTTPStatus.FORBIDDEN: "The token needs the permission to write issues in this repository "
    "(a workflow: `permissions: issues: write`)",
    HTTPStatus.NOT_FOUND: "Either there is no such repository, or the token may not see it: look at"
    " PAPERS_GITHUB_REPOSITORY and at the repositories that the token is for",
    HTTPStatus.GONE: "The repository has its issues switched off, or the day's issue was deleted "
    "just now: switch them on in the repository's settings",
}


class _BearerAuth(requests.auth.AuthBase):
    """Authentication by the token; as `auth`, it is not replaced by credentials in .netrc."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    content: Any
    """The decoded JSON; None: it is not JSON."""
    next_page: str
    """The address of the next page; empty: this is the last."""


class GitHubClient:
    """A client for one repository. The token is never shown or sent to another host."""

    def __init__(
        self,
        api_url: str,
        repository: str,
        token: str,
        session: requests.Session,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Store the settings; `now` returns seconds since 1970."""
        self.repository = repository
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._session, self._now = session, now

    def list_all(self, path: str, parameters: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Return the objects of a list, page by page.

        Args:
            path: below the repository.
            parameters: of the address.

        Raises:
            DeliveryError: GitHub did not answer with the whole list.
        """
        asked: dict[str, str] | None = {**parameters, "per_page": str(_PER_PAGE)}
        url = self._url(path)
        for _ in range(_MAX_PAGES):
            answer = self._request_with_checks("GET", url, parameters=asked)
            if not isinstance(answer.content, list):
                raise self._unreadable_error(answer)
            yield from answer.content
            if not answer.next_page:
                return
            url, asked = self._check_same_host(answer.next_page), None
        raise DeliveryError(
            _CHANNEL,
            f"{self.repository} has more than {_MAX_PAGES * _PER_PAGE} issues of the last days",
            "Use a repository of its own for the digests",
        )

    def create(self, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        """Post `content` to `path` below the repository, and return the created object.

        Raises:
            DeliveryError: GitHub refused it, or the answer was lost; then it may exist.
        """
        answer = self._request_with_checks("POST", self._url(path), content=content)
        if not isinstance(answer.content, dict) or "html_url" not in answer.content:
            raise self._unreadable_error(answer)
        return answer.content

    def read_login(self) -> str:
        """Return the login of the token's owner; empty for an app's, such as a workflow's.

        Raises:
            DeliveryError: GitHub did not answer.
        """
        answer = self._request("GET", f"{self._api_url}/user")
        kept_from_apps = answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        if kept_from_apps and self._requested_wait(answer) is None:
            return ""
        self._check_status(answer)
        if not isinstance(answer.content, dict) or "login" not in answer.content:
            raise self._unreadable_error(answer)
        return str(answer.content["login"])

    def _url(self, path: str) -> str:
        return f"{self._api_url}/repos/{self.repository}{path}"

    def _request_with_checks(
        self,
        method: str,
        url: str,
        *,
        parameters: Mapping[str, str] | None = None,
        content: Mapping[str, object] | None = None,
    ) -> _Response:
        answer = self._request(method, url, parameters, content)
        self._check_status(answer, len(str((content or {}).get("body", ""))))
        return answer

    def _request(
        self,
        method: str,
        url: str,
        parameters: Mapping[str, str] | None = None,
        content: Mapping[str, object] | None = None,
    ) -> _Response:
        try:
            answer = self._session.request(
                method,
                url,
                params=parameters,
                data=None if content is None else json.dumps(content).encode(),
                headers={
                    "Accept": "application/vnd.github+json",
                    "Content-Type": "application/json",
                    "User-Agent": USER_AGENT,
                    "X-GitHub-Api-Version": _API_VERSION,
                },
                auth=_BearerAuth(self._token),
                timeout=_TIMEOUT,
                # The token is for this host only, and a redirected POST would become a GET.
                allow_redirects=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise DeliveryError(
                _CHANNEL,
                f"GitHub gave no answer ({type(error).__name__})",
                _RETRY_HINT,
                is_transient=True,
            ) from None
        try:
            said = answer.json()
        except ValueError:
            said = None
        following = answer.links.get("next", {}).get("url", "")
        return _Response(answer.status_code, answer.headers, said, following)

    def _check_status(self, answer: _Response, length: int = 0) -> None:
        """Raise DeliveryError unless the answer has a success status."""
        status = answer.status
        wait = self._requested_wait(answer)
        if status in requests.models.REDIRECT_STATI:
            raise self._moved_error(answer)
        if wait is not None:
            reason = f"GitHub answered {status}, and asks to wait {wait:.0f} s before more is asked"
            raise DeliveryError(_CHANNEL, reason, _RETRY_HINT, is_transient=True, wait=wait)
        reason = f"GitHub answered {status} for {self.repository}{self._error_text(answer)}"
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryError(_CHANNEL, reason, _RETRY_HINT, is_transient=True)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY and length:
            remedy = f"The text has {length:,} characters, and GitHub takes 65,536"
            raise DeliveryError(_CHANNEL, reason, remedy)
        if status // 100 != HTTPStatus.OK // 100:
            remedy = _REMEDIES.get(status, "Look at PAPERS_GITHUB_REPOSITORY and GITHUB_API_URL")
            raise DeliveryError(_CHANNEL, reason, remedy)

    def _requested_wait(self, answer: _Response) -> float | None:
        """Return the seconds that GitHub asks us to wait; None: it does not ask."""
        if answer.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            return None
        asked = answer.headers.get("Retry-After", "")
        reset = answer.headers.get("X-RateLimit-Reset", "")
        if asked.isdecimal():
            return max(float(asked), 1.0)
        if answer.headers.get("X-RateLimit-Remaining") == "0":
            return max(float(reset) - self._now(), 1.0) if reset.isdecimal() else _MIN_WAIT
        limited = "rate limit" in self._error_text(answer).lower()
        return _MIN_WAIT if limited or answer.status == HTTPStatus.TOO_MANY_REQUESTS else None

    def _error_text(self, answer: _Response) -> str:
        said = answer.content.get("message") if isinstance(answer.content, dict) else None
        words = str(said or "").replace(self._token or "\0", "***")
        return f" ({to_printable(words)})" if words else ""

    def _moved_error(self, answer: _Response) -> DeliveryError:
        where = to_printable(answer.headers.get("Location", "an unknown address"))
        return DeliveryError(
            _CHANNEL,
            f"GitHub answered {answer.status}: {self.repository} has moved to {where}",
            "Set PAPERS_GITHUB_REPOSITORY to the repository's new name, or GITHUB_API_URL to the "
            "new address",
        )

    def _unreadable_error(self, answer: _Response) -> DeliveryError:
        reason = f"GitHub answered {answer.status} with something that is not what was asked for"
        remedy = "The next run tries again; if that does not help, look at GITHUB_API_URL"
        return DeliveryError(_CHANNEL, reason, remedy, is_transient=True)

    def _check_same_host(self, following: str) -> str:
        following = urljoin(f"{self._api_url}/", following)
        if urlsplit(following)[:2] != urlsplit(self._api_url)[:2]:
            raise DeliveryError(
                _CHANNEL,
                f"the list goes on at another host, {to_printable(following)}",
                "The token is not sent there; look at GITHUB_API_URL",
            )
        return following
