"""Metadata of `papers`: counts by keyword, and papers a day."""

from base64 import b64encode
from datetime import date, timedelta

import dagster as dg
import pandas as pd

from papers_assets.defs.asset_metadata.common import PLOTTED, Metadata, by_keyword, newest
from papers_assets.pipeline.select_papers import Chosen
from papers_assets.render.chart import bars, chart
from papers_assets.render.readme import markdown_preview
from papers_assets.transform import selection

_ROWS = 10


def papers(chosen: Chosen, former: pd.DataFrame | None, today: date) -> Metadata:
    """Describe a materialization of `papers`; `former` is what was published before it."""
    frame = chosen.frame.copy(deep=False)
    frame.attrs = {}  # or pandas copies them, all of them, with every slice
    news = selection.news(frame, former)
    counts = {s.keyword: news.get(s.keyword, selection.News(0, 0)) for s in chosen.selections}
    rows = [
        {
            "keyword": s.keyword,
            "shown": len(s.papers),
            **counts[s.keyword]._asdict(),
            "filtered": s.refused,
            "stored": s.held,
        }
        for s in chosen.selections
    ]
    look = frame.loc[frame["updated"].nlargest(_ROWS).index]
    metadata: Metadata = {
        "dagster/row_count": len(frame),
        "new": sum(count.new for count in counts.values()),
        "revised": sum(count.revised for count in counts.values()),
        "filtered": sum(s.refused for s in chosen.selections),
        "unchanged_keywords": len(chosen.as_published),
        "newest_paper": newest(look),
        "papers_a_day": dg.MetadataValue.md(_picture(chosen, today)),
        **by_keyword(rows),
        "preview": dg.MetadataValue.md(markdown_preview(look)),
    }
    # Each is plotted over time, which the table is not. Dagster sorts plots by name.
    for s in chosen.selections[:PLOTTED]:
        metadata[f"new: {s.keyword}"] = counts[s.keyword].new
    return metadata


def _picture(chosen: Chosen, today: date) -> str:
    rows, times = [], selection.refreshed_at(chosen.frame)
    for s in chosen.selections:
        # Beyond the rows that the picture has, nobody counted.
        counts = dict(s.days.counts) if s.days else {}
        since = chosen.complete_from.get(s.keyword)
        # The day on which it begins is not known to its end.
        known_from = since.date() + timedelta(days=1) if since else None
        until = times.get(s.keyword)
        rows.append(
            bars(
                s.keyword,
                counts,
                today,
                known_from,
                until.date() if until else None,
                newest=None if s.papers.empty else s.papers["updated"].max().date(),
            )
        )
    svg = chart(rows, today).encode()
    return f"![Papers a day, by keyword](data:image/svg+xml;base64,{b64encode(svg).decode()})"
