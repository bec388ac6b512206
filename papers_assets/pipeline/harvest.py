"""Bring in what arXiv's OAI-PMH lists of days, newest day first, and keep it.

A day that cannot be had keeps what came of it, and does not keep the others from being asked.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivDeadlineExceeded, ArxivError
from papers_assets.arxiv.oai_day import MAX_REQUESTS, DayListing, fetch_day
from papers_assets.arxiv.oai_pmh import READER_VERSION
from papers_assets.arxiv.retry import CircuitBreaker
from papers_assets.pipeline.failures import (
    BUG_REASON,
    describe_not_asked,
    describe_unexpected,
    short_reason_for,
)
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import HarvestStore
from papers_assets.text import progress
from papers_assets.transform import schema
from papers_assets.transform.harvest_coverage import FINAL_AFTER, RECENT_PERIOD, DayStatus

logger = logging.getLogger(__name__)

_MAX_NAMED = 3
_SATURDAY = 5
_MANY_PAPERS = 20
"""Records that are not all listed on later days instead, a few days later."""


@dataclass(frozen=True)
class HarvestedDay:
    """A day of which arXiv listed everything; it is on disk."""

    day: date
    listed: int
    """Papers in arXiv's list."""
    new: int
    """Versions that had not come with the day before."""
    stored: int
    """Versions of the day that are held."""
    deleted: int
    """Papers that arXiv has removed; what is held of them stays."""
    requests: int
    seconds_waited: float
    unreadable_records: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class HarvestFailure:
    """A day of which not everything came; what came is kept."""

    day: date
    reason: str
    short_reason: str
    """The same in words for readers of the README."""
    was_asked: bool = True
    """False: there was no time for it, or no more asking after what became of others."""


def list_days_due(
    since: date, now: datetime, harvest_store: HarvestStore, sets: Sequence[str]
) -> list[date]:
    """Return the days from `since` to today of which more may come, newest first.

    Those of long ago that could not be had come last, lest they keep others from being asked for;
    and among themselves each day another first.
    """
    known, problems = harvest_store.readable_days(), harvest_store.read_problems()
    today = now.astimezone(UTC).date()
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    open_ = [d for d in reversed(days) if not ((k := known.get(d)) and k.is_final(sets, now))]
    failed = [day for day in open_ if day in problems and day < today - RECENT_PERIOD]
    first = today.toordinal() % len(failed) if failed else 0
    return [day for day in open_ if day not in failed] + failed[first:] + failed[:first]


def harvest_days(
    days: Sequence[date],
    sets: Sequence[str],
    client: ArxivClient,
    harvest_store: HarvestStore,
    now: Callable[[], datetime],
) -> Iterator[HarvestedDay | HarvestFailure]:
    """Ask for each of `days` in turn, and say what became of it.

    Args:
        days: UTC, in the order in which to ask.
        sets: of OAI-PMH; none: the whole archive.
        client: asks arXiv.
        harvest_store: where days are kept.
        now: gives the time.
    """
    breaker = CircuitBreaker()
    for number, day in enumerate(days, 1):
        if error := breaker.open_reason:
            yield HarvestFailure(
                day, describe_not_asked(error), short_reason_for(error), was_asked=False
            )
            continue
        progress.info("%s (day %d of %d): fetching", day, number, len(days))
        try:
            outcome = _harvest_day(day, sets, client, harvest_store, now)
            breaker.record_success()
        except (ArxivError, StoreError, OSError) as error:
            breaker.record_failure(error)
            # As the days after it: or it would count as failed, and be asked for after older ones.
            was_asked = not isinstance(error, ArxivDeadlineExceeded)
            outcome = HarvestFailure(day, str(error), short_reason_for(error), was_asked=was_asked)
        except Exception as error:  # a mistake of ours must not cost the other days
            logger.exception("%s: unexpectedly", day)
            outcome = HarvestFailure(day, describe_unexpected(error), BUG_REASON)
        if isinstance(outcome, HarvestFailure):
            logger.error("%s: not brought in: %s", day, outcome.reason)
        yield outcome


def _harvest_day(
    day: date,
    sets: Sequence[str],
    client: ArxivClient,
    harvest_store: HarvestStore,
    now: Callable[[], datetime],
) -> HarvestedDay | HarvestFailure:
    waited, requests = client.seconds_waited, client.requests
    asked_at = now()  # what arXiv adds while we ask may be missing
    found = _fetch_listing(day, sets, client, harvest_store)
    anomaly = found.problem or _describe_empty_day(found, asked_at.date())
    if anomaly and found.requests < MAX_REQUESTS:
        logger.warning("%s: %s; asking once more", day, anomaly)
        if found.records:
            _store(found, sets, harvest_store, complete_at=None)
        client.pause_before_recheck()
        asked_at = now()
        found = _fetch_listing(day, sets, client, harvest_store)
    found = _with_emptiness_problem(found, harvest_store, sets, asked_at)
    whole_at = None if found.problem else asked_at
    new, held_of_day = _store(found, sets, harvest_store, complete_at=whole_at)
    if found.problem:
        return HarvestFailure(day, found.problem, "arXiv's list of the day was not whole")
    outcome = HarvestedDay(
        day=day,
        listed=sum(record.paper is not None for record in found.records.values()),
        new=new,
        stored=held_of_day,
        deleted=sum(record.deleted for record in found.records.values()),
        requests=client.requests - requests,
        seconds_waited=client.seconds_waited - waited,
        unreadable_records=found.unreadable_records,
        repairs=found.repairs,
    )
    _log_result(outcome)
    return outcome


def _fetch_listing(
    day: date, sets: Sequence[str], client: ArxivClient, harvest_store: HarvestStore
) -> DayListing:
    """Ask for a day. When arXiv breaks off, what came is kept.

    Raises:
        ArxivError: arXiv broke off.
        StoreError: what came cannot be stored.
    """
    found = fetch_day(day, sets, client.list_records)
    if found.error:
        if found.records:
            _store(found, sets, harvest_store, complete_at=None)
        raise found.error
    return found


def _describe_empty_day(listing: DayListing, today: date) -> str:
    """Return that nothing was listed, if that is odd: on a weekday that is over."""
    is_odd = (
        not listing.records and not listing.unreadable_records and listing.day.weekday() < _SATURDAY
    )
    return "nothing is listed" if is_odd and listing.day < today else ""


def _with_emptiness_problem(
    listing: DayListing, harvest_store: HarvestStore, sets: Sequence[str], asked_at: datetime
) -> DayListing:
    """Return the day with a fault if nothing is listed where much was before.

    No day loses all so soon. Later it may, when arXiv touches very many papers at once.
    """
    if listing.problem or listing.records:
        return listing
    before = harvest_store.readable_days().get(listing.day)
    # Of other sets, nothing is known of these.
    listed = (
        sum((before.counts_by_set or {}).get(set_, 0) for set_ in sets or ("",)) if before else 0
    )
    if listed < _MANY_PAPERS or asked_at.date() > listing.day + FINAL_AFTER:
        return listing
    return replace(listing, problem=f"nothing is listed where {listed} records were before")


def _store(
    listing: DayListing,
    sets: Sequence[str],
    harvest_store: HarvestStore,
    *,
    complete_at: datetime | None,
) -> tuple[int, int]:
    """Add what came to what is held of the day; give how much of it is new, and how much is held.

    Raises:
        StoreError: it cannot be read or written.
    """
    papers = [record.paper for record in listing.records.values() if record.paper is not None]
    came = schema.to_table(papers)
    with harvest_store.write_lock():
        before, there = harvest_store.read_or_quarantine(listing.day) or (
            None,
            schema.PAPER_SCHEMA.empty_table(),
        )
        new = _count_changed(there, came)
        if before is not None and not new and complete_at is None:
            return 0, len(there)
        after = schema.merge_rows(there, came)
        # What was not whole is of no use to say what was asked for.
        known = before if complete_at is None else None
        harvest_store.write(
            DayStatus(
                listing.day,
                known.sets if known else tuple(sets),
                sequence=harvest_store.next_sequence()
                if new or before is None
                else before.sequence,
                harvested_at=known.harvested_at if known else complete_at,
                counts_by_set=known.counts_by_set
                if known
                else (None if complete_at is None else listing.counts_by_set),
                unreadable_records=known.unreadable_records
                if known
                else len(listing.unreadable_records),
                reader_version=known.reader_version if known else READER_VERSION,
            ),
            after,
        )
    return new, len(after)


def _count_changed(old: pa.Table, fetched: pa.Table) -> int:
    """Count the versions that are new, and those whose text is: other keywords may match it now."""
    before = dict(zip(schema.list_versions(old), old.to_pylist(), strict=True))
    after = zip(schema.list_versions(fetched), fetched.to_pylist(), strict=True)
    return sum(before.get(version) != row for version, row in after)


def _log_result(day: HarvestedDay) -> None:
    logger.info(
        "%s: %d papers listed, %d new; %d versions held (requests: %d, %.1f s waited)%s",
        day.day,
        day.listed,
        day.new,
        day.stored,
        day.requests,
        day.seconds_waited,
        f"; {day.deleted} removed at arXiv" if day.deleted else "",
    )
    if day.unreadable_records:
        named = "; ".join(day.unreadable_records[:_MAX_NAMED])
        logger.warning(
            "%s: %d records could not be read: %s",
            day.day,
            len(day.unreadable_records),
            named,
        )
    for words in day.repairs[:_MAX_NAMED]:
        logger.warning("%s: %s", day.day, words)
