"""What the machine can do to a run: a full disk, a locked folder, a wrong clock, an edited file."""

import errno
import os
import resource
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from papers_assets.sample_arxiv import Fault, RequestRecord, SampleArxiv
from papers_assets_tests.driving import PAPERS, environment
from papers_assets_tests.making import keyword
from papers_assets_tests.pipeline import House

pytestmark = pytest.mark.lists_only


def rows(house: House) -> int:
    return house.readme.count("\n| **[")


def test_a_full_disk_costs_the_keyword_its_day_and_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run()
    house.next_day()
    before = house.store.held_path("compiler").read_bytes()
    sync = os.fsync

    def full(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if name.startswith(".compiler-") and ".parquet." in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    report = house.run()
    assert list(report.failed) == ["compiler"]
    assert "cannot be written (No space left on device)" in report.failed["compiler"]
    assert "Make room" in report.failed["compiler"]
    assert house.store.held_path("compiler").read_bytes() == before
    assert "_Not refreshed since 2026-11-23: it could not be stored._" in house.readme
    assert rows(house) == 300
    assert not list(house.home.rglob("*.tmp"))


def test_a_limit_on_the_size_of_files_leaves_the_old_ones_whole(house: House) -> None:
    house.run()
    before = house.readme
    held = house.store.held_path("compiler").read_bytes()
    (house.home / "keywords.toml").write_text("".join(f"[keywords.{n}]\n" for n in ["compiler"]))
    limited = subprocess.run(
        [PAPERS, "run"],
        env=environment(house.home, house.home / "keywords.toml", house.server.url),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode != 0
    assert house.readme == before
    assert house.store.held_path("compiler").read_bytes() == held
    house.next_day()
    assert house.run().failed == {}


def test_an_output_folder_that_cannot_be_written_is_said_and_nothing_is_lost(house: House) -> None:
    (house.home / "output").write_text("a file where a folder should be")
    report = house.run()
    assert "README.md: cannot be written" in report.problem
    assert house.materialized == set(house.file.names)
    (house.home / "output").unlink()
    assert house.run().problem == ""
    assert rows(house) == 300


def test_a_clock_that_jumps_back_loses_nothing_and_is_told_by_a_check(house: House) -> None:
    house.assets = frozenset()
    house.today += timedelta(days=30)
    house.run()
    house.today -= timedelta(days=30)
    house.failing = {"compiler": Fault(503)}
    report = house.run()
    assert list(report.failed) == ["compiler"]
    checks = house.execute("publish", raise_on_error=False).get_asset_check_evaluations()
    fresh = next(check for check in checks if check.check_name == "fresh_enough")
    assert not fresh.passed
    assert "check this machine's clock" in str(fresh.description)
    house.failing = {}
    report = house.run()
    assert report.failed == {}
    assert "Last update: 2026-11-23\n" in house.readme
    assert rows(house) == 300
    # An edition of a day that is yet to come is for somebody to look at.
    assert "an edition of a day that is yet to come" in report.unpublished["changes"]
    house.outputs.edition_path(date(2026, 12, 23)).unlink()
    assert house.run().unpublished == {}
    assert house.outputs.days() == []  # what it told of stays told


def test_a_keyword_that_is_removed_and_added_again_has_lost_nothing(house: House) -> None:
    house.run()
    before = house.store.read_held("compiler")
    assert before is not None
    everything, house.keywords = house.keywords, [keyword("performance")]
    house.next_day()
    house.run()
    assert "## compiler" not in house.readme
    house.keywords = everything
    house.next_day()
    house.run()
    after = house.store.read_held("compiler")
    assert after is not None
    assert before.versions() <= after.versions()
    assert after.papers["first_seen"].to_pylist() == before.papers["first_seen"].to_pylist()


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


def test_a_list_whose_papers_are_lost_while_arxiv_is_away_stays_as_it_was(house: House) -> None:
    house.assets = frozenset()
    house.run()
    house.store.held_path("compiler").write_bytes(b"PAR1 or so")
    house.failing = {"compiler": Fault(503)}
    house.next_day()
    report = house.run()
    assert list(report.failed) == ["compiler"]
    assert rows(house) == 300
    assert "_Not refreshed since 2026-11-23: arXiv answered 503._" in house.readme
    edition = house.outputs.newest_edition()
    assert edition is not None
    assert edition.left == ()  # nobody is told that its papers left
