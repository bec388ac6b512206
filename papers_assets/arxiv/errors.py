"""The errors of requests to arXiv.

ArxivError                  no valid answer to a request
|-- ArxivUnreachable        no answer at all: no route, refused, reset, timed out
|-- ArxivHttpError          an answer with an error status
|   |-- ArxivThrottled      too many requests, or arXiv is too busy (429, "Rate exceeded.",
|   |                       503 with a Retry-After header)
|   |-- ArxivBlocked        arXiv refuses requests from this host (403)
|   `-- ArxivInvalidQuery   arXiv cannot read the query (400, or the "Error" entry with the reason)
|-- ArxivBadResponse        a success status, but not a complete and valid feed or list of records
|-- ArxivBadToken           a list of records must be read again from its beginning
`-- ArxivDeadlineExceeded   the job's own deadline has passed
"""

_TRANSIENT_STATUSES = frozenset({406, 500, 502, 503, 504})
"""Statuses that arXiv is known to return temporarily for queries that work before and after."""

_UNAVAILABLE = 503


class ArxivError(Exception):
    """arXiv gave no valid answer; the message describes what came instead."""

    short_reason = "arXiv gave no answer that can be believed"
    """The short reason for readers of the README, the same from day to day."""
    retryable = False
    """Whether the same request is likely to succeed a little later."""
    retry_after: float | None = None
    """Seconds that arXiv asks us to wait before the next request; None: it does not ask."""
    attempts = 1
    """How often the request was sent."""


class ArxivUnreachable(ArxivError):
    """No answer came."""

    short_reason = "arXiv could not be reached"
    retryable = True


class ArxivHttpError(ArxivError):
    """The answer has the error status `status`."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, status)
        self.status = status
        self.short_reason = f"arXiv answered {status}"
        self.retryable = status in _TRANSIENT_STATUSES
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0])


class ArxivThrottled(ArxivHttpError):
    """arXiv asks us to slow down."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, status, retry_after)
        busy = status == _UNAVAILABLE
        self.short_reason = (
            f"arXiv answered that it {'is too busy' if busy else 'was asked too often'}"
        )
        self.retryable = True


class ArxivBlocked(ArxivHttpError):
    """arXiv refuses this host; further requests would be taken for an attack."""


BLOCKED_REASON = ArxivBlocked("", 403).short_reason


class ArxivInvalidQuery(ArxivHttpError):
    """arXiv cannot read the query."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, status, retry_after)
        self.short_reason = "arXiv refuses the query"
        self.retryable = False


class ArxivBadResponse(ArxivError):
    """The answer is not a feed, is truncated, or contradicts itself."""

    short_reason = "arXiv's answer was not a whole list of papers"
    retryable = True


class ArxivBadToken(ArxivError):
    """The token for the next page has expired or is unknown to arXiv."""

    short_reason = "arXiv did not go on with a list that it began"


class ArxivDeadlineExceeded(ArxivError):
    """The deadline of the job has passed, or would pass before the next request."""

    short_reason = "there was no time left to ask arXiv"
