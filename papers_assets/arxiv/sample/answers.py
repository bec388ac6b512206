"""What the sample arXiv's interfaces share: answers, and pages that are wrong on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from papers_assets.arxiv.sample.corpus import Paper

PageView = tuple[Sequence[Paper], int]
"""The papers of a page, and how many results there are on all pages."""
SelectPage = Callable[[Sequence[Paper], slice], PageView]
"""Decides what a page shows, given all results in the order asked for and which are asked for."""


def select_truthfully(found: Sequence[Paper], page: slice) -> PageView:
    """Show the truth."""
    return found[page], len(found)


@dataclass(frozen=True)
class Answer:
    """A status of HTTP and a body of XML."""

    status: int
    body: str
