"""What an answer of arXiv's API says: Atom bytes to frozen values. Pure.

Fields are read by name, since arXiv changed their order in November 2025. Text arrives as it was
published, runs of white space collapsed; times are in UTC. Nothing that arXiv, or who answers in
its place, can send makes it raise anything but an `ArxivError`, read a file or ask a server.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import feedparser

from papers_assets.arxiv import atom
from papers_assets.arxiv.elements import NotWhole
from papers_assets.arxiv.errors import ArxivBadAnswer, ArxivRefusedQuery
from papers_assets.arxiv.texts import ARXIV_ID, collapsed, excerpt, quoted
from papers_assets.logs import printable

_ID = re.compile(
    rf"https?://arxiv\.org/abs/(?P<arxiv_id>{ARXIV_ID})v(?P<version>[1-9][0-9]{{0,3}})"
)
_TOTAL = re.compile("[0-9]{1,12}")
_WEB = re.compile("https?://", re.IGNORECASE)
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
    unreadable: tuple[str, ...] = ()
    """For each entry that could not be read, its id and why: a line to print each."""
    repaired: str = ""
    """What was wrong with the answer and replaced by U+FFFD, in words; empty: nothing."""


def parse_feed(body: bytes) -> Page:
    """Read the body of an answer.

    An entry without what every paper has costs no other entry: it is one of `Page.unreadable`.
    Characters that XML does not allow cost no entry as a whole: see `Page.repaired`.

    Raises:
        ArxivRefusedQuery: the feed is arXiv's "Error" entry, which looks much like a paper.
        ArxivBadAnswer: not an Atom feed, cut short, or most of its entries cannot be read.
    """
    try:
        feed, repaired = atom.reduced(body)
    except atom.NotAtom as error:
        raise ArxivBadAnswer(f"not an Atom feed: {excerpt(body)}") from error
    except NotWhole as error:
        raise ArxivBadAnswer(f"not a whole Atom feed ({error}): {len(body)} bytes came") from error
    # A stream and never the bytes themselves: feedparser would take those for an address to open.
    parsed = feedparser.parse(
        io.BytesIO(feed),
        response_headers={"content-type": "application/atom+xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if parsed.bozo:
        reason = printable(str(parsed.bozo_exception))
        raise ArxivBadAnswer(f"not a whole Atom feed ({reason}): {len(body)} bytes came")
    for entry in parsed.entries:
        _refuse_error(entry)
    total_results = _text(parsed.feed.get("opensearch_totalresults"))
    if not _TOTAL.fullmatch(total_results):
        raise ArxivBadAnswer(f"an Atom feed without a total of results ({quoted(total_results)})")
    papers, unreadable = [], []
    for entry in parsed.entries:
        try:
            papers.append(_paper(entry))
        except _Unreadable as error:
            unreadable.append(f"{quoted(entry.get('id', 'an entry without id'))}: {error}")
    if len(unreadable) > len(papers):
        raise ArxivBadAnswer(
            f"an Atom feed, but {len(unreadable)} of its {len(parsed.entries)} entries are no "
            f"papers; {unreadable[0]}"
        )
    return Page(tuple(papers), int(total_results), tuple(unreadable), repaired)


class _Unreadable(Exception):
    """An entry is no version of a paper; the message, safe to print, says why."""


def _refuse_error(entry: Mapping[str, Any]) -> None:
    if "/api/errors" in entry.get("id", ""):
        summary = printable(entry.get("summary", "").removesuffix(atom.END))
        raise ArxivRefusedQuery(f"arXiv says: {summary}", _BAD_REQUEST)


def _paper(entry: Mapping[str, Any]) -> Paper:
    identity = _ID.fullmatch(entry.get("id", ""))
    if identity is None:
        raise _Unreadable("not the address of a version of a paper")
    categories = tuple(_text(tag["term"]) for tag in entry.get("tags", ()))
    primary = _text(entry.get("arxiv_primary_category", {}).get("term"))
    return Paper(
        arxiv_id=identity["arxiv_id"],
        version=int(identity["version"]),
        title=_text(entry.get("title")),
        authors=tuple(_text(author.get("name")) for author in entry.get("authors", ())),
        abstract=_text(entry.get("summary")),
        comment=_text(entry.get("arxiv_comment")) or None,
        categories=categories,
        primary_category=primary or next(iter(categories), ""),
        published=_time(entry, "published"),
        updated=_time(entry, "updated"),
        doi=_text(entry.get("arxiv_doi")) or None,
        journal_ref=_text(entry.get("arxiv_journal_ref")) or None,
        links=tuple(
            Link(_text(link["href"]), _text(link.get("rel")), _text(link.get("title")))
            for link in entry.get("links", ())
            if _WEB.match(link.get("href", ""))
        ),
    )


def _text(value: str | None) -> str:
    return collapsed((value or "").removesuffix(atom.END))


def _time(entry: Mapping[str, Any], name: str) -> datetime:
    # Not `get`, which would give the one for the other.
    value = dict(entry).get(name, "")
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Unreadable(f"its date {name!r} is {quoted(value)}, not one with a time zone")
