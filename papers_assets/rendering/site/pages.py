"""The pages: all papers on one, and one page per keyword. Pure."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from papers_assets.listing import Listed
from papers_assets.rendering.chart import Bars
from papers_assets.rendering.site.bars import HEIGHT, STEP, Drawing, drawing
from papers_assets.rendering.site.entries import MARKS, Entry, shown

MOST_PAPERS = 3_000
"""On one page: a browser opens that many within two seconds. Of more, the newest are shown."""
_BUFFER = 512
"""How many bits of text make a piece, so that pieces are neither many nor large."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Not the calendar module's: it speaks the language of the machine.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class SiteSection:
    """A keyword and the papers of its list."""

    keyword: str
    slug: str
    """Its page's file name, without ".html"."""
    papers: Sequence[Listed]
    """Newest first."""
    note: str
    """A sentence, where something must be said; or empty."""
    bars: Bars
    """Papers a day; the newest is `Site.today`."""


@dataclass(frozen=True)
class Site:
    """What the site is made of."""

    sections: Sequence[SiteSection]
    papers: Sequence[Listed]
    """All of them, each once, newest first."""
    marks: Mapping[str, str]
    """By arXiv id, one of `entries.MARKS`."""
    last_update: date | None
    remark: str
    """A sentence or two that must be said, or empty."""
    today: date
    feeds: bool = True
    """Whether feeds/, data/ and citations/ lie beside index.html, so that there can be links."""


@dataclass(frozen=True)
class _Row:
    """A keyword in the list of keywords."""

    keyword: str
    slug: str
    count: int
    note: str
    drawing: Drawing


@dataclass(frozen=True)
class _Page:
    """What is particular to a page."""

    root: str
    """The way from it to index.html's folder."""
    papers: Sequence[Listed]
    total: int
    """Of papers; more than there are in `papers` where there are too many."""
    row: _Row | None
    """The keyword whose page it is; None: all keywords'."""


def render_site(site: Site) -> Iterator[tuple[str, Iterator[str]]]:
    """Render the site, page by page.

    Yields:
        A page's path, relative to the site's folder, and its pieces; joined, they are the document.
    """
    rows = [_row(section, site.today) for section in site.sections]
    slugs = {section.keyword: section.slug for section in site.sections}
    front = _Page("", site.papers[:MOST_PAPERS], len(site.papers), None)
    yield "index.html", _rendered(site, rows, slugs, front)
    for section, row in zip(site.sections, rows, strict=True):
        page = _Page("../", section.papers[:MOST_PAPERS], len(section.papers), row)
        yield f"keywords/{section.slug}.html", _rendered(site, rows, slugs, page)


def _rendered(
    site: Site, rows: Sequence[_Row], slugs: Mapping[str, str], page: _Page
) -> Iterator[str]:
    entries = [Entry(paper, site.marks.get(paper.arxiv_id, ""), slugs) for paper in page.papers]
    stream = (
        _environment()
        .get_template("page.html.j2")
        .stream(
            site=site,
            page=page,
            rows=rows,
            days=groupby(entries, lambda entry: entry.day),
            categories=sorted(Counter(c for e in entries for c in e.categories).items()),
            marks=[mark for mark in MARKS if any(e.mark == mark for e in entries)],
            count=len(entries),
            dates=(entries[-1].day, entries[0].day) if entries else None,
        )
    )
    stream.enable_buffering(_BUFFER)
    return stream


def _row(section: SiteSection, today: date) -> _Row:
    return _Row(
        shown(section.keyword),
        section.slug,
        len(section.papers),
        shown(section.note),
        drawing(section.bars, today),
    )


def _spelled_out(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _counted(number: int, noun: str = "paper") -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _inlined(name: str) -> tuple[Markup, str]:
    """Give a file of ours as it stands in the page, and how the page's policy names it."""
    text = f"\n{resources.files(__package__).joinpath(name).read_text(encoding='utf-8')}"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"  # noqa: S704 - ours, not anybody's text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("papers_assets", "rendering/site"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"spelled_out": _spelled_out, "counted": _counted}
    script, script_hash = _inlined("app.js")
    style, style_hash = _inlined("style.css")
    environment.globals |= {
        "script": script,
        "style": style,
        "policy": f"default-src 'none'; script-src {script_hash}; style-src {style_hash}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "said": MARKS,
        "bar": {"height": HEIGHT, "step": STEP},
    }
    return environment
