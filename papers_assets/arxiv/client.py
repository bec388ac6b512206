"""The one place that talks to arXiv: polite requests, asked again with judgement."""

import logging
import random as random_numbers
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count

import requests
import urllib3

from papers_assets.arxiv import query
from papers_assets.arxiv.errors import (
    ArxivBadAnswer,
    ArxivBlocked,
    ArxivError,
    ArxivHttpError,
    ArxivRefusedQuery,
    ArxivThrottled,
    ArxivTooLate,
    ArxivUnreachable,
)
from papers_assets.arxiv.feed import Page, parse_feed
from papers_assets.arxiv.gate import Gate, GateTimeout
from papers_assets.arxiv.patience import Patience, retry_after
from papers_assets.logs import printable

logger = logging.getLogger(__name__)

USER_AGENT = f"papers-assets/{version('papers-assets')}"
_PIECE = 1 << 16
_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY = 200, 400, 403, 429
# What arXiv's API finds wrong with a query. Anything else in an Error entry is its own trouble.
_ABOUT_THE_QUERY = re.compile(
    r"incorrect|invalid|malformed|must be|unbalanced|unexpected|syntax|parse|unknown field",
    re.IGNORECASE,
)


class ArxivClient:
    """Asks arXiv's API at `api_url`, each request in its turn at the `gate`.

    `requests` counts what was asked so far and `seconds_waited` what gate and pauses took. The
    deadline of `patience` counts from here on.
    """

    def __init__(  # noqa: PLR0913 - all but two have defaults
        self,
        api_url: str,
        gate: Gate,
        patience: Patience | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_numbers.random,
    ) -> None:
        self.api_url = api_url
        self.requests = 0
        self.seconds_waited = 0.0
        self._patience = patience or Patience()
        self._gate = gate
        self._clock, self._sleep, self._random = clock, sleep, random
        self._ends = clock() + self._patience.deadline
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/atom+xml"})

    def ask(self, parameters: dict[str, str], *, max_attempts: int | None = None) -> Page:
        """Ask one question, again if need be, and read its answer.

        Args:
            parameters: of the address.
            max_attempts: fewer attempts than `patience` allows.

        Raises:
            ArxivError: no believable answer; see `papers_assets.arxiv.errors`.
        """
        attempts = min(max_attempts or self._patience.max_attempts, self._patience.max_attempts)
        for attempt in count(1):
            try:
                return self._ask_once(parameters)
            except ArxivError as error:
                pause = self._patience.pause(attempt, error.retry_after, self._random)
                last = not error.retryable or attempt >= attempts
                if isinstance(error, ArxivThrottled):
                    # Also when we give up: the next keyword, and every other program, is to wait.
                    self._gate.hold_off(pause)
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

    def look_again_later(self) -> None:
        """Pause before asking about an answer that was whole but hard to believe."""
        self._wait(self._patience.pause(1, None, self._random))

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _wait(self, seconds: float) -> None:
        self._check_deadline(seconds)
        self._sleep(seconds)
        self.seconds_waited += seconds

    def _check_deadline(self, seconds: float = 0.0) -> float:
        left = self._ends - self._clock()
        if left <= seconds:
            raise ArxivTooLate(
                f"the job's deadline of {self._patience.deadline:.0f} s is over; the next run asks "
                "again"
            )
        return left

    def _ask_once(self, parameters: dict[str, str]) -> Page:
        url = query.url(self.api_url, parameters)
        try:
            with self._gate.turn(within=self._check_deadline()) as waited:
                self.seconds_waited += waited
                self.requests += 1
                status, headers, body = self._get(url)
        except GateTimeout as error:
            raise ArxivTooLate(f"no time left before the job's deadline: {error}") from error
        wait = retry_after(headers.get("Retry-After"), datetime.now(UTC))
        return _read(status, body, wait)

    def _get(self, url: str) -> tuple[int, "requests.structures.CaseInsensitiveDict[str]", bytes]:
        timeout = (self._patience.connect_timeout, self._patience.read_timeout)
        ends = min(self._clock() + self._patience.answer_timeout, self._ends)
        try:
            # A redirect is a request of its own, which would not wait for its turn.
            with self._session.get(
                url, timeout=timeout, stream=True, allow_redirects=False
            ) as response:
                self._gate.reached()
                body = bytearray()
                # Not iter_content, which waits for a whole piece, and so for ever if bytes drip.
                while piece := response.raw.read1(_PIECE, decode_content=True):
                    body += piece
                    if len(body) > self._patience.max_body:
                        raise ArxivBadAnswer(
                            f"an answer of more than {self._patience.max_body} bytes"
                        )
                    if self._clock() > ends:
                        raise ArxivUnreachable(
                            f"arXiv's answer was not whole after {self._patience.answer_timeout:g}"
                            f" s; {len(body)} bytes came"
                        )
                if response.is_redirect:
                    where = printable(response.headers["Location"])
                    raise ArxivHttpError(
                        f"arXiv's API has moved to {where}: set ARXIV_API_URL to its new address",
                        response.status_code,
                    )
                return response.status_code, response.headers, bytes(body)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise ArxivUnreachable(
                f"arXiv could not be reached at {self.api_url} ({_reason(error)})"
            ) from error


def _read(status: int, body: bytes, wait: float | None) -> Page:
    if status == _TOO_MANY or body[:100].strip() == b"Rate exceeded.":
        raise ArxivThrottled(f"arXiv answered {status}: asked too often", status, wait)
    if status == _FORBIDDEN:
        raise ArxivBlocked(
            f"arXiv answered {status}: it blocks this host. Stop, and ask arXiv why", status
        )
    if status == _OK:
        try:
            return parse_feed(body)
        except ArxivRefusedQuery as error:
            if _ABOUT_THE_QUERY.search(str(error)):
                raise
            raise ArxivBadAnswer(str(error)) from error
    if status == _BAD_REQUEST:
        try:
            parse_feed(body)
        except ArxivRefusedQuery:
            raise
        except ArxivError:
            logger.debug("status 400 without an Error entry")
        raise ArxivRefusedQuery(f"arXiv answered {status}, without saying why", status)
    raise ArxivHttpError(f"arXiv answered {status}", status, wait)


def _reason(error: BaseException) -> str:
    """Give the innermost reason, which is the one that people can act on."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return printable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
