"""A mistake in keywords.toml: the graph goes on with the last valid version, and says so."""

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from papers_assets import definitions
from papers_assets.defs.jobs import DAILY_JOB
from papers_assets.keywords.file import KeywordsFileError, read_keywords_file
from papers_assets.storage.last_valid_keywords import read_or_last_valid, store_last_valid
from papers_assets_tests.helpers import ui_driver
from papers_assets_tests.helpers.project import Project

VALID = "# mine\n[keywords.compiler]\ncap = 3\n"
BROKEN = "cap = 0\n[keywords.compiler]\nanny = 1\n"
RAW, PAPERS = dg.AssetKey("raw_papers"), dg.AssetKey("papers")

Load = Callable[[], dg.Definitions]


@pytest.fixture
def load(project: Project, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load the definitions as Dagster does, over the home and the sample arXiv of `project`."""
    variables = ui_driver.environment(project.home, project.file.path, project.server.url)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def load() -> dg.Definitions:
        loaded = definitions.defs()
        assert isinstance(loaded, dg.Definitions)
        return loaded

    return load


def description(loaded: dg.Definitions, asset: dg.AssetKey) -> str:
    return str(loaded.get_assets_def(asset).get_asset_spec(asset).description)


def test_the_daily_run_goes_on_and_everything_shows_what_is_wrong_until_it_is_corrected(
    project: Project, load: Load
) -> None:
    path = project.file.path
    path.write_text(VALID)
    load()
    path.write_text(BROKEN)

    loaded = load()
    today = datetime.now(UTC).date()
    notice = f"keywords.toml has a mistake: the keywords of {today} are used."
    mistakes = "1. cap: 0 is not a whole number", "2. keywords.compiler.anny: unknown key"
    for asset in (RAW, PAPERS):
        shown = description(loaded, asset)
        assert shown.startswith(f"**{notice}**")
        assert all(mistake in shown for mistake in mistakes)
    job = loaded.resolve_job_def(DAILY_JOB)
    assert str(job.description).startswith(f"**{notice}**")

    result = job.execute_in_process(instance=project.instance)
    assert result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    (check,) = [check for check in failed if check.severity is dg.AssetCheckSeverity.ERROR]
    assert check.check_name == "keywords_file_valid"
    assert all(mistake in str(check.description) for mistake in mistakes)
    assert project.readme.count("\n| **[") == 3
    assert notice in project.readme

    path.write_text(VALID)
    loaded = load()
    assert notice not in description(loaded, RAW)
    assert notice not in str(loaded.resolve_job_def(DAILY_JOB).description)


def test_the_check_fails_as_soon_as_the_file_is_broken_without_a_run(
    project: Project, load: Load
) -> None:
    project.file.path.write_text(VALID)
    sensor = load().resolve_sensor_def("check_keywords_file")
    store_last_valid(read_keywords_file(project.file.path), project.home)
    cursor = None

    def tick(text: str) -> list[tuple[bool, str]]:
        nonlocal cursor
        project.file.path.write_text(text)
        data = sensor.evaluate_tick(
            dg.build_sensor_context(instance=project.instance, cursor=cursor)
        )
        cursor = data.cursor if data.asset_events else cursor
        found = [event for event in data.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
        return [(event.passed, str(event.description)) for event in found]

    assert tick(VALID) == []
    ((passed, said),) = tick(BROKEN)
    assert not passed
    assert "1. cap: 0 is not a whole number" in said
    assert tick(BROKEN) == []
    ((passed, said),) = tick(VALID)
    assert (passed, said) == (True, "keywords.toml is valid, with 1 keyword.")


def test_a_file_that_is_broken_at_the_first_start_is_one_message_without_frames(
    project: Project, load: Load
) -> None:
    project.file.path.write_text(BROKEN)
    with pytest.raises(KeywordsFileError, match="has 2 mistakes") as caught:
        load()
    assert caught.value.__suppress_context__
    assert not any(Path(entry.path).name == "keywords_file.py" for entry in caught.traceback)


def test_what_is_stored_is_the_text_itself_and_keeps_its_day(tmp_path: Path) -> None:
    path, stored = tmp_path / "keywords.toml", tmp_path / ".papers" / "keywords.toml"
    path.write_text(VALID)
    store_last_valid(read_keywords_file(path), tmp_path)
    assert stored.read_text() == VALID
    os.utime(stored, (0, datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()))
    store_last_valid(read_keywords_file(path), tmp_path)
    path.write_text("[keywords")
    keywords_config = read_or_last_valid(path, tmp_path)
    assert (keywords_config.path, keywords_config.names, str(keywords_config.stored_on)) == (
        path,
        ["compiler"],
        "2026-11-20",
    )
    assert "this is not valid TOML" in keywords_config.error
    store_last_valid(keywords_config, tmp_path)
    assert stored.read_text() == VALID
    path.unlink()
    assert "there is no such file" in read_or_last_valid(path, tmp_path).error


@pytest.mark.parametrize("stored", ["[keywords", b"\xff"])
def test_a_stored_version_that_cannot_be_used_hides_nothing(
    tmp_path: Path, stored: str | bytes
) -> None:
    (tmp_path / ".papers").mkdir()
    content = stored if isinstance(stored, bytes) else stored.encode()
    (tmp_path / ".papers" / "keywords.toml").write_bytes(content)
    (tmp_path / "keywords.toml").write_text(BROKEN)
    with pytest.raises(KeywordsFileError, match="cap: 0"):
        read_or_last_valid(tmp_path / "keywords.toml", tmp_path)


def test_a_home_that_cannot_be_written_costs_only_the_copy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "keywords.toml").write_text(VALID)
    (tmp_path / ".papers").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        store_last_valid(read_keywords_file(tmp_path / "keywords.toml"), tmp_path)
    assert "no copy of it can be stored" in caplog.text
