"""Bar charts of papers per day: a picture with a row per keyword, and bars for the pages. Pure.

The chart is a short template, like the README: a plotting library would add eight packages, 54 MB
of memory and three quarters of a second to every run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

CHART_DAYS = 30
MAX_CHART_ROWS = 20
_MAX_LABEL = 26


class Day(NamedTuple):
    """A day of a keyword."""

    day: date
    papers: int
    is_known: bool
    """Whether all papers of the day are known."""


@dataclass(frozen=True)
class BarRow:
    """The row of a keyword."""

    keyword: str
    counts: Sequence[int]
    """Papers per day, oldest day first."""
    unknown: int = 0
    """How many days, counted from the oldest, are not fully known."""
    unknown_at_end: int = 0
    """How many days, counted back from the newest, are not fully known."""
    newest: date | None = None
    """The day of the newest paper, perhaps outside of the days shown; None: there is no paper."""

    @property
    def total(self) -> int:
        """The number of papers on all days."""
        return sum(self.counts)

    @property
    def most(self) -> int:
        """The largest number of papers on one day."""
        return max(self.counts, default=0)

    def days(self, last: date) -> list[Day]:
        """Return the days, oldest first, up to `last`."""
        number = len(self.counts)
        known = range(self.unknown, number - self.unknown_at_end)
        return [
            Day(last - timedelta(days=number - 1 - index), count, index in known)
            for index, count in enumerate(self.counts)
        ]

    def summary(self, last: date) -> str:
        """Return what the bars show, as text."""
        days = self.days(last)
        if not days:
            return "Papers a day: no day is known."
        said = (
            f"Papers a day from {days[0].day} to {days[-1].day}: {self.total:,} in all, "
            f"{self.most:,} on the day with most."
        )
        unknown = sum(not day.is_known for day in days)
        return f"{said} Not all papers are known of {unknown} of the days." if unknown else said

    @property
    def without_bars(self) -> str:
        """Return the sentence shown instead of bars if no day has a paper; otherwise empty."""
        if any(self.counts):
            return ""
        is_known = not (self.unknown or self.unknown_at_end)
        newest = f"; newest: {self.newest}" if self.newest else ""
        papers = "papers" if is_known else "known papers"
        return f"No {papers} in the last {len(self.counts)} days{newest}."


class Scale(NamedTuple):
    """The sizes of bars."""

    height: int
    step: int
    """The distance from one day to the next."""
    bar: int
    """The width of a bar."""
    lowest: float
    """The minimum height of a day with a paper, to be visible next to one with hundreds."""

    def path(self, bars: BarRow) -> str:
        """Return all bars, as the `d` attribute of a path."""
        return "".join(
            self._bar(index, max(self.lowest, count / bars.most * self.height), self.bar)
            for index, count in enumerate(bars.counts)
            if count
        )

    def unknown(self, bars: BarRow) -> str:
        """Return the days that are not fully known, as the `d` attribute of a path."""
        days = len(bars.counts)
        end = max(bars.unknown, days - bars.unknown_at_end)
        return "".join(
            self._bar(start, self.height, (stop - start) * self.step)
            for start, stop in ((0, bars.unknown), (end, days))
            if start < stop
        )

    def _bar(self, index: int, height: float, width: int) -> str:
        return f"M{index * self.step} {self.height}v-{height:.4g}h{width}V{self.height}z"


_SCALE = Scale(height=26, step=17, bar=13, lowest=1)


def render_chart(rows: Sequence[BarRow], last: date) -> str:
    """Draw the rows, with the newest day at the right; all rows have the same number of days.

    Each row has its own scale, since keywords differ by orders of magnitude.
    """
    days = max((len(row.counts) for row in rows), default=CHART_DAYS)
    shown = rows[:MAX_CHART_ROWS]
    return _template().render(
        rows=[
            {
                "label": _shorten_label(row.keyword),
                "name": row.keyword,
                "path": _SCALE.path(row),
                "unknown": _SCALE.unknown(row),
                "total": row.total,
                "most": row.most,
                "without_bars": row.without_bars,
            }
            for row in shown
        ],
        more=len(rows) - len(shown),
        ticks=[
            ((days - 1 - back) * _SCALE.step + _SCALE.bar // 2, last - timedelta(days=back))
            for back in range(0, days, 7)
        ],
        days=days,
        width=days * _SCALE.step,
        height=_SCALE.height,
        has_unknown=any(row.unknown or row.unknown_at_end for row in shown),
    )


def build_bar_row(  # noqa: PLR0913, PLR0917 - the parts of a row
    keyword: str,
    counts: dict[date, int],
    last: date,
    known_from: date | None,
    known_until: date | None,
    days: int = CHART_DAYS,
    *,
    newest: date | None = None,
) -> BarRow:
    """Return a keyword's row for the days up to `last`.

    Args:
            keyword: the keyword's name.
            counts: papers by day; days without papers may be missing.
            last: the newest day.
            known_from: the first day whose papers are all known; None: no day is fully known.
            known_until: the last day whose papers are all known; None: unknown.
            days: the number of days.
            newest: the day of the newest paper; None: the newest day in `counts`.
    """
    newest = newest or max((day for day, count in counts.items() if count), default=None)
    shown = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    unknown = sum(known_from is None or day < known_from for day in shown)
    at_end = sum(known_until is None or day > known_until for day in shown[unknown:])
    return BarRow(keyword, [counts.get(day, 0) for day in shown], unknown, at_end, newest)


def _shorten_label(text: str) -> str:
    return text if len(text) <= _MAX_LABEL else f"{text[: _MAX_LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("papers_assets", "render/templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("chart.svg.j2")
