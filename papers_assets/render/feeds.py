"""Feeds of papers, newest first: Atom (RFC 4287) and JSON Feed 1.1. Pure.

A paper is one entry for good: its id has no version, so that a revision updates the entry that
readers have instead of giving them another. Nothing in a document comes from a clock: without
news it stays the same, byte by byte.

Every text is plain text, in both formats, and said to be: markup in an abstract is shown, not
obeyed. What XML cannot hold becomes U+FFFD.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree import ElementTree as ET

from papers_assets.render import escape
from papers_assets.transform.changes import Kind
from papers_assets.transform.listed_papers import Listed

MOST_ENTRIES = 200
"""Of a feed, besides those of RECENT: twice what a keyword's list has unless its cap is larger."""
RECENT = timedelta(days=3)
"""Before the newest paper was first seen: what came since is never left out, so that who looks
once a day, or misses a day or two, misses no paper."""

MOST_AT_ALL = 2_000
"""Of a feed: on the day on which lists begin, everything is recent. About 5 MB."""

_ATOM = "http://www.w3.org/2005/Atom"
_JSON_FEED = "https://jsonfeed.org/version/1.1"
_OURS = UUID("9608b748-27b1-4c54-88ec-f93d8d95e47a")
"""Drawn at random, once; a change of it would give every feed another id."""
_ARXIV_SCHEME = "http://arxiv.org/schemas/atom"
"""What arXiv's own feeds say of its categories."""
_KEYWORD_SCHEME = uuid5(_OURS, "scheme: keyword").urn
_PUBLISHER = "papers-assets"
_MOST_SHOWN = 20_000
"""Characters of a text. arXiv itself takes no abstract of more than 1,920."""
_NOT_XML = re.compile("[\ufffe\uffff]")
"""What XML 1.0 forbids besides controls and surrogates, which `collapse` has replaced."""
_CHANGED = {Kind.REVISED: "Revised", Kind.WITHDRAWN: "Withdrawn"}
_IN_URI = "%/:?@!$&'()*+,;=~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Feed:
    """What a feed is made of."""

    title: str
    name: str
    """The keyword; empty: all of them. The feed's id is made of it while no address is known."""
    papers: Sequence[Listed]
    """Newest first, each once."""
    updated: datetime
    """When arXiv last answered: the date of a feed without papers, and of no other."""
    page: str = ""
    """The public address of the same list for people; empty: unknown."""
    note: str = ""
    """What is to be said of the list, such as since when it is not fresh; empty: nothing."""
    address: str = ""
    """The public address of the document itself; empty: unknown. If known, the feed's id is made
    of it: a keyword's name alone would be the same id for everybody who follows that keyword."""
    told: Mapping[str, Kind] = field(default_factory=dict)
    """By arXiv id, as what the paper was last told of."""


def atom(feed: Feed) -> str:
    """Give the feed as an Atom document, to be written in UTF-8."""
    papers = _kept(feed.papers)
    root = ET.Element("feed", xmlns=_ATOM)
    _add(root, "id", _feed_id(feed))
    _add(root, "title", _text(feed.title), type="text")
    if feed.note:
        _add(root, "subtitle", _text(feed.note), type="text")
    _add(root, "updated", _instant(_last_change(papers, feed.updated)))
    _add(_add(root, "author"), "name", _PUBLISHER)
    if feed.address:
        _add(root, "link", rel="self", type="application/atom+xml", href=_uri(feed.address))
    if feed.page:
        _add(root, "link", rel="alternate", type="text/html", href=_uri(feed.page))
    for paper in papers:
        _add_entry(root, paper, feed.told.get(paper.arxiv_id))
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def json_feed(feed: Feed) -> str:
    """Give the feed as a JSON Feed document, to be written in UTF-8."""
    document: dict[str, Any] = {"version": _JSON_FEED, "title": _text(feed.title)}
    if feed.note:
        document["description"] = _text(feed.note)
    if feed.page:
        document["home_page_url"] = _uri(feed.page)
    if feed.address:
        document["feed_url"] = _uri(feed.address)
    document["items"] = [
        _item(paper, feed.told.get(paper.arxiv_id)) for paper in _kept(feed.papers)
    ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _kept(papers: Sequence[Listed]) -> list[Listed]:
    newest = max((paper.first_seen for paper in papers), default=None)
    return [
        paper
        for number, paper in enumerate(papers)
        if number < MOST_ENTRIES
        or (number < MOST_AT_ALL and newest and paper.first_seen >= newest - RECENT)
    ]


def _last_change(papers: Sequence[Listed], otherwise: datetime) -> datetime:
    # A paper may come days after it was submitted, behind newer ones: that is a change, too.
    times = [max(paper.updated, paper.first_seen) for paper in papers]
    return max(times, default=otherwise)


def _feed_id(feed: Feed) -> str:
    if feed.address:
        return uuid5(NAMESPACE_URL, _uri(feed.address)).urn
    return uuid5(_OURS, f"feed: {_text(feed.name)}").urn


def _entry_id(paper: Listed) -> str:
    return f"https://arxiv.org/abs/{quote(paper.arxiv_id)}"


def _add_entry(root: ET.Element, paper: Listed, kind: Kind | None) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", _entry_id(paper))
    _add(entry, "title", _title(paper), type="text")
    _add(entry, "updated", _instant(paper.updated))
    _add(entry, "published", _instant(paper.published))
    for name in _authors(paper):
        _add(_add(entry, "author"), "name", name)
    _add(entry, "link", rel="alternate", type="text/html", href=paper.url)
    for link in paper.code:
        _add(entry, "link", rel="related", href=_uri(link.url), title=link.kind)
    for scheme, term, label in _categories(paper):
        _add(entry, "category", term=term, scheme=scheme, label=label)
    _add(entry, "summary", "\n\n".join(_paragraphs(paper, kind)), type="text")


def _item(paper: Listed, kind: Kind | None) -> dict[str, Any]:
    return {
        "id": _entry_id(paper),
        "url": paper.url,
        "title": _title(paper),
        "content_text": "\n\n".join(_paragraphs(paper, kind)),
        "date_published": _instant(paper.published),
        "date_modified": _instant(paper.updated),
        "authors": [{"name": name} for name in _authors(paper)],
        "tags": [label for _, _, label in _categories(paper)],
    }


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = text
    return element


def _paragraphs(paper: Listed, kind: Kind | None) -> Iterator[str]:
    """Give what is to be read below the title.

    A revision comes first: it says why an entry is back that one has seen before.
    """
    if paper.version > 1:
        days = f"{paper.updated:%Y-%m-%d}; first submitted {paper.published:%Y-%m-%d}"
        version = f"ersion {paper.version} of {days}."
        yield f"{_CHANGED[kind]}: v{version}" if kind in _CHANGED else f"V{version}"
    abstract = _text(paper.abstract)
    yield abstract if escape.is_visible(abstract) else "(no abstract)"
    for label, text in (
        ("Comment", paper.comment),
        ("Journal", paper.journal_ref),
        ("DOI", paper.doi),
    ):
        if text and escape.is_visible(shown := _text(text)):
            yield f"{label}: {shown}"
    for link in paper.code:
        yield f"{link.kind[:1].upper()}{link.kind[1:]}: {_uri(link.url)}"


def _title(paper: Listed) -> str:
    title = _text(paper.title)
    return title if escape.is_visible(title) else "(untitled)"


def _authors(paper: Listed) -> list[str]:
    names = [name for name in map(_text, paper.authors) if escape.is_visible(name)]
    # An entry without any would be ascribed to the feed's author.
    return names or ["(unknown)"]


def _categories(paper: Listed) -> Iterator[tuple[str, str, str]]:
    """Give scheme, term and label: what says whose word the term is, to programs and to people."""
    for keyword in map(_text, paper.keywords):
        yield _KEYWORD_SCHEME, keyword, f"keyword: {keyword}"
    for category in map(_text, paper.categories):
        yield _ARXIV_SCHEME, category, f"arXiv: {category}"


def _text(text: str) -> str:
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", escape.collapse(text))
    return escape.shortened(text, _MOST_SHOWN)


def _uri(address: str) -> str:
    """Give the address with all that RFC 3986 allows nowhere percent-encoded, as browsers do."""
    address, _, fragment = _BARE_PERCENT.sub("%25", address).partition("#")
    parts = (quote(part, safe=_IN_URI, errors="replace") for part in (address, fragment) if part)
    return "#".join(parts)


def _instant(time: datetime) -> str:
    """Give an RFC 3339 date-time, of which both formats are content with whole seconds."""
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
