"""The picture of papers a day: a row of bars per keyword, as SVG. Pure.

A template of a few lines, as the README is one: a plotting library would add eight packages, 54 MB
of memory and three quarters of a second to every run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

DAYS = 30
MOST_ROWS = 20
_LABEL = 26
_WIDTH, _STEP, _BAR, _HEIGHT = 17, 17, 13, 26


@dataclass(frozen=True)
class Bars:
    """A keyword's row."""

    keyword: str
    counts: Sequence[int]
    """One a day, oldest first."""
    unknown: int = 0
    """Of how many of the days, from the oldest, nobody knows all papers."""
    unknown_at_end: int = 0
    """The same, from the newest back."""
    newest: date | None = None
    """The day of the newest paper, whether it is among the days or not; None: there is none."""

    @property
    def without_bars(self) -> str:
        """Return the sentence that stands where no day has a paper; empty if one has."""
        if any(self.counts):
            return ""
        is_known = not (self.unknown or self.unknown_at_end)
        newest = f"; newest: {self.newest}" if self.newest else ""
        papers = "papers" if is_known else "known papers"
        return f"No {papers} in the last {len(self.counts)} days{newest}."


def chart(rows: Sequence[Bars], last: date) -> str:
    """Draw the rows, the newest day at the right; all of them have the same number of days.

    Each row has a scale of its own, since keywords differ by orders of magnitude.
    """
    days = max((len(row.counts) for row in rows), default=DAYS)
    shown = rows[:MOST_ROWS]
    return _template().render(
        rows=[
            {
                "label": _shortened(row.keyword),
                "name": row.keyword,
                "path": _path(row.counts),
                "unknown": row.unknown * _STEP,
                "unknown_at_end": row.unknown_at_end * _STEP,
                "total": sum(row.counts),
                "most": max(row.counts, default=0),
                "without_bars": row.without_bars,
            }
            for row in shown
        ],
        more=len(rows) - len(shown),
        ticks=[
            ((days - 1 - back) * _STEP + _BAR // 2, last - timedelta(days=back))
            for back in range(0, days, 7)
        ],
        days=days,
        width=days * _STEP,
        height=_HEIGHT,
        has_unknown=any(row.unknown or row.unknown_at_end for row in shown),
    )


def bars(  # noqa: PLR0913, PLR0917 - what a row is made of
    keyword: str,
    counts: dict[date, int],
    last: date,
    known_from: date | None,
    known_until: date | None,
    days: int = DAYS,
    *,
    newest: date | None = None,
) -> Bars:
    """Give a keyword's row for the days up to `last`.

    Args:
        keyword: its name.
        counts: papers by day; days without any may be missing.
        last: the newest day.
        known_from: the first day of which all papers are known; None: nobody knows, so none is.
        known_until: the last such day; None: nobody knows.
        days: how many.
        newest: the day of the newest paper; None: that of `counts`.
    """
    newest = newest or max((day for day, count in counts.items() if count), default=None)
    shown = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    unknown = sum(known_from is None or day < known_from for day in shown)
    at_end = sum(known_until is None or day > known_until for day in shown[unknown:])
    return Bars(keyword, [counts.get(day, 0) for day in shown], unknown, at_end, newest)


def _path(counts: Sequence[int]) -> str:
    most = max(counts, default=0)
    return "".join(
        f"M{day * _STEP} {_HEIGHT}v-{count / most * _HEIGHT:.1f}h{_BAR}V{_HEIGHT}z"
        for day, count in enumerate(counts)
        if count
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}\N{HORIZONTAL ELLIPSIS}"


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
