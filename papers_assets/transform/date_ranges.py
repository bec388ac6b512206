"""Date ranges of a backfill: papers by submission date, in months, newest month first. Pure.

arXiv's `submittedDate` is the date of version 1. A paper that was revised since is in the range of
its first version, and is fetched in its newest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, order=True)
class DateRange:
    """The minutes from `first` to `last`, both included; UTC."""

    first: datetime
    last: datetime

    def __contains__(self, moment: datetime) -> bool:
        """Whether a paper submitted at `moment` is in the range."""
        return self.first <= moment < self.end

    @property
    def end(self) -> datetime:
        """The end of the minute `last`."""
        return self.last + _MINUTE

    def __str__(self) -> str:
        """Return the range as days, for display."""
        return f"{self.first.date()} to {self.last.date()}"

    def covers(self, other: "DateRange") -> bool:
        """Whether all of `other` is in this range."""
        return self.first <= other.first and other.last <= self.last


@dataclass(frozen=True)
class DateSpan:
    """The days of a backfill, from `since` to `until`, both included; UTC."""

    since: date
    until: date | None = None
    """None for up to now."""


def split_into_months(dates: DateSpan, now: datetime) -> list[DateRange]:
    """Split `dates`, up to `now`, into ranges of at most a calendar month, newest first."""
    first = datetime.combine(dates.since, time.min, UTC)
    end = now if dates.until is None else datetime.combine(dates.until, time.max, UTC)
    last = min(end, now).replace(second=0, microsecond=0)
    windows = []
    while first <= last:
        following = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
        windows.append(DateRange(first, min(last, following - _MINUTE)))
        first = following
    return windows[::-1]


def split(date_range: DateRange) -> tuple[DateRange, DateRange]:
    """Split `date_range` in half, the newer half first.

    Raises:
        ValueError: The range is a single minute.
    """
    minutes = (date_range.last - date_range.first) // _MINUTE
    if minutes < 1:
        raise ValueError(f"{date_range.first} is a single minute")
    middle = date_range.first + minutes // 2 * _MINUTE
    return DateRange(middle + _MINUTE, date_range.last), DateRange(date_range.first, middle)


def subtract_done(date_ranges: Iterable[DateRange], done: Sequence[DateRange]) -> list[DateRange]:
    """Return the ranges that none of the `done` ranges covers completely."""
    return [
        date_range
        for date_range in date_ranges
        if not any(each.covers(date_range) for each in done)
    ]


def merge(date_ranges: Iterable[DateRange]) -> tuple[DateRange, ...]:
    """Return the fewest ranges that cover the same minutes, oldest first."""
    found: list[DateRange] = []
    for date_range in sorted(date_ranges):
        if found and date_range.first <= found[-1].last + _MINUTE:
            found[-1] = DateRange(found[-1].first, max(found[-1].last, date_range.last))
        else:
            found.append(date_range)
    return tuple(found)


def subtract(
    done: Iterable[DateRange], removed_ranges: Sequence[DateRange]
) -> tuple[DateRange, ...]:
    """Return the parts of the `done` ranges that are in none of the `removed_ranges`."""
    parts = list(done)
    for gone in removed_ranges:
        parts = [
            part
            for date_range in parts
            for part in (
                DateRange(date_range.first, min(date_range.last, gone.first - _MINUTE)),
                DateRange(max(date_range.first, gone.last + _MINUTE), date_range.last),
            )
            if part.first <= part.last
        ]
    return merge(parts)


def clip(date_range: DateRange, last: datetime) -> DateRange | None:
    """Return the part of `date_range` up to `last`; None if there is none."""
    last = min(date_range.last, last.replace(second=0, microsecond=0))
    return DateRange(date_range.first, last) if date_range.first <= last else None
