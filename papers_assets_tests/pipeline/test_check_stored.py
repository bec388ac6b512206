"""The checks executed alone, over what is stored, as Dagster's UI and schedule do."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from papers_assets.checks import CHECKS_OF_CHANGES, CHECKS_OF_PAPERS, CHECKS_OF_README
from papers_assets.defs.jobs import CHECKS_JOB
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Project

OF = {"papers": CHECKS_OF_PAPERS, "changes": CHECKS_OF_CHANGES, "readme": CHECKS_OF_README}
ALL = {(asset, name) for asset, table in OF.items() for name in table}


def execute(
    project: Project, keys: Collection[tuple[str, str]] = ()
) -> tuple[bool, dict[tuple[str, str], dg.AssetCheckEvaluation]]:
    """Execute some checks, or all; give whether the run succeeded, and what they found."""
    selection: dg.AssetSelection = dg.AssetSelection.all_asset_checks()
    if keys:
        chosen = [dg.AssetCheckKey(dg.AssetKey(asset), name) for asset, name in keys]
        selection = dg.AssetSelection.checks(*chosen)
    job = dg.define_asset_job("chosen_checks", selection)
    definitions = dg.Definitions.merge(project.definitions, dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("chosen_checks").execute_in_process(
        instance=project.instance, raise_on_error=False
    )
    assert result.get_asset_materialization_events() == []
    found = {
        (evaluation.asset_key.to_user_string(), evaluation.check_name): evaluation
        for evaluation in result.get_asset_check_evaluations()
    }
    return result.success, found


def failed(found: dict[tuple[str, str], dg.AssetCheckEvaluation]) -> dict[str, str]:
    """The severity of each check that failed, by name."""
    return {name: e.severity.value for (_, name), e in found.items() if not e.passed}


def test_all_checks_are_executed_without_materializing_or_fetching_anything(
    project: Project,
) -> None:
    project.first_day()
    requests, before = len(project.server.requests), project.readme
    result = project.execute(CHECKS_JOB)
    evaluations = result.get_asset_check_evaluations()
    assert {(e.asset_key.to_user_string(), e.check_name) for e in evaluations} == ALL
    assert all(evaluation.passed for evaluation in evaluations)
    assert result.get_asset_materialization_events() == []
    assert (len(project.server.requests), project.readme) == (requests, before)


def test_one_check_is_executed_alone(project: Project) -> None:
    project.first_day()
    for key in (("papers", "capped"), ("changes", "adds_up"), ("readme", "well_formed")):
        success, found = execute(project, [key])
        assert success
        assert list(found) == [key]
    rows = found[key].metadata["rows"].value
    assert rows == 300


def test_papers_that_grow_old_are_noticed_although_nothing_runs(project: Project) -> None:
    project.first_day()
    project.today += timedelta(hours=40)
    success, found = execute(project)
    assert (success, failed(found)) == (True, {"fresh_enough": "WARN"})
    project.today += timedelta(days=3)
    assert failed(execute(project)[1]) == {"fresh_enough": "ERROR"}


def test_what_is_damaged_fails_the_run_and_says_where(project: Project) -> None:
    project.first_day()
    readme = project.store.documents.readme_path
    readme.write_text(project.readme.replace("| **[", "| [", 1))
    success, found = execute(project)
    assert (success, failed(found)) == (False, {"well_formed": "ERROR"})
    readme.unlink()
    papers = project.store.read_papers()
    project.store.write_papers(papers.iloc[[1, 0, *range(2, len(papers))]])
    success, found = execute(project)
    assert not success
    assert failed(found)["newest_first"] == "ERROR"


@pytest.mark.slow
def test_newer_stored_papers_are_no_fault_of_the_list_that_was_published_before(
    project: Project,
) -> None:
    project.first_day()
    older = project.store.read_papers()
    project.store.raw_papers_path("compiler").unlink()
    stored = project.store.read_raw_papers("performance")
    assert stored is not None
    project.store.write_raw_papers(stored)  # as a run does that is about to publish
    success, found = execute(project)
    assert (success, failed(found)) == (True, {})
    kept = found["papers", "newest_version_kept"].metadata["as_published"].value
    assert kept == int((older["keyword"] != "reinforcement learning").sum())


@pytest.mark.slow
def test_after_an_edit_of_the_keywords_failures_are_warnings_until_the_next_publication(
    project: Project,
) -> None:
    project.first_day()
    project.keywords = [keyword("compiler", cap=50), keyword("graph neural network")]
    success, found = execute(project)
    assert success
    assert failed(found).keys() >= {"capped", "rows_match", "well_formed"}
    assert set(failed(found).values()) == {"WARN"}
    assert "launch the job publish" in str(found["papers", "capped"].description)
    project.run()
    assert failed(execute(project)[1]) == {}


@pytest.mark.slow
def test_a_front_page_that_is_gone_is_noticed(project: Project) -> None:
    project.front_page = True
    project.first_day()
    assert failed(execute(project)[1]) == {}
    project.store.documents.front_page_path.write_text("Mine.\n")
    success, found = execute(project)
    assert (success, failed(found)) == (True, {"front_page_written": "ERROR"})


def tick(project: Project) -> dg.ScheduleEvaluationContext:
    return dg.build_schedule_context(
        project.instance, scheduled_execution_time=datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
    )


@pytest.mark.slow
def test_the_schedule_executes_them_daily_once_something_is_published_and_nothing_runs(
    recorded: Project,
) -> None:
    project = recorded
    schedule = project.definitions.resolve_schedule_def(CHECKS_JOB)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING

    def skipped() -> str | None:
        return schedule.evaluate_tick(tick(project)).skip_message

    assert skipped() == "Nothing has been published yet."
    project.run()
    assert skipped() is None
    run = project.instance.create_run_for_job(project.definitions.resolve_job_def(CHECKS_JOB))
    project.instance.report_run_canceling(run)
    assert skipped() == "A run is in progress, which may be about to publish."
