from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given

from papers_assets.arxiv.models import Paper
from papers_assets.checks import CHECKS_OF_PAPERS, find_blocking_failures
from papers_assets.transform.selection import REFRESHED_AT_ATTR
from papers_assets_tests.helpers.check_scenario import (
    COMPILER,
    LLVM,
    NOW,
    QUIET,
    World,
    assert_noticed,
    failed,
    put,
    sound,
    with_attribute,
    with_papers,
    world,
)
from papers_assets_tests.helpers.factories import EPOCH, LATER, caps, keyword, some_papers


def swapped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[[1, 0, *range(2, len(frame))]]


def alike(world: World) -> World:
    twin = replace(LLVM, name="same")
    rows = world.papers[world.papers["keyword"] == "LLVM"].assign(keyword="same")
    frame = pd.concat([world.papers, rows], ignore_index=True)
    frame.attrs = {
        REFRESHED_AT_ATTR: {**world.papers.attrs[REFRESHED_AT_ATTR], "same": LATER.isoformat()},
    }
    return replace(
        world,
        papers=frame,
        keywords=(*world.keywords, twin),
        held={**world.held, "same": world.held["LLVM"]},
    )


def test_a_sound_frame_passes_every_check_with_figures() -> None:
    results = sound().findings()
    assert failed(results) == []
    for finding in results.values():
        assert finding.numbers
        assert any(character.isdigit() for character in finding.description)
    assert results["nothing_dropped"].numbers == {"shown_before": 7, "left": 1, "lost": 0}


@pytest.mark.parametrize(
    ("change", "check", "severity", "words"),
    [
        (
            lambda w: replace(w, keywords=(replace(COMPILER, cap=2), LLVM, QUIET)),
            "capped",
            "error",
            "compiler (3 of 2)",
        ),
        (
            with_papers(lambda f: f.iloc[[*range(len(f)), len(f) - 1]]),
            "ids_unique",
            "error",
            "2613.00001 in LLVM",
        ),
        (put(1, title="Bread"), "rows_match", "error", "2613.00004 in compiler"),
        (
            lambda w: replace(w, gaps={"LLVM": ("2026-10-01 to 2026-10-10",)}),
            "nothing_missing",
            "warn",
            "LLVM (2026-10-01 to 2026-10-10)",
        ),
        (
            lambda w: replace(w, days_missing=(NOW.date(),)),
            "nothing_missing",
            "warn",
            f"harvest of {NOW.date()}",
        ),
        (alike, "keywords_distinct", "warn", "LLVM = same"),
        (with_papers(swapped), "newest_first", "error", "2613.00005 in compiler"),
        (
            put(0, updated=pd.Timestamp(EPOCH + timedelta(hours=4, minutes=1))),
            "newest_first",
            None,
            "8 rows in order",
        ),
        (
            put(1, updated=pd.Timestamp(EPOCH + timedelta(hours=3, minutes=1))),
            "newest_first",
            None,
            "8 rows in order",
        ),
        (
            put(2, updated=pd.Timestamp(EPOCH + timedelta(hours=4, minutes=2))),
            "newest_first",
            "error",
            "2613.00003 in compiler",
        ),
        (
            with_papers(lambda f: f.iloc[[0, 1, *range(3, len(f)), 2]]),
            "newest_first",
            "error",
            "compiler in several places",
        ),
        (
            put(0, updated=pd.Timestamp(NOW + timedelta(hours=2))),
            "dates_sane",
            "warn",
            "2613.00005 in compiler (published 2026-01-01, updated 2026-11-23",
        ),
        (
            put(7, published=datetime(1991, 8, 13, tzinfo=UTC)),
            "dates_sane",
            "warn",
            "2613.00001 in LLVM (published 1991-08-13",
        ),
        (put(0, published=LATER), "dates_sane", "warn", "published 2026-11-23"),
        (put(0, first_seen=NOW + timedelta(days=1)), "dates_sane", "warn", "first seen 2026-11-24"),
        (put(0, last_seen=NOW + timedelta(days=1)), "dates_sane", "warn", "2613.00005"),
        (put(0, first_seen=pd.NaT), "dates_sane", "warn", "first seen NaT"),
    ],
)
def test_what_is_wrong_is_noticed_and_named(
    change: Callable[[World], World], check: str, severity: str | None, words: str
) -> None:
    assert_noticed(change(sound()), check, severity, words)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: replace(w, former=None),
        lambda w: replace(w, now=LATER + timedelta(hours=36)),
        lambda w: replace(w, now=LATER - timedelta(minutes=59)),
        put(0, updated=pd.Timestamp(LATER)),
        put(0, first_seen=NOW + timedelta(minutes=59)),
        # Of the same day in the file's time zone: one keyword was asked again in the evening.
        with_attribute(REFRESHED_AT_ATTR, {"LLVM": (LATER - timedelta(hours=6)).isoformat()}),
    ],
)
def test_what_may_be_passes_every_check(change: Callable[[World], World]) -> None:
    assert failed(change(sound()).findings()) == []


def test_of_many_offenders_a_few_are_named_and_the_rest_counted() -> None:
    changed = with_papers(lambda frame: frame.assign(title="Bread", abstract="Butter"))(sound())
    finding = changed.findings()["rows_match"]
    assert finding.description.count("2613.") == 3
    assert " and 5 more. " in finding.description
    assert finding.numbers["not_matching"] == 8


def test_what_stops_publication_is_an_error_of_a_check_that_blocks() -> None:
    stopping = put(1, title="Bread")(sound()).findings()
    blocking = find_blocking_failures([*stopping.values()], CHECKS_OF_PAPERS)
    assert [result.name for result in blocking] == ["rows_match"]
    odd = put(0, updated=pd.Timestamp(NOW + timedelta(hours=2)))(sound()).findings()
    assert "dates_sane" in failed(odd)
    assert find_blocking_failures([*odd.values()], CHECKS_OF_PAPERS) == []


@given(some_papers, some_papers, some_papers, caps, caps)
def test_whatever_is_held_its_selection_passes_and_so_does_the_next(
    old: list[Paper], also_old: list[Paper], new: list[Paper], cap: int, next_cap: int
) -> None:
    known = {(p.arxiv_id, p.version) for p in old}
    stored = [*old, *(p for p in new if (p.arxiv_id, p.version) not in known)]
    one, other = keyword(cap=cap), keyword("LLVM", any=("invented", "compiler"), cap=cap)
    after = {replace(one, cap=next_cap): stored, replace(other, cap=next_cap): also_old}
    results = world(after, {one: old, other: also_old}).findings()
    assert set(failed(results)) <= {"keywords_distinct"}


def test_only_what_arxiv_may_bring_about_is_published_all_the_same() -> None:
    blocking = {name for name, check in CHECKS_OF_PAPERS.items() if check.blocking}
    assert blocking == {
        "capped",
        "ids_unique",
        "newest_version_kept",
        "rows_match",
        "newest_first",
    }
