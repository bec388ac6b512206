"""What of the days that are wanted has been harvested, and whether keywords are fresh by it. Pure.

What is recent decides: a day of last week that is missing keeps every keyword from being fresh. An
older one is a gap, from which on nothing is known to be complete; it is asked for again each day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile

from papers_assets.arxiv.errors import BLOCKED
from papers_assets.arxiv.harvest import sets_for
from papers_assets.harvests import Harvested, Harvests
from papers_assets.keywords import KeywordsFile
from papers_assets.papers import AGEING

RECENT = timedelta(days=7)
"""Before the newest day that came; arXiv's longest pause between announcements is in it."""
_SATURDAY = 5
_TOO_EMPTY = 3
"""Weekdays in a row of which arXiv lists nothing. Two are holidays; it has none of three."""


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
    days = [since + timedelta(days=n) for n in range((today - since).days + 1)]
    whole = [day for day in days if day in known and known[day].is_whole(sets, now)]
    problem = harvest_problem(since, known, problems, sets, now)
    if not whole:
        return Coverage(None, None, tuple(days), problem)
    newest = whole[-1]
    done = {day for day in whole if _is_done(known[day], newest)}
    first = newest
    while first - timedelta(days=1) in done:
        first -= timedelta(days=1)
    asked_at = known[newest].harvested_at
    missing = tuple(day for day in days if day < newest and day not in done)
    # Who is merely late has all that there was by then.
    is_late = problem and problem == _late(asked_at, now)
    return Coverage(
        refreshed_at=asked_at if is_late or not problem else None,
        complete_from=datetime.combine(first, time.min, UTC),
        missing=missing,
        problem=problem,
        remarks=tuple(_remarks(missing, [known[day] for day in whole])),
    )


def _remarks(missing: Sequence[date], whole: Sequence[Harvested]) -> Iterator[str]:
    if missing:
        days = "1 day" if len(missing) == 1 else f"{len(missing)} days"
        yield (
            f"{days} could not be harvested, the last {missing[-1]}: papers that changed then may "
            "be missing"
        )
    if unreadable := [of_day for of_day in whole if of_day.unreadable]:
        yield (
            f"{sum(of_day.unreadable for of_day in unreadable)} papers could not be read in what "
            f"arXiv listed, the last on {unreadable[-1].day}"
        )
    if empty := _empty(whole):
        yield f"arXiv listed nothing for {empty[-1].day:%A}, {empty[-1].day}"


def _empty(whole: Sequence[Harvested]) -> list[Harvested]:
    """Give the newest weekdays that were over and of which nothing was listed, in a row."""
    weekdays = [d for d in whole if d.day.weekday() < _SATURDAY and _is_done(d, date.max)]
    empty = list(takewhile(lambda of_day: of_day.is_empty, reversed(weekdays)))
    return empty[::-1]


def problem_of(file: KeywordsFile, harvests: Harvests, now: datetime) -> str:
    """Say why no keyword is fresh, in words for readers of the README; empty: all may be."""
    today = now.astimezone(UTC).date()
    since = file.harvested_from(today)
    if since is None:
        return ""
    known, problems = harvests.known(), harvests.read_problems()
    sets = sets_for(file.harvest_categories)
    return harvest_problem(since, known, problems, sets, now)


def harvest_problem(
    since: date,
    known: Mapping[date, Harvested],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> str:
    """Say why no keyword is fresh, in words for readers of the README; empty: all may be.

    Args:
        since: the first day that is wanted.
        known: what is known of the days that there are.
        problems: why days could not be had when they were last asked for.
        sets: that are wanted of a day; none: the whole archive.
        now: aware.
    """
    today = now.astimezone(UTC).date()
    if since > today:
        return f"papers are harvested from {since} on"
    whole = [day for day in known if since <= day <= today and known[day].is_whole(sets, now)]
    newest = max(whole, default=today)
    first = max(since, newest - RECENT)
    recent = {day: problem for day, problem in problems.items() if first <= day <= today}
    if noted := _noted(recent, known, sets, now):
        return noted
    if not whole:
        return "nothing has been harvested yet"
    days = [first + timedelta(days=n) for n in range((newest - first).days + 1)]
    missing = [day for day in days if day not in whole or not _is_done(known[day], newest)]
    if missing:
        return f"{missing[-1]} has not been harvested"
    empty = _empty([known[day] for day in days])
    if len(empty) >= _TOO_EMPTY:
        return f"arXiv has listed nothing since {empty[0].day}"
    return _late(known[newest].harvested_at, now)


def _noted(
    problems: Mapping[date, str],
    known: Mapping[date, Harvested],
    sets: Sequence[str],
    now: datetime,
) -> str:
    """Give what was wrong with the newest of the days that may still bring something."""
    open_ = [
        problem
        for day, problem in sorted(problems.items(), reverse=True)
        if not ((of_day := known.get(day)) and of_day.is_settled(sets, now))
    ]
    # Who is blocked has to stop asking, whatever else was wrong.
    return BLOCKED if BLOCKED in open_ else next(iter(open_), "")


def _is_done(of_day: Harvested, newest: date) -> bool:
    """Say whether a day was asked for when it was over; the newest may grow."""
    over = datetime.combine(of_day.day, time.max, UTC)
    return of_day.day == newest or (of_day.harvested_at is not None and of_day.harvested_at > over)


def _late(asked_at: datetime | None, now: datetime) -> str:
    is_late = asked_at is not None and now - asked_at > AGEING
    return f"nothing has been harvested since {asked_at:%Y-%m-%d}" if is_late else ""
