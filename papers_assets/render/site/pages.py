"""The pages of the lists: all papers on one, and one page per keyword. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from papers_assets.render.chart import Bars
from papers_assets.render.site.entries import MARKS, Entry, shown
from papers_assets.render.site.environment import environment, spelled_out
from papers_assets.transform.listed_papers import Listed

MOST_PAPERS = 3_000
"""On one page: a browser opens that many within two seconds. Of more, the newest are shown."""
_BUFFER = 512
"""How many bits of text make a piece, so that pieces are neither many nor large."""
_MOST_KEYWORDS = 60
"""Named beside the papers of a keyword or day: of thousands, pages would be too large."""


class NamedPage(NamedTuple):
    """A keyword's page."""

    name: str
    slug: str


@dataclass(frozen=True)
class Frame:
    """What all pages of a site have in common."""

    keywords: Sequence[NamedPage]
    links: Sequence[tuple[str, str]] = ()
    """To places outside of the site: what is there, and the address."""
    feeds: bool = True
    """Whether feeds/, data/ and citations/ lie beside index.html, so that there can be links."""
    has_days: bool = False
    """Whether there are pages by day."""

    @cached_property
    def slugs(self) -> dict[str, str]:
        """The slugs by keyword."""
        return dict(self.keywords)

    def near(self, slug: str) -> list[NamedPage]:
        """Return the keywords around one of them, or the first ones; at most _MOST_KEYWORDS."""
        at = next((i for i, page in enumerate(self.keywords) if page.slug == slug), 0)
        start = max(0, min(at - _MOST_KEYWORDS // 2, len(self.keywords) - _MOST_KEYWORDS))
        pages = self.keywords[start : start + _MOST_KEYWORDS]
        return [NamedPage(shown(page.name), page.slug) for page in pages]


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
    frame: Frame = field(default_factory=lambda: Frame([]))
    moved: Mapping[str, str] = field(default_factory=dict)
    """Former slugs of keywords' pages, each with the slug of today."""


@dataclass(frozen=True)
class _Row:
    """A keyword in the list of keywords."""

    keyword: str
    slug: str
    count: int
    note: str
    bars: Bars


class Group(NamedTuple):
    """Papers below one heading."""

    title: str
    entries: Sequence[Entry]
    day: date | None = None
    """The one that the title spells out, if it does."""


def render_site(site: Site) -> Iterator[tuple[str, Iterator[str]]]:
    """Render the pages of the lists.

    Yields:
        A page's path, relative to the site's folder, and its pieces; joined, they are the document.
    """
    rows = list(map(_row, site.sections))
    common = {"site": site, "frame": site.frame, "newest": _newest(site)}
    yield (
        "index.html",
        _rendered("front", site, site.papers, common | {"name": "Daily Papers", "rows": rows}),
    )
    for section, row in zip(site.sections, rows, strict=True):
        values = common | {"name": row.keyword, "row": row}
        yield (
            f"keywords/{section.slug}.html",
            _rendered("keyword", site, section.papers, values, "../", section.slug),
        )
    names = {section.slug: row.keyword for section, row in zip(site.sections, rows, strict=True)}
    for former, slug in site.moved.items():
        page = environment().get_template("moved.html.j2").render(slug=slug, name=names[slug])
        yield f"keywords/{former}.html", iter([page])


def _rendered(  # noqa: PLR0913, PLR0917 - what a page is made of
    template: str,
    site: Site,
    papers: Sequence[Listed],
    values: Mapping[str, object],
    root: str = "",
    here: str = "",
) -> Iterator[str]:
    slugs = site.frame.slugs
    entries = [Entry(p, site.marks.get(p.arxiv_id, ""), slugs) for p in papers[:MOST_PAPERS]]
    groups = [
        Group(spelled_out(day), list(some), day)
        for day, some in groupby(entries, lambda entry: entry.day)
    ]
    return streamed(template, groups, **values, total=len(papers), root=root, here=here)


def streamed(template: str, groups: Iterable[Group], **values: object) -> Iterator[str]:
    """Render a page of papers piece by piece."""
    groups = list(groups)
    entries = [entry for group in groups for entry in group.entries]
    days = [entry.day for entry in entries]
    stream = (
        environment()
        .get_template(f"{template}.html.j2")
        .stream(
            groups=groups,
            count=len(entries),
            categories=sorted(Counter(c for e in entries for c in e.categories).items()),
            marks=[mark for mark in MARKS if any(e.mark == mark for e in entries)],
            dates=(min(days), max(days)) if days else None,
            **values,
        )
    )
    stream.enable_buffering(_BUFFER)
    return stream


def _newest(site: Site) -> str:
    """Return when the newest of all papers was first seen; empty: there is none."""
    newest = max(site.papers, key=lambda paper: paper.first_seen, default=None)
    return Entry(newest, "", {}).seen if newest else ""


def _row(section: SiteSection) -> _Row:
    return _Row(
        shown(section.keyword),
        section.slug,
        len(section.papers),
        shown(section.note),
        section.bars,
    )
