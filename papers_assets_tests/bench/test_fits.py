"""Exponents that are fitted to costs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fits import Fit, fit

sizes = st.lists(st.integers(1, 10**7), min_size=2, max_size=8, unique=True)
powers = st.builds(Fit, st.floats(-3, 3), st.floats(-7, 7))
costs = st.floats(1e-3, 1e6)


@given(powers, sizes)
def test_power_is_found_again(power: Fit, some: list[int]) -> None:
    found = fit([(size, power.at(size)) for size in some])
    assert found is not None
    assert found.exponent == pytest.approx(power.exponent, abs=1e-6)
    assert found.at(some[0]) == pytest.approx(power.at(some[0]), rel=1e-6)


@given(st.dictionaries(st.integers(1, 10**7), costs, min_size=2, max_size=8), costs)
def test_unit_of_the_costs_changes_no_exponent(points: dict[int, float], unit: float) -> None:
    found = fit([*points.items()])
    other = fit([(size, cost * unit) for size, cost in reversed(points.items())])
    assert found is not None
    assert other is not None
    assert other.exponent == pytest.approx(found.exponent, rel=1e-6, abs=1e-6)


@given(st.dictionaries(st.integers(1, 10**4), costs, min_size=2, max_size=8), st.floats(-1, 1))
def test_no_other_line_is_nearer(points: dict[int, float], tilt: float) -> None:
    def misses(power: Fit) -> float:
        lines = ((power.log_factor + power.exponent * math.log(s), c) for s, c in points.items())
        return sum((math.log(cost) - line) ** 2 for line, cost in lines)

    found = fit([*points.items()])
    assert found is not None
    least = misses(found) * (1 - 1e-6) - 1e-6
    assert least <= misses(Fit(found.exponent + tilt, found.log_factor))
    assert least <= misses(Fit(found.exponent, found.log_factor + tilt))


@pytest.mark.parametrize("points", [[], [(3, 1.0)], [(3, 1.0), (3, 2.0)], [(3, 1.0), (9, 0.0)]])
def test_one_size_has_no_growth(points: list[tuple[float, float]]) -> None:
    assert fit(points) is None
