"""Looking back: the papers submitted in a range of dates, month by month, newest month first. Pure.

arXiv's `submittedDate` is when version 1 was submitted, so that a paper that was revised since is
in the window of its first version, and comes in its newest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, order=True)
class Window:
    """From the minute `first` to the minute `last`, both included; UTC."""

    first: datetime
    last: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Say whether a paper submitted at `moment` is in the window."""
        return self.first <= moment < self.end

    @property
    def end(self) -> datetime:
        """The moment after its last."""
        return self.last + _MINUTE

    def __str__(self) -> str:
        """Give it as days, for people."""
        return f"{self.first.date()} to {self.last.date()}"

    def covers(self, other: "Window") -> bool:
        """Say whether all of `other` is in this window."""
        return self.first <= other.first and other.last <= self.last


@dataclass(frozen=True)
class Dates:
    """What to look back at: the days from `since` to `until`, both included; UTC."""

    since: date
    until: date | None = None
    """None: until now."""


def months(dates: Dates, now: datetime) -> list[Window]:
    """Cut `dates` into windows of at most a calendar month, newest first; none is in the future."""
    first = datetime.combine(dates.since, time.min, UTC)
    end = now if dates.until is None else datetime.combine(dates.until, time.max, UTC)
    last = min(end, now).replace(second=0, microsecond=0)
    windows = []
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
        windows.append(Window(first, min(last, following - _MINUTE)))
        first = following
    return windows[::-1]


def halves(window: Window) -> tuple[Window, Window]:
    """Cut `window` in two, the newer one first.

    Raises:
        ValueError: it is a single minute.
    """
    minutes = (window.last - window.first) // _MINUTE
    if minutes < 1:
        raise ValueError(f"{window.first} is a single minute")
    middle = window.first + minutes // 2 * _MINUTE
    return Window(middle + _MINUTE, window.last), Window(window.first, middle)


def remaining(windows: Iterable[Window], done: Sequence[Window]) -> list[Window]:
    """Give the windows that are not all in one of those that are `done`."""
    return [window for window in windows if not any(each.covers(window) for each in done)]


def joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Give as few windows as possible that cover the same minutes, oldest first."""
    found: list[Window] = []
    for window in sorted(windows):
        if found and window.first <= found[-1].last + _MINUTE:
            found[-1] = Window(found[-1].first, max(found[-1].last, window.last))
        else:
            found.append(window)
    return tuple(found)


def without(done: Iterable[Window], removed: Sequence[Window]) -> tuple[Window, ...]:
    """Give what of the windows `done` is in none of those `removed`."""
    parts = list(done)
    for gone in removed:
        parts = [
            part
            for window in parts
            for part in (
                Window(window.first, min(window.last, gone.first - _MINUTE)),
                Window(max(window.first, gone.last + _MINUTE), window.last),
            )
            if part.first <= part.last
        ]
    return joined(parts)


def clipped(window: Window, last: datetime) -> Window | None:
    """Give the part of `window` up to `last`; None if there is none."""
    last = min(window.last, last.replace(second=0, microsecond=0))
    return Window(window.first, last) if window.first <= last else None
