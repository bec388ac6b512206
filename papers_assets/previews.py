"""What the Dagster UI shows of a materialization: counts, dates, links and a look at the rows."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from papers_assets import papers as papers_frame
from papers_assets.arxiv import query
from papers_assets.arxiv.newest import page_size
from papers_assets.changes import Kind
from papers_assets.checks import GITHUB_LIMIT
from papers_assets.choosing import Chosen
from papers_assets.digest import Digest, Entry
from papers_assets.finds import Found
from papers_assets.harvesting import BroughtIn
from papers_assets.held import Glance, glance
from papers_assets.keywords import KeywordsFile
from papers_assets.looking_back import LookedBack
from papers_assets.outputs import Outputs
from papers_assets.publishing import Published
from papers_assets.refresh import Refreshed
from papers_assets.rendering import escape
from papers_assets.rendering.chart import bars, chart
from papers_assets.rendering.digest import GITHUB_LIMIT as GITHUB_ISSUE_LIMIT
from papers_assets.rendering.digest import digest_markdown
from papers_assets.rendering.readme import Section, markdown_preview, render_readme

_ROWS = 10
_ROWS_OF_SECTION, _SECTIONS = 3, 5
_LONGEST = 150
"""Characters of a text in the document that is shown: the run history keeps one a run, for ever."""
_PLOTTED = 20
_LISTED = 100
"""Keywords in a table: the run history keeps two of it a run."""
_MOST_OF_DIGEST = 6_000
"""Bytes."""
Metadata = dict[str, Any]


def column_schema(columns: Mapping[str, tuple[str, str]]) -> dg.TableSchema:
    """Describe columns, given as name: (dtype, meaning), the way Dagster shows them."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                dtype,
                meaning,
                dg.TableColumnConstraints(nullable=name in papers_frame.MAY_BE_NULL),
            )
            for name, (dtype, meaning) in columns.items()
        ]
    )


def refreshed(outcome: Refreshed, api_url: str) -> Metadata:
    """Describe a keyword's materialization of `raw_papers`."""
    answer, keyword = outcome.answer, outcome.keyword
    asked = query.newest_first(keyword, 0, page_size(keyword))
    return _held(glance(outcome.held)) | {
        "new": outcome.new,
        "revised": outcome.revised,
        "refused": outcome.refused,
        "answered": len(answer.papers),
        "results_at_arxiv": answer.total_results,
        "requests": outcome.requests,
        "seconds_waited": round(outcome.seconds_waited, 2),
        "gap": answer.gap,
        "remarks": "; ".join(outcome.remarks) or "none",
        "looked_back": "no",
        "query": asked["search_query"],
        "query_url": dg.MetadataValue.url(query.url(api_url, asked)),
    }


def found(outcome: Found) -> Metadata:
    """Describe a keyword's materialization of `raw_papers` from the harvest."""
    metadata: Metadata = {
        "new": outcome.new,
        "revised": outcome.revised,
        "days_looked_through": outcome.days,
        "harvested_at": dg.MetadataValue.timestamp(outcome.refreshed_at),
    }
    if outcome.remarks:
        metadata["remarks"] = "; ".join(outcome.remarks)
    # Of thousands of keywords, most have nothing new to show.
    return metadata | (_held(outcome.held) if outcome.held else {})


def with_looked_back(metadata: Metadata, looked: LookedBack) -> Metadata:
    """Describe the same, of a keyword that was looked back at besides."""
    came = f"{looked.windows} windows asked for, {looked.new} new papers"
    before = f", {looked.skipped} months had come before" if looked.skipped else ""
    return metadata | {
        **(_held(glance(looked.held)) if looked.held else {}),
        "requests": metadata.get("requests", 0) + looked.requests,
        "seconds_waited": round(metadata.get("seconds_waited", 0.0) + looked.seconds_waited, 2),
        "looked_back": f"{came}{before}{'; '.join(['', *looked.open, *looked.remarks])}",
    }


def _held(held: Glance) -> Metadata:
    look = papers_frame.to_frame(held.newest)
    return {
        "dagster/partition_row_count": held.versions,
        "papers_held": held.papers,
        "newest_paper": _newest(look),
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }


def brought_in(outcome: BroughtIn, sets: Sequence[str], path: Path) -> Metadata:
    """Describe a day's materialization of `harvest`."""
    return {
        "dagster/partition_row_count": outcome.held,
        "listed": outcome.listed,
        "new": outcome.new,
        "removed_at_arxiv": outcome.deleted,
        "unreadable": len(outcome.unreadable),
        "requests": outcome.requests,
        "seconds_waited": round(outcome.seconds_waited, 2),
        "sets": ", ".join(sets) or "all of arXiv",
        "file": dg.MetadataValue.path(str(path)),
    }


def papers(chosen: Chosen, former: pd.DataFrame | None, today: date) -> Metadata:
    """Describe a materialization of `papers`; `former` is what was published before it."""
    frame = chosen.frame.copy(deep=False)
    frame.attrs = {}  # or pandas copies them, all of them, with every slice
    news = papers_frame.news(frame, former)
    counts = {s.keyword: news.get(s.keyword, papers_frame.News(0, 0)) for s in chosen.selections}
    rows = [
        {
            "keyword": s.keyword,
            "shown": len(s.papers),
            **counts[s.keyword]._asdict(),
            "refused": s.refused,
            "held": s.held,
        }
        for s in chosen.selections
    ]
    look = frame.loc[frame["updated"].nlargest(_ROWS).index]
    metadata: Metadata = {
        "dagster/row_count": len(frame),
        "new": sum(count.new for count in counts.values()),
        "revised": sum(count.revised for count in counts.values()),
        "refused": sum(s.refused for s in chosen.selections),
        "keywords_as_published": len(chosen.as_published),
        "newest_paper": _newest(look),
        "papers_a_day": dg.MetadataValue.md(_picture(chosen, today)),
        **_by_keyword(rows),
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }
    # Each is plotted over time; of many keywords nobody would find the one.
    for s in chosen.selections[:_PLOTTED]:
        metadata[f"{s.keyword}: shown"] = len(s.papers)
        metadata[f"{s.keyword}: new"] = counts[s.keyword].new
    return metadata


def _by_keyword(rows: Sequence[Mapping[str, str | int]]) -> Metadata:
    """Show a row for each keyword; of thousands, those with the most news.

    Args:
        rows: with "keyword" and "new" among the columns.
    """
    listed = sorted(rows, key=lambda row: -int(row["new"])) if len(rows) > _LISTED else rows
    records = [dg.TableRecord(dict(row)) for row in listed[:_LISTED]]
    metadata: Metadata = {
        "keywords": dg.MetadataValue.table(records) if records else "none fetched yet"
    }
    if len(rows) > _LISTED:
        metadata["keywords_listed"] = f"{_LISTED} of {len(rows)}, those with the most news"
    return metadata


def readme(
    sections: Sequence[Section],
    updated: date | None,
    path: Path,
    size: int,
    *pages: int,
    shown: Sequence[int] = (),
) -> Metadata:
    """Describe a materialization of `readme`.

    Args:
        sections: what it says.
        updated: the day of its last update.
        path: of the README.
        size: of the README, in bytes.
        pages: the sizes of its pages, in bytes.
        shown: how many rows of each section are on the README itself; none given: all.
    """
    rows = sum(len(s.papers) for s in sections)
    stale = [_beginning(s.keyword) for s in sections if s.note]
    look = [replace(s, papers=_excerpt(s.papers)) for s in sections[:_SECTIONS]]
    more = f" of the first {_SECTIONS} sections" if len(sections) > _SECTIONS else ""
    remark = f"Here is the beginning of the first rows{more}: the document is the file at path."
    document = render_readme(look, last_update=updated, cap=_ROWS_OF_SECTION, remark=remark)
    return {
        "dagster/row_count": rows,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": size,
        "percent_of_github_limit": round(100 * size / GITHUB_LIMIT, 1),
        "rows_on_front": sum(shown) if shown else rows,
        "pages": len(pages),
        "bytes_of_pages": sum(pages),
        "bytes_of_largest": max(size, *pages, 0),
        "last_update": str(updated or "never"),
        "sections": len(sections),
        "sections_not_fresh": len(stale),
        "not_fresh": ", ".join(_some(stale)) or "none",
        "contents": dg.MetadataValue.md(_contents(sections, shown)),
        "document": dg.MetadataValue.md("".join(document)),
    }


def _contents(sections: Sequence[Section], shown: Sequence[int]) -> str:
    lines = ["| Keyword | Papers | |", "| --- | --- | --- |"]
    for number, s in enumerate(sections[:_PLOTTED]):
        total = len(s.papers)
        here = f"{shown[number]} of " if shown and shown[number] < total else ""
        keyword, note = (escape.escape_cell(_beginning(text)) for text in (s.keyword, s.note))
        lines.append(f"| {keyword} | {here}{total} | {note} |")
    if len(sections) > _PLOTTED:
        lines += ["", f"And {len(sections) - _PLOTTED} more keywords."]
    return "\n".join(lines)


def _some(names: Sequence[str]) -> list[str]:
    more = len(names) - _PLOTTED
    return [*names[:_PLOTTED], *([f"and {more} more"] if more > 0 else [])]


def _excerpt(papers: pd.DataFrame) -> pd.DataFrame:
    """Give the first rows, with the beginning of their texts."""
    head = papers.head(_ROWS_OF_SECTION).copy()
    for name in ("title", "abstract", "comment"):
        head[name] = head[name].map(_beginning, na_action="ignore")
    return head


def _beginning(text: str) -> str:
    return escape.shortened(escape.collapse(text), _LONGEST)


def _picture(chosen: Chosen, today: date) -> str:
    rows, times = [], papers_frame.refreshed_at(chosen.frame)
    for s in chosen.selections:
        # Beyond the rows that the picture has, nobody counted.
        counts = dict(s.days.counts) if s.days else {}
        since = chosen.complete_from.get(s.keyword)
        # The day on which it begins is not known to its end.
        known_from = since.date() + timedelta(days=1) if since else None
        until = times.get(s.keyword)
        rows.append(bars(s.keyword, counts, today, known_from, until.date() if until else None))
    svg = chart(rows, today).encode()
    return f"![Papers a day, by keyword](data:image/svg+xml;base64,{b64encode(svg).decode()})"


def _newest(papers: pd.DataFrame) -> dg.MetadataValue[Any]:
    if papers.empty:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.timestamp(papers["updated"].max().to_pydatetime())


def changes(published: Published, file: KeywordsFile, outputs: Outputs) -> Metadata:
    """Describe a materialization of `changes`: what it found this time, and the day's edition."""
    found = published.found.groupby(["keyword", "kind"]).size()
    counts = {kind: int((published.found["kind"] == kind).sum()) for kind in Kind}
    rows: list[dict[str, str | int]] = [
        {"keyword": name, **{k.value: int(found.get((name, k.value), 0)) for k in Kind}}
        for name in file.names
    ]
    edition = published.edition
    return {
        "dagster/row_count": len(published.found),
        **{kind.value: counts[kind] for kind in Kind},
        "papers_ever_told_of": int(published.known["arxiv_id"].nunique()),
        "edition": edition.day.isoformat() if edition else "none yet",
        "part": len(edition.parts) if edition else 0,
        "path": dg.MetadataValue.path(str(outputs.edition_path(edition.day)))
        if edition
        else "none",
        **_by_keyword(rows),
    }


def digest(told: Digest, path: Path, text: str) -> Metadata:
    """Describe a materialization of `digest`."""
    rows = sum(len(group.entries) for group in told.groups)
    return {
        "dagster/row_count": rows,
        "edition": told.day.isoformat(),
        "summary": told.summary,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": len(text.encode()),
        "bytes_that_github_takes": GITHUB_ISSUE_LIMIT,
        "document": dg.MetadataValue.md(digest_markdown(_shortened(told), limit=_MOST_OF_DIGEST)),
    }


def _shortened(told: Digest) -> Digest:
    """Give the digest with the beginnings of its texts; the run history keeps it for ever."""
    groups = [replace(group, entries=tuple(map(_short, group.entries))) for group in told.groups]
    return replace(told, groups=tuple(groups), notes=dict(list(told.notes.items())[:_SECTIONS]))


def _short(entry: Entry) -> Entry:
    paper = replace(
        entry.paper,
        title=_beginning(entry.paper.title),
        abstract=_beginning(entry.paper.abstract),
        comment=_beginning(entry.paper.comment or ""),
    )
    return replace(entry, paper=paper, also=entry.also[:_ROWS_OF_SECTION])


def files(papers: int, folder: Path, sizes: Mapping[str, int]) -> Metadata:
    """Describe files that were written; `sizes` are in bytes, by name."""
    return {
        "dagster/row_count": papers,
        "path": dg.MetadataValue.path(str(folder)),
        "files": len(sizes),
        "bytes": sum(sizes.values()),
        "largest": max(sizes, key=sizes.__getitem__, default="none"),
    }
