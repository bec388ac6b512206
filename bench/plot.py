"""The picture of how costs grow: sizes and costs, both in powers of ten, a panel per subject."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from bench.fits import fit
from bench.results import Series

_COLUMNS = 3
_INCHES = (4.4, 3.6)
"""Of a panel."""
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "papers-assets",  # else ids are drawn by lot
    "svg.fonttype": "none",  # text stays text
    "font.family": ["DejaVu Sans", "sans-serif"],  # the first comes with matplotlib
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# Told apart by people who do not see all colours, too: Okabe and Ito.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9")
_MARKERS = ("o", "s", "^", "D", "v")


def draw(of_panels: Iterable[Series], path: Path) -> None:
    """Write the picture as SVG: the same series give the same bytes."""
    panels: dict[str, list[Series]] = {}
    for one in of_panels:
        if one.panel and one.points:
            panels.setdefault(one.panel, []).append(one)
    if not panels:
        return
    with mpl.rc_context(_STYLE):
        figure = _figure(panels)
        picture = io.BytesIO()
        figure.savefig(picture, format="svg", facecolor="white", metadata={"Date": None})
    # Lines that end in spaces are a change to every tool that looks at them.
    lines = picture.getvalue().decode().splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


def _figure(panels: dict[str, list[Series]]) -> Figure:
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure((_INCHES[0] * columns, _INCHES[1] * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for place, (title, several) in zip(places, panels.items(), strict=False):
        _panel(place, title, several)
    for place in places[len(panels) :]:
        place.axis("off")
    return figure


def _said(value: float, _: object) -> str:
    for size, letter in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _panel(axes: Axes, title: str, several: Sequence[Series]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    for number, one in enumerate(several):
        sizes, costs = zip(*one.points, strict=True)
        found = fit(one.points)
        label = f"{one.name}: n^{found.exponent:.2f}" if found else one.name
        colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
        axes.plot(sizes, costs, marker, color=colour, label=label, markersize=5)
        if found:
            ends = (min(sizes), max(sizes))
            axes.plot(ends, [found.at(size) for size in ends], color=colour, linewidth=1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_said)
        axis.set_major_locator(LogLocator(subs=(1, 3), numticks=99))  # as sizes are
        axis.set_minor_locator(NullLocator())
    axes.set(title=title, xlabel=several[0].over, ylabel=several[0].unit)
    axes.grid(visible=True, color="#dddddd", linewidth=0.5)
    axes.legend(frameon=False, fontsize=8)
