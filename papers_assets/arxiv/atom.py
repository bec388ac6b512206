"""Reading of arXiv's Atom feeds: XML is reduced to arXiv's elements for feedparser. Pure.

feedparser reads all kinds of feeds: other vocabularies, HTML, broken XML. Some of its steps take
time that grows with the square of their input, or fail. So it gets only arXiv's elements, in their
places and rewritten.
"""

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import feedparser

from papers_assets.arxiv.errors import ArxivBadResponse, ArxivInvalidQuery
from papers_assets.arxiv.models import ARXIV_ID, Link, Page, Paper
from papers_assets.arxiv.xml import MalformedXml, StrictXmlReader, parse_xml
from papers_assets.text import collapse_whitespace, describe_beginning, quote, to_printable

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = "http://arxiv.org/schemas/atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
_FEED_HEAD = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    f'<feed xmlns="{ATOM}" xmlns:arxiv="{ARXIV}" xmlns:opensearch="{OPENSEARCH}">'
)
_FEED, _ENTRY, _AUTHOR = f"{ATOM} feed", f"{ATOM} entry", f"{ATOM} author"
# The texts and attributes that are read, by path.
_TEXTS: dict[tuple[str, ...], str] = {
    (_FEED, f"{OPENSEARCH} totalResults"): "opensearch:totalResults",
    (_FEED, _ENTRY, _AUTHOR, f"{ATOM} name"): "name",
    **{(_FEED, _ENTRY, f"{ATOM} {name}"): name for name in ("id", "title", "summary")},
    **{(_FEED, _ENTRY, f"{ATOM} {name}"): name for name in ("published", "updated")},
    **{(_FEED, _ENTRY, f"{ARXIV} {name}"): f"arxiv:{name}" for name in ("comment", "doi")},
    (_FEED, _ENTRY, f"{ARXIV} journal_ref"): "arxiv:journal_ref",
}
_ATTRIBUTES: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {
    (_FEED, _ENTRY, f"{ATOM} category"): ("category", ("term",)),
    (_FEED, _ENTRY, f"{ARXIV} primary_category"): ("arxiv:primary_category", ("term",)),
    (_FEED, _ENTRY, f"{ATOM} link"): ("link", ("href", "rel", "title")),
}
END = "\ue000"
"""A mark at the end of free texts. feedparser "repairs" texts of Latin letters that could be doubly
encoded UTF-8, and so changes what was published; it does not repair texts with this character."""
_FREE_TEXT = ("title", "summary", "name", "arxiv:comment", "arxiv:journal_ref")
_MAX_CATEGORIES = 500
"""Per entry. arXiv has fewer than 200 in all, and feedparser compares each with each."""


class NotAtom(Exception):
    """The answer is not an Atom feed."""


def sanitize(body: bytes) -> tuple[bytes, str]:
    """Return the feed reduced to the elements that are read, and a description of repairs.

    Raises:
        NotAtom: it is not an Atom feed, or is empty.
        MalformedXml: it is truncated, broken, too deeply nested, has too many repeated elements, or
            declares entities.
    """
    feed, repaired = parse_xml(_FeedSanitizer, body)
    return "".join([_FEED_HEAD, *feed.written, "</feed>"]).encode(), repaired


class _FeedSanitizer(StrictXmlReader):
    """An XML reader that writes the elements to keep."""

    def __init__(self) -> None:
        super().__init__(_FEED, NotAtom)
        self.written: list[str] = []
        self._leaf = ""
        self._leaf_depth = 0
        self._categories = 0

    def handle_start(self, attributes: dict[str, str]) -> None:
        """Write the start of an element that is kept."""
        if self._leaf:
            return
        path = tuple(self.path)
        if path == (_FEED,):
            self.written.append("\n")
        elif path == (_FEED, _ENTRY):
            self._categories = 0
            self.written.append("<entry>")
        elif leaf := _TEXTS.get(path):
            self._leaf, self._leaf_depth = leaf, len(path)
            # feedparser would take an author without a name for the preceding one.
            self.written.append("<author><name>" if leaf == "name" else f"<{leaf}>")
        elif path in _ATTRIBUTES:
            self._keep_attributes(*_ATTRIBUTES[path], attributes)

    def handle_end(self) -> None:
        """Write the end of an element that is kept."""
        depth = len(self.path)
        if self._leaf and depth == self._leaf_depth:
            self.written += [END] if self._leaf in _FREE_TEXT else []
            close = "</name></author>\n" if self._leaf == "name" else f"</{self._leaf}>\n"
            self.written.append(close)
            self._leaf = ""
        elif self.path == [_FEED, _ENTRY]:
            self.written.append("</entry>\n")

    def handle_text(self, text: str) -> None:
        """Write the text of an element that is kept."""
        if self._leaf:
            self.written.append(escape(text))

    def _keep_attributes(
        self, element: str, names: tuple[str, ...], attributes: dict[str, str]
    ) -> None:
        self._categories += element == "category"
        if self._categories > _MAX_CATEGORIES:
            raise MalformedXml(f"it has an entry with more than {_MAX_CATEGORIES} categories")
        kept = "".join(f" {n}={quoteattr(attributes[n])}" for n in names if n in attributes)
        if kept:  # without attributes, it would be taken for another kind of element
            self.written.append(f"<{element}{kept}/>\n")


_ID = re.compile(
    rf"https?://arxiv\.org/abs/(?P<arxiv_id>{ARXIV_ID})v(?P<version>[1-9][0-9]{{0,3}})"
)
_TOTAL = re.compile("[0-9]{1,12}")
_WEB_SCHEME = re.compile("https?://", re.IGNORECASE)
_BAD_REQUEST = 400


def parse_feed(body: bytes) -> Page:
    """Return the page in the body of an answer.

    An entry that lacks a required element is listed in `Page.unreadable_entries`, and the others
    are read. Characters that XML does not allow are replaced (`Page.repairs`).

    Raises:
        ArxivInvalidQuery: the feed is arXiv's "Error" entry, which looks much like a paper.
        ArxivBadResponse: not an Atom feed, truncated, or most of its entries cannot be read.
    """
    try:
        feed, repaired = sanitize(body)
    except NotAtom as error:
        raise ArxivBadResponse(f"not an Atom feed: {describe_beginning(body)}") from error
    except MalformedXml as error:
        raise ArxivBadResponse(
            f"not a whole Atom feed ({error}): {len(body)} bytes came"
        ) from error
    # A stream, since feedparser could take the bytes themselves for an address to open.
    parsed = feedparser.parse(
        io.BytesIO(feed),
        response_headers={"content-type": "application/atom+xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if parsed.bozo:
        reason = to_printable(str(parsed.bozo_exception))
        raise ArxivBadResponse(f"not a whole Atom feed ({reason}): {len(body)} bytes came")
    for entry in parsed.entries:
        _raise_error_entry(entry)
    total_results = _required_text(parsed.feed.get("opensearch_totalresults"))
    if not _TOTAL.fullmatch(total_results):
        raise ArxivBadResponse(f"an Atom feed without a total of results ({quote(total_results)})")
    papers, unreadable = [], []
    for entry in parsed.entries:
        try:
            papers.append(_parse_entry(entry))
        except _UnreadableEntryError as error:
            unreadable.append(f"{quote(entry.get('id', 'an entry without id'))}: {error}")
    if len(unreadable) > len(papers):
        raise ArxivBadResponse(
            f"an Atom feed, but {len(unreadable)} of its {len(parsed.entries)} entries are no "
            f"papers; {unreadable[0]}"
        )
    return Page(tuple(papers), int(total_results), tuple(unreadable), repaired)


class _UnreadableEntryError(Exception):
    """An entry is not a version of a paper; the message is the reason, safe to print."""


def _raise_error_entry(entry: Mapping[str, Any]) -> None:
    if "/api/errors" in entry.get("id", ""):
        summary = to_printable(entry.get("summary", "").removesuffix(END))
        raise ArxivInvalidQuery(f"arXiv says: {summary}", _BAD_REQUEST)


def _parse_entry(entry: Mapping[str, Any]) -> Paper:
    identity = _ID.fullmatch(entry.get("id", ""))
    if identity is None:
        raise _UnreadableEntryError("not the address of a version of a paper")
    categories = tuple(_required_text(tag["term"]) for tag in entry.get("tags", ()))
    primary = _required_text(entry.get("arxiv_primary_category", {}).get("term"))
    return Paper(
        arxiv_id=identity["arxiv_id"],
        version=int(identity["version"]),
        title=_required_text(entry.get("title")),
        authors=tuple(_required_text(author.get("name")) for author in entry.get("authors", ())),
        abstract=_required_text(entry.get("summary")),
        comment=_required_text(entry.get("arxiv_comment")) or None,
        categories=categories,
        primary_category=primary or next(iter(categories), ""),
        published=_parse_time(entry, "published"),
        updated=_parse_time(entry, "updated"),
        doi=_required_text(entry.get("arxiv_doi")) or None,
        journal_ref=_required_text(entry.get("arxiv_journal_ref")) or None,
        links=tuple(
            Link(
                _required_text(link["href"]),
                _required_text(link.get("rel")),
                _required_text(link.get("title")),
            )
            for link in entry.get("links", ())
            if _WEB_SCHEME.match(link.get("href", ""))
        ),
    )


def _required_text(value: str | None) -> str:
    return collapse_whitespace((value or "").removesuffix(END))


def _parse_time(entry: Mapping[str, Any], name: str) -> datetime:
    # Not `get` of the entry itself, which returns `published` for `updated`.
    value = dict(entry).get(name, "")
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _UnreadableEntryError(f"its date {name!r} is {quote(value)}, not one with a time zone")
