"""What a part of the benchmark has to say, and how it is said in Markdown. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from bench.fits import Points, fit

Cell = str | float | None
"""Of a table; None: empty."""


@dataclass(frozen=True)
class Table:
    """Rows below a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Aim:
    """What was measured, and what was aimed at."""

    what: str
    measured: float
    bound: float
    unit: str
    is_least: bool = False
    """Whether `bound` is the least that is wanted; else the most."""

    @property
    def is_met(self) -> bool:
        """Say whether it was reached; what is no number was not."""
        met = self.measured >= self.bound if self.is_least else self.measured <= self.bound
        return bool(met)


@dataclass(frozen=True)
class Series:
    """A cost over several sizes."""

    panel: str
    """The title of the picture that it is drawn in; empty: none."""
    name: str
    over: str
    """What the sizes count."""
    unit: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Result:
    """What a part measured."""

    tables: tuple[Table, ...] = ()
    aims: tuple[Aim, ...] = ()
    series: tuple[Series, ...] = ()
    remarks: tuple[str, ...] = ()
    """What to know of the figures; sentences."""


class Stamp(NamedTuple):
    """When and how a part was measured, and on what."""

    day: str
    command: str
    machine: str


def markdown(result: Result, times: Stamp) -> str:
    """Give a part as Markdown that ends with a line break."""
    parts = [f"{times.day}, `{times.command}`; {times.machine}."]
    if result.remarks:
        parts.append(" ".join(result.remarks))
    for table in result.tables:
        parts += [f"{table.title}:"] if table.title else []
        parts.append(_table(table.head, table.rows))
    if result.aims:
        head = ("aim", "measured", "aimed at", "")
        parts.append(_table(head, [_aim(aim) for aim in result.aims]))
    parts += ["\n".join(lines)] if (lines := [*filter(None, map(growth, result.series))]) else []
    return "\n\n".join(parts) + "\n"


def section(result: Result, times: Stamp) -> str:
    """Return a part for the document, which has the machine and the growth elsewhere."""
    parts = [
        " ".join((f"{times.day}, `{times.command.removeprefix('python -m ')}`.", *result.remarks))
    ]
    parts += map(_short_table, result.tables)
    if result.aims:
        aims = (
            f"{aim.what} {_bound(aim)}{'' if aim.is_met else ' (**missed**)'}"
            for aim in result.aims
        )
        parts.append(f"Aims: {'; '.join(aims)}.")
    return "\n\n".join(parts) + "\n"


def growth(series: Series) -> str:
    """Say how a cost grows: "* bare loop: seconds ~ keywords^0.93"; empty: at one size, nothing."""
    found = fit(series.points)
    if found is None:
        return ""
    first, last = min(series.points)[0], max(series.points)[0]
    grows = f"{series.unit} ~ {series.over}^{found.exponent:.2f}"
    return f"* {series.name}: {grows} ({first:,.0f} to {last:,.0f})"


def number(value: Cell) -> str:
    """Give a cell as people read it: three digits that count, no more."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _table(head: Iterable[str], rows: Iterable[tuple[Cell, ...]]) -> str:
    lines = [tuple(head), *(tuple(map(number, row)) for row in rows)]
    first, *others = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join((first, "|---" * len(lines[0]) + "|", *others))


def _short_table(table: Table) -> str:
    """Return a table, or a line if it has two columns or one row."""
    title = f"{table.title}:" if table.title else ""
    if len(table.rows) == 1:
        line = _listed(zip((f"{name}:" for name in table.head), table.rows[0], strict=True))
    elif len(table.head) == 2:
        line = _listed(table.rows)
    else:
        return "\n\n".join(filter(None, (title, _table(table.head, table.rows))))
    return f"{title} {line}.".strip()


def _listed(pairs: Iterable[tuple[Cell, ...]]) -> str:
    return "; ".join(" ".join(map(number, pair)) for pair in pairs)


def _aim(aim: Aim) -> tuple[str, str, str, str]:
    return aim.what, _measured(aim), _bound(aim), "met" if aim.is_met else "**missed**"


def _measured(aim: Aim) -> str:
    return f"{number(aim.measured)} {aim.unit}".strip()


def _bound(aim: Aim) -> str:
    return f"{'at least' if aim.is_least else 'at most'} {number(aim.bound)} {aim.unit}".strip()


def summary(parts: Mapping[str, tuple[Result, Stamp]]) -> str:
    """Return on what machine the parts were measured, and which of their aims are missed."""
    machines: dict[str, list[str]] = {}
    for name, (_, times) in parts.items():
        machines.setdefault(times.machine, []).append(name)
    aims = [aim for result, _ in parts.values() for aim in result.aims]
    missed = [f"{a.what}: {_measured(a)} ({_bound(a)})" for a in aims if not a.is_met]
    met = f"{len(aims) - len(missed)} of {len(aims)} aims are met."
    return f"{_machines(machines)}.\n\n{met}{' **Missed:** ' * bool(missed)}{'; '.join(missed)}\n"


def _machines(parts: Mapping[str, Iterable[str]]) -> str:
    if len(parts) == 1:
        return next(iter(parts))
    return ". ".join(f"{machine} ({', '.join(names)})" for machine, names in parts.items())


def packed(result: Result) -> dict[str, Any]:
    """Give the aims and series of a part, for JSON."""
    return {
        "aims": [asdict(aim) for aim in result.aims],
        "series": [asdict(series) for series in result.series],
    }


def unpacked(of_part: Mapping[str, Any]) -> Result:
    """Read what `packed` gave."""
    points = [tuple(map(tuple, of_one["points"])) for of_one in of_part["series"]]
    found = zip(of_part["series"], points, strict=True)
    return Result(
        aims=tuple(Aim(**aim) for aim in of_part["aims"]),
        series=tuple(Series(**{**of_one, "points": its}) for of_one, its in found),
    )


def series(panel: str, name: str, over: str, unit: str, points: Points) -> Series:
    """Make a series of any points."""
    return Series(panel, name, over, unit, tuple((float(x), float(y)) for x, y in points))
