"""How long to wait for arXiv, how often to ask again, and when to give up. Pure."""

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
    """Every bound on waiting for arXiv. Seconds, unless said otherwise."""

    max_attempts: int = MAX_ATTEMPTS
    """How often one request is asked in all, from 1."""
    backoff: float = BACKOFF
    """Pause before the second attempt; it doubles from attempt to attempt."""
    max_delay: float = 300.0
    """Of a pause, whatever the doubling or arXiv's Retry-After says."""
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    """Between two pieces of an answer. Big pages take arXiv a while."""
    answer_timeout: float = 300.0
    """For a whole answer, however steadily its pieces come."""
    max_body: int = 64 * 1024 * 1024
    """Bytes, decompressed. A page of 2,000 results has about 5 million."""
    deadline: float = 2 * 3600.0
    """For all requests of a job together."""

    def delay(self, attempt: int, retry_after: float | None, random: Callable[[], float]) -> float:
        """Return the pause after attempt number `attempt`, counted from 1, failed.

        Args:
            attempt: how many there were.
            retry_after: what arXiv asks for; 0 or None: it leaves that to us (arXiv has been seen
                to answer 0 in the middle of an outage).
            random: gives a number from 0 to 1, so that many programs do not come back at once.
        """
        if retry_after is not None and retry_after > 0:
            return min(retry_after, self.max_delay)
        doubled: float = self.backoff * 2 ** min(attempt - 1, 32)
        return min(doubled * (1 + _JITTER * random()), self.max_delay)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or an HTTP date; None if it is neither.

    Args:
        value: of the header; None: there is none.
        now: aware.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000", which HTTP means as UTC
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


MAX_FAILURES_IN_A_ROW = 3
"""So many times in a row that arXiv itself failed, or the disk: the rest is for the next run."""


class CircuitBreaker:
    """Of a job that asks arXiv for one thing after the other."""

    def __init__(self) -> None:
        self.open_reason: Exception | None = None
        """Why nothing more is to be asked for; None: go on."""
        self._failures = 0

    @property
    def max_attempts(self) -> int | None:
        """How often to ask for the next thing; None: as often as usual.

        Whoever was told to go away, or got nothing, knocks once at the next door.
        """
        return 1 if self._failures else None

    def record_success(self) -> None:
        """Note that arXiv answered, whatever the answer is worth."""
        self._failures = 0

    def record_failure(self, error: Exception) -> None:
        """Note an `ArxivError`, or else why what came could not be stored."""
        is_trouble = error.retryable if isinstance(error, ArxivError) else True
        self._failures = self._failures + 1 if is_trouble else 0
        if (
            isinstance(error, ArxivBlocked | ArxivDeadlineExceeded)
            or self._failures >= MAX_FAILURES_IN_A_ROW
        ):
            self.open_reason = error
