"""Papers a day as bars that follow the page's colours, light or dark. Pure.

`render.chart` draws a picture for places that have no colours of their own to give.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from papers_assets.render.chart import Bars

HEIGHT, STEP, WIDTH = 24, 4, 3
"""Of the drawing, of a day in it, and of a day's bar."""
_LOWEST = 1.5
"""Of a day with a paper: it has to be seen next to one with hundreds."""


@dataclass(frozen=True)
class Day:
    """A day's bar; where not all papers are known, the day is shown as such."""

    day: date
    count: int
    x: int
    height: float
    is_known: bool


@dataclass(frozen=True)
class Drawing:
    """A keyword's bars."""

    days: Sequence[Day]
    """Oldest first."""
    path: str
    """All bars, as the `d` of a path."""
    unknown: str
    """The days of which not all papers are known; may be empty."""
    width: int
    total: int
    most: int
    summary: str
    """What the picture shows, in words."""
    without_bars: str
    """The sentence that stands where no day has a paper; empty if one has."""


def drawing(bars: Bars, last: date) -> Drawing:
    """Draw a keyword's row; `last` is its newest day."""
    days = list(_days(bars, last))
    total, most = sum(bars.counts), max(bars.counts, default=0)
    unknown = [day for day in days if not day.is_known]
    return Drawing(
        days=days,
        path="".join(_bar(day.x, day.height, WIDTH) for day in days if day.count),
        unknown="".join(_bar(day.x, HEIGHT, STEP) for day in unknown),
        width=max(1, len(days) * STEP),
        total=total,
        most=most,
        summary=_summary(days, total, most, len(unknown)),
        without_bars=bars.without_bars,
    )


def _days(bars: Bars, last: date) -> list[Day]:
    number, most = len(bars.counts), max(bars.counts, default=0)
    known = range(bars.unknown, number - bars.unknown_at_end)
    return [
        Day(
            last - timedelta(days=number - 1 - index),
            count,
            index * STEP,
            max(_LOWEST, count / most * HEIGHT) if count else 0.0,
            index in known,
        )
        for index, count in enumerate(bars.counts)
    ]


def _bar(x: int, height: float, width: int) -> str:
    return f"M{x} {HEIGHT}v-{height:.4g}h{width}V{HEIGHT}z"


def _summary(days: Sequence[Day], total: int, most: int, unknown: int) -> str:
    if not days:
        return "Papers a day: no day is known."
    said = (
        f"Papers a day from {days[0].day} to {days[-1].day}: {total:,} in all, "
        f"{most:,} on the day with most."
    )
    return f"{said} Not all papers are known of {unknown} of the days." if unknown else said
