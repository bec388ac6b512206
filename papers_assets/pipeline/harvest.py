"""Harvest arXiv's OAI-PMH lists, newest day first, and store them.

The records of an incomplete day are stored too, and the other days are still requested.
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
"""So many records do not all move to the lists of later days within a few days."""


@dataclass(frozen=True)
class HarvestedDay:
    """A completely harvested day, as stored on disk."""

    day: date
    listed: int
    """Papers in arXiv's list."""
    new: int
    """Versions that are new or changed since the day was last harvested."""
    stored: int
    """Versions stored for the day."""
    deleted: int
    """Papers that arXiv has removed; their stored versions stay."""
    requests: int
    seconds_waited: float
    unreadable_records: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True)
class HarvestFailure:
    """A day that was not completely harvested; the fetched records are stored."""

    day: date
    reason: str
    short_reason: str
    """The reason for readers of the README."""
    was_asked: bool = True
    """False: the deadline had passed, or the circuit breaker was open."""


def list_days_due(
    since: date, now: datetime, harvest_store: HarvestStore, sets: Sequence[str]
) -> list[date]:
    """Return the days from `since` to today that are not final, newest first.

    Old days that failed come last, so that they do not delay the others. They rotate: another one
    is first each day.
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
    """Harvest each of `days` in turn, and yield its result.

    Args:
        days: the days (UTC), in the order in which to request them.
        sets: the OAI-PMH sets; none: the whole archive.
        client: the arXiv client.
        harvest_store: the store of the harvested days.
        now: returns the current time.
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
            # As the days after it: as a failed day it would be requested after older ones.
            was_asked = not isinstance(error, ArxivDeadlineExceeded)
            outcome = HarvestFailure(day, str(error), short_reason_for(error), was_asked=was_asked)
        except Exception as error:  # a bug here must not stop the other days
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
    asked_at = now()  # papers that arXiv adds during the request may be missing
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
    """Fetch the list of a day.

    Raises:
        ArxivError: the list broke off; the fetched records are stored.
        StoreError: the fetched records cannot be stored.
    """
    found = fetch_day(day, sets, client.list_records)
    if found.error:
        if found.records:
            _store(found, sets, harvest_store, complete_at=None)
        raise found.error
    return found


def _describe_empty_day(listing: DayListing, today: date) -> str:
    """Return the anomaly of an empty list of a past weekday; empty: there is none."""
    is_odd = (
        not listing.records and not listing.unreadable_records and listing.day.weekday() < _SATURDAY
    )
    return "nothing is listed" if is_odd and listing.day < today else ""


def _with_emptiness_problem(
    listing: DayListing, harvest_store: HarvestStore, sets: Sequence[str], asked_at: datetime
) -> DayListing:
    """Return the listing with a problem if it is empty but had many records before.

    A day does not lose all of its records within `FINAL_AFTER`. Later it may, when arXiv changes
    very many papers at once.
    """
    if listing.problem or listing.records:
        return listing
    before = harvest_store.readable_days().get(listing.day)
    # The counts of other sets say nothing about these sets.
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
    """Merge the listing into the stored day; return the numbers of new and of stored versions.

    Raises:
        StoreError: the day cannot be read or written.
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
        # An incomplete listing does not change which sets were harvested, and when.
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
    """Count new versions and those with a new text, which other keywords may match now."""
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
