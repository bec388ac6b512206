"""What can go wrong between arXiv and us, as a tree.

ArxivError                  no believable answer for one request
|-- ArxivUnreachable        no answer at all: no route, refused, reset, timed out
|-- ArxivHttpError          an answer, but its status is not one of success
|   |-- ArxivThrottled      asked too fast, or arXiv is too busy for us (429, "Rate exceeded.")
|   |-- ArxivBlocked        arXiv wants no more requests from here (403)
|   `-- ArxivRefusedQuery   arXiv cannot read the query, and says why (400, the "Error" entry)
`-- ArxivBadAnswer          a success, but not a whole and sound Atom feed
"""


class ArxivError(Exception):
    """No believable answer from arXiv; the message says what came instead."""


class ArxivUnreachable(ArxivError):
    """No answer came."""


class ArxivHttpError(ArxivError):
    """The answer's status is `status`, which is not 200."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class ArxivThrottled(ArxivHttpError):
    """arXiv asks us to slow down."""


class ArxivBlocked(ArxivHttpError):
    """arXiv refuses this host; asking on would be taken for an attack."""


class ArxivRefusedQuery(ArxivHttpError):
    """arXiv cannot read the query."""


class ArxivBadAnswer(ArxivError):
    """The answer is not a feed, is cut short, or contradicts itself."""
