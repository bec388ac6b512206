"""What is known of a day of the harvest without its papers. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from papers_assets.arxiv.errors import BLOCKED_REASON
from papers_assets.arxiv.oai_pmh import READER_VERSION
from papers_assets.transform.selection import AGEING_PERIOD

FINAL_AFTER = timedelta(days=5)
"""How long after a day's end it is asked for again: arXiv's server answers from its cache until the
next announcement, which is five days away at most (two holidays before a Friday and a Saturday),
and a page can miss what moved meanwhile."""
_SEARCH_FIXED_PERIOD = timedelta(days=30)
"""The same of a day with records that could not be read: arXiv may mend them, or we."""
CLOCK_TOLERANCE = timedelta(hours=1)
"""By which those of two hosts may differ."""


@dataclass(frozen=True)
class DayStatus:
    """What is known of a day without its papers."""

    day: date
    sets: tuple[str, ...]
    """Those that were asked for; none: the whole archive."""
    sequence: int
    """Which write of the harvest, from 1, brought what is newest in it. Not a time: clocks go back,
    and those of two hosts differ."""
    harvested_at: datetime | None
    """When arXiv was last asked for a list that was whole; None: never."""
    counts_by_set: Mapping[str, int] | None = None
    """Records of that list, by set; "": of the whole archive. None: nobody noted it."""
    unreadable_records: int = 0
    """Of them, those that could not be read."""
    reader_version: int = READER_VERSION
    """By which they were read: `arxiv.oai.READER`."""

    def is_final(self, sets: Sequence[str], now: datetime) -> bool:
        """Whether nothing more is to be expected of the day."""
        if self.unreadable_records and self.reader_version != READER_VERSION:
            return False
        wait = _SEARCH_FIXED_PERIOD if self.unreadable_records else FINAL_AFTER
        return self.is_asked_after_day_end(wait) and self.is_complete(sets, now)

    def is_asked_after_day_end(self, wait: timedelta = timedelta()) -> bool:
        """Whether arXiv was asked when the day had been over for so long."""
        over = datetime.combine(self.day, time.max, UTC) + wait
        return self.harvested_at is not None and self.harvested_at > over

    def is_complete(self, sets: Sequence[str], now: datetime) -> bool:
        """Whether all of `sets` have come; when a clock was ahead of `now`, nothing has."""
        asked_at = self.harvested_at
        return asked_at is not None and asked_at <= now + CLOCK_TOLERANCE and self.has_sets(sets)

    def has_sets(self, sets: Sequence[str]) -> bool:
        """Whether all of `sets` were asked for; none: the whole archive."""
        return not self.sets or (bool(sets) and set(sets) <= set(self.sets))


def to_metadata(status: DayStatus) -> dict[str, str]:
    """Return it as texts."""
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
    """Return what is known of a day.

    Raises:
        KeyError, ValueError, TypeError: the labels are not those of `to_metadata`.
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
"""Before the newest day that came; arXiv's longest pause between announcements is in it."""
_SATURDAY = 5
_MAX_EMPTY_DAYS = 3
"""Weekdays in a row of which arXiv lists nothing. Its holidays are two at most."""


@dataclass(frozen=True)
class Coverage:
    """What of the wanted days there is."""

    refreshed_at: datetime | None
    """When arXiv was asked for the newest day; None: it never gave a whole answer, or something
    recent is missing."""
    complete_from: datetime | None
    """Where the days without a gap begin that end with the newest."""
    missing_days: tuple[date, ...] = ()
    """Days from the first wanted to the newest one that are not whole."""
    short_reason: str = ""
    """Why no keyword is fresh, in words for readers of the README; empty: all may be."""
    warnings: tuple[str, ...] = ()
    """What may be missing all the same."""


def compute_coverage(
    since: date,
    known_days: Mapping[date, DayStatus],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> Coverage:
    """Return what of the days from `since` to now has been harvested.

    Args:
        since: the first day that is wanted.
        known_days: what is known of the days that there are.
        problems: why days could not be had when they were last asked for.
        sets: that are wanted of a day; none: the whole archive.
        now: aware.
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
        # Who is merely late has all that there was by then.
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
    """Return what was wrong with the newest of days that may still bring something."""
    newest_first = [problems[day] for day in sorted(problems, reverse=True)]
    # Who is blocked has to stop asking, whatever else was wrong.
    return BLOCKED_REASON if BLOCKED_REASON in newest_first else next(iter(newest_first), "")


def _describe_emptiness(recent: Sequence[DayStatus]) -> str:
    for set_, empty in _find_empty_sets(recent).items():
        if len(empty) >= _MAX_EMPTY_DAYS:
            return f"arXiv has listed nothing {_set_suffix(set_)}since {empty[-1]}"
    return ""


def _find_empty_sets(complete_days: Sequence[DayStatus]) -> dict[str, list[date]]:
    """Give, by set, the newest weekdays that were over and had nothing, in a row, newest first."""
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
