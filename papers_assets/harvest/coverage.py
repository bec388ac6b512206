"""What of the days that are wanted has been harvested, and whether keywords are fresh by it. Pure.

What is recent decides: a day of last week that is missing keeps every keyword from being fresh. An
older one is a gap, from which on nothing is known to be complete; it is asked for again each day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from papers_assets.arxiv.errors import BLOCKED
from papers_assets.harvest.harvested import Harvested
from papers_assets.papers import AGEING

RECENT = timedelta(days=7)
"""Before the newest day that came; arXiv's longest pause between announcements is in it."""
_SATURDAY = 5
_TOO_EMPTY = 3
"""Weekdays in a row of which arXiv lists nothing. Its holidays are two at most."""


@dataclass(frozen=True)
class Coverage:
    """What of the wanted days there is."""

    refreshed_at: datetime | None
    """When arXiv was asked for the newest day; None: it never gave a whole answer, or something
    recent is missing."""
    complete_from: datetime | None
    """Where the days without a gap begin that end with the newest."""
    missing: tuple[date, ...] = ()
    """Days from the first wanted to the newest one that are not whole."""
    problem: str = ""
    """Why no keyword is fresh, in words for readers of the README; empty: all may be."""
    remarks: tuple[str, ...] = ()
    """What may be missing all the same."""


def coverage(
    since: date,
    known: Mapping[date, Harvested],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> Coverage:
    """Say what of the days from `since` to now has been harvested.

    Args:
        since: the first day that is wanted.
        known: what is known of the days that there are.
        problems: why days could not be had when they were last asked for.
        sets: that are wanted of a day; none: the whole archive.
        now: aware.
    """
    today = now.astimezone(UTC).date()
    if since > today:
        return Coverage(None, None, problem=f"papers are harvested from {since} on")
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    whole = {day: known[day] for day in days if day in known and known[day].is_whole(sets, now)}
    newest = max(whole, default=today)
    done = {day: of_day for day, of_day in whole.items() if day == newest or of_day.is_of_after()}
    missing = tuple(day for day in days if day not in done and (day < newest or not whole))
    recent = [day for day in days if day >= newest - RECENT]
    open_ = [d for d in recent if not (d in known and known[d].is_settled(sets, now))]
    problem = (
        _noted({day: problems[day] for day in open_ if day in problems})
        or ("" if whole else "nothing has been harvested yet")
        or next((f"{d} has not been harvested" for d in reversed(missing) if d in recent), "")
        or _emptiness([whole[day] for day in recent if day in whole])
    )
    if not whole:
        return Coverage(None, None, missing, problem)
    asked_at = whole[newest].harvested_at
    return Coverage(
        refreshed_at=None if problem else asked_at,
        complete_from=datetime.combine(_first(done, newest), time.min, UTC),
        missing=missing,
        # Who is merely late has all that there was by then.
        problem=problem or _lateness(asked_at, now),
        remarks=tuple(_remarks(missing, list(whole.values()))),
    )


def _first(done: Mapping[date, Harvested], newest: date) -> date:
    """Give the first of the days without a gap that end with the newest."""
    first = newest
    while first - timedelta(days=1) in done:
        first -= timedelta(days=1)
    return first


def _noted(problems: Mapping[date, str]) -> str:
    """Give what was wrong with the newest of days that may still bring something."""
    newest_first = [problems[day] for day in sorted(problems, reverse=True)]
    # Who is blocked has to stop asking, whatever else was wrong.
    return BLOCKED if BLOCKED in newest_first else next(iter(newest_first), "")


def _emptiness(recent: Sequence[Harvested]) -> str:
    for set_, empty in _empty(recent).items():
        if len(empty) >= _TOO_EMPTY:
            return f"arXiv has listed nothing {_of(set_)}since {empty[-1]}"
    return ""


def _empty(whole: Sequence[Harvested]) -> dict[str, list[date]]:
    """Give, by set, the newest weekdays that were over and had nothing, in a row, newest first."""
    weekdays = [d for d in reversed(whole) if d.day.weekday() < _SATURDAY and d.is_of_after()]
    sets = weekdays[0].listed or {} if weekdays else {}
    found = {}
    for set_ in sets:
        listed = ((d.day, (d.listed or {}).get(set_)) for d in weekdays)
        found[set_] = [day for day, records in takewhile(lambda of: of[1] == 0, listed)]
    return {set_: days for set_, days in found.items() if days}


def _of(set_: str) -> str:
    return f"of {set_} " if set_ else ""


def _lateness(asked_at: datetime | None, now: datetime) -> str:
    is_late = asked_at is not None and now - asked_at > AGEING
    return f"nothing has been harvested since {asked_at:%Y-%m-%d}" if is_late else ""


def _remarks(missing: Sequence[date], whole: Sequence[Harvested]) -> Iterator[str]:
    if missing:
        days = "1 day is" if len(missing) == 1 else f"{len(missing)} days are"
        yield f"{days} missing, the last {missing[-1]}: papers that changed then may be, too"
    if unreadable := [of_day for of_day in whole if of_day.unreadable]:
        yield (
            f"{sum(of_day.unreadable for of_day in unreadable)} papers could not be read in what "
            f"arXiv listed, the last on {unreadable[-1].day}"
        )
    for set_, empty in _empty(whole).items():
        yield f"arXiv listed nothing {_of(set_)}for {empty[0]:%A}, {empty[0]}"
