"""What an answer of arXiv's API says: Atom bytes to frozen values. Pure.

Fields are read by name, since arXiv changed their order in November 2025. Text arrives as it was
published, runs of white space collapsed; times are in UTC.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import feedparser

from papers_assets.arxiv.errors import ArxivBadAnswer, ArxivRefusedQuery

_ARXIV_NAMESPACE = "http://arxiv.org/schemas/atom"
_ID = re.compile(r"https?://arxiv\.org/abs/(?P<arxiv_id>.+?)v(?P<version>\d+)")
_BAD_REQUEST = 400


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


def parse_feed(body: bytes) -> Page:
    """Read the body of an answer.

    Raises:
        ArxivRefusedQuery: the feed is arXiv's "Error" entry, which looks much like a paper.
        ArxivBadAnswer: not an Atom feed, cut short, or an entry without what every paper has.
    """
    # A stream and never the bytes themselves: feedparser would take those for an address to open.
    parsed = feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": "application/atom+xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if parsed.get("version") != "atom10":
        raise ArxivBadAnswer(f"not an Atom feed: {_excerpt(body)}")
    if parsed.bozo:
        reason = parsed.bozo_exception
        raise ArxivBadAnswer(f"not a whole Atom feed ({reason}): {len(body)} bytes came")
    for entry in parsed.entries:
        _refuse_error(entry)
    prefix = next((p for p, uri in parsed.namespaces.items() if uri == _ARXIV_NAMESPACE), "arxiv")
    total_results = parsed.feed.get("opensearch_totalresults", "")
    if not total_results.isdecimal():
        raise ArxivBadAnswer(f"an Atom feed without a total of results ({total_results!r})")
    try:
        papers = tuple(_paper(entry, prefix) for entry in parsed.entries)
    except (KeyError, ValueError) as error:
        raise ArxivBadAnswer(f"an Atom feed, but not of papers: {error!r}") from error
    return Page(papers=papers, total_results=int(total_results))


def _refuse_error(entry: Mapping[str, Any]) -> None:
    if "/api/errors" in entry.get("id", ""):
        raise ArxivRefusedQuery(f"arXiv says: {_text(entry.get('summary'))}", _BAD_REQUEST)


def _paper(entry: Mapping[str, Any], prefix: str) -> Paper:
    identity = _ID.fullmatch(entry["id"])
    if identity is None:
        raise ValueError(f"{entry['id']!r} is not the address of a version of a paper")
    categories = tuple(tag["term"] for tag in entry.get("tags", ()))
    primary = entry.get(f"{prefix}_primary_category", {}).get("term")
    return Paper(
        arxiv_id=identity["arxiv_id"],
        version=int(identity["version"]),
        title=_text(entry.get("title")),
        authors=tuple(_text(author.get("name")) for author in entry.get("authors", ())),
        abstract=_text(entry.get("summary")),
        comment=_text(entry.get(f"{prefix}_comment")) or None,
        categories=categories,
        primary_category=primary or next(iter(categories), ""),
        published=_time(entry["published"]),
        updated=_time(entry["updated"]),
        doi=_text(entry.get(f"{prefix}_doi")) or None,
        journal_ref=_text(entry.get(f"{prefix}_journal_ref")) or None,
        links=tuple(
            Link(link.get("href", ""), link.get("rel", ""), link.get("title", ""))
            for link in entry.get("links", ())
        ),
    )


def _text(value: str | None) -> str:
    return " ".join((value or "").split())


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return time.astimezone(UTC)


def _excerpt(body: bytes) -> str:
    text = _text(body[:400].decode("utf-8", "replace"))
    return f"{text[:100]!r}" if text else "an empty body"
