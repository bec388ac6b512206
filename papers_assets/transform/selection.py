"""The asset `papers`: each keyword's list, selected from its raw papers. Pure.

A list has one row per arXiv id with the newest version of the paper, which is matched against the
keyword again. It is sorted newest first and cut at the cap.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from papers_assets.keywords.matching import MATCHED, Matcher
from papers_assets.keywords.model import Keyword, Revisions
from papers_assets.transform import schema
from papers_assets.transform.selection_cache import CachedSelection, DailyCounts, from_text, to_text

# Without the links: they follow from the arXiv id and the doi.
SELECTION_SCHEMA = pa.schema(
    [
        pa.field("keyword", pa.large_string(), nullable=False),
        *(field for field in schema.RAW_PAPERS_SCHEMA if field.name != "links"),
    ]
)

TEXT_COLUMNS = [name for name in SELECTION_SCHEMA.names if name != "keyword"]
"""The columns of the raw papers that a list is made of."""
KEY_COLUMNS = ["arxiv_id", "version", "updated"]
"""The columns that determine which versions are the newest."""
_TEXTS = pa.schema([SELECTION_SCHEMA.field(name) for name in TEXT_COLUMNS])
_MAX_ROWS = 5_000
"""The largest number of rows read at once."""

REFRESHED_AT_ATTR = "refreshed_at"
"""The frame's attribute with the time when each keyword was refreshed."""
SHORT_REASONS_ATTR = "problems"
"""The frame's attribute with the short reasons why keywords were not refreshed."""
_ETAGS_ATTR = "signatures"
_CACHE_ATTR = "choices"

TEXT_LIST = "list<item: large_string>[pyarrow]"
LINK_LIST = (
    "list<item: struct<href: large_string, rel: large_string, title: large_string>>[pyarrow]"
)
COLUMNS: dict[str, tuple[str, str]] = {
    "keyword": ("str", "The keyword whose list the row belongs to"),
    "arxiv_id": ("str", "arXiv id without the version; unique within a keyword"),
    "version": ("int64", "The newest stored version, from 1"),
    "title": ("str", "As published, white space collapsed"),
    "authors": (TEXT_LIST, "In the paper's order"),
    "abstract": ("str", "As published, white space collapsed"),
    "comment": ("str", "The authors' comment, such as pages or venue"),
    "categories": (TEXT_LIST, "The primary category and the cross-lists"),
    "primary_category": ("str", "One of categories"),
    "published": ("datetime64[us, UTC]", "When version 1 was submitted"),
    "updated": ("datetime64[us, UTC]", "When this version was submitted: the README's date"),
    "doi": ("str", "Of the published article"),
    "journal_ref": ("str", "Where the article appeared"),
    "first_seen": ("datetime64[us, UTC]", "When this version was fetched first"),
    "last_seen": ("datetime64[us, UTC]", "When this version was fetched last"),
}
"""The pandas dtype and the meaning of each column."""
AGEING_PERIOD = timedelta(hours=36)
"""The age of arXiv's last answer when a daily run was missed and the next one is late."""
NULLABLE_COLUMNS = frozenset(field.name for field in schema.RAW_PAPERS_SCHEMA if field.nullable)
RAW_PAPERS_COLUMNS = {name: column for name, column in COLUMNS.items() if name != "keyword"} | {
    "links": (LINK_LIST, "The entry's links")
}
"""The same for the asset `raw_papers`, whose schema is `RAW_PAPERS_SCHEMA`."""


@dataclass(frozen=True)
class Selection:
    """A keyword's list, and counts of the papers that it does not show."""

    keyword: str
    papers: pd.DataFrame
    """The list, with the columns `COLUMNS`, newest first."""
    filtered: int
    """The number of papers that would be in the list if their newest version matched: arXiv
    returned them, and they are newer than the last one shown, or the cap is not reached."""
    stored: int
    """The number of stored papers, matching or not."""
    daily_counts: DailyCounts | None = None
    """The number of matching papers by day; None if it was not requested."""


def select_papers(papers: pd.DataFrame, keyword: Keyword, since: date | None = None) -> Selection:
    """Return a keyword's list, selected from its raw papers.

    Args:
        papers: The raw papers, with the columns of `RAW_PAPERS_SCHEMA`, in any order and with any
            number of versions of a paper.
        keyword: The keyword to match, with its cap.
        since: The first day for which matching papers are counted; None for no counts.
    """
    table = pa.Table.from_pandas(papers, schema=_TEXTS, preserve_index=False)
    return select_lazily(
        table.select(KEY_COLUMNS), lambda rows: table.slice(rows.start, len(rows)), keyword, since
    )


def select_lazily(
    keys: pa.Table,
    read_texts: Callable[[range], pa.Table],
    keyword: Keyword,
    since: date | None = None,
) -> Selection:
    """Return a keyword's list, reading only the texts it needs.

    Args:
        keys: The columns `KEY_COLUMNS` of all raw papers. Fewer texts are read if they are sorted
            newest first.
        read_texts: A function that returns the columns `TEXT_COLUMNS` of a range of rows of `keys`.
        keyword: The keyword to match, with its cap.
        since: The first day for which matching papers are counted; None for no counts.
    """
    newest = _newest_rows(keys, keyword.revisions)
    days = keys["updated"].to_numpy()[newest].astype("datetime64[D]")
    matches, shown = Matcher(keyword), [_TEXTS.empty_table()]
    matching = np.zeros(len(newest), dtype=bool)
    looked_at, found = 0, 0
    while looked_at < len(newest) and (
        found < keyword.cap or (since is not None and days[looked_at] >= np.datetime64(since))
    ):
        # Usually only a few do not match; if most do not, the chunks grow.
        until = looked_at + min(max(keyword.cap + keyword.cap // 8 + 8, looked_at), _MAX_ROWS)
        rows = newest[looked_at:until]
        first = int(rows.min())
        texts = read_texts(range(first, int(rows.max()) + 1)).take(rows - first)
        matched = _find_matching(texts, matches)
        matching[looked_at:until] = matched
        shown.append(texts.filter(pa.array(matched)).slice(0, max(keyword.cap - found, 0)))
        looked_at, found = looked_at + len(rows), found + int(matched.sum())
    places = np.flatnonzero(matching)
    last = places[keyword.cap - 1] if found >= keyword.cap else len(newest)
    return Selection(
        keyword=keyword.name,
        papers=_to_listed_frame(keyword.name, pa.concat_tables(shown)),
        filtered=int((~matching[:last]).sum()),
        stored=len(newest),
        daily_counts=_count_by_day(days[places], since) if since else None,
    )


def _newest_rows(keys: pa.Table, revisions: Revisions) -> np.ndarray:
    """Return the rows of the versions that a list may show, newest first.

    This is the newest version of each paper or, without revisions, the first. Rows are sorted by
    the date of the version, then by id, so that the order is total.
    """
    ids = keys["arxiv_id"].combine_chunks().dictionary_encode()
    numbers, versions = ids.indices.to_numpy(), keys["version"].to_numpy()
    newest = np.zeros(len(ids.dictionary), dtype=versions.dtype)
    np.maximum.at(newest, numbers, versions)
    match revisions:
        case Revisions.INCLUDE:
            wanted = versions == newest[numbers]
        case Revisions.EXCLUDE:
            wanted = versions == 1
        case Revisions.ONLY:
            wanted = (versions == newest[numbers]) & (versions > 1)
    order = [("updated", "descending"), ("arxiv_id", "descending")]
    rows: np.ndarray = pc.sort_indices(keys, sort_keys=order).to_numpy()
    rows = rows[wanted[rows]]
    if len(rows) > len(newest):  # a version occurs twice
        rows = rows[np.sort(np.unique(numbers[rows], return_index=True)[1])]
    return rows


def _find_matching(texts: pa.Table, matches: Matcher) -> np.ndarray:
    columns = (texts[name].to_pylist() for name in MATCHED)
    matched = (matches(*text) for text in zip(*columns, strict=True))
    return np.fromiter(matched, dtype=bool, count=len(texts))


def _to_listed_frame(name: str, texts: pa.Table) -> pd.DataFrame:
    names = pa.repeat(pa.scalar(name, pa.large_string()), len(texts))
    return to_frame(
        texts.add_column(0, SELECTION_SCHEMA.field("keyword"), names).select(list(COLUMNS))
    )


def _count_by_day(days: np.ndarray, since: date) -> DailyCounts:
    counted, counts = np.unique(days[days >= np.datetime64(since)], return_counts=True)
    return DailyCounts(since, dict(zip(counted.tolist(), counts.tolist(), strict=True)))


@dataclass(frozen=True)
class SelectionSource:
    """The source of a keyword's rows, stored in the frame's `attrs`."""

    refreshed_at: datetime | None
    """When arXiv last gave a valid answer; None if it never did. The rows are no fresher than
    this."""
    short_reason: str = ""
    """Why the last refresh failed, in a few words; empty if it succeeded."""
    etag: str = ""
    """The `RawPapersStore.etag` of the raw papers."""
    cached_selection: CachedSelection | None = None
    """How the rows were selected; None if they must not be reused."""


def concat(selections: Iterable[Selection], sources: Mapping[str, SelectionSource]) -> pd.DataFrame:
    """Concatenate the keywords' lists, in their order, to the asset `papers`.

    Args:
        selections: The selection of each keyword.
        sources: The sources by keyword; a keyword that was never requested has none.
    """
    frames = [selection.papers for selection in selections if len(selection.papers)]
    frame = (
        pd.concat(frames, ignore_index=True) if frames else to_frame(SELECTION_SCHEMA.empty_table())
    )
    times = {name: source.refreshed_at for name, source in sources.items()}
    frame.attrs |= {
        REFRESHED_AT_ATTR: {name: time.isoformat() for name, time in times.items() if time},
        SHORT_REASONS_ATTR: {
            name: source.short_reason for name, source in sources.items() if source.short_reason
        },
        _ETAGS_ATTR: {name: source.etag for name, source in sources.items()},
        _CACHE_ATTR: to_text(
            {n: source.cached_selection for n, source in sources.items() if source.cached_selection}
        ),
    }
    return frame


def read_sources(papers: pd.DataFrame) -> dict[str, SelectionSource]:
    """Return the sources that `concat` stored in the asset `papers`."""
    problems = papers.attrs.get(SHORT_REASONS_ATTR, {})
    etags = papers.attrs.get(_ETAGS_ATTR, {})
    cached = from_text(papers.attrs.get(_CACHE_ATTR))
    times = {
        n: datetime.fromisoformat(t) for n, t in papers.attrs.get(REFRESHED_AT_ATTR, {}).items()
    }
    names = dict.fromkeys([*times, *problems, *etags])
    return {
        name: SelectionSource(
            times.get(name), problems.get(name, ""), etags.get(name, ""), cached.get(name)
        )
        for name in names
    }


def read_refresh_times(papers: pd.DataFrame) -> dict[str, datetime]:
    """Return when each keyword of the asset `papers` was last refreshed."""
    return {name: s.refreshed_at for name, s in read_sources(papers).items() if s.refreshed_at}


def rows_by_keyword(papers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each keyword that has any, without the frame's attributes."""
    bare = papers.copy(deep=False)
    bare.attrs = {}  # otherwise pandas copies all of them with every slice
    groups = bare.groupby("keyword", sort=False)
    return {str(name): rows.reset_index(drop=True) for name, rows in groups}


def replace_keywords(
    papers: pd.DataFrame, other: pd.DataFrame, names: Iterable[str]
) -> pd.DataFrame:
    """Return `papers` with the rows and sources of the keywords `names` taken from `other`."""
    taken = set(names)
    there = read_sources(other)
    merged = {n: there.get(n, s) if n in taken else s for n, s in read_sources(papers).items()}
    ours, theirs, none = (
        rows_by_keyword(papers),
        rows_by_keyword(other),
        to_frame(SELECTION_SCHEMA.empty_table()),
    )
    lists = []
    for name in merged:
        rows = (theirs if name in taken else ours).get(name, none)
        lists.append(Selection(name, rows, filtered=0, stored=len(rows)))
    return concat(lists, merged)


def without_cache(papers: pd.DataFrame) -> pd.DataFrame:
    """Return `papers` without cached selections, so that all lists are selected again."""
    papers = papers.copy(deep=False)
    papers.attrs = {name: value for name, value in papers.attrs.items() if name != _CACHE_ATTR}
    return papers


class NewCounts(NamedTuple):
    """Counts of the differences between a keyword's list and the previous one."""

    new: int
    """The number of papers that were not in it."""
    revised: int
    """The number of papers that were in it in another version."""


def count_new(papers: pd.DataFrame, previous: pd.DataFrame | None) -> dict[str, NewCounts]:
    """Return the number of new and revised papers in `papers` since `previous`, by keyword.

    Args:
        papers: The current asset `papers`; used are keyword, arxiv_id and version.
        previous: The previously published asset; None if there is none.
    """
    keys = ["keyword", "arxiv_id"]
    before = papers.iloc[:0] if previous is None else previous
    merged = papers[[*keys, "version"]].merge(
        before[[*keys, "version"]], how="left", on=keys, suffixes=("", "_before")
    )
    is_new = merged["version_before"].isna()
    is_revised = ~is_new & (merged["version"] != merged["version_before"])
    counts = pd.DataFrame({"keyword": merged["keyword"], "new": is_new, "revised": is_revised})
    sums = counts.groupby("keyword", sort=False)[["new", "revised"]].sum()
    return {
        str(name): NewCounts(int(new), int(revised)) for name, new, revised in sums.itertuples()
    }


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table with columns of `RAW_PAPERS_SCHEMA` as a frame with dtypes of `COLUMNS`."""

    def dtype(arrow: pa.DataType) -> Any:
        return pd.ArrowDtype(arrow) if pa.types.is_list(arrow) else None

    frame: pd.DataFrame = table.to_pandas(types_mapper=dtype)
    return frame
