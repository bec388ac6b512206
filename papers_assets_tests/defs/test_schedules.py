"""When things run: the daily schedule's ticks, and what automation asks for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import schedule_execution_time_iterator

from papers_assets.arxiv.sample import Fault
from papers_assets.defs.jobs import DAILY_JOB, HOUSEKEEPING_JOB, PUBLISH_JOB, REFRESH_JOB
from papers_assets.keywords.model import KeywordsConfig
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Project

pytestmark = pytest.mark.lists_only

PAPERS, README = dg.AssetKey("papers"), dg.AssetKey("readme")


def wanted(project: Project, cursor: object = None) -> tuple[set[dg.AssetKey], object]:
    """What automation would launch now, and where it stands afterwards."""
    result = dg.evaluate_automation_conditions(project.definitions, project.instance, cursor=cursor)  # type: ignore[arg-type]
    return {key for key in (PAPERS, README) if result.get_num_requested(key)}, result.cursor


def test_the_schedule_is_on_daily_and_in_the_configured_time_zone(project: Project) -> None:
    schedule = project.definitions.resolve_schedule_def("daily")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 6 * * *", "UTC")
    assert schedule.job_name == DAILY_JOB


def test_a_tick_runs_every_keyword_in_one_run(project: Project) -> None:
    schedule = project.definitions.resolve_schedule_def("daily")
    tick = schedule.evaluate_tick(
        dg.build_schedule_context(
            project.instance, scheduled_execution_time=datetime(2026, 11, 24, 6, tzinfo=UTC)
        )
    )
    assert tick.run_requests is not None
    assert len(tick.run_requests) == 1
    job = project.definitions.resolve_job_def(DAILY_JOB)
    assert job.run_tags["dagster/asset_partition_range_start"] == project.file.names[0]
    assert job.run_tags["dagster/asset_partition_range_end"] == project.file.names[-1]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_any_time_zone_and_cron_that_the_keywords_file_accepts_suits_dagster(
    project: Project, zone: str
) -> None:
    class Elsewhere(Project):
        @property
        def file(self) -> KeywordsConfig:
            return KeywordsConfig(
                self.home, (keyword("compiler"),), ZoneInfo(zone), "30 7 1-15/2 * mon-fri"
            )

    elsewhere = Elsewhere(project.home, project.server, instance=project.instance)
    schedule = elsewhere.definitions.resolve_schedule_def("daily")
    assert schedule.execution_timezone == zone


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("cron", ["0 6 * * *", "30 2 * * *"])  # one in the hour that DST moves
def test_every_day_has_one_tick_whatever_the_clocks_do(
    project: Project, zone: str, cron: str
) -> None:
    class Elsewhere(Project):
        @property
        def file(self) -> KeywordsConfig:
            return KeywordsConfig(self.home, (keyword("compiler"),), ZoneInfo(zone), cron)

    elsewhere = Elsewhere(project.home, project.server, instance=project.instance)
    schedule = elsewhere.definitions.resolve_schedule_def("daily")
    start = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    ticks = schedule_execution_time_iterator(
        start.timestamp(), str(schedule.cron_schedule), schedule.execution_timezone
    )
    hour, minute = (6, 0) if cron.startswith("0") else (2, 30)
    moved, offset = 0, None
    for day, tick in zip(range(365), ticks, strict=False):
        assert tick.date() == start.date() + timedelta(days=day)
        moved += (tick.hour, tick.minute) != (hour, minute)
        if tick.utcoffset() != offset:
            offset = tick.utcoffset()
            context = dg.build_schedule_context(project.instance, scheduled_execution_time=tick)
            assert len(schedule.evaluate_tick(context).run_requests or []) == 1
    # 2:30 does not exist on one day of the year, where there is such a thing as summer.
    assert moved == (hour == 2 and zone != "Asia/Kolkata")


@pytest.mark.parametrize("name", [DAILY_JOB, REFRESH_JOB, PUBLISH_JOB, HOUSEKEEPING_JOB])
def test_every_job_says_what_it_does(project: Project, name: str) -> None:
    assert project.definitions.resolve_job_def(name).description


def test_automation_is_on(project: Project) -> None:
    sensor = project.definitions.resolve_sensor_def("publish_when_new")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_a_whole_run_leaves_automation_nothing_to_do(project: Project) -> None:
    _, cursor = wanted(project)
    project.run()
    assert wanted(project, cursor)[0] == set()


def materialize(project: Project, name: str) -> None:
    """As "Materialize" does with one partition of raw_papers."""
    only_raw = dg.define_asset_job("only_raw", dg.AssetSelection.assets("raw_papers"))
    definitions = dg.Definitions.merge(project.definitions, dg.Definitions(jobs=[only_raw]))
    job = definitions.resolve_job_def("only_raw")
    assert job.execute_in_process(instance=project.instance, partition_key=name).success


def test_one_keyword_materialized_alone_has_the_readme_rendered_once(project: Project) -> None:
    project.run()
    _, cursor = wanted(project)
    materialize(project, "compiler")
    launched, cursor = wanted(project, cursor)
    assert launched == {PAPERS, README}
    assert wanted(project, cursor)[0] == set()


def test_a_keyword_materialized_right_after_a_whole_run_is_not_forgotten(project: Project) -> None:
    _, cursor = wanted(project)
    project.run()
    materialize(project, "compiler")
    assert wanted(project, cursor)[0] == {PAPERS, README}


def test_a_publication_that_failed_waits_for_the_next_arrival(project: Project) -> None:
    project.run()
    _, cursor = wanted(project)
    materialize(project, "compiler")
    launched, cursor = wanted(project, cursor)
    assert launched == {PAPERS, README}
    for _ in range(3):  # nothing was made of it
        launched, cursor = wanted(project, cursor)
        assert launched == set()
    materialize(project, "performance")
    assert wanted(project, cursor)[0] == {PAPERS, README}


def test_what_automation_publishes_is_not_published_again(project: Project) -> None:
    project.run()
    _, cursor = wanted(project)
    materialize(project, "compiler")
    _, cursor = wanted(project, cursor)
    assert project.execute(PUBLISH_JOB).success
    for _ in range(2):
        launched, cursor = wanted(project, cursor)
        assert launched == set()


def test_what_the_others_brought_is_published_when_one_keyword_failed(project: Project) -> None:
    _, cursor = wanted(project)
    project.failing = {"compiler": Fault(503)}
    result = project.execute(DAILY_JOB, raise_on_error=False)
    assert not result.success
    assert wanted(project, cursor)[0] == {PAPERS, README}


def test_nothing_is_published_when_nothing_came(project: Project) -> None:
    project.run()
    _, cursor = wanted(project)
    project.failing = {"": Fault(503)}
    project.execute(DAILY_JOB, raise_on_error=False)
    assert wanted(project, cursor)[0] == set()


def test_the_job_for_one_keyword_asks_for_one(project: Project) -> None:
    job = project.definitions.resolve_job_def(REFRESH_JOB)
    assert job.partitions_def is not None
    assert list(job.partitions_def.get_partition_keys()) == project.file.names


@pytest.mark.parametrize(
    ("failing", "expected"),
    [
        ({"": Fault(503)}, "publish"),
        ({"compiler": Fault(503)}, "Something arrived: publish_when_new publishes it."),
    ],
)
def test_when_nothing_at_all_came_the_readme_is_to_say_so(
    project: Project, failing: dict[str, Fault], expected: str
) -> None:
    project.failing = failing
    tags = {
        "dagster/asset_partition_range_start": project.file.names[0],
        "dagster/asset_partition_range_end": project.file.names[-1],
    }
    result = project.execute(DAILY_JOB, tags=tags, raise_on_error=False)
    failed = next(e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE")
    run = project.instance.get_run_by_id(result.run_id)
    assert run is not None
    context = dg.build_run_status_sensor_context(
        "publish_after_failure", failed, project.instance, run
    ).for_run_failure()
    sensor = project.definitions.resolve_sensor_def("publish_after_failure")
    answer = sensor(context)
    assert expected in str(getattr(answer, "job_name", None) or answer)
