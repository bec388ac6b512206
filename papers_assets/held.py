"""What is held of a keyword: every version of every paper that arXiv ever answered. Pure.

Held papers are Arrow tables, one row a version, columns as in `SCHEMA`. What was held stays held:
a merge adds rows and brings their text up to date, and removes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from papers_assets.arxiv.feed import Paper
from papers_assets.keywords import Keyword

_TIME = pa.timestamp("us", tz="UTC")
_TEXT = pa.large_string()  # what pandas has, so that nothing is copied between the two
_LINK = pa.struct([("href", _TEXT), ("rel", _TEXT), ("title", _TEXT)])

SCHEMA = pa.schema(
    [
        pa.field("arxiv_id", _TEXT, nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("title", _TEXT, nullable=False),
        pa.field("authors", pa.list_(_TEXT), nullable=False),
        pa.field("abstract", _TEXT, nullable=False),
        pa.field("comment", _TEXT),
        pa.field("categories", pa.list_(_TEXT), nullable=False),
        pa.field("primary_category", _TEXT, nullable=False),
        pa.field("published", _TIME, nullable=False),
        pa.field("updated", _TIME, nullable=False),
        pa.field("doi", _TEXT),
        pa.field("journal_ref", _TEXT),
        pa.field("links", pa.list_(_LINK), nullable=False),
        pa.field("first_seen", _TIME, nullable=False),
        pa.field("last_seen", _TIME, nullable=False),
    ]
)


_OF_A_PAPER = [name for name in SCHEMA.names if name not in ("first_seen", "last_seen")]


@dataclass(frozen=True)
class Held:
    """The papers held of one keyword, and since when they are what arXiv says."""

    keyword: str
    definition: str
    """`Keyword.definition` of the keyword when its papers were fetched."""
    cap: int
    """The keyword's cap then: its list is filled up to there, if arXiv has so many papers."""
    refreshed_at: datetime
    """When arXiv last answered for it."""
    papers: pa.Table
    """`SCHEMA`, newest `updated` first."""

    @property
    def until(self) -> datetime | None:
        """`updated` of the newest paper; None without papers."""
        newest: datetime | None = self.papers["updated"][0].as_py() if len(self.papers) else None
        return newest


def refreshed(
    keyword: Keyword, held: Held | None, fetched: Sequence[Paper], seen_at: datetime
) -> Held:
    """Give what is held after arXiv answered `fetched` at `seen_at`.

    Rows of the same version are one row: arXiv's newer text, and the older `first_seen`. A keyword
    whose definition changed begins anew, since its old papers answer another question.
    """
    table = _table(fetched, seen_at)
    if held is not None and held.definition == keyword.definition:
        table = _merge(held.papers, table)
    order = [("updated", "descending"), ("arxiv_id", "descending"), ("version", "descending")]
    return Held(keyword.name, keyword.definition, keyword.cap, seen_at, table.sort_by(order))


def _table(papers: Sequence[Paper], seen_at: datetime) -> pa.Table:
    columns = {name: [getattr(paper, name) for paper in papers] for name in _OF_A_PAPER}
    columns["links"] = [[link._asdict() for link in links] for links in columns["links"]]
    columns |= dict.fromkeys(("first_seen", "last_seen"), [seen_at] * len(papers))
    return pa.Table.from_pydict(columns, schema=SCHEMA)


def _merge(old: pa.Table, new: pa.Table) -> pa.Table:
    first_seen = dict(zip(_versions(old), old["first_seen"].to_pylist(), strict=True))
    versions = _versions(new)
    seen = [
        first_seen.get(version, now)
        for version, now in zip(versions, new["first_seen"].to_pylist(), strict=True)
    ]
    column = SCHEMA.get_field_index("first_seen")
    new = new.set_column(column, SCHEMA.field(column), pa.array(seen, _TIME))
    replaced = set(versions)
    kept = pa.array([version not in replaced for version in first_seen], pa.bool_())
    return pa.concat_tables([new, old.filter(kept)])


def _versions(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["arxiv_id"].to_pylist(), table["version"].to_pylist(), strict=True))
