"""Coverage of the harvest: the status of its days, without their papers. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from papers_assets.arxiv.errors import BLOCKED_REASON
from papers_assets.arxiv.oai_pmh import READER_VERSION
from papers_assets.transform.selection import AGEING_PERIOD

FINAL_AFTER = timedelta(days=5)
"""How long after its end a day is requested again. arXiv's server answers from its cache until the
next announcement, at most five days later (two holidays before a Friday and a Saturday), and a page
can miss records that moved in the meantime."""
_SEARCH_FIXED_PERIOD = timedelta(days=30)
"""The same for a day with unreadable records, which a correction by arXiv or in the reader may
make readable."""
CLOCK_TOLERANCE = timedelta(hours=1)
"""How much the clocks of two hosts may differ."""


@dataclass(frozen=True)
class DayStatus:
    """The status of a harvested day, without its papers."""

    day: date
    sets: tuple[str, ...]
    """The requested sets; empty for the whole archive."""
    sequence: int
    """The number, from 1, of the last write of the harvest that changed the day. It is not a time,
    because clocks go back and those of two hosts differ."""
    harvested_at: datetime | None
    """When arXiv was last asked for a list that came completely; None if it never was."""
    counts_by_set: Mapping[str, int] | None = None
    """Number of records of that list, by set, with "" for the whole archive; None if it was not
    stored."""
    unreadable_records: int = 0
    """Number of these records that could not be read."""
    reader_version: int = READER_VERSION
    """The `READER_VERSION` that read them."""

    def is_final(self, sets: Sequence[str], now: datetime) -> bool:
        """Whether no further records of the day are expected."""
        if self.unreadable_records and self.reader_version != READER_VERSION:
            return False
        wait = _SEARCH_FIXED_PERIOD if self.unreadable_records else FINAL_AFTER
        return self.is_asked_after_day_end(wait) and self.is_complete(sets, now)

    def is_asked_after_day_end(self, wait: timedelta = timedelta()) -> bool:
        """Whether arXiv was asked more than `wait` after the end of the day."""
        over = datetime.combine(self.day, time.max, UTC) + wait
        return self.harvested_at is not None and self.harvested_at > over

    def is_complete(self, sets: Sequence[str], now: datetime) -> bool:
        """Whether all of `sets` were harvested, and not at a time after `now`.

        A time after `now`, by more than `CLOCK_TOLERANCE`, comes from a wrong clock.
        """
        asked_at = self.harvested_at
        return asked_at is not None and asked_at <= now + CLOCK_TOLERANCE and self.has_sets(sets)

    def has_sets(self, sets: Sequence[str]) -> bool:
        """Whether all of `sets` were requested; no sets stand for the whole archive."""
        return not self.sets or (bool(sets) and set(sets) <= set(self.sets))


def to_metadata(status: DayStatus) -> dict[str, str]:
    """Return `status` as text labels."""
    return {
        "day": status.day.isoformat(),
        "sets": json.dumps(status.sets),
        "serial": str(status.sequence),
        "harvested_at": status.harvested_at.isoformat() if status.harvested_at else "",
        "listed": "" if status.counts_by_set is None else json.dumps(status.counts_by_set),
        "unreadable": str(status.unreadable_records),
        "reader": str(status.reader_version),
    }


def from_metadata(day: date, metadata: Mapping[str, str]) -> DayStatus:
    """Return the status of a day from its labels.

    Raises:
        KeyError, ValueError, TypeError: The labels are not those of `to_metadata`.
    """
    return DayStatus(
        day,
        tuple(json.loads(metadata["sets"])),
        int(metadata.get("serial", "1")),
        datetime.fromisoformat(whole) if (whole := metadata["harvested_at"]) else None,
        dict(json.loads(listed)) if (listed := metadata.get("listed", "")) else None,
        int(metadata.get("unreadable", "0")),
        int(metadata.get("reader", "0")),
    )


RECENT_PERIOD = timedelta(days=7)
"""The period before the newest harvested day that counts as recent. It is longer than arXiv's
longest pause between announcements."""
_SATURDAY = 5
_MAX_EMPTY_DAYS = 3
"""Consecutive weekdays without a record from which a set counts as empty. arXiv has at most two
holidays in a row."""


@dataclass(frozen=True)
class Coverage:
    """The coverage of the days to harvest."""

    refreshed_at: datetime | None
    """When arXiv was asked for the newest day; None if no answer was ever complete, or a recent day
    is missing."""
    complete_from: datetime | None
    """The beginning of the days without a gap up to the newest one."""
    missing_days: tuple[date, ...] = ()
    """Incomplete days, from the first requested one to the newest."""
    short_reason: str = ""
    """Why all keywords are stale, for readers of the README; empty if they need not be."""
    warnings: tuple[str, ...] = ()
    """Papers that may be missing nevertheless."""


def compute_coverage(
    since: date,
    known_days: Mapping[date, DayStatus],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> Coverage:
    """Return the coverage of the days from `since` to `now`.

    Args:
        since: The first day to harvest.
        known_days: The status of each stored day.
        problems: The problem with each day that failed when it was last requested.
        sets: The sets to harvest; empty for the whole archive.
        now: The current time, aware.
    """
    today = now.astimezone(UTC).date()
    if since > today:
        return Coverage(None, None, short_reason=f"papers are harvested from {since} on")
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    whole = {
        day: known_days[day]
        for day in days
        if day in known_days and known_days[day].is_complete(sets, now)
    }
    newest = max(whole, default=today)
    done = {
        day: of_day
        for day, of_day in whole.items()
        if day == newest or of_day.is_asked_after_day_end()
    }
    missing = tuple(day for day in days if day not in done and (day < newest or not whole))
    recent = [day for day in days if day >= newest - RECENT_PERIOD]
    open_ = [d for d in recent if not (d in known_days and known_days[d].is_final(sets, now))]
    problem = (
        _latest_problem({day: problems[day] for day in open_ if day in problems})
        or ("" if whole else "nothing has been harvested yet")
        or next((f"{d} has not been harvested" for d in reversed(missing) if d in recent), "")
        or _describe_emptiness([whole[day] for day in recent if day in whole])
    )
    if not whole:
        return Coverage(None, None, missing, problem)
    asked_at = whole[newest].harvested_at
    return Coverage(
        refreshed_at=None if problem else asked_at,
        complete_from=datetime.combine(_first_day_without_gap(done, newest), time.min, UTC),
        missing_days=missing,
        # A late harvest is still complete up to its time.
        short_reason=problem or _describe_lateness(asked_at, now),
        warnings=tuple(_list_warnings(missing, list(whole.values()))),
    )


def _first_day_without_gap(done: Mapping[date, DayStatus], newest: date) -> date:
    """Return the first of the days without a gap that end with the newest."""
    first = newest
    while first - timedelta(days=1) in done:
        first -= timedelta(days=1)
    return first


def _latest_problem(problems: Mapping[date, str]) -> str:
    """Return the problem of the newest day, but `BLOCKED_REASON` if any day has it."""
    newest_first = [problems[day] for day in sorted(problems, reverse=True)]
    # A blocked client must stop sending requests, whatever the other problems are.
    return BLOCKED_REASON if BLOCKED_REASON in newest_first else next(iter(newest_first), "")


def _describe_emptiness(recent: Sequence[DayStatus]) -> str:
    for set_, empty in _find_empty_sets(recent).items():
        if len(empty) >= _MAX_EMPTY_DAYS:
            return f"arXiv has listed nothing {_set_suffix(set_)}since {empty[-1]}"
    return ""


def _find_empty_sets(complete_days: Sequence[DayStatus]) -> dict[str, list[date]]:
    """Return, by set, the latest consecutive weekdays without a record, newest first.

    Only days that were requested after their end count.
    """
    weekdays = [
        d
        for d in reversed(complete_days)
        if d.day.weekday() < _SATURDAY and d.is_asked_after_day_end()
    ]
    sets = weekdays[0].counts_by_set or {} if weekdays else {}
    found = {}
    for set_ in sets:
        listed = ((d.day, (d.counts_by_set or {}).get(set_)) for d in weekdays)
        found[set_] = [day for day, records in takewhile(lambda of: of[1] == 0, listed)]
    return {set_: days for set_, days in found.items() if days}


def _set_suffix(set_: str) -> str:
    return f"of {set_} " if set_ else ""


def _describe_lateness(asked_at: datetime | None, now: datetime) -> str:
    is_late = asked_at is not None and now - asked_at > AGEING_PERIOD
    return f"nothing has been harvested since {asked_at:%Y-%m-%d}" if is_late else ""


def _list_warnings(
    missing_days: Sequence[date], complete_days: Sequence[DayStatus]
) -> Iterator[str]:
    if missing_days:
        days = "1 day is" if len(missing_days) == 1 else f"{len(missing_days)} days are"
        yield f"{days} missing, the last {missing_days[-1]}: papers that changed then may be, too"
    if unreadable := [of_day for of_day in complete_days if of_day.unreadable_records]:
        yield (
            f"{sum(of_day.unreadable_records for of_day in unreadable)} papers could not be read "
            "in what "
            f"arXiv listed, the last on {unreadable[-1].day}"
        )
    for set_, empty in _find_empty_sets(complete_days).items():
        yield f"arXiv listed nothing {_set_suffix(set_)}for {empty[0]:%A}, {empty[0]}"
