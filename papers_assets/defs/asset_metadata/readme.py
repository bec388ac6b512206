"""Metadata of `readme`: its sections, its size, and an excerpt."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd

from papers_assets.checks import GITHUB_LIMIT
from papers_assets.defs.asset_metadata.common import (
    MAX_PLOTTED,
    PREVIEW_ROWS,
    PREVIEW_SECTIONS,
    Metadata,
    shorten,
)
from papers_assets.render import markdown
from papers_assets.render.readme import Section, render_readme

_FOLDED = re.compile("<details><summary>.*?</summary><p>(.*?)</p></details>")
"""A text that the template folds. Dagster removes the tags, but keeps the summary."""


def readme_metadata(
    sections: Sequence[Section],
    updated: date | None,
    path: Path,
    size: int,
    *pages: int,
    shown: Sequence[int] = (),
) -> Metadata:
    """Describe a materialization of `readme`.

    Args:
            sections: the sections of the README.
            updated: the day of its last update.
            path: the path of the README.
            size: the size of the README in bytes.
            pages: the sizes of its pages in bytes.
            shown: the number of rows of each section on the README itself; empty: all rows.
    """
    rows = sum(len(s.papers) for s in sections)
    stale = [shorten(s.keyword) for s in sections if s.note]
    look = [replace(s, papers=_excerpt(s.papers)) for s in sections[:PREVIEW_SECTIONS]]
    more = f" of the first {PREVIEW_SECTIONS} sections" if len(sections) > PREVIEW_SECTIONS else ""
    remark = f"The beginning of the first rows{more}. The whole document is the file at path."
    document = render_readme(look, last_update=updated, cap=PREVIEW_ROWS, notice=remark)
    return {
        "dagster/row_count": rows,
        "path": dg.MetadataValue.path(str(path)),
        "bytes": size,
        "percent_of_github_limit": round(100 * size / GITHUB_LIMIT, 1),
        "rows_in_readme": sum(shown) if shown else rows,
        "pages": len(pages),
        "pages_bytes": sum(pages),
        "largest_file_bytes": max(size, *pages, 0),
        "last_update": str(updated or "never"),
        "sections": len(sections),
        "stale_sections": len(stale),
        "stale_keywords": ", ".join(_join_names(stale)) or "none",
        "contents": dg.MetadataValue.md(_contents_table(sections, shown)),
        "document": dg.MetadataValue.md(_FOLDED.sub(r"\1", "".join(document))),
    }


def _contents_table(sections: Sequence[Section], shown: Sequence[int]) -> str:
    lines = ["| Keyword | Papers | |", "| --- | --- | --- |"]
    for number, s in enumerate(sections[:MAX_PLOTTED]):
        total = len(s.papers)
        here = f"{shown[number]} of " if shown and shown[number] < total else ""
        keyword, note = (markdown.escape_cell(shorten(text)) for text in (s.keyword, s.note))
        lines.append(f"| {keyword} | {here}{total} | {note} |")
    if len(sections) > MAX_PLOTTED:
        lines += ["", f"And {len(sections) - MAX_PLOTTED} more keywords."]
    return "\n".join(lines)


def _join_names(names: Sequence[str]) -> list[str]:
    more = len(names) - MAX_PLOTTED
    return [*names[:MAX_PLOTTED], *([f"and {more} more"] if more > 0 else [])]


def _excerpt(papers: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows, with their texts shortened."""
    head = papers.head(PREVIEW_ROWS).copy()
    for name in ("title", "abstract", "comment"):
        head[name] = head[name].map(shorten, na_action="ignore")
    return head
