"""The publications besides the README: the content of each file of the site. Pure.

A file is a pair: its name, relative to its part of the site, and its text in pieces.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import product
from typing import NamedTuple

import pandas as pd

from papers_assets.keywords.model import Keyword, KeywordsConfig
from papers_assets.render.chart import BarRow, build_bar_row
from papers_assets.render.citations import to_bibtex, to_ris
from papers_assets.render.data import (
    KeywordData,
    read_papers_schema,
    render_papers_csv,
    render_papers_json,
)
from papers_assets.render.feeds import Feed, render_atom, render_json_feed
from papers_assets.render.sections import build_sections, find_last_update, notice_of_no_news
from papers_assets.render.site import (
    KeywordPage,
    Site,
    SiteFrame,
    SiteSection,
    look_version,
    render_days,
    render_site,
)
from papers_assets.transform.changes import ChangeKind, is_withdrawn
from papers_assets.transform.digest import Digest, build_digest
from papers_assets.transform.editions import Edition, list_kinds
from papers_assets.transform.listed_papers import ListedPaper, unique_papers
from papers_assets.transform.selection import read_refresh_times

Files = Iterator[tuple[str, Iterator[str]]]
ALL_PAPERS = "all"
"""The name of the files of all keywords; `build_public_slug` returns it for no keyword."""
_LONG_AGO = datetime(1991, 8, 14, tzinfo=UTC)
_MAX_NAMED = 20
_MARKED_KINDS = (ChangeKind.NEW, ChangeKind.REVISED, ChangeKind.MATCHED)


class _PublishedList(NamedTuple):
    """The list of a keyword, or of all papers."""

    title: str
    name: str
    slug: str
    page: str
    """The path of its page, relative to the site."""
    papers: Sequence[ListedPaper]
    old_slug: str
    """The slug of files that an earlier version wrote; empty: there are none."""

    @property
    def slugs(self) -> list[str]:
        """The names of its files, without extension."""
        return [self.slug, self.old_slug] if self.old_slug else [self.slug]


@dataclass(frozen=True)
class Publications:
    """The asset `papers`, in the form that the publications need."""

    papers: pd.DataFrame
    file: KeywordsConfig
    slug: Callable[[str], str]
    """A function that returns the name of a keyword's files."""
    old_slugs: Mapping[str, str] = field(default_factory=dict)
    """By keyword, the slug of existing files that an earlier version wrote. These files are still
    updated, since people subscribe to feeds and bookmark addresses."""
    links: Sequence[tuple[str, str]] = ()
    """The links to other sites, as in `SiteFrame`."""

    @cached_property
    def all_papers(self) -> list[ListedPaper]:
        """All papers, newest first, without duplicates."""
        return unique_papers(self.papers, self.file.names)

    @cached_property
    def _by_keyword(self) -> dict[str, list[ListedPaper]]:
        found: dict[str, list[ListedPaper]] = {}
        for paper in self.all_papers:
            for name in paper.keywords:
                found.setdefault(name, []).append(paper)
        return found

    def feeds(self, announced_kinds: Mapping[str, ChangeKind]) -> Files:
        """Return an Atom and a JSON feed for each keyword and for all papers.

        Args:
            announced_kinds: the kind of change last announced for each paper, by arXiv id.
        """
        site = self.file.site
        notes = {s.keyword: s.note for s in build_sections(self.papers, self.file) if s.note}
        formats = (("xml", render_atom), ("json", render_json_feed))
        for a_list, (suffix, render) in product(self._lists(), formats):
            for slug in a_list.slugs:
                name = f"{slug}.{suffix}"
                feed = Feed(
                    title=a_list.title,
                    name=a_list.name,
                    papers=a_list.papers,
                    note=notes.get(a_list.name, "") if a_list.name else _summarize_stale(notes),
                    updated=_LONG_AGO,  # so a feed without papers does not change daily
                    page_url=f"{site}/{a_list.page}" if site else "",
                    feed_url=f"{site}/feeds/{name}" if site else "",
                    announced_kinds=announced_kinds,
                )
                yield name, iter([render(feed)])

    def citations(self) -> Files:
        """Return the citations for reference managers, BibTeX and RIS, per keyword and for all."""
        for a_list in self._lists():
            for slug in a_list.slugs:
                yield f"{slug}.bib", iter([to_bibtex(a_list.papers)])
                yield f"{slug}.ris", iter([to_ris(a_list.papers)])

    def data(self, announced_kinds: Mapping[str, ChangeKind]) -> Files:
        """Return the papers for other programs: JSON, its schema, and CSV."""
        times = self._answered
        keywords = [
            KeywordData(section.keyword, times.get(section.keyword), section.note)
            for section in build_sections(self.papers, self.file)
        ]
        updated = find_last_update(self.papers, self.file)
        text = render_papers_json(
            self.all_papers, keywords=keywords, last_update=updated, announced_kinds=announced_kinds
        )
        yield "papers.json", iter([text])
        yield "papers.csv", iter([render_papers_csv(self.all_papers, announced_kinds)])
        yield "papers.schema.json", iter([read_papers_schema()])

    def site(self, edition: Edition | None) -> Files:
        """Return the pages; papers new, revised or newly matching in `edition` are marked."""
        updated = find_last_update(self.papers, self.file)
        # The day of the last answer, not of rendering: the same papers result in the same pages.
        newest = max((paper.updated.date() for paper in self.all_papers), default=_LONG_AGO.date())
        today = updated or newest
        notes = {
            section.keyword: section.note for section in build_sections(self.papers, self.file)
        }
        of_keywords = list(self._lists())[1:]
        return render_site(
            Site(
                sections=[
                    SiteSection(
                        keyword=a_list.name,
                        slug=a_list.slug,
                        papers=a_list.papers,
                        note=notes[a_list.name],
                        bars=self._bars(keyword, a_list.papers, today),
                    )
                    for keyword, a_list in zip(self.file.keywords, of_keywords, strict=True)
                ],
                papers=self.all_papers,
                marks=_mark_papers(edition, self.all_papers),
                last_update=updated,
                remark=notice_of_no_news(self.papers, self.file),
                today=today,
                frame=self._frame(has_days=edition is not None),
                moved={a_list.old_slug: a_list.slug for a_list in of_keywords if a_list.old_slug},
            )
        )

    def archive(
        self, days: Sequence[date], read: Callable[[date], Edition], unchanged: Collection[date]
    ) -> Files:
        """Return the archive: a page per day, and an index.

        Args:
            days: the days that have a page, in order.
            read: returns the edition of a day.
            unchanged: the days whose pages are not rendered again.
        """

        def digest_of_day(day: date) -> Digest:
            return build_digest(read(day), self.file.names)

        return render_days(days, digest_of_day, self._frame(has_days=True), unchanged)

    @property
    def rendering_version(self) -> str:
        """A version that changes whenever the archive's pages would, for the same editions."""
        text = repr((look_version(), self._frame(has_days=True)))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def _frame(self, *, has_days: bool) -> SiteFrame:
        pages = [KeywordPage(name, self.slug(name)) for name in self.file.names]
        return SiteFrame(pages, self.links, has_days=has_days)

    def _lists(self) -> Iterator[_PublishedList]:
        yield _PublishedList("Daily Papers", "", ALL_PAPERS, "index.html", self.all_papers, "")
        for name in self.file.names:
            slug, previous = self.slug(name), self.old_slugs.get(name, "")
            papers, page = self._by_keyword.get(name, []), f"keywords/{slug}.html"
            yield _PublishedList(f"Daily Papers: {name}", name, slug, page, papers, previous)

    @cached_property
    def _answered(self) -> dict[str, datetime]:
        """When arXiv last answered for each keyword; cached, since there can be thousands."""
        return read_refresh_times(self.papers)

    def _bars(self, keyword: Keyword, papers: Sequence[ListedPaper], today: date) -> BarRow:
        """Count papers per day. If the list is full, papers older than its oldest are unknown."""
        answered = self._answered.get(keyword.name)
        counts = Counter(paper.updated.date() for paper in papers)
        since = date.min if answered else None
        if len(papers) >= keyword.cap:
            since = min(counts) + timedelta(days=1)
        return build_bar_row(
            keyword.name, counts, today, since, answered.date() if answered else None
        )


def list_repository_links(address: str, *, has_output: bool) -> list[tuple[str, str]]:
    """Return the links in the site's footer to a repository on GitHub.

    Args:
        address: the address of the repository; empty: no links.
        has_output: whether the repository contains keywords.toml and output/.
    """
    if not address:
        return []
    return [
        ("Repository", address),
        *(
            [
                ("List", f"{address}/blob/HEAD/output/README.md"),
                ("Digests", f"{address}/tree/HEAD/output/digests"),
                ("keywords.toml", f"{address}/blob/HEAD/keywords.toml"),
            ]
            if has_output
            else []
        ),
    ]


def _summarize_stale(notes: dict[str, str]) -> str:
    """Return one warning that combines the warnings of all keywords."""
    named = [f"{name}: {note}" for name, note in list(notes.items())[:_MAX_NAMED]]
    more = len(notes) - len(named)
    return " ".join([*named, *([f"And {more} more."] if more else [])])


def _mark_papers(edition: Edition | None, papers: Sequence[ListedPaper]) -> dict[str, str]:
    """Return each paper's mark: its kind in the edition, or "withdrawn", which is permanent."""
    found = list_kinds(edition) if edition else {}
    marks = {arxiv_id: kind.value for arxiv_id, kind in found.items() if kind in _MARKED_KINDS}
    return marks | {p.arxiv_id: "withdrawn" for p in papers if is_withdrawn(p.version, p.comment)}
