"""Feeds of papers, newest first: Atom (RFC 4287) and JSON Feed 1.1. Pure.

A paper keeps one entry: its id has no version, so a revision updates the entry that readers already
have instead of adding another. Documents contain no time of rendering: without changes, they stay
the same, byte by byte.

All texts are plain text in both formats, and declared as such: markup in an abstract is shown, not
interpreted. Characters that XML cannot represent become U+FFFD.
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

from papers_assets.render import markdown
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.listed_papers import ListedPaper

MAX_ENTRIES = 200
"""Maximum entries of a feed besides recent ones: twice the default cap of a keyword's list."""
RECENT_PERIOD = timedelta(days=3)
"""Time before the newest paper was first seen in which no entry is left out, so that a reader who
polls once a day, or misses a day or two, misses no paper."""

MAX_RECENT_ENTRIES = 2_000
"""Maximum recent entries of a feed: on the first day, all papers are recent. About 5 MB."""

_ATOM = "http://www.w3.org/2005/Atom"
_JSON_FEED = "https://jsonfeed.org/version/1.1"
_NAMESPACE = UUID("9608b748-27b1-4c54-88ec-f93d8d95e47a")
"""Drawn at random, once; changing it would change the id of every feed."""
_ARXIV_SCHEME = "http://arxiv.org/schemas/atom"
"""The scheme of categories in arXiv's own feeds."""
_KEYWORD_SCHEME = uuid5(_NAMESPACE, "scheme: keyword").urn
_PUBLISHER = "papers-assets"
_MAX_TEXT = 20_000
"""Maximum length of a text in characters. arXiv accepts no abstract of more than 1,920."""
_NOT_XML = re.compile("[\ufffe\uffff]")
"""Characters invalid in XML 1.0, besides those that `collapse_whitespace` has replaced."""
_CHANGE_LABELS = {ChangeKind.REVISED: "Revised", ChangeKind.WITHDRAWN: "Withdrawn"}
_IN_URI = "%/:?@!$&'()*+,;=~"
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class Feed:
    """The content of a feed."""

    title: str
    name: str
    """The keyword; empty: all keywords. The feed's id is derived from it if no address is known."""
    papers: Sequence[ListedPaper]
    """The papers, newest first, without duplicates."""
    updated: datetime
    """When arXiv last answered; used as the date of a feed without papers only."""
    page_url: str = ""
    """The public address of the same list as a page; empty: unknown."""
    note: str = ""
    """A warning about the list, such as since when it is stale; empty: none."""
    feed_url: str = ""
    """The public address of the document itself; empty: unknown. If known, the feed's id is derived
    from it: the keyword's name alone would result in the same id in every installation that lists
    that keyword."""
    announced_kinds: Mapping[str, ChangeKind] = field(default_factory=dict)
    """The kind of change last announced for each paper, by arXiv id."""


def render_atom(feed: Feed) -> str:
    """Return the feed as an Atom document, to be written as UTF-8."""
    papers = _select_papers(feed.papers)
    root = ET.Element("feed", xmlns=_ATOM)
    _add_element(root, "id", _feed_id(feed))
    _add_element(root, "title", _to_xml_text(feed.title), type="text")
    if feed.note:
        _add_element(root, "subtitle", _to_xml_text(feed.note), type="text")
    _add_element(root, "updated", _format_instant(_find_last_change(papers, feed.updated)))
    _add_element(_add_element(root, "author"), "name", _PUBLISHER)
    if feed.feed_url:
        _add_element(
            root, "link", rel="self", type="application/atom+xml", href=_to_uri(feed.feed_url)
        )
    if feed.page_url:
        _add_element(root, "link", rel="alternate", type="text/html", href=_to_uri(feed.page_url))
    for paper in papers:
        _add_entry(root, paper, feed.announced_kinds.get(paper.arxiv_id))
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def render_json_feed(feed: Feed) -> str:
    """Return the feed as a JSON Feed document, to be written as UTF-8."""
    document: dict[str, Any] = {"version": _JSON_FEED, "title": _to_xml_text(feed.title)}
    if feed.note:
        document["description"] = _to_xml_text(feed.note)
    if feed.page_url:
        document["home_page_url"] = _to_uri(feed.page_url)
    if feed.feed_url:
        document["feed_url"] = _to_uri(feed.feed_url)
    document["items"] = [
        _json_item(paper, feed.announced_kinds.get(paper.arxiv_id))
        for paper in _select_papers(feed.papers)
    ]
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _select_papers(papers: Sequence[ListedPaper]) -> list[ListedPaper]:
    newest = max((paper.first_seen for paper in papers), default=None)
    return [
        paper
        for number, paper in enumerate(papers)
        if number < MAX_ENTRIES
        or (number < MAX_RECENT_ENTRIES and newest and paper.first_seen >= newest - RECENT_PERIOD)
    ]


def _find_last_change(papers: Sequence[ListedPaper], otherwise: datetime) -> datetime:
    # A paper may arrive days after it was submitted, older than others: that is a change, too.
    times = [max(paper.updated, paper.first_seen) for paper in papers]
    return max(times, default=otherwise)


def _feed_id(feed: Feed) -> str:
    if feed.feed_url:
        return uuid5(NAMESPACE_URL, _to_uri(feed.feed_url)).urn
    return uuid5(_NAMESPACE, f"feed: {_to_xml_text(feed.name)}").urn


def _entry_id(paper: ListedPaper) -> str:
    return f"https://arxiv.org/abs/{quote(paper.arxiv_id)}"


def _add_entry(root: ET.Element, paper: ListedPaper, kind: ChangeKind | None) -> None:
    entry = _add_element(root, "entry")
    _add_element(entry, "id", _entry_id(paper))
    _add_element(entry, "title", _entry_title(paper), type="text")
    _add_element(entry, "updated", _format_instant(paper.updated))
    _add_element(entry, "published", _format_instant(paper.published))
    for name in _list_authors(paper):
        _add_element(_add_element(entry, "author"), "name", name)
    _add_element(entry, "link", rel="alternate", type="text/html", href=paper.url)
    for link in paper.code_links:
        _add_element(entry, "link", rel="related", href=_to_uri(link.url), title=link.kind)
    for scheme, term, label in _list_categories(paper):
        _add_element(entry, "category", term=term, scheme=scheme, label=label)
    _add_element(entry, "summary", "\n\n".join(_paragraphs(paper, kind)), type="text")


def _json_item(paper: ListedPaper, kind: ChangeKind | None) -> dict[str, Any]:
    return {
        "id": _entry_id(paper),
        "url": paper.url,
        "title": _entry_title(paper),
        "content_text": "\n\n".join(_paragraphs(paper, kind)),
        "date_published": _format_instant(paper.published),
        "date_modified": _format_instant(paper.updated),
        "authors": [{"name": name} for name in _list_authors(paper)],
        "tags": [label for _, _, label in _list_categories(paper)],
    }


def _add_element(
    parent: ET.Element, name: str, text: str | None = None, **attributes: str
) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    element.text = text
    return element


def _paragraphs(paper: ListedPaper, kind: ChangeKind | None) -> Iterator[str]:
    """Return the paragraphs below the title.

    A revision comes first: it explains why an entry that was already read appears again.
    """
    if paper.version > 1:
        days = f"{paper.updated:%Y-%m-%d}; first submitted {paper.published:%Y-%m-%d}"
        version = f"ersion {paper.version} of {days}."
        yield f"{_CHANGE_LABELS[kind]}: v{version}" if kind in _CHANGE_LABELS else f"V{version}"
    abstract = _to_xml_text(paper.abstract)
    yield abstract if markdown.has_visible_text(abstract) else "(no abstract)"
    for label, text in (
        ("Comment", paper.comment),
        ("Journal", paper.journal_ref),
        ("DOI", paper.doi),
    ):
        if text and markdown.has_visible_text(shown := _to_xml_text(text)):
            yield f"{label}: {shown}"
    for link in paper.code_links:
        yield f"{link.kind[:1].upper()}{link.kind[1:]}: {_to_uri(link.url)}"


def _entry_title(paper: ListedPaper) -> str:
    title = _to_xml_text(paper.title)
    return title if markdown.has_visible_text(title) else "(untitled)"


def _list_authors(paper: ListedPaper) -> list[str]:
    names = [name for name in map(_to_xml_text, paper.authors) if markdown.has_visible_text(name)]
    # An entry without authors would be attributed to the feed's author.
    return names or ["(unknown)"]


def _list_categories(paper: ListedPaper) -> Iterator[tuple[str, str, str]]:
    """Return scheme, term and label of each category."""
    for keyword in map(_to_xml_text, paper.keywords):
        yield _KEYWORD_SCHEME, keyword, f"keyword: {keyword}"
    for category in map(_to_xml_text, paper.categories):
        yield _ARXIV_SCHEME, category, f"arXiv: {category}"


def _to_xml_text(text: str) -> str:
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", markdown.collapse_whitespace(text))
    return markdown.truncate(text, _MAX_TEXT)


def _to_uri(address: str) -> str:
    """Percent-encode all characters that RFC 3986 allows nowhere in an address, as browsers do."""
    address, _, fragment = _BARE_PERCENT.sub("%25", address).partition("#")
    parts = (quote(part, safe=_IN_URI, errors="replace") for part in (address, fragment) if part)
    return "#".join(parts)


def _format_instant(time: datetime) -> str:
    """Return an RFC 3339 date-time in whole seconds, which both formats accept."""
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
