"""The one place that talks to arXiv: one polite request, and an answer or an `ArxivError`."""

import logging
from importlib.metadata import version

import requests

from papers_assets.arxiv import query
from papers_assets.arxiv.errors import (
    ArxivBadAnswer,
    ArxivBlocked,
    ArxivError,
    ArxivHttpError,
    ArxivRefusedQuery,
    ArxivThrottled,
    ArxivUnreachable,
)
from papers_assets.arxiv.feed import Page, parse_feed
from papers_assets.arxiv.gate import Gate

logger = logging.getLogger(__name__)

USER_AGENT = f"papers-assets/{version('papers-assets')}"
_TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and between two pieces of the body. Big pages take arXiv a while."""
_MAX_BODY = 64 * 1024 * 1024
"""Bytes, decompressed. A page of 2,000 results has about 5 million."""
_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY = 200, 400, 403, 429


class ArxivClient:
    """Asks arXiv's API at `api_url`, each request in its turn at the `gate`.

    `requests` counts what was asked so far and `seconds_waited` what the gate took.
    """

    def __init__(self, api_url: str, gate: Gate) -> None:
        self.api_url = api_url
        self.requests = 0
        self.seconds_waited = 0.0
        self._gate = gate
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/atom+xml"})

    def ask(self, parameters: dict[str, str]) -> Page:
        """Send one request and read its answer.

        Raises:
            ArxivError: no believable answer; see `papers_assets.arxiv.errors`.
        """
        url = query.url(self.api_url, parameters)
        with self._gate.turn() as waited:
            self.seconds_waited += waited
            self.requests += 1
            status, body = self._get(url)
        return _read(status, body)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _get(self, url: str) -> tuple[int, bytes]:
        try:
            # A redirect is a request of its own, which would not wait for its turn.
            with self._session.get(
                url, timeout=_TIMEOUT, stream=True, allow_redirects=False
            ) as response:
                body = bytearray()
                for piece in response.iter_content(1 << 16):
                    body += piece
                    if len(body) > _MAX_BODY:
                        raise ArxivBadAnswer(f"an answer of more than {_MAX_BODY} bytes")
                if response.is_redirect:
                    where = response.headers["Location"]
                    raise ArxivHttpError(
                        f"arXiv's API has moved to {where}: set ARXIV_API_URL to its new address",
                        response.status_code,
                    )
                return response.status_code, bytes(body)
        except requests.RequestException as error:
            raise ArxivUnreachable(
                f"arXiv could not be reached at {self.api_url} ({_reason(error)})"
            ) from error


def _read(status: int, body: bytes) -> Page:
    if status == _TOO_MANY or body.strip() == b"Rate exceeded.":
        raise ArxivThrottled(f"arXiv answered {status}: asked too often", status)
    if status == _FORBIDDEN:
        raise ArxivBlocked(
            f"arXiv answered {status}: it blocks this host. Stop, and ask arXiv why", status
        )
    if status == _OK:
        return parse_feed(body)
    if status == _BAD_REQUEST:
        try:
            parse_feed(body)
        except ArxivRefusedQuery:
            raise
        except ArxivError:
            logger.debug("status 400 without an Error entry")
        raise ArxivRefusedQuery(f"arXiv answered {status}, without saying why", status)
    raise ArxivHttpError(f"arXiv answered {status}", status)


def _reason(error: requests.RequestException) -> str:
    """Give the innermost reason, which is the one that people can act on."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
