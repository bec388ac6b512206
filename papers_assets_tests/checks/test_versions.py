from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Keyword, Revisions
from papers_assets_tests.helpers.check_scenario import (
    COMPILER,
    LLVM,
    QUIET,
    World,
    assert_noticed,
    failed,
    put,
    sound,
    with_papers,
    world,
)
from papers_assets_tests.helpers.factories import LATER, paper, search


def held_version(name: str, number: int, version: int) -> Callable[[World], World]:
    """One more version is held than `papers` was chosen from."""

    def changed(world: World) -> World:
        more = pd.DataFrame(
            {
                "arxiv_id": pd.Series([f"2613.{number:05}"], dtype="str"),
                "version": [version],
                "updated": [pd.Timestamp(LATER)],
            }
        )
        return replace(world, held={**world.held, name: pd.concat([world.held[name], more])})

    return changed


@pytest.mark.parametrize(
    ("change", "check", "severity", "words"),
    [
        (
            held_version("compiler", 4, 7),
            "newest_version_kept",
            "error",
            "2613.00004 in compiler (stored: v7)",
        ),
        (
            lambda w: replace(w, held={**w.held, "LLVM": w.held["LLVM"].iloc[1:]}),
            "newest_version_kept",
            "error",
            "(stored: not at all)",
        ),
        (
            with_papers(lambda f: f.drop(index=1)),
            "nothing_dropped",
            "error",
            "should not have: 2613.00004 in compiler, 2613.00002 in compiler. ",
        ),
        (
            with_papers(lambda f: f[f["keyword"] != "LLVM"]),
            "nothing_dropped",
            "error",
            "2613.00004 in LLVM, 2613.00003 in LLVM, 2613.00001 in LLVM. ",
        ),
    ],
)
def test_what_is_not_as_held_or_published_is_noticed_and_named(
    change: Callable[[World], World], check: str, severity: str | None, words: str
) -> None:
    assert_noticed(change(sound()), check, severity, words)


def unread(change: Callable[[World], World] = lambda world: world) -> World:
    """LLVM's rows are those that were published before, and what is held of it was not read."""
    papers = [paper(n) for n in range(1, 6)]
    stored = {COMPILER: papers, LLVM: papers[:4], QUIET: []}
    made = world(stored, {COMPILER: papers[:4], LLVM: papers[:4]})
    read = {name: keys for name, keys in made.held.items() if name != "LLVM"}
    return change(replace(made, held=read, as_published=frozenset({"LLVM"})))


def test_rows_that_were_not_chosen_anew_are_told_from_those_that_were() -> None:
    results = unread().findings()
    assert failed(results) == []
    finding = results["newest_version_kept"]
    assert finding.description.startswith(
        "3 rows, each in its newest stored version. 4 more are as "
    )
    assert finding.numbers == {"rows": 7, "as_published": 4, "not_newest": 0}
    assert "more are" not in sound().findings()["newest_version_kept"].description


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (put(4, version=2), "newest_version_kept", "2613.00003 in LLVM (published: v1)"),
        (put(4, arxiv_id="2613.00009"), "newest_version_kept", "(published: not at all)"),
        (with_papers(lambda f: f.drop(index=4)), "nothing_dropped", "2613.00003 in LLVM"),
        (put(4, title="Bread"), "rows_match", "2613.00003 in LLVM"),
        (lambda w: replace(w, former=None), "newest_version_kept", "(published: not at all)"),
        (
            lambda w: replace(w, as_published=frozenset()),
            "newest_version_kept",
            "(stored: not at all)",
        ),
    ],
)
def test_rows_that_are_said_to_be_as_published_and_are_not_are_noticed(
    change: Callable[[World], World], check: str, words: str
) -> None:
    finding = unread(change).findings()[check]
    assert not finding.passed
    assert words in finding.description


PAPERS = [paper(n) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {COMPILER: [*PAPERS[:3], *(paper(n) for n in (7, 8))]},
            id="newer papers fill the list",
        ),
        pytest.param(
            {COMPILER: PAPERS[:3]}, {replace(COMPILER, cap=1): PAPERS[:3]}, id="the cap is lower"
        ),
        pytest.param({COMPILER: PAPERS, QUIET: []}, {QUIET: []}, id="the keyword is gone"),
        pytest.param(
            {COMPILER: PAPERS},
            {replace(COMPILER, searches=(search(any=("interpreter",)),)): []},
            id="the keyword means something else",
        ),
        pytest.param(
            {COMPILER: PAPERS[:2]},
            {COMPILER: [*PAPERS[:2], paper(1, 2, title="Bread")]},
            id="its newer version is about something else",
        ),
    ],
)
def test_papers_that_may_leave_the_list_are_no_loss(
    before: dict[Keyword, list[Paper]], after: dict[Keyword, list[Paper]]
) -> None:
    finding = world(after, before).findings()["nothing_dropped"]
    assert finding.passed
    assert int(finding.numbers["left"]) > 0


@pytest.mark.parametrize("revisions", Revisions)
def test_a_list_of_some_versions_is_judged_by_those(revisions: Revisions) -> None:
    asked = replace(COMPILER, revisions=revisions)
    before, after = [*PAPERS[:2], paper(2, 2)], [*PAPERS[:3], paper(1, 2), paper(2, 2), paper(2, 3)]
    assert failed(world({asked: after}, {asked: before}).findings()) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            {COMPILER: PAPERS[:3]}, {COMPILER: PAPERS[:2]}, id="what was held is held no more"
        ),
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {COMPILER: [paper(-1), *PAPERS[:2]]},
            id="older papers fill the list",
        ),
        pytest.param({COMPILER: PAPERS[:3]}, {COMPILER: []}, id="all of a keyword's"),
        pytest.param(
            {COMPILER: PAPERS[:3]},
            {replace(COMPILER, cap=9): [paper(n) for n in (2, 3, 7, 8)]},
            id="newer papers, but room for it too",
        ),
    ],
)
def test_papers_that_leave_without_a_reason_are_a_loss(
    before: dict[Keyword, list[Paper]], after: dict[Keyword, list[Paper]]
) -> None:
    finding = world(after, before).findings()["nothing_dropped"]
    assert not finding.passed
    assert int(finding.numbers["lost"]) > 0
