"""What is held of a keyword: every version of every paper that arXiv ever answered. Pure.

Held papers are Arrow tables, one row a version, columns as in `SCHEMA`. What was held stays held:
a merge adds rows and brings their text up to date, and removes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from papers_assets.arxiv.feed import Paper
from papers_assets.arxiv.windows import Window, joined
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


_ALWAYS_KEPT = 5_000
"""Versions of a keyword. The largest cap is 2,000 papers."""
ARXIV_BEGAN = datetime(1991, 8, 14, tzinfo=UTC)
OVERLAP = timedelta(days=14)
"""How far behind what is complete a fetch reads on: arXiv sorts by submission, and a paper that its
moderators held back for days appears that far below the newest."""


@dataclass(frozen=True)
class Held:
    """The papers held of one keyword, and since when they are what arXiv says."""

    keyword: str
    definition: str
    """`Keyword.definition` of the keyword when its papers were last fetched."""
    cap: int
    """The largest cap for which the definition's list was filled, if arXiv has so many papers."""
    refreshed_at: datetime | None
    """When arXiv last gave a believable answer; None: never, and what is held is what is certain of
    one that was not."""
    papers: pa.Table
    """`SCHEMA`, newest `updated` first."""
    complete_until: datetime | None = None
    """Of papers updated up to then, none is missing; None: nothing is known to be complete."""
    complete_from: datetime | None = None
    """Of papers updated from then to `complete_until`, none is missing; None: nobody knows."""
    total_results: int | None = None
    """Of the last believable answer."""
    doubted_since: datetime | None = None
    """When the answers began that are hard to believe; None: the last one was not."""
    looked_back: tuple[Window, ...] = ()
    """Of which days, when papers were submitted, all have come."""
    gleaned: int | None = None
    """Up to which write of the harvest it had been looked through when this was written; None: it
    had not been."""

    @property
    def read_until(self) -> datetime | None:
        """How far back the next fetch has to read; None: there is no such point."""
        return self.complete_until - OVERLAP if self.complete_until else None

    @property
    def since_read_until(self) -> int:
        """How many versions are held that are newer than `read_until`."""
        if self.read_until is None:
            return 0
        updated = self.papers["updated"]
        newer = pc.greater(updated, pa.scalar(self.read_until, updated.type))
        return int(pc.sum(newer).as_py() or 0)

    def published_in(self, window: Window) -> pa.Table:
        """Give the rows of papers whose version 1 was submitted in `window`."""
        published = self.papers["published"]
        begun = pc.greater_equal(published, pa.scalar(window.first, _TIME))
        return self.papers.filter(pc.and_(begun, pc.less(published, pa.scalar(window.end, _TIME))))

    def versions(self) -> set[tuple[str, int]]:
        """Give the arXiv ids and versions of the papers."""
        return set(_versions(self.papers))

    def reported(self) -> set[tuple[str, int]]:
        """Give those that had come by the last refresh, and so were counted in it or before."""
        if self.refreshed_at is None:
            return set()
        by_then = pc.less_equal(self.papers["first_seen"], pa.scalar(self.refreshed_at, _TIME))
        return set(_versions(self.papers.filter(by_then)))


@dataclass(frozen=True)
class Glance:
    """What can be said of held papers without having them all: thousands would fill the memory."""

    versions: int
    papers: int
    newest: pa.Table
    """`SCHEMA`, some rows, newest first."""


def glance(held: Held, rows: int = 10) -> Glance:
    """Give the newest `rows` of what is held, and how much there is."""
    papers = held.papers
    # A slice would keep them all.
    newest = papers.take(pa.array(range(min(rows, len(papers))), pa.int64()))
    return Glance(len(papers), len(set(papers["arxiv_id"].to_pylist())), newest)


def of_definition(keyword: Keyword, held: Held | None) -> Held | None:
    """Give `held` as it stands for the keyword as it is defined now.

    Papers stay when a definition changes, since any of them may belong to the new one too (and to
    the old one again, should the change be undone). But nothing is known to be complete.
    """
    if held is None or held.definition == keyword.definition:
        return held
    return Held(keyword.name, keyword.definition, 0, held.refreshed_at, held.papers)


def refreshed(  # noqa: PLR0913 - all but four are said by name
    keyword: Keyword,
    held: Held | None,
    fetched: Sequence[Paper],
    seen_at: datetime,
    *,
    total_results: int | None = None,
    doubted_since: datetime | None = None,
    gap: bool = False,
) -> Held:
    """Give what is held after arXiv's believable answer `fetched` at `seen_at`.

    Rows of the same version are one row: arXiv's newer text, and the older `first_seen`. A `gap` is
    between what was held and the answer.
    """
    held = of_definition(keyword, held)
    newest = [paper.updated for paper in fetched]
    newest += [held.complete_until] if held and held.complete_until else []
    return Held(
        keyword=keyword.name,
        definition=keyword.definition,
        cap=max(keyword.cap, held.cap if held else 0),
        refreshed_at=seen_at,
        papers=_merged(held, fetched, seen_at),
        # A date in the future tells nothing of the papers that come until then.
        complete_until=min(max(newest), seen_at) if newest else None,
        complete_from=_complete_from(None if gap else held, fetched, total_results),
        total_results=total_results,
        doubted_since=doubted_since,
        looked_back=held.looked_back if held else (),
        gleaned=held.gleaned if held else None,
    )


def _complete_from(
    held: Held | None, fetched: Sequence[Paper], total_results: int | None
) -> datetime | None:
    if total_results is not None and len(fetched) >= total_results:
        return ARXIV_BEGAN
    ends = [paper.updated for paper in fetched]
    ends += [held.complete_from] if held and held.complete_from else []
    return min(ends, default=None)


def looked_back(
    keyword: Keyword,
    held: Held | None,
    fetched: Sequence[Paper],
    windows: Sequence[Window],
    seen_at: datetime,
) -> Held:
    """Give what is held after papers came that were submitted long ago.

    Of `windows`, all have come that were submitted in them. They count as seen when the keyword was
    last refreshed, lest the next refresh takes them for its own news.
    """
    held = of_definition(keyword, held) or _nothing(keyword)
    return replace(
        held,
        papers=_merged(held, fetched, held.refreshed_at or seen_at),
        looked_back=joined([*held.looked_back, *windows]),
    )


def kept(keyword: Keyword, held: Held | None, certain: Sequence[Paper], seen_at: datetime) -> Held:
    """Give what is held after an answer that is not to be believed as a whole.

    The papers that are `certain` all the same are added. Nothing else is learnt from it: the next
    fetch reads back to where the last believable one ended.
    """
    held = of_definition(keyword, held) or _nothing(keyword)
    return replace(
        held,
        papers=_merged(held, certain, seen_at),
        doubted_since=held.doubted_since or seen_at,
    )


def _nothing(keyword: Keyword) -> Held:
    return Held(keyword.name, keyword.definition, 0, None, SCHEMA.empty_table())


def pruned(held: Held, older_than: datetime) -> Held:
    """Give what stays held when versions go that arXiv last answered before `older_than`.

    The newest `_ALWAYS_KEPT` versions stay whatever their age, so that no list loses a paper, and
    so does all that a fetch still reads back to.
    """
    table = held.papers
    newest = pa.array(range(len(table)), pa.int64())
    keep = pc.or_(
        pc.less(newest, _ALWAYS_KEPT),
        pc.greater_equal(table["last_seen"], pa.scalar(older_than, _TIME)),
    )
    if held.read_until is not None:
        recent = pc.greater_equal(table["updated"], pa.scalar(held.read_until, _TIME))
        keep = pc.or_(keep, recent)
    kept = table.filter(keep)
    looked_back = held.looked_back if len(kept) == len(table) else ()
    return replace(held, papers=kept, looked_back=looked_back)


def gleaned(  # noqa: PLR0913 - all but three are said by name
    keyword: Keyword,
    held: Held | None,
    harvested: pa.Table,
    *,
    until: int | None,
    seen_at: datetime,
    refreshed_at: datetime | None,
    complete_from: datetime | None,
) -> Held:
    """Give what is held after the keyword was looked for in what was harvested.

    Args:
        keyword: as it is defined now.
        held: before.
        harvested: rows that match, as `of_papers` gives them; of a version that comes twice, the
            last counts.
        until: up to which write the harvest was looked through; None: not to the end.
        seen_at: now.
        refreshed_at: when arXiv was asked for the newest of all that was looked through; None:
            that was not all there was, and nothing is learnt from what did not come.
        complete_from: of papers updated since then, all have been looked through.
    """
    held = of_definition(keyword, held) or _nothing(keyword)
    after = replace(
        held,
        papers=_merged(held, harvested, seen_at),
        gleaned=held.gleaned if until is None else until,
    )
    if refreshed_at is None:
        return after
    # What was complete before counts where nothing is missing in between.
    joins = complete_from and held.complete_until and held.complete_until >= complete_from
    before = held.complete_from if joins else None
    # A query may have been later; but not later than now, whatever a clock said.
    later = held.refreshed_at if held.refreshed_at and held.refreshed_at <= seen_at else None
    return replace(
        after,
        refreshed_at=max(refreshed_at, later or refreshed_at),
        complete_until=refreshed_at,
        complete_from=min([time for time in (before, complete_from) if time], default=None),
        total_results=None,
        doubted_since=None,
    )


def of_papers(papers: Sequence[Paper]) -> pa.Table:
    """Give papers as rows: `SCHEMA` without when they were seen."""
    columns = {name: [getattr(paper, name) for paper in papers] for name in _OF_A_PAPER}
    columns["links"] = [[link._asdict() for link in links] for links in columns["links"]]
    return pa.Table.from_pydict(columns, schema=pa.schema([SCHEMA.field(n) for n in _OF_A_PAPER]))


def _merged(held: Held | None, fetched: Sequence[Paper] | pa.Table, seen_at: datetime) -> pa.Table:
    rows = fetched if isinstance(fetched, pa.Table) else of_papers(fetched)
    table = _seen(_once(rows), seen_at)
    if held is not None:
        table = _merge(held.papers, table)
    return table.sort_by([(name, "descending") for name in ("updated", "arxiv_id", "version")])


def _seen(rows: pa.Table, seen_at: datetime) -> pa.Table:
    """Give `rows` with when they were seen: `SCHEMA`."""
    times = pa.array([seen_at] * len(rows), _TIME)
    for name in ("first_seen", "last_seen"):
        rows = rows.append_column(SCHEMA.field(name), times)
    return rows


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
    kept = pa.array([version not in replaced for version in _versions(old)], pa.bool_())
    return pa.concat_tables([new, old.filter(kept)])


def _once(rows: pa.Table) -> pa.Table:
    """Give `rows` with every version once: the last of it."""
    last = {version: row for row, version in enumerate(_versions(rows))}
    return rows if len(last) == len(rows) else rows.take(sorted(last.values()))


def _versions(table: pa.Table) -> list[tuple[str, int]]:
    return list(zip(table["arxiv_id"].to_pylist(), table["version"].to_pylist(), strict=True))
