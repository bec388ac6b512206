"""Papers, and what the search API and the paging over it return, as frozen values. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from papers_assets.arxiv.errors import ArxivError

ARXIV_ID = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/[0-9]{7})"
"""A pattern: arXiv's identifier scheme, of April 2007 and of before; without the version."""


class Link(NamedTuple):
    """A link of an entry; `title` is such as "pdf" or "doi", or empty."""

    href: str
    rel: str
    title: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One entry: a version of a paper, with everything that the feed gives."""

    arxiv_id: str
    """Without the version: "2601.07628" or, before April 2007, "cs/0503050"."""
    version: int
    title: str
    authors: tuple[str, ...]
    abstract: str
    comment: str | None
    categories: tuple[str, ...]
    primary_category: str
    published: datetime
    """When version 1 was submitted."""
    updated: datetime
    """When this version was submitted."""
    doi: str | None
    journal_ref: str | None
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: some of the results, in the order asked for."""

    papers: tuple[Paper, ...]
    total_results: int
    """How many results the query has in all."""
    unreadable_entries: tuple[str, ...] = ()
    """For each entry that could not be read, its id and why: a line to print each."""
    repairs: str = ""
    """What was wrong with the answer and replaced by U+FFFD, in words; empty: nothing."""


# Two results may have changed places while arXiv's index was being made; a day is no such thing.


@dataclass(frozen=True)
class SearchResult:
    """What a keyword's pages brought."""

    papers: tuple[Paper, ...]
    """Newest first, as arXiv sorted them; a paper that moved between two pages comes once."""
    total_results: int
    pages: int
    has_gap: bool
    """Papers between these and the held ones may be missing: `MAX_PAGES` did not reach them."""
    problem: str = ""
    """Why not all came that the answer itself promises, or not what was asked; empty: all did."""
    unreadable_entries: tuple[str, ...] = ()
    """A reason for each entry that could not be read; the others are in `papers`."""
    repairs: tuple[str, ...] = ()
    """What was repaired in answers that were not well-formed; see `Page.repairs`."""
    error: ArxivError | None = None
    """Why a later page did not come; what the pages before it brought is in `papers`."""


def missing_results(page: Page, start: int, size: int) -> str:
    """Return how a page has fewer results than its own answer promises; empty: it has them all."""
    came = len(page.papers) + len(page.unreadable_entries)
    promised = max(0, min(size, page.total_results - start))
    return f"{came} results came where the answer promises {promised}" if came < promised else ""


def build_abs_url(arxiv_id: str, version: int) -> str:
    """Return the address of a version of a paper."""
    return f"https://arxiv.org/abs/{quote(arxiv_id)}v{version}"
