"""What the machine can do to a run: a full disk, a locked folder, a wrong clock, an edited file."""

import errno
import os
import resource
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from papers_assets.arxiv.sample import Fault, RequestRecord, SampleArxiv
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Pipeline
from papers_assets_tests.helpers.ui_driver import PAPERS, environment

pytestmark = pytest.mark.lists_only


def rows(pipeline: Pipeline) -> int:
    return pipeline.readme.count("\n| **[")


def test_a_full_disk_costs_the_keyword_its_day_and_nothing_else(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.first_day()
    pipeline.next_day()
    before = pipeline.store.raw_papers_path("compiler").read_bytes()
    sync = os.fsync

    def full(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if name.startswith(".compiler-") and ".parquet." in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    report = pipeline.run()
    assert list(report.failed) == ["compiler"]
    assert "cannot be written (No space left on device)" in report.failed["compiler"]
    assert "Make room" in report.failed["compiler"]
    assert pipeline.store.raw_papers_path("compiler").read_bytes() == before
    assert "_Not refreshed since 2026-11-23: it could not be stored._" in pipeline.readme
    assert rows(pipeline) == 300
    assert not list(pipeline.home.rglob("*.tmp"))


@pytest.mark.slow
def test_a_limit_on_the_size_of_files_leaves_the_old_ones_whole(pipeline: Pipeline) -> None:
    pipeline.first_day()
    before = pipeline.readme
    stored = pipeline.store.raw_papers_path("compiler").read_bytes()
    (pipeline.home / "keywords.toml").write_text("".join(f"[keywords.{n}]\n" for n in ["compiler"]))
    limited = subprocess.run(
        [PAPERS, "run"],
        env=environment(pipeline.home, pipeline.home / "keywords.toml", pipeline.server.url),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode != 0
    assert pipeline.readme == before
    assert pipeline.store.raw_papers_path("compiler").read_bytes() == stored
    pipeline.next_day()
    assert pipeline.run().failed == {}


@pytest.mark.slow
def test_an_output_folder_that_cannot_be_written_is_said_and_nothing_is_lost(
    pipeline: Pipeline,
) -> None:
    (pipeline.home / "output").write_text("a file where a folder should be")
    report = pipeline.run()
    assert "README.md: cannot be written" in report.problem
    assert set(report.refreshed) == set(pipeline.file.names)
    (pipeline.home / "output").unlink()
    assert pipeline.run().problem == ""
    assert rows(pipeline) == 300


@pytest.mark.editions_only
@pytest.mark.slow
def test_a_clock_that_jumps_back_loses_nothing_and_is_told_by_a_check(pipeline: Pipeline) -> None:
    pipeline.today += timedelta(days=30)
    pipeline.first_day()
    pipeline.today -= timedelta(days=30)
    pipeline.failing = {"compiler": Fault(503)}
    report = pipeline.run()
    assert list(report.failed) == ["compiler"]
    fresh = pipeline.checks["fresh_enough"]
    assert not fresh.passed
    assert "check this machine's clock" in str(fresh.description)
    pipeline.failing = {}
    report = pipeline.run()
    assert report.failed == {}
    assert "Last update: 2026-11-23\n" in pipeline.readme
    assert rows(pipeline) == 300
    # An edition of a day that is yet to come is for somebody to look at.
    assert "an edition of a day that is yet to come" in report.unpublished["changes"]
    pipeline.outputs.edition_path(date(2026, 12, 23)).unlink()
    assert pipeline.run().unpublished == {}
    assert pipeline.outputs.list_days() == []  # what it told of stays told


def test_a_keyword_that_is_removed_and_added_again_has_lost_nothing(pipeline: Pipeline) -> None:
    pipeline.first_day()
    before = pipeline.store.read_raw_papers("compiler")
    assert before is not None
    everything, pipeline.keywords = pipeline.keywords, [keyword("performance")]
    pipeline.next_day()
    pipeline.run()
    assert "## compiler" not in pipeline.readme
    pipeline.keywords = everything
    pipeline.next_day()
    pipeline.run()
    after = pipeline.store.read_raw_papers("compiler")
    assert after is not None
    assert before.versions() <= after.versions()
    assert after.rows["first_seen"].to_pylist() == before.rows["first_seen"].to_pylist()


@pytest.mark.slow
def test_a_keywords_file_that_is_edited_during_a_run_is_the_next_runs(
    tmp_path: Path, server: SampleArxiv
) -> None:
    file = tmp_path / "keywords.toml"
    file.write_text("[keywords.compiler]\n[keywords.performance]\n")

    def edit(_request: RequestRecord) -> None:
        file.write_text("[keywords.compiler\n")

    server.fault = edit
    variables = environment(tmp_path / "home", file, server.url)

    def run() -> int:
        return subprocess.run([PAPERS, "run"], env=variables, check=False).returncode

    assert run() == 0
    readme = (tmp_path / "home" / "output" / "README.md").read_text()
    assert readme.count("\n## ") == 2
    assert run() == 2
    assert (tmp_path / "home" / "output" / "README.md").read_text() == readme


@pytest.mark.editions_only
@pytest.mark.slow
def test_a_list_whose_papers_are_lost_while_arxiv_is_away_stays_as_it_was(
    pipeline: Pipeline,
) -> None:
    pipeline.first_day()
    pipeline.store.raw_papers_path("compiler").write_bytes(b"PAR1 or so")
    pipeline.failing = {"compiler": Fault(503)}
    pipeline.next_day()
    report = pipeline.run()
    assert list(report.failed) == ["compiler"]
    assert rows(pipeline) == 300
    assert "_Not refreshed since 2026-11-23: arXiv answered 503._" in pipeline.readme
    edition = pipeline.outputs.newest_edition()
    assert edition is not None
    assert edition.removed == ()  # nobody is told that its papers left
