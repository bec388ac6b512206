"""What is held of a keyword: every version of every paper that arXiv ever answered. Pure.

Held papers are Arrow tables, one row a version, columns as in `paper_rows.SCHEMA`. What was held
stays held: a merge adds rows and brings their text up to date, and removes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from papers_assets.arxiv import taxonomy
from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Keyword
from papers_assets.transform import schema
from papers_assets.transform.date_ranges import Window, joined, without
from papers_assets.transform.schema import TIME

_ALWAYS_KEPT = 5_000
"""Versions of a keyword. The largest cap is 2,000 papers."""
_GLANCED = 10
"""Rows."""
ARXIV_BEGAN = datetime.combine(taxonomy.BEGAN, time(), UTC)
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
    """`paper_rows.SCHEMA`, newest `updated` first."""
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
    gaps: tuple[Window, ...] = ()
    """Of which days papers may be missing, since an answer did not reach back so far, and nobody
    has looked back at them since."""
    gleaned: int | None = None
    """Up to which write of the harvest it had been looked through when this was written; None: it
    had not been."""
    oai_only: tuple[tuple[str, int], ...] = ()
    """Ids and versions that arXiv's OAI-PMH lists and its search has not answered since, though its
    last answer should have them."""

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
        begun = pc.greater_equal(published, pa.scalar(window.first, TIME))
        return self.papers.filter(pc.and_(begun, pc.less(published, pa.scalar(window.end, TIME))))

    def versions(self) -> set[tuple[str, int]]:
        """Give the arXiv ids and versions of the papers."""
        return set(schema.versions(self.papers))

    def answered(self) -> set[tuple[str, int]]:
        """Return the versions without those that only OAI-PMH lists."""
        return self.versions() - {*self.oai_only}

    def reported(self) -> set[tuple[str, int]]:
        """Give those that had come by the last refresh, and so were counted in it or before."""
        if self.refreshed_at is None:
            return set()
        by_then = pc.less_equal(self.papers["first_seen"], pa.scalar(self.refreshed_at, TIME))
        return set(schema.versions(self.papers.filter(by_then)))


@dataclass(frozen=True)
class Glance:
    """What can be said of held papers without having them all: thousands would fill the memory."""

    versions: int
    papers: int
    newest: pa.Table
    """`paper_rows.SCHEMA`, some rows, newest first."""


def glance(held: Held) -> Glance:
    """Give the newest of what is held, and how much there is."""
    papers = held.papers
    # A slice would keep them all.
    newest = papers.take(pa.array(range(min(_GLANCED, len(papers))), pa.int64()))
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
        gaps=_gaps(held, fetched, seen_at, total_results, gap=gap),
        gleaned=held.gleaned if held else None,
        oai_only=_still_oai_only(held, fetched, total_results),
    )


def reach(fetched: Sequence[Paper], total_results: int | None) -> datetime | None:
    """Return the time since which an answer should have every version; None: it says nothing."""
    if total_results is not None and len(fetched) >= total_results:
        return ARXIV_BEGAN
    return min((paper.updated for paper in fetched), default=None)


def _still_oai_only(
    held: Held | None, fetched: Sequence[Paper], total_results: int | None
) -> tuple[tuple[str, int], ...]:
    """Return what the answer `fetched` lacks of `Held.oai_only`, as far back as it reaches."""
    since = reach(fetched, total_results)
    if held is None or not held.oai_only or since is None:
        return ()
    submitted = dict(
        zip(schema.versions(held.papers), held.papers["updated"].to_pylist(), strict=True)
    )
    came: dict[str, int] = {}
    for paper in fetched:
        came[paper.arxiv_id] = max(paper.version, came.get(paper.arxiv_id, 0))
    return tuple(
        (arxiv_id, version)
        for arxiv_id, version in held.oai_only
        if came.get(arxiv_id, 0) < version and submitted[arxiv_id, version] > since
    )


def _gaps(
    held: Held | None,
    fetched: Sequence[Paper],
    seen_at: datetime,
    total_results: int | None,
    *,
    gap: bool,
) -> tuple[Window, ...]:
    if held is None or (total_results is not None and len(fetched) >= total_results):
        return ()
    if not fetched:
        return held.gaps
    reached = _minute(min(paper.updated for paper in fetched))
    gaps = without(held.gaps, [Window(reached, _minute(seen_at))])
    if gap and held.read_until:
        gaps = joined([*gaps, Window(_minute(held.read_until), reached)])
    return gaps


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


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
        gaps=without(held.gaps, windows),
    )


def witnessed(keyword: Keyword, held: Held | None, papers: Sequence[Paper], now: datetime) -> Held:
    """Return what is held with papers that OAI-PMH lists and the last answer should have had.

    They count as seen when the keyword was last refreshed, so that the next refresh does not take
    them for its own news.
    """
    held = of_definition(keyword, held) or _nothing(keyword)
    versions = [(paper.arxiv_id, paper.version) for paper in papers]
    return replace(
        held,
        papers=_merged(held, papers, held.refreshed_at or now),
        oai_only=tuple(dict.fromkeys([*held.oai_only, *versions])),
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
    return Held(keyword.name, keyword.definition, 0, None, schema.SCHEMA.empty_table())


def pruned(held: Held, older_than: datetime) -> Held:
    """Give what stays held when versions go that arXiv last answered before `older_than`.

    The newest `_ALWAYS_KEPT` versions stay whatever their age, so that no list loses a paper, and
    so does all that a fetch still reads back to.
    """
    table = held.papers
    newest = pa.array(range(len(table)), pa.int64())
    keep = pc.or_(
        pc.less(newest, _ALWAYS_KEPT),
        pc.greater_equal(table["last_seen"], pa.scalar(older_than, TIME)),
    )
    if held.read_until is not None:
        recent = pc.greater_equal(table["updated"], pa.scalar(held.read_until, TIME))
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
        harvested: rows that match, `paper_rows.OF_PAPERS`; of a version that comes twice, the last
            counts.
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
        oai_only=(),
    )


def news(before: set[tuple[str, int]], after: set[tuple[str, int]]) -> tuple[int, int]:
    """Count what came between two `Held.versions`.

    Returns:
        Papers of which no version was held before; and versions of papers that are held in another.
    """
    known = {arxiv_id for arxiv_id, _ in before}
    came = [arxiv_id for arxiv_id, _ in after - before]
    new = len({*came} - known)
    return new, len(came) - new


def _merged(held: Held | None, fetched: Sequence[Paper] | pa.Table, seen_at: datetime) -> pa.Table:
    came = fetched if isinstance(fetched, pa.Table) else schema.of_papers(fetched)
    came = schema.seen(schema.once(came), seen_at)
    old = held.papers if held else schema.SCHEMA.empty_table()
    return schema.merged(old, _seen_before(old, came))


def _seen_before(old: pa.Table, new: pa.Table) -> pa.Table:
    """Give `new` with the older `first_seen` of versions that `old` has."""
    first_seen = dict(zip(schema.versions(old), old["first_seen"].to_pylist(), strict=True))
    times = zip(schema.versions(new), new["first_seen"].to_pylist(), strict=True)
    seen = pa.array([first_seen.get(version, now) for version, now in times], TIME)
    column = schema.SCHEMA.get_field_index("first_seen")
    return new.set_column(column, schema.SCHEMA.field(column), seen)
