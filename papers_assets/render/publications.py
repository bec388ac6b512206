"""The places where people read, besides the README: what each file of the site is made of. Pure.

Files are given as a name, relative to the part of the site that they belong to, and pieces of text.
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

from papers_assets.keywords.model import Keyword, KeywordsFile
from papers_assets.render.chart import Bars, bars
from papers_assets.render.citations import bibtex, ris
from papers_assets.render.data import KeywordData, papers_csv, papers_json, papers_schema
from papers_assets.render.feeds import Feed, atom, json_feed
from papers_assets.render.sections import last_update, remark, sections
from papers_assets.render.site import (
    Frame,
    NamedPage,
    Site,
    SiteSection,
    look,
    render_days,
    render_site,
)
from papers_assets.transform.changes import Kind, is_withdrawn
from papers_assets.transform.digest import Digest, digest_of
from papers_assets.transform.editions import Edition, kinds
from papers_assets.transform.listed_papers import Listed, listed
from papers_assets.transform.selection import refreshed_at

Files = Iterator[tuple[str, Iterator[str]]]
ALL = "all"
"""The name of the files of all keywords; `storage.store.public_slug` gives it to no keyword."""
_LONG_AGO = datetime(1991, 8, 14, tzinfo=UTC)
_MOST_NAMED = 20
_MARKED = (Kind.NEW, Kind.REVISED, Kind.MATCHED)


class _List(NamedTuple):
    """A keyword's list, or all papers."""

    title: str
    name: str
    slug: str
    page: str
    """Relative to the site."""
    papers: Sequence[Listed]
    former: str
    """The slug under which there are files of an earlier version; empty: there are none."""

    @property
    def slugs(self) -> list[str]:
        """The names of its files."""
        return [self.slug, self.former] if self.former else [self.slug]


@dataclass(frozen=True)
class Reading:
    """The asset `papers`, as the reading places show it."""

    papers: pd.DataFrame
    file: KeywordsFile
    slug: Callable[[str], str]
    """Returns the name of a keyword's files."""
    former: Mapping[str, str] = field(default_factory=dict)
    """By keyword, the slug under which an earlier version wrote files that are still there: they
    stay up to date, since people subscribe to feeds and keep addresses."""
    links: Sequence[tuple[str, str]] = ()
    """See `render.site.Frame`."""

    @cached_property
    def all(self) -> list[Listed]:
        """All papers, each once, newest first."""
        return listed(self.papers, self.file.names)

    @cached_property
    def _by_keyword(self) -> dict[str, list[Listed]]:
        found: dict[str, list[Listed]] = {}
        for paper in self.all:
            for name in paper.keywords:
                found.setdefault(name, []).append(paper)
        return found

    def feeds(self, told: Mapping[str, Kind]) -> Files:
        """Give an Atom and a JSON feed per keyword, and of all.

        Args:
            told: by arXiv id, see `changes.told_as`.
        """
        site = self.file.site
        notes = {s.keyword: s.note for s in sections(self.papers, self.file) if s.note}
        formats = (("xml", atom), ("json", json_feed))
        for a_list, (suffix, render) in product(self._lists(), formats):
            for slug in a_list.slugs:
                name = f"{slug}.{suffix}"
                feed = Feed(
                    title=a_list.title,
                    name=a_list.name,
                    papers=a_list.papers,
                    note=notes.get(a_list.name, "") if a_list.name else _stale(notes),
                    updated=_LONG_AGO,  # of a feed without papers: it is not newer every day
                    page=f"{site}/{a_list.page}" if site else "",
                    address=f"{site}/feeds/{name}" if site else "",
                    told=told,
                )
                yield name, iter([render(feed)])

    def citations(self) -> Files:
        """Give the entries for reference managers, BibTeX and RIS, per keyword and of all."""
        for a_list in self._lists():
            for slug in a_list.slugs:
                yield f"{slug}.bib", iter([bibtex(a_list.papers)])
                yield f"{slug}.ris", iter([ris(a_list.papers)])

    def data(self, told: Mapping[str, Kind]) -> Files:
        """Give the papers for other programs: JSON, its schema, and CSV; `told` as for feeds."""
        times = self._answered
        keywords = [
            KeywordData(section.keyword, times.get(section.keyword), section.note)
            for section in sections(self.papers, self.file)
        ]
        updated = last_update(self.papers, self.file)
        text = papers_json(self.all, keywords=keywords, last_update=updated, told=told)
        yield "papers.json", iter([text])
        yield "papers.csv", iter([papers_csv(self.all, told)])
        yield "papers.schema.json", iter([papers_schema()])

    def site(self, edition: Edition | None) -> Files:
        """Return the pages; what is new, revised or newly matching in `edition` is marked."""
        updated = last_update(self.papers, self.file)
        # As of the last answer: the same papers give the same pages, whenever they are rendered.
        newest = max((paper.updated.date() for paper in self.all), default=_LONG_AGO.date())
        today = updated or newest
        notes = {section.keyword: section.note for section in sections(self.papers, self.file)}
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
                papers=self.all,
                marks=_marks(edition, self.all),
                last_update=updated,
                remark=remark(self.papers, self.file),
                today=today,
                frame=self._frame(has_days=edition is not None),
                moved={a_list.former: a_list.slug for a_list in of_keywords if a_list.former},
            )
        )

    def days(
        self, days: Sequence[date], read: Callable[[date], Edition], unchanged: Collection[date]
    ) -> Files:
        """Return the archive: a page per day, and an index.

        Args:
            days: those that have a page, in order.
            read: returns a day's edition.
            unchanged: days whose pages stay as they are.
        """

        def digest_of_day(day: date) -> Digest:
            return digest_of(read(day), self.file.names)

        return render_days(days, digest_of_day, self._frame(has_days=True), unchanged)

    @property
    def made_with(self) -> str:
        """What changes whenever a page of the archive would, though its edition is the same."""
        text = repr((look(), self._frame(has_days=True)))
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def _frame(self, *, has_days: bool) -> Frame:
        pages = [NamedPage(name, self.slug(name)) for name in self.file.names]
        return Frame(pages, self.links, has_days=has_days)

    def _lists(self) -> Iterator[_List]:
        yield _List("Daily Papers", "", ALL, "index.html", self.all, "")
        for name in self.file.names:
            slug, former = self.slug(name), self.former.get(name, "")
            papers, page = self._by_keyword.get(name, []), f"keywords/{slug}.html"
            yield _List(f"Daily Papers: {name}", name, slug, page, papers, former)

    @cached_property
    def _answered(self) -> dict[str, datetime]:
        """When arXiv last answered for each keyword; read once, since there can be thousands."""
        return refreshed_at(self.papers)

    def _bars(self, keyword: Keyword, papers: Sequence[Listed], today: date) -> Bars:
        """Count papers a day. Of a full list, nobody sees what came before its oldest paper."""
        answered = self._answered.get(keyword.name)
        counts = Counter(paper.updated.date() for paper in papers)
        since = date.min if answered else None
        if len(papers) >= keyword.cap:
            since = min(counts) + timedelta(days=1)
        return bars(keyword.name, counts, today, since, answered.date() if answered else None)


def repository_links(address: str, *, has_output: bool) -> list[tuple[str, str]]:
    """Return the links of the site's footer to a repository on GitHub.

    Args:
        address: of the repository; empty: there are no links.
        has_output: whether keywords.toml and output/ are in it.
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


def _stale(notes: dict[str, str]) -> str:
    """Say of all keywords together what is to be said of each."""
    named = [f"{name}: {note}" for name, note in list(notes.items())[:_MOST_NAMED]]
    more = len(notes) - len(named)
    return " ".join([*named, *([f"And {more} more."] if more else [])])


def _marks(edition: Edition | None, papers: Sequence[Listed]) -> dict[str, str]:
    """Return what each paper is marked as: what the edition has it as; withdrawn is for good."""
    found = kinds(edition) if edition else {}
    marks = {arxiv_id: kind.value for arxiv_id, kind in found.items() if kind in _MARKED}
    return marks | {p.arxiv_id: "withdrawn" for p in papers if is_withdrawn(p.version, p.comment)}
