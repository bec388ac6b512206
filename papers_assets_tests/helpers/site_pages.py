"""Sites for tests and benchmarks, of invented or of real papers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from papers_assets.render.chart import build_bar_row
from papers_assets.render.site import KeywordPage, Site, SiteFrame, SiteSection, render_site
from papers_assets.transform.listed_papers import ListedPaper

TODAY = date(2026, 11, 23)
_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def listed_paper(number: int = 1, **fields: Any) -> ListedPaper:
    """An invented paper, `number` hours old."""
    updated = _NOON - timedelta(hours=number)
    values: dict[str, Any] = {
        "arxiv_id": f"2613.{number:05}",
        "version": 1,
        "title": f"An invented compiler, number {number}",
        "authors": ("Ada Example", "Ben Sample"),
        "abstract": "Nobody wrote this compiler.",
        "comment": None,
        "categories": ("cs.PL", "cs.SE"),
        "primary_category": "cs.PL",
        "published": updated,
        "updated": updated,
        "doi": None,
        "journal_ref": None,
        "first_seen": updated,
        "keywords": ("compiler",),
    }
    return ListedPaper(**(values | fields))


def recorded(record: Mapping[str, Any], number: int = 1) -> ListedPaper:
    """A paper of a corpus; what its record does not have is invented."""
    paper = listed_paper(number)
    updated = record.get("updated")
    moment = datetime.fromisoformat(updated).replace(tzinfo=UTC) if updated else paper.updated
    return replace(
        paper,
        arxiv_id=record["id"],
        version=record["version"],
        title=record["title"],
        authors=tuple(record.get("authors", paper.authors)),
        abstract=record["abstract"],
        comment=record["comment"],
        categories=tuple(record.get("categories", paper.categories)),
        primary_category=record.get("primary_category", paper.primary_category),
        published=moment,
        updated=moment,
        doi=record.get("doi"),
        journal_ref=record.get("journal_ref"),
        first_seen=moment,
    )


def site_of(papers: Sequence[ListedPaper], names: Iterable[str] = (), **fields: Any) -> Site:
    """A site of the papers, newest first, with a section for each keyword."""
    names = list(names) or list(dict.fromkeys(name for p in papers for name in p.keywords))
    newest = sorted(papers, key=lambda paper: paper.updated, reverse=True)
    sections = fields.get("sections", [section(name, newest) for name in names])
    values: dict[str, Any] = {
        "sections": sections,
        "frame": SiteFrame([KeywordPage(s.keyword, s.slug) for s in sections]),
        "papers": newest,
        "marks": {},
        "last_update": TODAY,
        "remark": "",
        "today": TODAY,
    }
    return Site(**(values | fields))


def section(name: str, papers: Iterable[ListedPaper], note: str = "") -> SiteSection:
    found = [paper for paper in papers if name in paper.keywords]
    days = Counter(paper.updated.date() for paper in found)
    known_from = TODAY - timedelta(days=24)
    slug = name.replace(" ", "-")
    return SiteSection(name, slug, found, note, build_bar_row(name, days, TODAY, known_from, TODAY))


def pages_of(site: Site) -> dict[str, str]:
    return {path: "".join(pieces) for path, pieces in render_site(site)}


def write(site: Site, folder: Path) -> None:
    write_pages(render_site(site), folder)


def write_pages(pages: Iterable[tuple[str, Iterable[str]]], folder: Path) -> None:
    for path, pieces in pages:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
