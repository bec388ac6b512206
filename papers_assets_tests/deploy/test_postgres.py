"""The instance of deploy/ over a real PostgreSQL: recording, pruning, dead runs, upgrades."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sql
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.sql import get_alembic_config, run_alembic_downgrade
from dagster_postgres.run_storage import run_storage as postgres_run_storage
from dagster_postgres.utils import pg_alembic_config

from papers_assets.arxiv.sample import Fault, SampleArxiv
from papers_assets.defs.headless import open_instance, prepare_home
from papers_assets.defs.jobs import HOUSEKEEPING_JOB
from papers_assets.defs.run_config import EVERYTHING_TAG
from papers_assets.defs.run_history import LOCK_TAG, fail_orphaned_runs, process_lock, prune_runs
from papers_assets_tests.defs.test_run_history import checked_run, files, runs, shown
from papers_assets_tests.deploy.host import DEPLOY
from papers_assets_tests.helpers.project import Project
from papers_assets_tests.helpers.ui_driver import PAPERS, environment

pytestmark = pytest.mark.slow

# From before runs had the column `backfill_id`: Dagster 1.8.
OLDER = "284a732df317"


@pytest.fixture
def variables(tmp_path: Path, postgres_url: str) -> dict[str, str]:
    """What the environment needs to say for deploy/'s dagster.yaml."""
    settings = tmp_path / "etc"
    settings.mkdir()
    (settings / "dagster.yaml").write_text((DEPLOY / "dagster.postgres.yaml").read_text())
    return {
        "DAGSTER_HOME": str(settings),
        "PAPERS_DATABASE_URL": postgres_url,
        "PAPERS_RUN_FILES": str(tmp_path / "home" / ".papers"),
    }


@pytest.fixture
def instance(
    tmp_path: Path, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with open_instance(tmp_path / "home", os.environ) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path, server: SampleArxiv, instance: dg.DagsterInstance) -> Project:
    return Project(tmp_path / "home", server, instance=instance)


def now() -> datetime:
    return datetime.now(UTC)


def test_dagster_takes_every_setting_of_the_file(instance: dg.DagsterInstance) -> None:
    assert type(instance.run_storage).__name__ == "PostgresRunStorage"
    assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
    assert type(instance.schedule_storage).__name__ == "PostgresScheduleStorage"
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds == 14400
    assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 1)
    assert not instance.run_retries_retry_on_asset_or_op_failure
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    assert (queue.max_concurrent_runs, queue.max_user_code_failure_retries) == (4, 10)
    assert [limit["key"] for limit in queue.tag_concurrency_limits] == [EVERYTHING_TAG]
    assert not instance.telemetry_enabled
    assert instance.freshness_enabled


def test_what_is_superseded_goes_and_all_that_is_shown_stays(project: Project) -> None:
    gone = [*project.run().run_ids, checked_run(project)]
    project.failing = {"compiler": Fault(503)}
    project.run()
    project.failing = {}
    kept = project.run().run_ids
    checked = checked_run(project)
    before = shown(project)

    pruned = prune_runs(project.instance, older_than=now())

    assert pruned.runs >= len(gone)
    assert {*kept, checked} <= set(runs(project))
    assert not set(gone) & set(runs(project))
    assert [path for run_id in gone for path in files(project, run_id)] == []
    assert shown(project) == before

    with project.instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
        left = connection.execute(sql.text("SELECT DISTINCT run_id FROM event_logs")).scalars()
        assert set(left) <= set(runs(project))


def test_a_run_whose_process_was_killed_is_marked_as_failed(project: Project) -> None:
    job = project.definitions.resolve_job_def(HOUSEKEEPING_JOB)
    with process_lock(project.instance, project.store.locks_folder) as tags:
        dead = project.instance.create_run_for_job(
            job, tags=tags, status=dg.DagsterRunStatus.STARTED
        )
        assert fail_orphaned_runs(project.instance, project.store.locks_folder) == []
        (project.store.locks_folder / tags[LOCK_TAG]).replace(project.store.locks_folder / "aside")
        (project.store.locks_folder / tags[LOCK_TAG]).touch()
        assert fail_orphaned_runs(project.instance, project.store.locks_folder) == [dead.run_id]
    found = project.instance.get_run_by_id(dead.run_id)
    assert found is not None
    assert found.status is dg.DagsterRunStatus.FAILURE


def test_the_command_line_records_its_runs_in_the_database(
    tmp_path: Path, variables: dict[str, str], server: SampleArxiv, instance: dg.DagsterInstance
) -> None:
    keywords = tmp_path / "keywords.toml"
    keywords.write_text("[keywords.compiler]\n")
    done = subprocess.run(
        [PAPERS, "run"],
        env=environment(tmp_path / "home", keywords, server.url, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.run_id in done.stdout
    assert variables["PAPERS_DATABASE_URL"] not in done.stdout + done.stderr
    assert not (tmp_path / "home" / "dagster.yaml").exists()


def migrate(home: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "instance", "migrate"],
        cwd=home,
        env=os.environ | {"DAGSTER_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_older_database_works_and_is_migrated_with_its_runs(
    project: Project, variables: dict[str, str]
) -> None:
    storage = project.instance.run_storage
    before = [checked_run(project)]
    with storage.connect() as connection:  # type: ignore[attr-defined]
        run_alembic_downgrade(pg_alembic_config(postgres_run_storage.__file__), connection, OLDER)
        columns = [c["name"] for c in sql.inspect(connection).get_columns("runs")]
    assert "backfill_id" not in columns
    assert project.run().refreshed  # who forgets to migrate loses nothing

    told = migrate(variables["DAGSTER_HOME"])

    assert OLDER in told
    revision, newest = storage.alembic_version()  # type: ignore[misc]
    assert revision == newest
    assert set(before) < set(runs(project))
    assert checked_run(project) in runs(project)
    assert prune_runs(project.instance, older_than=now()).runs > 0


def test_a_database_that_a_newer_dagster_migrated_is_still_read_and_written(
    project: Project,
) -> None:
    before = [checked_run(project)]
    with project.instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
        connection.execute(sql.text("UPDATE alembic_version SET version_num = 'of the future'"))
    assert project.run().refreshed
    assert set(before) < set(runs(project))


def test_an_older_embedded_history_works_and_is_migrated_with_its_runs(
    tmp_path: Path, server: SampleArxiv
) -> None:
    home = prepare_home(tmp_path / "embedded")
    with open_instance(home, {}) as instance:
        project = Project(home, server, instance=instance)
        before = [checked_run(project)]
        with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]
            config = get_alembic_config(sqlite_run_storage.__file__)
            run_alembic_downgrade(config, connection, OLDER)
        before.append(checked_run(project))
        assert instance.run_storage.alembic_version()[0] == OLDER  # type: ignore[index]

    migrate(str(home))

    with open_instance(home, {}) as instance:
        revision, newest = instance.run_storage.alembic_version()  # type: ignore[misc]
        assert revision == newest
        assert set(before) <= set(instance.get_run_ids())
        assert checked_run(Project(home, server, instance=instance)) in instance.get_run_ids()
