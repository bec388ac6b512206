"""The asset `papers`: of all that is held, what each keyword's list shows. Pure.

One row per keyword and arXiv id, the newest version of each paper, re-checked against the keyword,
newest first, capped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from papers_assets import held
from papers_assets.keywords import Keyword
from papers_assets.matching import Matcher

# Without the links: they follow from the arXiv id and the doi.
SCHEMA = pa.schema(
    [
        pa.field("keyword", pa.large_string(), nullable=False),
        *(field for field in held.SCHEMA if field.name != "links"),
    ]
)

REFRESHED_AT = "refreshed_at"
"""The frame's attribute that says when each keyword was refreshed."""
PROBLEMS = "problems"
"""The frame's attribute that says why keywords were not."""
_SIGNATURES = "signatures"

COLUMNS: dict[str, tuple[str, str]] = {
    "keyword": ("str", "The keyword whose list the row belongs to"),
    "arxiv_id": ("str", "arXiv id without the version; unique within a keyword"),
    "version": ("int64", "The newest version that was seen, from 1"),
    "title": ("str", "As published, white space collapsed"),
    "authors": ("list<item: large_string>[pyarrow]", "In the paper's order"),
    "abstract": ("str", "As published, white space collapsed"),
    "comment": ("str", "The authors' comment, such as pages or venue"),
    "categories": ("list<item: large_string>[pyarrow]", "The primary category and the cross-lists"),
    "primary_category": ("str", "One of categories"),
    "published": ("datetime64[us, UTC]", "When version 1 was submitted"),
    "updated": ("datetime64[us, UTC]", "When this version was submitted: the README's date"),
    "doi": ("str", "Of the published article"),
    "journal_ref": ("str", "Where the article appeared"),
    "first_seen": ("datetime64[us, UTC]", "When arXiv first answered this version to us"),
    "last_seen": ("datetime64[us, UTC]", "When arXiv last answered this version to us"),
}
"""Column by column: dtype in pandas, and meaning."""
MAY_BE_NULL = frozenset(field.name for field in held.SCHEMA if field.nullable)
HELD_COLUMNS = {name: column for name, column in COLUMNS.items() if name != "keyword"} | {
    "links": (
        "list<item: struct<href: large_string, rel: large_string, title: large_string>>[pyarrow]",
        "The entry's links",
    )
}
"""The same for what `raw_papers` holds: `held.SCHEMA`."""


@dataclass(frozen=True)
class Selection:
    """What one keyword's list shows, and what it does not."""

    keyword: str
    papers: pd.DataFrame
    """Columns as in `COLUMNS`, newest first."""
    refused: int
    """Held papers whose newest version does not match the keyword, whatever arXiv answered."""
    held: int
    """Papers held, refused ones included."""
    updated: pd.Series
    """When each matching paper was updated, whether the list has room for it or not; UTC."""


def select_papers(papers: pd.DataFrame, keyword: Keyword) -> Selection:
    """Choose a keyword's list from what is held of it.

    Args:
        papers: the columns of `held.SCHEMA`, in any order, any number of versions of a paper.
        keyword: decides what matches, and the cap.
    """
    # Newest by the date of the version; the id breaks ties, so that the order is total.
    keys = papers[["arxiv_id", "version", "updated"]]
    newest = keys.sort_values("version", ascending=False, kind="stable").drop_duplicates("arxiv_id")
    newest = newest.sort_values(["updated", "arxiv_id"], ascending=False)
    matches = Matcher(keyword)
    candidates = papers.loc[newest.index]
    texts = zip(candidates["title"], candidates["abstract"], candidates["categories"], strict=True)
    matching = candidates[np.fromiter((matches(*text) for text in texts), dtype=bool)]
    chosen = matching.head(keyword.cap).assign(keyword=keyword.name)
    return Selection(
        keyword=keyword.name,
        papers=chosen[list(COLUMNS)].reset_index(drop=True),
        refused=len(candidates) - len(matching),
        held=len(candidates),
        updated=matching["updated"],
    )


@dataclass(frozen=True)
class Source:
    """Where a keyword's rows come from. It travels with the frame, in `attrs`."""

    refreshed_at: datetime | None
    """When arXiv last gave a believable answer; None: it never did. Nobody is to take the rows for
    fresher than that."""
    problem: str = ""
    """Why the last refresh failed, in a few words; empty: it did not."""
    signature: str = ""
    """Of what is held: `Store.signature`."""


def join(selections: Iterable[Selection], sources: Mapping[str, Source]) -> pd.DataFrame:
    """Put the keywords' lists below each other, in their order: the asset `papers`.

    Args:
        selections: a keyword's each.
        sources: by keyword; one that was never asked for has none.
    """
    frames = [selection.papers for selection in selections if len(selection.papers)]
    frame = pd.concat(frames, ignore_index=True) if frames else to_frame(SCHEMA.empty_table())
    times = {name: source.refreshed_at for name, source in sources.items()}
    frame.attrs |= {
        REFRESHED_AT: {name: time.isoformat() for name, time in times.items() if time},
        PROBLEMS: {name: source.problem for name, source in sources.items() if source.problem},
        _SIGNATURES: {name: source.signature for name, source in sources.items()},
    }
    return frame


def sources(papers: pd.DataFrame) -> dict[str, Source]:
    """Give the sources of the asset `papers`; see `join`."""
    problems = papers.attrs.get(PROBLEMS, {})
    signatures = papers.attrs.get(_SIGNATURES, {})
    times = {n: datetime.fromisoformat(t) for n, t in papers.attrs.get(REFRESHED_AT, {}).items()}
    names = dict.fromkeys([*times, *problems, *signatures])
    return {
        name: Source(times.get(name), problems.get(name, ""), signatures.get(name, ""))
        for name in names
    }


def refreshed_at(papers: pd.DataFrame) -> dict[str, datetime]:
    """Give when arXiv last answered for each keyword of the asset `papers`; see `join`."""
    return {name: s.refreshed_at for name, s in sources(papers).items() if s.refreshed_at}


def with_rows_of(papers: pd.DataFrame, other: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Give `papers` with the rows and sources of the keywords `names` taken from `other`."""
    taken = set(names)
    there = sources(other)
    merged = {n: there.get(n, s) if n in taken else s for n, s in sources(papers).items()}
    lists = []
    for name in merged:
        frame = other if name in taken else papers
        rows = frame[frame["keyword"] == name].reset_index(drop=True)
        lists.append(Selection(name, rows, refused=0, held=len(rows), updated=rows["updated"]))
    return join(lists, merged)


class News(NamedTuple):
    """How a keyword's list differs from the one before."""

    new: int
    """Papers that were not in it."""
    revised: int
    """Papers that were, in another version."""


def news(papers: pd.DataFrame, former: pd.DataFrame | None) -> dict[str, News]:
    """Say by keyword what is new in `papers` since `former`.

    Args:
        papers: used are keyword, arxiv_id and version.
        former: the same, published before; None: nothing was.
    """
    keys = ["keyword", "arxiv_id"]
    before = papers.iloc[:0] if former is None else former
    merged = papers[[*keys, "version"]].merge(
        before[[*keys, "version"]], how="left", on=keys, suffixes=("", "_before")
    )
    is_new = merged["version_before"].isna()
    is_revised = ~is_new & (merged["version"] != merged["version_before"])
    counts = pd.DataFrame({"keyword": merged["keyword"], "new": is_new, "revised": is_revised})
    sums = counts.groupby("keyword", sort=False)[["new", "revised"]].sum()
    return {str(name): News(int(new), int(revised)) for name, new, revised in sums.itertuples()}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Give an Arrow table of `SCHEMA`, or some of its columns, with the dtypes of `COLUMNS`."""

    def dtype(arrow: pa.DataType) -> Any:
        return pd.ArrowDtype(arrow) if pa.types.is_list(arrow) else None

    frame: pd.DataFrame = table.to_pandas(types_mapper=dtype)
    return frame
