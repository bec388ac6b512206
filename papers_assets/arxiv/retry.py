"""The retry policy and the circuit breaker for requests to arXiv. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from papers_assets.arxiv.errors import ArxivBlocked, ArxivDeadlineExceeded, ArxivError

MAX_ATTEMPTS = 5
BACKOFF = 15.0
_JITTER = 0.25


@dataclass(frozen=True)
class RetryPolicy:
    """The limits of attempts, pauses and timeouts; in seconds, unless stated otherwise."""

    max_attempts: int = MAX_ATTEMPTS
    """How often a request is sent at most; at least 1."""
    backoff: float = BACKOFF
    """The pause before the second attempt, doubled before each further one."""
    max_delay: float = 300.0
    """The longest pause, for both the doubling and arXiv's Retry-After."""
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    """Between two pieces of an answer. arXiv is slow to answer with large pages."""
    answer_timeout: float = 300.0
    """For a whole answer, even if its pieces come steadily."""
    max_body: int = 64 * 1024 * 1024
    """Bytes of a decompressed answer. A page of 2,000 results has about 5 million."""
    deadline: float = 2 * 3600.0
    """For all requests of a job together."""

    def delay(self, attempt: int, retry_after: float | None, random: Callable[[], float]) -> float:
        """Return the pause after a failed attempt.

        Args:
            attempt: its number, counted from 1.
            retry_after: the seconds that arXiv asks for; None or 0: our own pause is used (arXiv
                has been seen to answer 0 in the middle of an outage).
            random: returns a number from 0 to 1, so that many programs do not retry at once.
        """
        if retry_after is not None and retry_after > 0:
            return min(retry_after, self.max_delay)
        doubled: float = self.backoff * 2 ** min(attempt - 1, 32)
        return min(doubled * (1 + _JITTER * random()), self.max_delay)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds in a Retry-After header, a number or an HTTP date; None if neither.

    Args:
        value: of the header; None: there is none.
        now: the current time, aware.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000", which is UTC in HTTP
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


MAX_FAILURES_IN_A_ROW = 3
"""Failures in a row, of arXiv or the disk, after which the rest is left to the next run."""


class CircuitBreaker:
    """The circuit breaker of a job that sends arXiv one query after the other."""

    def __init__(self) -> None:
        self.open_reason: Exception | None = None
        """Why no more queries are to be sent; None: they are."""
        self._failures = 0

    @property
    def max_attempts(self) -> int | None:
        """The number of attempts for the next query; None: as the retry policy allows.

        After a temporary failure, or one of the disk, the next query is attempted only once.
        """
        return 1 if self._failures else None

    def record_success(self) -> None:
        """Record that arXiv answered, even if the answer is not valid."""
        self._failures = 0

    def record_failure(self, error: Exception) -> None:
        """Record an `ArxivError`, or the error that kept the answer from being stored."""
        is_trouble = error.retryable if isinstance(error, ArxivError) else True
        self._failures = self._failures + 1 if is_trouble else 0
        if (
            isinstance(error, ArxivBlocked | ArxivDeadlineExceeded)
            or self._failures >= MAX_FAILURES_IN_A_ROW
        ):
            self.open_reason = error
