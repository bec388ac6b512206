"""The pages of the lists: one page of all papers, and one page per keyword. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from papers_assets.render.chart import BarRow
from papers_assets.render.site.entries import MARK_LABELS, PaperEntry, truncate
from papers_assets.render.site.environment import build_environment, spell_out_day
from papers_assets.transform.listed_papers import ListedPaper

MAX_PAPERS = 3_000
"""Maximum papers on a page, which a browser opens within two seconds; the newest are shown."""
_BUFFER = 512
"""Fragments of text per piece, so that pieces are neither many nor large."""
_MAX_KEYWORDS = 60
"""Maximum keywords linked beside the papers of a page: thousands would make pages too large."""


class KeywordPage(NamedTuple):
    """The page of a keyword."""

    name: str
    slug: str


@dataclass(frozen=True)
class SiteFrame:
    """The parts that all pages of a site have in common."""

    keywords: Sequence[KeywordPage]
    links: Sequence[tuple[str, str]] = ()
    """Links to other sites, as pairs of text and address."""
    feeds: bool = True
    """Whether feeds/, data/ and citations/ exist beside index.html and can be linked to."""
    has_days: bool = False
    """Whether the site has pages by day."""

    @cached_property
    def slugs(self) -> dict[str, str]:
        """The slug of each keyword, by keyword."""
        return dict(self.keywords)

    def near(self, slug: str) -> list[KeywordPage]:
        """Return at most `_MAX_KEYWORDS` keywords around the one of `slug`, or the first ones."""
        at = next((i for i, page in enumerate(self.keywords) if page.slug == slug), 0)
        start = max(0, min(at - _MAX_KEYWORDS // 2, len(self.keywords) - _MAX_KEYWORDS))
        pages = self.keywords[start : start + _MAX_KEYWORDS]
        return [KeywordPage(truncate(page.name), page.slug) for page in pages]


@dataclass(frozen=True)
class SiteSection:
    """A keyword and the papers of its list."""

    keyword: str
    slug: str
    """The file name of its page, without ".html"."""
    papers: Sequence[ListedPaper]
    """The papers, newest first."""
    note: str
    """A warning as a sentence, or empty."""
    bars: BarRow
    """Papers per day; the newest day is `Site.today`."""


@dataclass(frozen=True)
class Site:
    """The content of the site."""

    sections: Sequence[SiteSection]
    papers: Sequence[ListedPaper]
    """All papers, without duplicates, newest first."""
    marks: Mapping[str, str]
    """The mark of a paper, a key of `entries.MARK_LABELS`, by arXiv id."""
    last_update: date | None
    remark: str
    """A warning of one or two sentences, or empty."""
    today: date
    frame: SiteFrame = field(default_factory=lambda: SiteFrame([]))
    moved: Mapping[str, str] = field(default_factory=dict)
    """The current slug of a keyword's page, by former slug."""


@dataclass(frozen=True)
class _KeywordRow:
    """A row in the list of keywords."""

    keyword: str
    slug: str
    count: int
    note: str
    bars: BarRow


class PaperGroup(NamedTuple):
    """Papers below a common heading."""

    title: str
    entries: Sequence[PaperEntry]
    day: date | None = None
    """The day that the title spells out, if any."""


def render_site(site: Site) -> Iterator[tuple[str, Iterator[str]]]:
    """Render the pages of the lists.

    Yields:
        The path of a page, relative to the site's folder, and its text in pieces.
    """
    rows = list(map(_build_keyword_row, site.sections))
    common = {"site": site, "frame": site.frame, "newest": _newest_first_seen(site)}
    yield (
        "index.html",
        _render_page("front", site, site.papers, common | {"name": "Daily Papers", "rows": rows}),
    )
    for section, row in zip(site.sections, rows, strict=True):
        values = common | {"name": row.keyword, "row": row}
        yield (
            f"keywords/{section.slug}.html",
            _render_page("keyword", site, section.papers, values, "../", section.slug),
        )
    names = {section.slug: row.keyword for section, row in zip(site.sections, rows, strict=True)}
    for previous, slug in site.moved.items():
        page = build_environment().get_template("moved.html.j2").render(slug=slug, name=names[slug])
        yield f"keywords/{previous}.html", iter([page])


def _render_page(  # noqa: PLR0913, PLR0917 - the parts of a page
    template: str,
    site: Site,
    papers: Sequence[ListedPaper],
    values: Mapping[str, object],
    root: str = "",
    here: str = "",
) -> Iterator[str]:
    slugs = site.frame.slugs
    entries = [PaperEntry(p, site.marks.get(p.arxiv_id, ""), slugs) for p in papers[:MAX_PAPERS]]
    groups = [
        PaperGroup(spell_out_day(day), list(some), day)
        for day, some in groupby(entries, lambda entry: entry.day)
    ]
    return stream_page(template, groups, **values, total=len(papers), root=root, here=here)


def stream_page(template: str, groups: Iterable[PaperGroup], **values: object) -> Iterator[str]:
    """Render a page of papers in pieces."""
    groups = list(groups)
    entries = [entry for group in groups for entry in group.entries]
    days = [entry.day for entry in entries]
    stream = (
        build_environment()
        .get_template(f"{template}.html.j2")
        .stream(
            groups=groups,
            count=len(entries),
            categories=sorted(Counter(c for e in entries for c in e.categories).items()),
            marks=[mark for mark in MARK_LABELS if any(e.mark == mark for e in entries)],
            dates=(min(days), max(days)) if days else None,
            **values,
        )
    )
    stream.enable_buffering(_BUFFER)
    return stream


def _newest_first_seen(site: Site) -> str:
    """Return when the newest of all papers was first seen; empty if there are no papers."""
    newest = max(site.papers, key=lambda paper: paper.first_seen, default=None)
    return PaperEntry(newest, "", {}).seen if newest else ""


def _build_keyword_row(section: SiteSection) -> _KeywordRow:
    return _KeywordRow(
        truncate(section.keyword),
        section.slug,
        len(section.papers),
        truncate(section.note),
        section.bars,
    )
