from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from papers_assets.checks import Severity
from papers_assets.checks.freshness import check_index_current
from papers_assets.transform.index_lag import IndexLag
from papers_assets.transform.selection import REFRESHED_AT_ATTR, SHORT_REASONS_ATTR
from papers_assets_tests.helpers.check_scenario import (
    NOW,
    QUIET,
    World,
    assert_noticed,
    failed,
    iso,
    never_fetched,
    sound,
    with_attribute,
    world,
)
from papers_assets_tests.helpers.factories import LATER


@pytest.mark.parametrize(
    ("change", "check", "severity", "words"),
    [
        (
            with_attribute(REFRESHED_AT_ATTR, {"LLVM": iso(days=1)}),
            "every_keyword_refreshed",
            "warn",
            "1 of 3 keywords were not refreshed: LLVM (last on 2026-11-22). ",
        ),
        (
            with_attribute(SHORT_REASONS_ATTR, {"quiet": "arXiv answered\x1b[1m 503"}),
            "every_keyword_refreshed",
            "warn",
            "quiet (last on 2026-11-23: arXiv answered\\x1b[1m 503). ",
        ),
        (never_fetched, "every_keyword_refreshed", "warn", "quiet (never fetched). "),
        (
            lambda w: replace(w, now=NOW + timedelta(hours=36)),
            "fresh_enough",
            "warn",
            "compiler (37.0 h), LLVM (37.0 h), quiet (37.0 h). ",
        ),
        (
            lambda w: replace(w, now=NOW + timedelta(hours=72)),
            "fresh_enough",
            "error",
            "compiler (73.0 h)",
        ),
        (
            lambda w: replace(w, now=LATER - timedelta(hours=2)),
            "fresh_enough",
            "error",
            "quiet (2.0 h ahead) refreshed in the future: check this machine's clock",
        ),
    ],
)
def test_what_is_old_is_noticed_and_named(
    change: Callable[[World], World], check: str, severity: str | None, words: str
) -> None:
    assert_noticed(change(sound()), check, severity, words)


def test_without_any_fetch_nothing_is_fresh_and_nothing_else_is_wrong() -> None:
    results = replace(world({QUIET: []}), held={}).findings()
    assert failed(world({QUIET: []}, refreshed_at={}).findings()) == [
        "every_keyword_refreshed",
        "fresh_enough",
    ]
    nothing = world({QUIET: []}, refreshed_at={}).findings()
    assert {nothing[n].severity for n in failed(nothing)} == {Severity.ERROR}
    assert "No keyword was fetched." in nothing["fresh_enough"].description
    assert failed(results) == []


def test_an_index_that_stands_still_is_a_warning_with_its_figures() -> None:
    lag = IndexLag(date(2026, 11, 13), 3, 12.34, 4e-6)
    result = check_index_current(lag, {"compiler": ("2613.00001v1", "2613.00002v1")})
    assert not result.passed
    assert result.severity == "warn"
    assert "compiler lacks 2613.00001v1, 2613.00002v1" in result.description
    assert "submitted on 2026-11-13" in result.description
    assert "on 3 days since" in result.description
    assert (result.numbers["publications"], result.numbers["missing_from_search"]) == (3, 2)
    assert result.numbers["expected"] == 12.3
    assert check_index_current(None, {}).passed
