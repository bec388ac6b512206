"""Re-execute from failure: what failed is fetched, and downstream follows in the same run."""

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run
from dagster._core.execution.plan.state import KnownExecutionState

from papers_assets.arxiv.sample import Fault
from papers_assets.defs.jobs import DAILY_JOB, PUBLISH_JOB
from papers_assets_tests.defs.test_schedules import materialize, wanted
from papers_assets_tests.helpers.project import Project
from papers_assets_tests.pipeline.test_publish_edition import LINEAGE

RAW = dg.AssetKey("raw_papers")


def reexecute(project: Project, run_id: str) -> dg.DagsterRun:
    """Re-execute a run from failure, as the UI does."""
    parent = project.instance.get_run_by_id(run_id)
    assert parent is not None
    job = InMemoryJob(project.definitions.resolve_job_def(parent.job_name))
    if parent.asset_selection:
        job = job.get_subset(asset_selection=parent.asset_selection)
    steps, state = KnownExecutionState.build_resume_retry_reexecution(project.instance, parent)
    root = parent.root_run_id or run_id
    plan = create_execution_plan(
        job, parent.run_config, step_keys_to_execute=steps, known_state=state, tags=parent.tags
    )
    run = project.instance.create_run_for_job(
        job.get_definition(),
        execution_plan=plan,
        run_config=parent.run_config,
        tags={
            **parent.tags,
            "dagster/is_resume_retry": "true",
            "dagster/parent_run_id": run_id,
            "dagster/root_run_id": root,
        },
        parent_run_id=run_id,
        root_run_id=root,
    )
    execute_run(job, run, project.instance)
    ended = project.instance.get_run_by_id(run.run_id)
    assert ended is not None
    return ended


def newest(project: Project, partition: str) -> tuple[str, dict[str, object]]:
    """The run and the metadata of the newest materialization of a keyword."""
    records = project.instance.fetch_materializations(
        dg.AssetRecordsFilter(RAW, asset_partitions=[partition]), limit=1
    ).records
    materialization = records[0].asset_materialization
    assert materialization is not None
    return records[0].run_id, dict(materialization.metadata)


def materialized_in(project: Project, run: dg.DagsterRun) -> set[str]:
    events = project.instance.all_logs(
        run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION
    )
    keys = [entry.get_dagster_event().asset_key for entry in events]
    return {key.to_user_string() for key in keys if key}


def test_it_fetches_what_failed_and_everything_downstream_follows_in_that_run(
    project: Project,
) -> None:
    _, cursor = wanted(project)
    project.failing = {"compiler": Fault(503)}
    failed = project.execute(DAILY_JOB, raise_on_error=False)
    assert wanted(project, cursor)[0]
    assert project.execute(PUBLISH_JOB).success
    materialize(project, "performance")
    assert project.execute(PUBLISH_JOB).success
    _, cursor = wanted(project, cursor)
    before = {name: newest(project, name) for name in ("reinforcement learning", "performance")}
    assert before["performance"][0] != failed.run_id

    project.failing = {}
    asked = len(project.server.requests)
    run = reexecute(project, failed.run_id)
    assert run.status is dg.DagsterRunStatus.SUCCESS
    queries = [request.parameters["search_query"] for request in project.server.requests[asked:]]
    assert queries == ['(ti:"compiler" AND abs:"compiler")']
    assert materialized_in(project, run) >= {"raw_papers", "papers", "readme", "digest"}
    assert materialized_in(project, run) <= set(LINEAGE)
    assert project.materialized == set(project.file.names)
    for name, (run_id, metadata) in before.items():
        fetched_in = {"fetched_in_run": dg.MetadataValue.dagster_run(run_id)}
        assert newest(project, name) == (run.run_id, metadata | fetched_in)
    assert "fetched_in_run" not in newest(project, "compiler")[1]
    assert wanted(project, cursor)[0] == set()


@pytest.mark.lists_only
def test_what_fails_again_is_not_marked_and_can_be_re_executed_again(project: Project) -> None:
    project.failing = {"compiler": Fault(503), "performance": Fault(503)}
    first = project.execute(DAILY_JOB, raise_on_error=False)
    project.failing = {"compiler": Fault(503)}
    second = reexecute(project, first.run_id)
    assert second.status is dg.DagsterRunStatus.FAILURE
    assert materialized_in(project, second) == {"raw_papers"}
    assert project.materialized == {"reinforcement learning", "performance"}
    project.failing = {}
    third = reexecute(project, second.run_id)
    assert third.status is dg.DagsterRunStatus.SUCCESS
    assert "readme" in materialized_in(project, third)
    assert project.materialized == set(project.file.names)
    fetched_in = newest(project, "performance")[1]["fetched_in_run"]
    assert fetched_in == dg.MetadataValue.dagster_run(second.run_id)


@pytest.mark.lists_only
@pytest.mark.parametrize("name", ["compiler", "performance"])
def test_a_keyword_that_failed_shows_the_reason_on_its_page(project: Project, name: str) -> None:
    project.failing = {"compiler": Fault(503)}
    project.execute(DAILY_JOB, raise_on_error=False)
    records = project.instance.fetch_observations(
        dg.AssetRecordsFilter(RAW, asset_partitions=[name]), limit=1
    ).records
    reasons = [
        record.asset_observation.metadata["failure_reason"].value
        for record in records
        if record.asset_observation
    ]
    expected = ["arXiv answered 503 (asked 2 times)"] if name == "compiler" else []
    assert [str(reason)[: len(text)] for reason, text in zip(reasons, expected, strict=True)] == (
        expected
    )
