"""What runs counted, on disk: it adds up, survives, and never stands in a run's way."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample import Fault
from papers_assets.storage.run_counters import CounterStore, Counts, from_json, to_json
from papers_assets_tests.helpers.factories import LATER
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only

counts = st.builds(
    Counts,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.integers(0, 10**6).map(float),  # sums of whole numbers are exact, in any order
    st.dictionaries(st.text(max_size=5), st.integers(1, 9), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(1, 9), max_size=3),
    st.none() | st.just(LATER),
)
ONE = Counts(1, 2, 0.5, {"compiler": 1}, {"performance": 1}, LATER)


@pytest.fixture
def counters(tmp_path: Path) -> CounterStore:
    return CounterStore(tmp_path)


@given(counts)
def test_what_is_written_is_read(some: Counts) -> None:
    assert from_json(to_json(some)) == some


@given(counts, counts, counts)
def test_runs_add_up_in_any_grouping(first: Counts, second: Counts, third: Counts) -> None:
    assert (first + second) + third == first + (second + third)
    assert Counts() + first == first + Counts() == first


@given(st.text() | st.binary())
def test_what_is_no_note_of_counts_is_said_to_be_none(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(text)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace('"runs": 1', '"runs": -1'),
        lambda note: note.replace('"runs": 1', '"runs": true'),
        lambda note: note.replace('"runs"', '"walks"'),
        lambda note: note.replace('"seconds_waited": 0.5', '"seconds_waited": NaN'),
        lambda note: note.replace("2026-11-23", "yesterday"),
        lambda note: note.replace("2026-11-23", "9999-99-99"),
        lambda note: "[" * 100_000 + note,
        lambda note: note[:-3],
    ],
)
def test_a_damaged_note_begins_at_zero_with_a_warning_and_goes_on(
    counters: CounterStore, caplog: pytest.LogCaptureFixture, change: Callable[[str], str]
) -> None:
    counters.add(ONE)
    note = counters.path.read_text()
    counters.path.write_text(change(note))
    with caplog.at_level(logging.WARNING):
        assert counters.read() == Counts()
    assert f"{counters.path}: it cannot be read, and begins at zero" in caplog.text
    counters.add(ONE)
    assert counters.read() == ONE


def test_what_runs_counted_is_there_after_a_restart(tmp_path: Path) -> None:
    CounterStore(tmp_path).add(ONE)
    CounterStore(tmp_path).add(ONE)
    assert CounterStore(tmp_path).read() == ONE + ONE


def test_runs_that_end_at_once_are_all_counted(counters: CounterStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counters.add(ONE), range(24)))
    assert counters.read().runs == 24


def test_a_disk_that_cannot_be_written_costs_the_counts_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".papers").write_text("a file where a folder should be")
    CounterStore(tmp_path).add(ONE)
    assert "what this run counted is not in the metrics" in caplog.text


@pytest.mark.parametrize("trouble", [OSError(5, "Input/output error"), RuntimeError("odd")])
def test_counts_that_cannot_be_read_just_now_are_not_taken_for_zero(
    counters: CounterStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: Exception,
) -> None:
    def read(_: Path) -> bytes:
        raise trouble

    counters.add(ONE + ONE)
    with monkeypatch.context() as patch:
        patch.setattr("papers_assets.storage.run_counters.read_bytes", read)
        counters.add(ONE)
    assert f"what this run counted is not in the metrics: {trouble}" in caplog.text
    assert counters.read() == ONE + ONE


def test_a_run_counts_what_it_asked_and_what_failed(project: Project) -> None:
    project.failing = {"compiler": Fault(503)}
    project.run()
    found = CounterStore(project.home).read()
    assert found.requests == len(project.server.requests)
    assert found.refreshes == {"reinforcement learning": 1, "performance": 1}
    assert found.failures == {"compiler": 1}
    assert (found.runs, found.last_run) == (1, project.today)


def test_a_run_that_is_interrupted_has_counted(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("papers_assets.defs.run_results.RunResults.add", interrupt)
    assert project.run().refreshed == []
    assert CounterStore(project.home).read().requests == len(project.server.requests) == 1
