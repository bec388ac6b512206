"""Bring in what arXiv's OAI-PMH lists of days, newest day first, and keep it.

A day that cannot be had keeps what came of it, and does not keep the others from being asked.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.errors import ArxivError, ArxivTooLate
from papers_assets.arxiv.oai_day import MAX_REQUESTS, HarvestedDay, fetch_day
from papers_assets.arxiv.oai_pmh import READER
from papers_assets.arxiv.retry import Endurance
from papers_assets.pipeline.failures import MISTAKE, brief_of, not_asked, unexpected
from papers_assets.storage.files import StoreError
from papers_assets.storage.harvest import Harvests
from papers_assets.text import progress
from papers_assets.transform import schema
from papers_assets.transform.harvest_coverage import RECENT, SETTLES, Harvested

logger = logging.getLogger(__name__)

_NAMED = 3
_SATURDAY = 5
_MANY = 20
"""Records that are not all listed on later days instead, a few days later."""


@dataclass(frozen=True)
class BroughtIn:
    """A day of which arXiv listed everything; it is on disk."""

    day: date
    listed: int
    """Papers in arXiv's list."""
    new: int
    """Versions that had not come with the day before."""
    held: int
    """Versions of the day that are held."""
    deleted: int
    """Papers that arXiv has removed; what is held of them stays."""
    requests: int
    seconds_waited: float
    unreadable: tuple[str, ...] = ()
    repaired: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotBroughtIn:
    """A day of which not everything came; what came is kept."""

    day: date
    reason: str
    brief: str
    """The same in words for readers of the README."""
    was_asked: bool = True
    """False: there was no time for it, or no more asking after what became of others."""


def days_to_bring_in(
    since: date, now: datetime, harvests: Harvests, sets: Sequence[str]
) -> list[date]:
    """Give the days from `since` to today of which more may come, newest first.

    Those of long ago that could not be had come last, lest they keep others from being asked for;
    and among themselves each day another first.
    """
    known, problems = harvests.known(), harvests.read_problems()
    today = now.astimezone(UTC).date()
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    open_ = [d for d in reversed(days) if not ((k := known.get(d)) and k.is_settled(sets, now))]
    failed = [day for day in open_ if day in problems and day < today - RECENT]
    first = today.toordinal() % len(failed) if failed else 0
    return [day for day in open_ if day not in failed] + failed[first:] + failed[:first]


def bring_in(
    days: Sequence[date],
    sets: Sequence[str],
    client: ArxivClient,
    harvests: Harvests,
    now: Callable[[], datetime],
) -> Iterator[BroughtIn | NotBroughtIn]:
    """Ask for each of `days` in turn, and say what became of it.

    Args:
        days: UTC, in the order in which to ask.
        sets: of OAI-PMH; none: the whole archive.
        client: asks arXiv.
        harvests: where days are kept.
        now: gives the time.
    """
    endurance = Endurance()
    for number, day in enumerate(days, 1):
        if error := endurance.ended:
            yield NotBroughtIn(day, not_asked(error), brief_of(error), was_asked=False)
            continue
        progress.info("%s (day %d of %d): fetching", day, number, len(days))
        try:
            outcome = _day(day, sets, client, harvests, now)
            endurance.answered()
        except (ArxivError, StoreError, OSError) as error:
            endurance.failed(error)
            # As the days after it: or it would count as failed, and be asked for after older ones.
            was_asked = not isinstance(error, ArxivTooLate)
            outcome = NotBroughtIn(day, str(error), brief_of(error), was_asked=was_asked)
        except Exception as error:  # a mistake of ours must not cost the other days
            logger.exception("%s: unexpectedly", day)
            outcome = NotBroughtIn(day, unexpected(error), MISTAKE)
        if isinstance(outcome, NotBroughtIn):
            logger.error("%s: not brought in: %s", day, outcome.reason)
        yield outcome


def _day(
    day: date,
    sets: Sequence[str],
    client: ArxivClient,
    harvests: Harvests,
    now: Callable[[], datetime],
) -> BroughtIn | NotBroughtIn:
    waited, requests = client.seconds_waited, client.requests
    asked_at = now()  # what arXiv adds while we ask may be missing
    found = _asked(day, sets, client, harvests)
    doubt = found.fault or _oddity(found, asked_at.date())
    if doubt and found.requests < MAX_REQUESTS:
        logger.warning("%s: %s; asking once more", day, doubt)
        if found.records:
            _keep(found, sets, harvests, whole_at=None)
        client.look_again_later()
        asked_at = now()
        found = _asked(day, sets, client, harvests)
    found = _doubted(found, harvests, sets, asked_at)
    whole_at = None if found.fault else asked_at
    new, held_of_day = _keep(found, sets, harvests, whole_at=whole_at)
    if found.fault:
        return NotBroughtIn(day, found.fault, "arXiv's list of the day was not whole")
    outcome = BroughtIn(
        day=day,
        listed=sum(record.paper is not None for record in found.records.values()),
        new=new,
        held=held_of_day,
        deleted=sum(record.deleted for record in found.records.values()),
        requests=client.requests - requests,
        seconds_waited=client.seconds_waited - waited,
        unreadable=found.unreadable,
        repaired=found.repaired,
    )
    _log(outcome)
    return outcome


def _asked(day: date, sets: Sequence[str], client: ArxivClient, harvests: Harvests) -> HarvestedDay:
    """Ask for a day. When arXiv breaks off, what came is kept.

    Raises:
        ArxivError: arXiv broke off.
        StoreError: what came cannot be stored.
    """
    found = fetch_day(day, sets, client.ask_oai)
    if found.error:
        if found.records:
            _keep(found, sets, harvests, whole_at=None)
        raise found.error
    return found


def _oddity(found: HarvestedDay, today: date) -> str:
    """Say that nothing was listed, if that is odd: of a day that is over, from Monday to Friday."""
    is_odd = not found.records and not found.unreadable and found.day.weekday() < _SATURDAY
    return "nothing is listed" if is_odd and found.day < today else ""


def _doubted(
    found: HarvestedDay, harvests: Harvests, sets: Sequence[str], asked_at: datetime
) -> HarvestedDay:
    """Give the day with a fault if nothing is listed where much was before.

    No day loses all so soon. Later it may, when arXiv touches very many papers at once.
    """
    if found.fault or found.records:
        return found
    before = harvests.known().get(found.day)
    # Of other sets, nothing is known of these.
    listed = sum((before.listed or {}).get(set_, 0) for set_ in sets or ("",)) if before else 0
    if listed < _MANY or asked_at.date() > found.day + SETTLES:
        return found
    return replace(found, fault=f"nothing is listed where {listed} records were before")


def _keep(
    found: HarvestedDay,
    sets: Sequence[str],
    harvests: Harvests,
    *,
    whole_at: datetime | None,
) -> tuple[int, int]:
    """Add what came to what is held of the day; give how much of it is new, and how much is held.

    Raises:
        StoreError: it cannot be read or written.
    """
    papers = [record.paper for record in found.records.values() if record.paper is not None]
    came = schema.of_papers(papers)
    with harvests.bringing_in():
        before, there = harvests.read_or_set_aside(found.day) or (
            None,
            schema.OF_PAPERS.empty_table(),
        )
        new = _changed(there, came)
        if before is not None and not new and whole_at is None:
            return 0, len(there)
        after = schema.merged(there, came)
        # What was not whole is of no use to say what was asked for.
        known = before if whole_at is None else None
        harvests.write(
            Harvested(
                found.day,
                known.sets if known else tuple(sets),
                serial=harvests.next_serial() if new or before is None else before.serial,
                harvested_at=known.harvested_at if known else whole_at,
                listed=known.listed if known else (None if whole_at is None else found.listed),
                unreadable=known.unreadable if known else len(found.unreadable),
                reader=known.reader if known else READER,
            ),
            after,
        )
    return new, len(after)


def _changed(old: pa.Table, came: pa.Table) -> int:
    """Count the versions that are new, and those whose text is: other keywords may match it now."""
    before = dict(zip(schema.versions(old), old.to_pylist(), strict=True))
    after = zip(schema.versions(came), came.to_pylist(), strict=True)
    return sum(before.get(version) != row for version, row in after)


def _log(outcome: BroughtIn) -> None:
    logger.info(
        "%s: %d papers listed, %d new; %d versions held (requests: %d, %.1f s waited)%s",
        outcome.day,
        outcome.listed,
        outcome.new,
        outcome.held,
        outcome.requests,
        outcome.seconds_waited,
        f"; {outcome.deleted} removed at arXiv" if outcome.deleted else "",
    )
    if outcome.unreadable:
        named = "; ".join(outcome.unreadable[:_NAMED])
        logger.warning(
            "%s: %d records could not be read: %s", outcome.day, len(outcome.unreadable), named
        )
    for words in outcome.repaired[:_NAMED]:
        logger.warning("%s: %s", outcome.day, words)
