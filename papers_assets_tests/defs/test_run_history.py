"""The run history: what pruning removes and what it leaves as it was, and runs that died."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from papers_assets.arxiv.sample import Fault
from papers_assets.defs import run_history
from papers_assets.defs.headless import open_instance, run_housekeeping
from papers_assets.defs.jobs import DAILY_JOB, HOUSEKEEPING_JOB, PUBLISH_JOB
from papers_assets.defs.resources import StoreResource
from papers_assets.defs.run_history import LOCK_TAG, fail_orphaned_runs, process_lock, prune_runs
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only


@pytest.fixture
def project(recorded: Project) -> Project:
    return recorded


RAW = dg.AssetKey("raw_papers")
ASSETS = [RAW, dg.AssetKey("papers"), dg.AssetKey("readme")]
EVENTS = [
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
]


def now() -> datetime:
    return datetime.now(UTC)


def shown(project: Project) -> dict[str, Any]:
    """What people are shown of assets, partitions and checks, read anew from the events."""
    instance = project.instance
    found: dict[str, Any] = {}
    for key in ASSETS:
        instance.update_asset_cached_status_data(key, None)  # type: ignore[arg-type]
        partitions = dg.StaticPartitionsDefinition(project.file.names)
        found[key.to_user_string()] = {
            "latest": instance.get_latest_materialization_event(key),
            "of each partition": [
                instance.event_log_storage.get_latest_storage_id_by_partition(key, event)
                for event in EVENTS
            ],
            "materialized": instance.get_materialized_partitions(key),
            "status": key == RAW
            and instance.get_status_by_partition(key, project.file.names, partitions),
            "record": [r.asset_entry.last_run_id for r in instance.get_asset_records([key])],
        }
    check = dg.AssetCheckKey(RAW, "invented")
    records = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
    found["check"] = [(r.run_id, r.status) for r in records]
    found["wanted"] = dg.evaluate_automation_conditions(
        project.definitions, instance
    ).total_requested
    return found


def runs(project: Project) -> list[str]:
    return list(project.instance.get_run_ids())


def files(project: Project, run_id: str) -> list[Path]:
    return list((project.home / ".papers").rglob(f"{run_id}*"))


def checked_run(project: Project) -> str:
    """A run that does nothing but evaluate a check."""

    @dg.asset_check(asset=RAW, name="invented")
    def invented() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    job = dg.define_asset_job("checks", dg.AssetSelection.checks(invented))
    added = dg.Definitions(asset_checks=[invented], jobs=[job])
    definitions = dg.Definitions.merge(project.definitions, added)
    return (
        definitions.resolve_job_def("checks").execute_in_process(instance=project.instance).run_id
    )


@pytest.mark.slow
@pytest.mark.after_runs(2)
def test_what_is_superseded_goes_with_its_files_and_all_that_is_shown_stays(
    project: Project,
) -> None:
    gone = [*reversed(runs(project)), checked_run(project)]
    project.failing = {"compiler": Fault(503)}
    gone += project.run().run_ids[:1]  # compiler failed; superseded below
    alone = project.run("performance").run_ids
    project.failing = {"reinforcement": Fault(503), "compiler": Fault(503)}
    failed = project.run("reinforcement learning", "compiler").run_ids
    checked = checked_run(project)
    project.execute(PUBLISH_JOB)
    before = shown(project)
    assert {str(status) for status in before["raw_papers"]["status"].values()} == {
        "AssetPartitionStatus.FAILED",
        "AssetPartitionStatus.MATERIALIZED",
    }

    pruned = prune_runs(project.instance, older_than=now())

    # The good materializations of the two keywords that failed last are in older runs.
    kept = set(runs(project))
    # The README of the failed run was published again since.
    assert {*alone, failed[0], checked} <= kept
    removed = set(gone) - kept
    assert gone[0] in removed
    assert gone[2] in removed
    assert pruned.runs >= len(removed)
    assert pruned.bytes > 0
    assert [path for run_id in removed for path in files(project, run_id)] == []
    assert shown(project) == before


@pytest.mark.after_runs(1)
@pytest.mark.slow
def test_only_what_ended_before_goes(project: Project) -> None:
    first = runs(project)
    between = now()
    second, third = project.run().run_ids, project.run().run_ids
    assert prune_runs(project.instance, older_than=between).runs == 1
    assert set(runs(project)) == {*second, *third}
    assert first[0] not in runs(project)


@pytest.mark.slow
def test_an_unfinished_run_stays(project: Project) -> None:
    job = project.definitions.resolve_job_def(HOUSEKEEPING_JOB)
    unfinished = {
        project.instance.create_run_for_job(job, status=dg.DagsterRunStatus(status)).run_id
        for status in ("NOT_STARTED", "STARTING", "STARTED", "CANCELING")
    }
    project.run()
    project.run()
    prune_runs(project.instance, older_than=now() + timedelta(days=1))
    assert unfinished < set(runs(project))


def test_check_evaluations_go_with_their_runs(project: Project) -> None:
    first, second = checked_run(project), checked_run(project)
    prune_runs(project.instance, older_than=now())
    left = project.instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(RAW, "invented"), limit=10
    )
    assert [record.run_id for record in left] == [second]
    assert first not in runs(project)


@pytest.mark.after_runs(3)
def test_pruning_twice_removes_nothing_more(project: Project) -> None:
    prune_runs(project.instance, older_than=now())
    assert prune_runs(project.instance, older_than=now()) == run_history.PruneResult(0, 0)


@pytest.mark.after_runs(4)
@pytest.mark.parametrize("calls", [0, 2, 4, 6])
@pytest.mark.slow
def test_a_prune_that_is_interrupted_is_completed_by_the_next(
    project: Project, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    _, *superseded = runs(project)
    assert len(superseded) == 3
    before, left = shown(project), calls

    def until_interrupted(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return function(*arguments, **options)

        return called

    with monkeypatch.context() as patch:
        storage = project.instance.run_storage
        patch.setattr(storage, "delete_run", until_interrupted(storage.delete_run))
        for name in ("_delete_runs", "_list_run_files"):
            patch.setattr(run_history, name, until_interrupted(getattr(run_history, name)))
        patch.setattr(run_history.shutil, "rmtree", until_interrupted(run_history.shutil.rmtree))  # type: ignore[attr-defined]
        with pytest.raises(KeyboardInterrupt):
            prune_runs(project.instance, older_than=now())
    assert shown(project) == before

    prune_runs(project.instance, older_than=now())
    assert [path for run_id in superseded for path in files(project, run_id)] == []
    assert set(runs(project)).isdisjoint(superseded)
    assert shown(project) == before


@pytest.mark.after_runs(2)
def test_files_of_a_run_that_was_deleted_in_the_ui_go_and_other_files_stay(
    project: Project,
) -> None:
    _, deleted = runs(project)
    project.instance.delete_run(deleted)
    assert files(project, deleted)
    others = [project.home / ".papers" / folder / "mine" for folder in ("logs", "history/runs")]
    for path in others:
        path.write_text("")
    prune_runs(project.instance, older_than=now() - timedelta(days=1))
    assert files(project, deleted) == []
    assert all(path.exists() for path in others)


@pytest.mark.after_runs(1)
def test_the_numbers_of_removed_events_are_not_given_to_new_ones(project: Project) -> None:
    project.execute(HOUSEKEEPING_JOB)  # the last events are not about an asset
    latest = dg.DagsterEventType.RUN_SUCCESS
    last = project.instance.fetch_run_status_changes(latest, limit=1).records[0].storage_id
    prune_runs(project.instance, older_than=now() + timedelta(days=1))
    project.execute(HOUSEKEEPING_JOB)
    new = project.instance.fetch_run_status_changes(latest, limit=1).records[0].storage_id
    assert new > last


@pytest.mark.after_runs(2)
def test_housekeeping_says_what_it_removed_and_disturbs_no_automation(project: Project) -> None:
    before = shown(project)
    cursor = dg.evaluate_automation_conditions(project.definitions, project.instance).cursor
    project.today = now() + timedelta(days=91)
    result = project.execute(HOUSEKEEPING_JOB)
    output = result.get_step_success_events()[0]
    handled = [
        event
        for event in result.all_events
        if event.event_type_value == "STEP_OUTPUT" and event.step_key == "prune_run_history"
    ]
    assert output.job_name == HOUSEKEEPING_JOB
    metadata = handled[0].step_output_data.metadata
    assert metadata["runs removed"].value == 1
    assert isinstance(metadata["bytes removed"].value, int)
    assert metadata["bytes removed"].value > 0
    assert shown(project) == before
    after = dg.evaluate_automation_conditions(project.definitions, project.instance, cursor=cursor)
    assert after.total_requested == 0


@pytest.mark.after_runs(2)
def test_housekeeping_keeps_what_is_young_enough(project: Project) -> None:
    project.today = now() + timedelta(days=89)
    project.execute(HOUSEKEEPING_JOB)
    assert len(runs(project)) == 3


def test_housekeeping_is_scheduled_daily_and_on(project: Project) -> None:
    schedule = project.definitions.resolve_schedule_def(HOUSEKEEPING_JOB)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == HOUSEKEEPING_JOB
    assert project.definitions.resolve_job_def(DAILY_JOB).asset_layer is not None


def test_tidying_up_that_fails_is_logged_and_no_more(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("papers_assets.defs.headless.prune_runs", fail)
    run_housekeeping(project.instance, project.file, project.store)
    assert "the disk is gone" in caplog.text


@pytest.mark.after_runs(1)
def test_tidying_up_is_quiet_when_nothing_is_removed(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    run_housekeeping(project.instance, project.file, project.store)
    assert [r for r in caplog.records if r.name.startswith("papers_assets")] == []


def test_tidying_up_says_what_it_removed(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pruned = run_history.PruneResult(2, 3_000_000)
    monkeypatch.setattr("papers_assets.defs.headless.prune_runs", lambda *_, **__: pruned)
    caplog.set_level("INFO")
    run_housekeeping(project.instance, project.file, project.store)
    assert "removed 2 runs of more than 90 days ago from the run history (3.0 MB)" in caplog.text


# What is killed: a process that opens the run history, says so in the middle of a run, and stays.
KILLED = """
import sys, time
from pathlib import Path
import dagster as dg
from papers_assets.defs.run_history import process_lock
from papers_assets.defs.headless import open_instance
from papers_assets.storage.raw_papers import RawPapersStore

@dg.op
def stay():
    print("running", file=sys.__stdout__, flush=True)
    sys.__stdin__.readline()

@dg.job
def staying():
    stay()

home = Path(sys.argv[1])
with open_instance(home, {}) as instance:
    with process_lock(instance, RawPapersStore(home).locks_folder) as tags:
        staying.execute_in_process(instance=instance, tags=tags)
"""


@pytest.fixture
def living(project: Project) -> Any:
    """A process in the middle of its run."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(project.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield process
        process.kill()


def test_every_run_of_the_command_line_names_its_process_lock(project: Project) -> None:
    project.failing = {"compiler": Fault(503)}
    assert len(project.run().run_ids) == 2  # and what the others brought is published
    locks = [run.tags.get(LOCK_TAG) for run in project.instance.get_runs()]
    assert locks[0] is not None
    assert locks == [locks[0]] * 2


def status(project: Project) -> str:
    (run,) = project.instance.get_runs()
    return run.status.value


@pytest.mark.slow
def test_a_run_whose_process_lives_is_left_alone(
    project: Project, living: subprocess.Popen[str]
) -> None:
    assert fail_orphaned_runs(project.instance, project.store.locks_folder) == []
    assert status(project) == "STARTED"
    living.communicate("\n")
    assert status(project) == "SUCCESS"
    assert list(project.store.locks_folder.glob("run-*")) == []


def test_a_run_whose_process_was_killed_is_marked_as_failed_by_the_next(
    project: Project, living: subprocess.Popen[str]
) -> None:
    living.send_signal(signal.SIGKILL)
    living.wait()
    (dead,) = runs(project)
    assert status(project) == "STARTED"
    assert project.run().problem == ""  # nor does the dead one keep a place in the pool
    run = project.instance.get_run_by_id(dead)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    messages = [str(entry.dagster_event) for entry in project.instance.all_logs(dead)]
    assert any("Start the job again" in message for message in messages)
    assert list(project.store.locks_folder.glob("run-*")) == []
    assert fail_orphaned_runs(project.instance, project.store.locks_folder) == []


@pytest.mark.slow
def test_where_the_daemon_runs_a_sensor_ends_dead_runs(
    project: Project, living: subprocess.Popen[str]
) -> None:
    sensor = project.definitions.resolve_sensor_def("end_dead_runs")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    store = StoreResource(home=str(project.home))

    def tick() -> str | None:
        context = dg.build_sensor_context(project.instance, resources={"store": store})
        return sensor.evaluate_tick(context).skip_message

    assert tick() == "Runs marked as failed: none."
    living.kill()
    living.wait()
    assert tick() == f"Runs marked as failed: {runs(project)[0]}."
    assert status(project) == "FAILURE"


@pytest.mark.slow
def test_a_dead_run_is_ended_once_by_two_processes_at_once(
    project: Project, living: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    living.kill()
    living.wait()
    read = run_history._list_unfinished_runs
    ended = []

    def overtaken(instance: dg.DagsterInstance, name: str | None = None) -> list[dg.DagsterRun]:
        found = read(instance, name)
        if name is None:  # right after the first one looked, the other does it all
            monkeypatch.setattr(run_history, "_list_unfinished_runs", read)
            with open_instance(project.home, {}) as other:
                ended.extend(fail_orphaned_runs(other, project.store.locks_folder))
            (project.store.locks_folder / found[0].tags[LOCK_TAG]).touch()
        return found

    monkeypatch.setattr(run_history, "_list_unfinished_runs", overtaken)
    assert fail_orphaned_runs(project.instance, project.store.locks_folder) == []
    assert ended == runs(project)
    failures = project.instance.all_logs(ended[0], of_type=dg.DagsterEventType.RUN_FAILURE)
    assert len(failures) == 1
    assert list(project.store.locks_folder.glob("run-*")) == []


@pytest.mark.parametrize("name", ["run-elsewhere.lock", "../keywords.toml"])
def test_a_run_whose_lock_is_not_here_is_left_alone(project: Project, name: str) -> None:
    (project.home / ".papers" / "keywords.toml").write_text("")
    job = project.definitions.resolve_job_def(HOUSEKEEPING_JOB)
    project.instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={LOCK_TAG: name}
    )
    assert fail_orphaned_runs(project.instance, project.store.locks_folder) == []
    assert status(project) == "STARTED"


def test_a_run_that_its_process_leaves_unfinished_is_ended_by_it(project: Project) -> None:
    job = project.definitions.resolve_job_def(HOUSEKEEPING_JOB)
    with process_lock(project.instance, project.store.locks_folder) as tags:
        project.instance.create_run_for_job(job, tags=tags)
        assert status(project) == "NOT_STARTED"
    assert status(project) == "FAILURE"
