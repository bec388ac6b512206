"""What the sample arXiv's interfaces share: answers, and pages that are wrong on purpose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from papers_assets.arxiv.sample.corpus import Paper

Shown = tuple[Sequence[Paper], int]
"""The papers of a page, and how many results there are on all pages."""
Show = Callable[[Sequence[Paper], slice], Shown]
"""Decides what a page shows, given all results in the order asked for and which are asked for."""


def as_asked(found: Sequence[Paper], page: slice) -> Shown:
    """Show the truth."""
    return found[page], len(found)


@dataclass(frozen=True)
class Answer:
    """A status of HTTP and a body of XML."""

    status: int
    body: str
