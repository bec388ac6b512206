"""Frozen data classes for papers, pages of the search API and whole search results. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from papers_assets.arxiv.errors import ArxivError

ARXIV_ID = r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/[0-9]{7})"
"""A pattern for arXiv ids without the version, of the schemes since and before April 2007."""


class Link(NamedTuple):
    """A link of an entry; `title` is "pdf", "doi" or the like, or empty."""

    href: str
    rel: str
    title: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One entry: a version of a paper with all data of the feed."""

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
    """One answer: some of the results, in the requested order."""

    papers: tuple[Paper, ...]
    total_results: int
    """The number of results of the whole query."""
    unreadable_entries: tuple[str, ...] = ()
    """The id and the reason for each entry that could not be read, as a printable line."""
    repairs: str = ""
    """A description of invalid characters that were replaced by U+FFFD; empty: none."""


@dataclass(frozen=True)
class SearchResult:
    """The papers from all pages of a keyword's query."""

    papers: tuple[Paper, ...]
    """Newest first, as arXiv sorted them; a paper that is on two pages is listed once."""
    total_results: int
    pages: int
    has_gap: bool
    """Papers between these and the stored ones may be missing: `MAX_PAGES` did not reach them."""
    problem: str = ""
    """Why announced results are missing, or are not as requested; empty: neither."""
    unreadable_entries: tuple[str, ...] = ()
    """A reason for each entry that could not be read; the others are in `papers`."""
    repairs: tuple[str, ...] = ()
    """The repairs of answers that were not well-formed, as in `Page.repairs`."""
    error: ArxivError | None = None
    """Why a later page could not be fetched; the papers of earlier pages are in `papers`."""


def missing_results(page: Page, start: int, size: int) -> str:
    """Return a problem if a page has fewer results than it announces; empty: it has them all."""
    came = len(page.papers) + len(page.unreadable_entries)
    promised = max(0, min(size, page.total_results - start))
    return f"{came} results came where the answer promises {promised}" if came < promised else ""


def build_abs_url(arxiv_id: str, version: int) -> str:
    """Return the address of a version of a paper."""
    return f"https://arxiv.org/abs/{quote(arxiv_id)}v{version}"
