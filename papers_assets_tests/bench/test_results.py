"""Figures as people read them."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.results import (
    Aim,
    Result,
    Stamp,
    Table,
    growth,
    markdown,
    number,
    packed,
    section,
    series,
    summary,
    unpacked,
)
from papers_assets_tests.helpers.github_markdown import github

STAMP = Stamp("2026-11-23", "python -m bench job", "an invented machine")
SQUARES = series("panel", "squaring", "numbers", "seconds", [(2, 4), (10, 100), (30, 900)])


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_aim_is_met_or_missed_as_measured(value: float, bound: float) -> None:
    most, least = Aim("it", value, bound, "s"), Aim("it", value, bound, "s", is_least=True)
    assert most.is_met == (value <= bound)
    assert least.is_met == (value >= bound)
    said = markdown(Result(aims=(most,)), STAMP)
    assert ("**missed**" in said) is not most.is_met


def test_what_was_not_measured_is_no_aim_met() -> None:
    assert not Aim("it", math.nan, 3, "s").is_met
    assert not Aim("it", math.nan, 3, "%", is_least=True).is_met


def test_growth_is_said_as_a_power() -> None:
    assert growth(SQUARES) == "* squaring: seconds ~ numbers^2.00 (2 to 30)"
    assert not growth(series("", "once", "numbers", "seconds", [(2, 4)]))


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, ""), ("x", "x"), (3000, "3,000"), (1234.5, "1,234"), (0.01234, "0.0123"), (5.0, "5")],
)
def test_numbers_have_three_digits(value: str | float | None, said: str) -> None:
    assert number(value) == said


@given(st.floats(1e-9, 1e12))
def test_numbers_are_what_was_measured(value: float) -> None:
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=0.006)


def test_github_shows_a_table_a_title_and_the_growth() -> None:
    table = Table(("keywords", "s"), ((3, 1.5), (3_000, None)), "Title")
    aim = Aim("job", 7, 6, "s")
    shown = github(markdown(Result((table,), (aim,), (SQUARES,), ("Remark.",)), STAMP))
    assert shown.count("<table>") == 2
    assert shown.count("<tr>") == 5
    assert "<p>Title:</p>" in shown
    assert "<li>squaring: seconds ~ numbers^2.00" in shown
    assert re.search(r"<strong>missed</strong>", shown)
    assert "an invented machine" in shown


def test_aims_and_series_survive_json() -> None:
    result = Result(aims=(Aim("job", 7, 6, "s"),), series=(SQUARES,))
    assert unpacked(json.loads(json.dumps(packed(result)))) == result


def test_the_document_has_tables_and_aims_and_each_figure_once() -> None:
    table = Table(("keywords", "s", "MB"), ((3, 1.5, 2), (3_000, None, 4)), "Title")
    aims = (Aim("job", 7, 6, "s"), Aim("share", 99, 90, "%", is_least=True))
    text = section(Result((table,), aims, (SQUARES,), ("Remark.",)), STAMP)
    assert text.startswith("2026-11-23, `bench job`. Remark.\n\nTitle:\n\n| keywords | s | MB |\n")
    shown = github(text)
    assert shown.count("<table>") == 1
    assert shown.count("<tr>") == 3
    assert "Aims: job at most 6 s (<strong>missed</strong>); share at least 90 %." in shown
    assert "7 s" not in text
    assert "squaring" not in text
    assert STAMP.machine not in text


def test_small_tables_of_the_document_are_a_line() -> None:
    pairs = Table(("asset", "s"), (("papers", 3.0), ("site", 4.831)), "Assets")
    once = Table(("keywords", "pauses, s", "job, s"), ((5, 12, 15.8),))
    text = section(Result((pairs, once)), STAMP)
    assert "\n\nAssets: papers 3; site 4.83.\n\n" in text
    assert text.endswith("\n\nkeywords: 5; pauses, s: 12; job, s: 15.8.\n")


def test_the_summary_names_the_machine_once_and_every_missed_aim() -> None:
    job = Result(aims=(Aim("job", 7, 6, "s"),), series=(SQUARES,))
    rows = Result(aims=(Aim("rows", 5, 6, "s"),))
    text = summary({"job": (job, STAMP), "rows": (rows, STAMP)})
    assert text.startswith(f"{STAMP.machine}.\n\n")
    assert text.count(STAMP.machine) == 1
    assert "1 of 2 aims are met. **Missed:** job: 7 s (at most 6 s)" in text
    assert "missed" not in summary({"rows": (rows, STAMP)}).lower()
    assert "1 of 1 aims are met." in summary({"rows": (rows, STAMP)})
    other = STAMP._replace(machine="another")
    assert "an invented machine (job). another (rows)." in summary(
        {"job": (job, STAMP), "rows": (rows, other)}
    )
