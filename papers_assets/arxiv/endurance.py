"""When to leave arXiv alone for the rest of a job. Pure."""

from papers_assets.arxiv.errors import ArxivBlocked, ArxivError, ArxivTooLate

IN_A_ROW = 3
"""So many times in a row that arXiv itself failed, or the disk: the rest is for the next run."""


class Endurance:
    """Of a job that asks arXiv for one thing after the other."""

    def __init__(self) -> None:
        self.ended: Exception | None = None
        """Why nothing more is to be asked for; None: go on."""
        self._troubles = 0

    @property
    def attempts(self) -> int | None:
        """How often to ask for the next thing; None: as often as usual.

        Whoever was told to go away, or got nothing, knocks once at the next door.
        """
        return 1 if self._troubles else None

    def answered(self) -> None:
        """Note that arXiv answered, whatever the answer is worth."""
        self._troubles = 0

    def failed(self, error: Exception) -> None:
        """Note an `ArxivError`, or else why what came could not be stored."""
        is_trouble = error.retryable if isinstance(error, ArxivError) else True
        self._troubles = self._troubles + 1 if is_trouble else 0
        if isinstance(error, ArxivBlocked | ArxivTooLate) or self._troubles >= IN_A_ROW:
            self.ended = error
