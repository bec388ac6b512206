"""Common parts of the metadata of several assets. The run history keeps all metadata."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd

from papers_assets.render import markdown
from papers_assets.transform import selection

PREVIEW_ROWS, PREVIEW_SECTIONS = 3, 5
"""Rows and sections in the preview of a document: the run history keeps one per run."""
MAX_PLOTTED = 20
"""Maximum number of keywords with a plot."""
_MAX_TEXT = 150
"""Maximum length of a text in the preview of a document, in characters."""
_MAX_LISTED = 100
"""Maximum number of keywords in a table: the run history keeps two tables per run."""
_TYPES = {
    "str": "string",
    "int64": "integer",
    "datetime64[us, UTC]": "timestamp (UTC)",
    selection.TEXT_LIST: "list of strings",
    selection.LINK_LIST: "list of links (href, rel, title)",
}
"""The type shown in the catalogue, by dtype in pandas."""
Metadata = dict[str, Any]


def build_column_schema(columns: Mapping[str, tuple[str, str]]) -> dg.TableSchema:
    """Return columns, given as name: (dtype, meaning), as a table schema of Dagster."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                _TYPES[dtype],
                meaning,
                dg.TableColumnConstraints(nullable=name in selection.NULLABLE_COLUMNS),
            )
            for name, (dtype, meaning) in columns.items()
        ]
    )


def table_by_keyword(rows: Sequence[Mapping[str, str | int]]) -> Metadata:
    """Return a table with a row per keyword; of thousands, those with the most news.

    Args:
        rows: the rows, with "keyword" and "new" among their columns.
    """
    listed = sorted(rows, key=lambda row: -int(row["new"])) if len(rows) > _MAX_LISTED else rows
    records = [dg.TableRecord(dict(row)) for row in listed[:_MAX_LISTED]]
    metadata: Metadata = {
        "keywords": dg.MetadataValue.table(records) if records else "none fetched yet"
    }
    if len(rows) > _MAX_LISTED:
        metadata["keywords_listed"] = f"{_MAX_LISTED} of {len(rows)}, those with the most news"
    return metadata


def shorten(text: str) -> str:
    """Return the beginning of a text, on one line."""
    return markdown.truncate(markdown.collapse_whitespace(text), _MAX_TEXT)


def newest_date(papers: pd.DataFrame) -> dg.MetadataValue[Any]:
    """Return when the newest of the papers was updated."""
    if papers.empty:
        return dg.MetadataValue.text("none")
    return dg.MetadataValue.timestamp(papers["updated"].max().to_pydatetime())
