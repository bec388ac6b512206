"""The client of arXiv's API and OAI-PMH, with rate limit and retries."""

import logging
import random as random_numbers
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from typing import Generic, TypeVar

import requests
import urllib3

from papers_assets.arxiv import responses, search
from papers_assets.arxiv.errors import (
    ArxivBadResponse,
    ArxivDeadlineExceeded,
    ArxivError,
    ArxivHttpError,
    ArxivThrottled,
    ArxivUnreachable,
)
from papers_assets.arxiv.models import Page
from papers_assets.arxiv.oai_pmh import RecordsPage, parse_records
from papers_assets.arxiv.rate_limit import RateLimiter, RateLimitTimeout
from papers_assets.arxiv.retry import RetryPolicy, parse_retry_after
from papers_assets.text import to_printable

logger = logging.getLogger(__name__)

USER_AGENT = f"papers-assets/{version('papers-assets')}"
_CHUNK_SIZE = 1 << 16
_Page = TypeVar("_Page", Page, RecordsPage)


@dataclass(frozen=True)
class _Interface(Generic[_Page]):
    """One of arXiv's interfaces."""

    url: str
    settings_variable: str
    """The environment variable that sets the address."""
    accept: str
    parse: Callable[[bytes], _Page]


class ArxivClient:
    """A client of arXiv's API at `api_url` and of OAI-PMH at `oai_url`.

    Both share one `rate_limiter`, as arXiv's terms count them together. `requests` is the number of
    requests so far, `seconds_waited` the time spent on the rate limiter and pauses. The deadline of
    `retry_policy` counts from the creation of the client.
    """

    def __init__(  # noqa: PLR0913 - all but two have defaults
        self,
        api_url: str,
        rate_limiter: RateLimiter,
        retry_policy: RetryPolicy | None = None,
        *,
        oai_url: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.api_url = api_url
        self.oai_url = oai_url
        self.requests = 0
        self.seconds_waited = 0.0
        self._retry_policy = retry_policy or RetryPolicy()
        self._rate_limiter = rate_limiter
        self._clock, self._sleep, self._random = clock, sleep, random
        self._deadline_at = clock() + self._retry_policy.deadline
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT

    def query(self, parameters: dict[str, str], *, max_attempts: int | None = None) -> Page:
        """Send one query to the API, with retries, and return its answer.

        Args:
            parameters: of the address.
            max_attempts: if fewer than the retry policy allows.

        Raises:
            ArxivError: no valid answer (`papers_assets.arxiv.errors` lists the kinds).
        """
        api = _Interface(self.api_url, "ARXIV_API_URL", "application/atom+xml", responses.read_feed)
        return self._request_with_retries(api, parameters, max_attempts)

    def list_records(
        self, parameters: dict[str, str], *, max_attempts: int | None = None
    ) -> RecordsPage:
        """Request a page of records from OAI-PMH, with retries, and return it.

        Args:
            parameters: of the address.
            max_attempts: if fewer than the retry policy allows.

        Raises:
            ArxivBadToken: the page's list must be read again from its beginning.
            ArxivError: no valid answer.
            ValueError: the client was made without `oai_url`.
        """
        if not self.oai_url:
            raise ValueError("no address of arXiv's OAI-PMH interface: set ARXIV_OAI_URL")
        oai = _Interface(self.oai_url, "ARXIV_OAI_URL", "text/xml", parse_records)
        return self._request_with_retries(oai, parameters, max_attempts)

    def _request_with_retries(
        self,
        interface: _Interface[_Page],
        parameters: dict[str, str],
        max_attempts: int | None = None,
    ) -> _Page:
        attempts = min(
            max_attempts or self._retry_policy.max_attempts, self._retry_policy.max_attempts
        )
        for attempt in count(1):
            try:
                return self._request_once(interface, parameters)
            except ArxivError as error:
                pause = self._retry_policy.delay(attempt, error.retry_after, self._random)
                last = not error.retryable or attempt >= attempts
                if isinstance(error, ArxivThrottled):
                    # Also when we give up: the next keyword and all other programs must wait.
                    self._rate_limiter.block_for(pause)
                if last:
                    error.attempts = attempt
                    raise
                logger.warning(
                    "%s; asking again in %.0f s (attempt %d of %d)",
                    error,
                    pause,
                    attempt + 1,
                    attempts,
                )
                if not isinstance(error, ArxivThrottled):
                    self._wait(pause)
        raise AssertionError("unreachable")

    def pause_before_recheck(self) -> None:
        """Pause before repeating a request whose answer failed answer validation."""
        self._wait(self._retry_policy.delay(1, None, self._random))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _wait(self, seconds: float) -> None:
        self._check_deadline(seconds)
        self._sleep(seconds)
        self.seconds_waited += seconds

    def _check_deadline(self, seconds: float = 0.0) -> float:
        left = self._deadline_at - self._clock()
        if left <= seconds:
            raise ArxivDeadlineExceeded(
                f"the job's deadline of {self._retry_policy.deadline:.0f} s is over; the next "
                "run asks "
                "again"
            )
        return left

    def _request_once(self, interface: _Interface[_Page], parameters: dict[str, str]) -> _Page:
        try:
            with self._rate_limiter.slot(timeout=self._check_deadline()) as waited:
                self.seconds_waited += waited
                self.requests += 1
                status, headers, body = self._send(interface, parameters)
        except RateLimitTimeout as error:
            raise ArxivDeadlineExceeded(
                f"no time left before the job's deadline: {error}"
            ) from error
        wait = parse_retry_after(headers.get("Retry-After"), datetime.now(UTC))
        return responses.read_response(status, body, wait, interface.parse)

    def _send(
        self, interface: _Interface[_Page], parameters: dict[str, str]
    ) -> tuple[int, "requests.structures.CaseInsensitiveDict[str]", bytes]:
        url = search.build_url(interface.url, parameters)
        # arXiv has accepted the same parameters as a form since 2025-11-21 (arXiv/arxiv-search).
        is_form = len(search.build_request_line(url)) > search.MAX_REQUEST_LINE
        timeout = (self._retry_policy.connect_timeout, self._retry_policy.read_timeout)
        ends = min(self._clock() + self._retry_policy.answer_timeout, self._deadline_at)
        try:
            # A redirect would be another request, without waiting for the rate limiter.
            with self._session.request(
                "POST" if is_form else "GET",
                interface.url if is_form else url,
                data=parameters if is_form else None,
                headers={"Accept": interface.accept},
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                self._rate_limiter.mark_sent()
                body = bytearray()
                # Not iter_content, which waits for a full chunk, so forever if bytes come slowly.
                while piece := response.raw.read1(_CHUNK_SIZE, decode_content=True):
                    body += piece
                    if len(body) > self._retry_policy.max_body:
                        raise ArxivBadResponse(
                            f"an answer of more than {self._retry_policy.max_body} bytes"
                        )
                    if self._clock() > ends:
                        raise ArxivUnreachable(
                            "arXiv's answer was not whole after "
                            f"{self._retry_policy.answer_timeout:g}"
                            f" s; {len(body)} bytes came"
                        )
                if response.is_redirect:
                    where = to_printable(response.headers["Location"])
                    raise ArxivHttpError(
                        f"arXiv has moved {interface.url} to {where}: set "
                        f"{interface.settings_variable} to "
                        "its new address",
                        response.status_code,
                    )
                return response.status_code, response.headers, bytes(body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise ArxivUnreachable(
                f"arXiv could not be reached at {interface.url} ({_innermost_reason(error)})"
            ) from error


def _innermost_reason(error: BaseException) -> str:
    """Return the innermost cause of an error, which is the most useful one."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return to_printable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
