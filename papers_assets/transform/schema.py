"""Papers as rows of Arrow tables, one row per version. Pure."""

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from papers_assets.arxiv.models import Paper

TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.large_string()  # as in pandas, so that conversion copies nothing
_LINK = pa.struct([("href", _TEXT), ("rel", _TEXT), ("title", _TEXT)])

PAPER_SCHEMA = pa.schema(
    [
        pa.field("arxiv_id", _TEXT, nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", _TEXT, nullable=False),
        pa.field("authors", pa.list_(_TEXT), nullable=False),
        pa.field("abstract", _TEXT, nullable=False),
        pa.field("comment", _TEXT),
        pa.field("categories", pa.list_(_TEXT), nullable=False),
        pa.field("primary_category", _TEXT, nullable=False),
        pa.field("published", TIME, nullable=False),
        pa.field("updated", TIME, nullable=False),
        pa.field("doi", _TEXT),
        pa.field("journal_ref", _TEXT),
        pa.field("links", pa.list_(_LINK), nullable=False),
    ]
)
"""The fields of a version as arXiv publishes them."""
RAW_PAPERS_SCHEMA = pa.schema(
    [
        *PAPER_SCHEMA,
        pa.field("first_seen", TIME, nullable=False),
        pa.field("last_seen", TIME, nullable=False),
    ]
)
"""`PAPER_SCHEMA`, and when the version was first and last fetched."""
_NEWEST_FIRST = [(name, "descending") for name in ("updated", "arxiv_id", "version")]


def to_table(papers: Sequence[Paper]) -> pa.Table:
    """Return papers as a table of `PAPER_SCHEMA`, in their order."""
    columns = {name: [getattr(paper, name) for paper in papers] for name in PAPER_SCHEMA.names}
    columns["links"] = [[link._asdict() for link in links] for links in columns["links"]]
    return pa.Table.from_pydict(columns, schema=PAPER_SCHEMA)


def with_seen(table: pa.Table, at: datetime) -> pa.Table:
    """Return a table of `PAPER_SCHEMA` as `RAW_PAPERS_SCHEMA`, first and last seen at `at`."""
    times = pa.array([at] * len(table), TIME)
    for name in ("first_seen", "last_seen"):
        table = table.append_column(RAW_PAPERS_SCHEMA.field(name), times)
    return table


def list_versions(table: pa.Table) -> list[tuple[str, int]]:
    """Return the arXiv id and version of each row."""
    return list(zip(table["arxiv_id"].to_pylist(), table["version"].to_pylist(), strict=True))


def drop_duplicate_versions(table: pa.Table) -> pa.Table:
    """Return `table` with only the last row of each version."""
    last = {version: row for row, version in enumerate(list_versions(table))}
    return table if len(last) == len(table) else table.take(sorted(last.values()))


def merge_rows(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return the rows of both, newest `updated` first; `new` replaces the same version in `old`."""
    replaced = set(list_versions(new))
    kept = old.filter(
        pa.array([version not in replaced for version in list_versions(old)], pa.bool_())
    )
    table = pa.concat_tables([new, kept])
    return table.take(pc.sort_indices(table, _NEWEST_FIRST))
