"""Metadata of `papers`: counts by keyword, and papers per day."""

from base64 import b64encode
from datetime import date, timedelta

import dagster as dg
import pandas as pd

from papers_assets.defs.asset_metadata.common import (
    MAX_PLOTTED,
    Metadata,
    newest_date,
    table_by_keyword,
)
from papers_assets.pipeline.select_papers import SelectionResult
from papers_assets.render.chart import build_bar_row, render_chart
from papers_assets.render.readme import render_preview
from papers_assets.transform import selection

_ROWS = 10


def papers_metadata(
    result: SelectionResult, previous: pd.DataFrame | None, today: date
) -> Metadata:
    """Describe a materialization of `papers`; `previous` is the frame published before."""
    frame = result.frame.copy(deep=False)
    frame.attrs = {}  # otherwise, pandas copies all of them with every slice
    news = selection.count_new(frame, previous)
    counts = {s.keyword: news.get(s.keyword, selection.NewCounts(0, 0)) for s in result.selections}
    rows = [
        {
            "keyword": s.keyword,
            "shown": len(s.papers),
            **counts[s.keyword]._asdict(),
            "filtered": s.filtered,
            "stored": s.stored,
        }
        for s in result.selections
    ]
    look = frame.loc[frame["updated"].nlargest(_ROWS).index]
    metadata: Metadata = {
        "dagster/row_count": len(frame),
        "new": sum(count.new for count in counts.values()),
        "revised": sum(count.revised for count in counts.values()),
        "filtered": sum(s.filtered for s in result.selections),
        "unchanged_keywords": len(result.reused),
        "newest_paper": newest_date(look),
        "papers_a_day": dg.MetadataValue.md(_chart(result, today)),
        **table_by_keyword(rows),
        "preview": dg.MetadataValue.md(render_preview(look)),
    }
    # Each number is plotted over time, unlike the table. Dagster sorts plots by name.
    for s in result.selections[:MAX_PLOTTED]:
        metadata[f"new: {s.keyword}"] = counts[s.keyword].new
    return metadata


def _chart(result: SelectionResult, today: date) -> str:
    rows, times = [], selection.read_refresh_times(result.frame)
    for s in result.selections:
        # Keywords beyond the rows of the chart have no counts.
        counts = dict(s.daily_counts.counts) if s.daily_counts else {}
        since = result.complete_from.get(s.keyword)
        # The day on which the complete period begins is itself incomplete.
        known_from = since.date() + timedelta(days=1) if since else None
        until = times.get(s.keyword)
        rows.append(
            build_bar_row(
                s.keyword,
                counts,
                today,
                known_from,
                until.date() if until else None,
                newest=None if s.papers.empty else s.papers["updated"].max().date(),
            )
        )
    svg = render_chart(rows, today).encode()
    return f"![Papers a day, by keyword](data:image/svg+xml;base64,{b64encode(svg).decode()})"
