"""What can go wrong between arXiv and us, as a tree.

ArxivError                  no believable answer for one request
|-- ArxivUnreachable        no answer at all: no route, refused, reset, timed out
|-- ArxivHttpError          an answer, but its status is not one of success
|   |-- ArxivThrottled      asked too fast, or arXiv is too busy for us (429, "Rate exceeded.",
|   |                       503 that says when to come back)
|   |-- ArxivBlocked        arXiv wants no more requests from here (403)
|   `-- ArxivInvalidQuery   arXiv cannot read the query, and says why (400, the "Error" entry)
|-- ArxivBadResponse          a success, but not a whole and sound feed or list of records
|-- ArxivBadToken           a list of records is not continued: it is to be begun again
`-- ArxivDeadlineExceeded            the job's own deadline is over
"""

_TRANSIENT_STATUSES = frozenset({406, 500, 502, 503, 504})
"""Statuses that arXiv is known to answer for a while, to queries that work before and after."""

_UNAVAILABLE = 503


class ArxivError(Exception):
    """No believable answer from arXiv; the message says what came instead."""

    short_reason = "arXiv gave no answer that can be believed"
    """The same in words for readers of the README: short, and equal from day to day."""
    retryable = False
    """Whether the same request may well be answered a little later."""
    retry_after: float | None = None
    """Seconds that arXiv asks us to wait before the next request; None: it does not say."""
    attempts = 1
    """How often the request was asked."""


class ArxivUnreachable(ArxivError):
    """No answer came."""

    short_reason = "arXiv could not be reached"
    retryable = True


class ArxivHttpError(ArxivError):
    """The answer's status is `status`, which is not 200."""

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
    """arXiv refuses this host; asking on would be taken for an attack."""


BLOCKED_REASON = ArxivBlocked("", 403).short_reason


class ArxivInvalidQuery(ArxivHttpError):
    """arXiv cannot read the query."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message, status, retry_after)
        self.short_reason = "arXiv refuses the query"
        self.retryable = False


class ArxivBadResponse(ArxivError):
    """The answer is not a feed, is cut short, or contradicts itself."""

    short_reason = "arXiv's answer was not a whole list of papers"
    retryable = True


class ArxivBadToken(ArxivError):
    """The token that asks for the next page has expired, or was never given out."""

    short_reason = "arXiv did not go on with a list that it began"


class ArxivDeadlineExceeded(ArxivError):
    """The deadline of the job is over, or would be before the next request."""

    short_reason = "there was no time left to ask arXiv"
