"""The raw papers of a keyword: every version of every paper that arXiv ever returned. Pure.

Raw papers are Arrow tables with one row per version and the columns of `RAW_PAPERS_SCHEMA`. A merge
adds rows and updates their texts, but never removes rows.
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
from papers_assets.transform.date_ranges import DateRange, merge, subtract
from papers_assets.transform.schema import TIME

_MIN_KEPT_VERSIONS = 5_000
"""The newest versions of a keyword that are never pruned. The largest cap is 2,000 papers."""
_SUMMARY_ROWS = 10
"""The number of rows in a summary."""
ARXIV_START = datetime.combine(taxonomy.FIRST_DAY, time(), UTC)
OVERLAP = timedelta(days=14)
"""How far a fetch continues below `complete_until`. arXiv sorts by submission, and a paper that its
moderators delayed for days appears that far below the newest."""


@dataclass(frozen=True)
class RawPapers:
    """The raw papers of one keyword, and how fresh and complete they are."""

    keyword: str
    query_fingerprint: str
    """`Keyword.fingerprint` of the keyword when its papers were last fetched."""
    filled_cap: int
    """The largest cap for which this definition's list was filled, if arXiv has that many
    papers."""
    refreshed_at: datetime | None
    """When arXiv last gave a valid answer; None if it never did, and the rows are the matching
    papers of invalid answers."""
    rows: pa.Table
    """The rows, in `RAW_PAPERS_SCHEMA`, newest `updated` first."""
    complete_until: datetime | None = None
    """No paper updated up to this time is missing; None if nothing is known to be complete."""
    complete_from: datetime | None = None
    """No paper updated from this time to `complete_until` is missing; None if unknown."""
    total_results: int | None = None
    """The total number of results of the last valid answer."""
    suspect_since: datetime | None = None
    """The time of the first of the latest answers with anomalies; None if the last answer was
    valid."""
    backfilled_ranges: tuple[DateRange, ...] = ()
    """The submission dates whose papers were all fetched."""
    missing_ranges: tuple[DateRange, ...] = ()
    """The submission dates whose papers may be missing, because an answer did not reach back that
    far and no backfill has covered them since."""
    scanned_until: int | None = None
    """The watermark: the last write of the harvest that had been scanned when this was stored; None
    if none had been."""
    oai_only: tuple[tuple[str, int], ...] = ()
    """Ids and versions that arXiv's OAI-PMH lists, but that its search has not returned since,
    although its last answer should contain them."""

    @property
    def read_until(self) -> datetime | None:
        """How far back the next fetch must read; None if there is no such point."""
        return self.complete_until - OVERLAP if self.complete_until else None

    @property
    def newer_than_read_until(self) -> int:
        """The number of stored versions newer than `read_until`."""
        if self.read_until is None:
            return 0
        updated = self.rows["updated"]
        newer = pc.greater(updated, pa.scalar(self.read_until, updated.type))
        return int(pc.sum(newer).as_py() or 0)

    def rows_published_in(self, date_range: DateRange) -> pa.Table:
        """Return the rows of papers whose version 1 was submitted in `date_range`."""
        published = self.rows["published"]
        begun = pc.greater_equal(published, pa.scalar(date_range.first, TIME))
        return self.rows.filter(pc.and_(begun, pc.less(published, pa.scalar(date_range.end, TIME))))

    def versions(self) -> set[tuple[str, int]]:
        """Return the arXiv ids and versions of the papers."""
        return set(schema.list_versions(self.rows))

    def search_versions(self) -> set[tuple[str, int]]:
        """Return `versions` without `oai_only`."""
        return self.versions() - {*self.oai_only}

    def reported_versions(self) -> set[tuple[str, int]]:
        """Return the versions fetched by the last refresh, and so counted in it or before."""
        if self.refreshed_at is None:
            return set()
        by_then = pc.less_equal(self.rows["first_seen"], pa.scalar(self.refreshed_at, TIME))
        return set(schema.list_versions(self.rows.filter(by_then)))


@dataclass(frozen=True)
class RawPapersSummary:
    """A summary of raw papers, which takes little memory even for thousands of them."""

    versions: int
    papers: int
    newest: pa.Table
    """The newest rows, in `RAW_PAPERS_SCHEMA`, newest first."""


def summarize(stored: RawPapers) -> RawPapersSummary:
    """Return the newest raw papers and the number of all."""
    papers = stored.rows
    # A slice would keep all rows in memory.
    newest = papers.take(pa.array(range(min(_SUMMARY_ROWS, len(papers))), pa.int64()))
    return RawPapersSummary(len(papers), len(set(papers["arxiv_id"].to_pylist())), newest)


def for_definition(keyword: Keyword, stored: RawPapers | None) -> RawPapers | None:
    """Return the raw papers adapted to the current definition of the keyword.

    When the definition changes, the rows are kept, because any of them may match the new definition
    (and the old one, if the change is undone). But nothing is known to be complete any more.
    """
    if stored is None or stored.query_fingerprint == keyword.fingerprint:
        return stored
    return RawPapers(keyword.name, keyword.fingerprint, 0, stored.refreshed_at, stored.rows)


def merge_answer(  # noqa: PLR0913 - all but four are keyword-only
    keyword: Keyword,
    stored: RawPapers | None,
    fetched: Sequence[Paper],
    seen_at: datetime,
    *,
    total_results: int | None = None,
    suspect_since: datetime | None = None,
    has_gap: bool = False,
) -> RawPapers:
    """Return the raw papers after arXiv's valid answer `fetched` at `seen_at`.

    Rows of the same version become one row, with the newer text and the older `first_seen`. If
    `has_gap`, papers may be missing between the stored ones and the answer.
    """
    stored = for_definition(keyword, stored)
    newest = [paper.updated for paper in fetched]
    newest += [stored.complete_until] if stored and stored.complete_until else []
    return RawPapers(
        keyword=keyword.name,
        query_fingerprint=keyword.fingerprint,
        filled_cap=max(keyword.cap, stored.filled_cap if stored else 0),
        refreshed_at=seen_at,
        rows=_merge(stored, fetched, seen_at),
        # Papers may still appear until a date in the future.
        complete_until=min(max(newest), seen_at) if newest else None,
        complete_from=_find_complete_from(None if has_gap else stored, fetched, total_results),
        total_results=total_results,
        suspect_since=suspect_since,
        backfilled_ranges=stored.backfilled_ranges if stored else (),
        missing_ranges=_find_missing_ranges(
            stored, fetched, seen_at, total_results, has_gap=has_gap
        ),
        scanned_until=stored.scanned_until if stored else None,
        oai_only=_find_still_oai_only(stored, fetched, total_results),
    )


def find_reach(fetched: Sequence[Paper], total_results: int | None) -> datetime | None:
    """Return the time since which an answer should contain all versions; None if it is unknown."""
    if total_results is not None and len(fetched) >= total_results:
        return ARXIV_START
    return min((paper.updated for paper in fetched), default=None)


def _find_still_oai_only(
    stored: RawPapers | None, fetched: Sequence[Paper], total_results: int | None
) -> tuple[tuple[str, int], ...]:
    """Return the `RawPapers.oai_only` that the answer `fetched` should contain and does not."""
    since = find_reach(fetched, total_results)
    if stored is None or not stored.oai_only or since is None:
        return ()
    submitted = dict(
        zip(schema.list_versions(stored.rows), stored.rows["updated"].to_pylist(), strict=True)
    )
    came: dict[str, int] = {}
    for paper in fetched:
        came[paper.arxiv_id] = max(paper.version, came.get(paper.arxiv_id, 0))
    return tuple(
        (arxiv_id, version)
        for arxiv_id, version in stored.oai_only
        if came.get(arxiv_id, 0) < version and submitted[arxiv_id, version] > since
    )


def _find_missing_ranges(
    stored: RawPapers | None,
    fetched: Sequence[Paper],
    seen_at: datetime,
    total_results: int | None,
    *,
    has_gap: bool,
) -> tuple[DateRange, ...]:
    if stored is None or (total_results is not None and len(fetched) >= total_results):
        return ()
    if not fetched:
        return stored.missing_ranges
    reached = _truncate_to_minute(min(paper.updated for paper in fetched))
    missing_ranges = subtract(
        stored.missing_ranges, [DateRange(reached, _truncate_to_minute(seen_at))]
    )
    if has_gap and stored.read_until:
        missing_ranges = merge(
            [*missing_ranges, DateRange(_truncate_to_minute(stored.read_until), reached)]
        )
    return missing_ranges


def _truncate_to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _find_complete_from(
    stored: RawPapers | None, fetched: Sequence[Paper], total_results: int | None
) -> datetime | None:
    if total_results is not None and len(fetched) >= total_results:
        return ARXIV_START
    ends = [paper.updated for paper in fetched]
    ends += [stored.complete_from] if stored and stored.complete_from else []
    return min(ends, default=None)


def merge_backfill(
    keyword: Keyword,
    stored: RawPapers | None,
    fetched: Sequence[Paper],
    date_ranges: Sequence[DateRange],
    seen_at: datetime,
) -> RawPapers:
    """Return the raw papers after a backfill of `date_ranges`.

    `fetched` has all papers submitted in these ranges. They count as first seen when the keyword
    was last refreshed, so that the next refresh does not count them as new.
    """
    stored = for_definition(keyword, stored) or _no_raw_papers(keyword)
    return replace(
        stored,
        rows=_merge(stored, fetched, stored.refreshed_at or seen_at),
        backfilled_ranges=merge([*stored.backfilled_ranges, *date_ranges]),
        missing_ranges=subtract(stored.missing_ranges, date_ranges),
    )


def merge_oai_papers(
    keyword: Keyword, stored: RawPapers | None, papers: Sequence[Paper], now: datetime
) -> RawPapers:
    """Return the raw papers with `papers` from OAI-PMH that the last answer should have contained.

    They count as first seen when the keyword was last refreshed, so that the next refresh does not
    count them as new.
    """
    stored = for_definition(keyword, stored) or _no_raw_papers(keyword)
    versions = [(paper.arxiv_id, paper.version) for paper in papers]
    return replace(
        stored,
        rows=_merge(stored, papers, stored.refreshed_at or now),
        oai_only=tuple(dict.fromkeys([*stored.oai_only, *versions])),
    )


def merge_partial_answer(
    keyword: Keyword, stored: RawPapers | None, matching: Sequence[Paper], seen_at: datetime
) -> RawPapers:
    """Return the raw papers after an answer with anomalies.

    Only its `matching` papers are added. The next fetch reads back to the end of the last valid
    answer.
    """
    stored = for_definition(keyword, stored) or _no_raw_papers(keyword)
    return replace(
        stored,
        rows=_merge(stored, matching, seen_at),
        suspect_since=stored.suspect_since or seen_at,
    )


def _no_raw_papers(keyword: Keyword) -> RawPapers:
    return RawPapers(
        keyword.name, keyword.fingerprint, 0, None, schema.RAW_PAPERS_SCHEMA.empty_table()
    )


def prune(stored: RawPapers, older_than: datetime) -> RawPapers:
    """Return the raw papers without versions that arXiv last returned before `older_than`.

    The newest `_MIN_KEPT_VERSIONS` versions are kept whatever their age, so that no list loses a
    paper, and so are all versions that a fetch still reads back to.
    """
    table = stored.rows
    newest = pa.array(range(len(table)), pa.int64())
    keep = pc.or_(
        pc.less(newest, _MIN_KEPT_VERSIONS),
        pc.greater_equal(table["last_seen"], pa.scalar(older_than, TIME)),
    )
    if stored.read_until is not None:
        recent = pc.greater_equal(table["updated"], pa.scalar(stored.read_until, TIME))
        keep = pc.or_(keep, recent)
    kept_rows = table.filter(keep)
    looked_back = stored.backfilled_ranges if len(kept_rows) == len(table) else ()
    return replace(stored, rows=kept_rows, backfilled_ranges=looked_back)


def merge_harvest(  # noqa: PLR0913 - all but three are keyword-only
    keyword: Keyword,
    stored: RawPapers | None,
    harvested: pa.Table,
    *,
    scanned_until: int | None,
    seen_at: datetime,
    refreshed_at: datetime | None,
    complete_from: datetime | None,
) -> RawPapers:
    """Return the raw papers after a scan of the harvest for the keyword.

    Args:
        keyword: The keyword as currently defined.
        stored: The raw papers before the scan.
        harvested: The matching rows, in `PAPER_SCHEMA`; the last row of a version counts.
        scanned_until: The last write of the harvest that was scanned; None if the scan did not
            reach the end.
        seen_at: The current time.
        refreshed_at: When arXiv was asked for the newest scanned day; None if not everything was
            scanned, so that a missing paper has no meaning.
        complete_from: The time since which all updated papers were scanned.
    """
    stored = for_definition(keyword, stored) or _no_raw_papers(keyword)
    after = replace(
        stored,
        rows=_merge(stored, harvested, seen_at),
        scanned_until=stored.scanned_until if scanned_until is None else scanned_until,
    )
    if refreshed_at is None:
        return after
    # The range that was complete before counts if it adjoins the scanned one.
    joins = complete_from and stored.complete_until and stored.complete_until >= complete_from
    before = stored.complete_from if joins else None
    # A query may have been later than the harvest. A time after now comes from a wrong clock.
    later = stored.refreshed_at if stored.refreshed_at and stored.refreshed_at <= seen_at else None
    return replace(
        after,
        refreshed_at=max(refreshed_at, later or refreshed_at),
        complete_until=refreshed_at,
        complete_from=min([time for time in (before, complete_from) if time], default=None),
        total_results=None,
        suspect_since=None,
        oai_only=(),
    )


def count_new(before: set[tuple[str, int]], after: set[tuple[str, int]]) -> tuple[int, int]:
    """Return how many papers and revisions were added between two `RawPapers.versions`.

    Returns:
        The number of papers without a version before, and the number of further versions.
    """
    known = {arxiv_id for arxiv_id, _ in before}
    came = [arxiv_id for arxiv_id, _ in after - before]
    new = len({*came} - known)
    return new, len(came) - new


def _merge(
    stored: RawPapers | None, fetched: Sequence[Paper] | pa.Table, seen_at: datetime
) -> pa.Table:
    came = fetched if isinstance(fetched, pa.Table) else schema.to_table(fetched)
    came = schema.with_seen(schema.drop_duplicate_versions(came), seen_at)
    old = stored.rows if stored else schema.RAW_PAPERS_SCHEMA.empty_table()
    return schema.merge_rows(old, _keep_first_seen(old, came))


def _keep_first_seen(old: pa.Table, new: pa.Table) -> pa.Table:
    """Return `new` with the older `first_seen` of versions that `old` has."""
    first_seen = dict(zip(schema.list_versions(old), old["first_seen"].to_pylist(), strict=True))
    times = zip(schema.list_versions(new), new["first_seen"].to_pylist(), strict=True)
    seen = pa.array([first_seen.get(version, now) for version, now in times], TIME)
    column = schema.RAW_PAPERS_SCHEMA.get_field_index("first_seen")
    return new.set_column(column, schema.RAW_PAPERS_SCHEMA.field(column), seen)
