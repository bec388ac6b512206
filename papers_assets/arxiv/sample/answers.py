"""Types shared by the sample arXiv's interfaces: answers, and views of a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from papers_assets.arxiv.sample.corpus import Paper

PageView = tuple[Sequence[Paper], int]
"""The papers of a page, and the number of results on all pages."""
SelectPage = Callable[[Sequence[Paper], slice], PageView]
"""Returns what a page shows, given all results in the requested order and the requested slice."""


def select_truthfully(found: Sequence[Paper], page: slice) -> PageView:
    """Return the correct page."""
    return found[page], len(found)


@dataclass(frozen=True)
class Answer:
    """An HTTP status and an XML body."""

    status: int
    body: str
