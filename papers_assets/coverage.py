"""What of the days that are wanted has been harvested, and whether keywords are fresh by it. Pure.

What is recent decides: a day of last week that is missing keeps every keyword from being fresh. An
older one is a gap, from which on nothing is known to be complete; it is asked for again each day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from papers_assets.arxiv.errors import BLOCKED
from papers_assets.arxiv.harvest import sets_for
from papers_assets.harvests import Harvested, Harvests
from papers_assets.keywords import KeywordsFile
from papers_assets.papers import AGEING

RECENT = timedelta(days=7)
"""Before the newest day that came; arXiv's longest pause between announcements is in it."""


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

    @property
    def remark(self) -> str:
        """Say what is missing that does not keep keywords from being fresh; empty: nothing."""
        if not self.missing or self.problem:
            return ""
        days = "1 day" if len(self.missing) == 1 else f"{len(self.missing)} days"
        return (
            f"{days} could not be harvested, the last {self.missing[-1]}: papers that changed then "
            "may be missing"
        )


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
    problem = harvest_problem(since, known.get, days, problems, sets, now)
    if not whole:
        return Coverage(None, None, tuple(days), problem)
    newest = whole[-1]
    done = {day for day in whole if _is_done(known[day], newest)}
    first = newest
    while first - timedelta(days=1) in done:
        first -= timedelta(days=1)
    asked_at = known[newest].harvested_at
    # Who is merely late has all that there was by then.
    is_late = problem and problem == _late(asked_at, now)
    return Coverage(
        refreshed_at=asked_at if is_late or not problem else None,
        complete_from=datetime.combine(first, time.min, UTC),
        missing=tuple(day for day in days if day < newest and day not in done),
        problem=problem,
    )


def problem_of(file: KeywordsFile, harvests: Harvests, now: datetime) -> str:
    """Say why no keyword is fresh, reading as few days as will do; empty: all may be."""
    today = now.astimezone(UTC).date()
    since = file.harvested_from(today)
    if since is None:
        return ""
    days, problems = harvests.days(), harvests.read_problems()
    sets = sets_for(file.harvest_categories)
    return harvest_problem(since, harvests.labels_or_none, days, problems, sets, now)


def harvest_problem(  # noqa: PLR0913, PLR0917 - what it is judged by
    since: date,
    labels: Callable[[date], Harvested | None],
    days: Sequence[date],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> str:
    """Say why no keyword is fresh, in words for readers of the README; empty: all may be.

    Args:
        since: the first day that is wanted.
        labels: gives what is known of a day; asked of recent days only.
        days: of which something may be known, in order.
        problems: why days could not be had when they were last asked for.
        sets: that are wanted of a day; none: the whole archive.
        now: aware.
    """
    today = now.astimezone(UTC).date()
    if since > today:
        return f"papers are harvested from {since} on"
    of_day: Harvested | None = None
    for day in reversed([day for day in days if since <= day <= today]):
        of_day = labels(day)
        if of_day is not None and of_day.is_whole(sets, now):
            break
    else:
        of_day = None
    newest = of_day.day if of_day else today
    first = max(since, newest - RECENT)
    if noted := _noted(first, labels, problems, sets, now):
        return noted
    if of_day is None:
        return "nothing has been harvested yet"
    for n in range(1, (newest - first).days + 1):
        before = labels(newest - timedelta(days=n))
        if before is None or not before.is_whole(sets, now) or not _is_done(before, newest):
            return f"{newest - timedelta(days=n)} has not been harvested"
    return _late(of_day.harvested_at, now)


def _noted(
    first: date,
    labels: Callable[[date], Harvested | None],
    problems: Mapping[date, str],
    sets: Sequence[str],
    now: datetime,
) -> str:
    """Give what arXiv's answer was for a day from `first` on that may still bring something."""
    open_ = [
        problem
        for day, problem in sorted(problems.items(), reverse=True)
        if day >= first and not ((of_day := labels(day)) and of_day.is_settled(sets, now))
    ]
    # Who is blocked has to stop asking, whatever else was wrong.
    return BLOCKED if BLOCKED in open_ else next(iter(open_), "")


def _is_done(of_day: Harvested, newest: date) -> bool:
    """Say whether a day was asked for when it was over; the newest may grow."""
    over = datetime.combine(of_day.day + timedelta(days=1), time.min, UTC)
    return of_day.day == newest or (of_day.harvested_at is not None and of_day.harvested_at >= over)


def _late(asked_at: datetime | None, now: datetime) -> str:
    is_late = asked_at is not None and now - asked_at > AGEING
    return f"nothing has been harvested since {asked_at:%Y-%m-%d}" if is_late else ""
