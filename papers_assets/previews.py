"""What the Dagster UI shows of a materialization: counts, dates, links and a look at the rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from papers_assets import papers as papers_frame
from papers_assets.arxiv import query
from papers_assets.arxiv.newest import page_size
from papers_assets.papers import Selection
from papers_assets.refresh import Refreshed
from papers_assets.rendering.escape import escape_cell
from papers_assets.rendering.readme import Section, markdown_preview

_ROWS = 10
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
    held, answer, keyword = outcome.held, outcome.answer, outcome.keyword
    asked = query.newest_first(keyword, 0, page_size(keyword))
    look = papers_frame.to_frame(held.papers.slice(0, _ROWS))
    return {
        "dagster/partition_row_count": len(held.papers),
        "new": outcome.new,
        "revised": outcome.revised,
        "refused": outcome.refused,
        "answered": len(answer.papers),
        "results_at_arxiv": answer.total_results,
        "newest_paper": _newest(look),
        "requests": outcome.requests,
        "seconds_waited": round(outcome.seconds_waited, 2),
        "gap": answer.gap,
        "remarks": "; ".join(outcome.remarks) or "none",
        "query": asked["search_query"],
        "query_url": dg.MetadataValue.url(query.url(api_url, asked)),
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }


def papers(frame: pd.DataFrame, selections: Sequence[Selection]) -> Metadata:
    """Describe a materialization of `papers`."""
    counts = [
        dg.TableRecord(
            {"keyword": s.keyword, "shown": len(s.papers), "held": s.held, "refused": s.refused}
        )
        for s in selections
    ]
    look = frame.loc[frame["updated"].nlargest(_ROWS).index]
    return {
        "dagster/row_count": len(frame),
        "refused": sum(s.refused for s in selections),
        "newest_paper": _newest(look),
        "keywords": dg.MetadataValue.table(counts) if counts else "none fetched yet",
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }


def readme(sections: list[Section], updated: date | None, path: Path, size: int) -> Metadata:
    """Describe a materialization of `readme`."""
    lines = ["| Keyword | Papers | |", "| --- | --- | --- |"]
    lines += [
        f"| {escape_cell(s.keyword)} | {len(s.papers)} | {escape_cell(s.note)} |" for s in sections
    ]
    return {
        "dagster/row_count": sum(len(s.papers) for s in sections),
        "path": dg.MetadataValue.path(path),
        "bytes": size,
        "last_update": str(updated or "never"),
        "sections": len(sections),
        "sections_not_fresh": sum(bool(s.note) for s in sections),
        "preview": dg.MetadataValue.md("\n".join(lines)),
    }


def _newest(papers: pd.DataFrame) -> dg.MetadataValue[Any]:
    if papers.empty:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.timestamp(papers["updated"].max().to_pydatetime())
