"""How a cost grows: the power of the size that fits what was measured best. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

Points = Sequence[tuple[float, float]]
"""Each a size, and what it cost."""


class Fit(NamedTuple):
    """A cost that is a power of the size, times a factor."""

    exponent: float
    log_factor: float

    def at(self, size: float) -> float:
        """Give the cost of a size."""
        return math.exp(self.log_factor + self.exponent * math.log(size))


def fit(points: Points) -> Fit | None:
    """Fit a straight line to the logarithms, by least squares.

    Args:
        points: those with a size or a cost that is not above 0 do not count.

    Returns:
        The fit; None: there are not two different sizes.
    """
    logs = [(math.log(size), math.log(cost)) for size, cost in points if size > 0 and cost > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    middle_x, middle_y = fmean(x for x, _ in logs), fmean(y for _, y in logs)
    across = sum((x - middle_x) ** 2 for x, _ in logs)
    exponent = sum((x - middle_x) * (y - middle_y) for x, y in logs) / across
    return Fit(exponent, middle_y - exponent * middle_x)
