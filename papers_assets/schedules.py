"""When things run: the jobs, the daily schedule, and the automation that publishes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from papers_assets.asking import EVERYTHING_TAG, OPEN_DAYS_TAG
from papers_assets.history import is_of_command_line
from papers_assets.keywords import KeywordsFile

if TYPE_CHECKING:
    # What define_asset_job gives; Dagster's public names do not include it.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )

DAILY, REFRESH, PUBLISH, CHECKS, HARVEST, HOUSEKEEPING = (
    "daily_papers",
    "refresh_keyword",
    "publish",
    "execute_checks",
    "harvest_days",
    "housekeeping",
)

_HARVEST = dg.AssetSelection.assets("harvest")
_ENDED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_IN_PROGRESS = [status for status in dg.DagsterRunStatus if status not in _ENDED]


def _from(file: KeywordsFile, *, raw: bool) -> dg.AssetSelection:
    """Select what is made of what came: from `raw_papers` on, or from what is held on."""
    selection: dg.AssetSelection = dg.AssetSelection.all()
    if file.harvest_since is not None:
        selection -= _HARVEST
    return selection if raw else selection - dg.AssetSelection.assets("raw_papers")


def jobs(file: KeywordsFile) -> "list[AssetJob]":
    """Make the jobs: the whole graph, one keyword, and the documents alone."""
    # With the range of all keywords on the job itself, the launch button and a plain schedule run
    # all of them at once, with nothing to choose.
    everything = {
        "dagster/asset_partition_range_start": file.names[0],
        "dagster/asset_partition_range_end": file.names[-1],
        EVERYTHING_TAG: "true",
    }
    graph = _from(file, raw=True)
    bring = "Fetch" if file.harvest_since is None else "Look in what was harvested for"
    return [
        dg.define_asset_job(
            DAILY,
            selection=graph,
            tags=everything,
            description=(
                f"{file.notice and f'**{file.notice}** See the check keywords_file_valid. '}"
                f"{bring} every keyword, choose its papers and render the README: one run."
            ),
        ),
        dg.define_asset_job(
            REFRESH,
            selection=graph,
            description=f"{bring} the keyword that you choose as the partition, and render anew.",
        ),
        dg.define_asset_job(
            PUBLISH,
            selection=_from(file, raw=False),
            description="Choose and render from what is held, without asking arXiv.",
        ),
    ]


def harvest_job() -> "AssetJob":
    """Make the job that brings days in, for who harvests."""
    return dg.define_asset_job(
        HARVEST,
        selection=_HARVEST,
        description="Bring in what changed at arXiv on days; after this job, daily_papers follows.",
    )


def open_days(since: date, now: datetime) -> dict[str, str]:
    """Give the tags of a run that brings in every day of which more may come.

    The run finds out itself which those are; its partitions are yesterday and today.
    """
    today = now.astimezone(UTC).date()
    return {
        "dagster/asset_partition_range_start": max(since, today - timedelta(days=1)).isoformat(),
        "dagster/asset_partition_range_end": max(since, today).isoformat(),
        OPEN_DAYS_TAG: "true",
    }


def harvest_schedule(
    file: KeywordsFile, since: date, job: "AssetJob", now: Callable[[], datetime]
) -> dg.ScheduleDefinition:
    """Make the daily schedule of those who harvest, in the file's time zone, on from the start."""

    @dg.schedule(
        name="daily",
        job=job,
        cron_schedule=file.schedule,
        execution_timezone=file.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Brings in what changed at arXiv; daily_papers follows.",
    )
    def daily() -> dg.RunRequest:
        return dg.RunRequest(tags=open_days(since, now()))

    return daily


def harvested_sensors(harvest: "AssetJob", daily: "AssetJob") -> list[dg.SensorDefinition]:
    """Make the sensors that look for the keywords when days came in, or when some could not.

    Then, too: the README has to say that it is not of today.
    """

    def sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"daily_papers_after_harvest_{status.value.lower()}",
            run_status=status,
            monitored_jobs=[harvest],
            request_job=daily,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Looks for every keyword in what was harvested, and publishes.",
        )
        def follow(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
            run = context.dagster_run
            if is_of_command_line(run):
                return dg.SkipReason("The command line does that itself.")
            return dg.RunRequest(run_key=run.run_id, job_name=DAILY)

        return follow

    return [sensor(status) for status in _ENDED]


def daily_schedule(file: KeywordsFile, job: "AssetJob") -> dg.ScheduleDefinition:
    """Make the daily schedule, in the file's time zone, on from the start."""
    return dg.ScheduleDefinition(
        name="daily",
        job=job,
        cron_schedule=file.schedule,
        execution_timezone=file.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refreshes every keyword. keywords.toml says when.",
    )


def checks_job() -> "AssetJob":
    """Make the job that executes the asset checks alone."""
    return dg.define_asset_job(
        CHECKS,
        selection=dg.AssetSelection.all_asset_checks(),
        description="Execute all checks over what is stored, without materializing anything.",
    )


def checks_schedule(file: KeywordsFile, job: "AssetJob") -> dg.ScheduleDefinition:
    """Make the daily schedule of the checks, on from the start."""

    @dg.schedule(
        name=CHECKS,
        job=job,
        # Half a day after the daily run by default: one that was missed shows on the same day.
        cron_schedule="30 18 * * *",
        execution_timezone=file.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Executes all checks over what is stored, so that they notice what is missing.",
    )
    def execute_checks(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(statuses=_IN_PROGRESS)):
            return dg.SkipReason("A run is in progress, which may be about to publish.")
        if context.instance.get_latest_materialization_event(dg.AssetKey("readme")) is None:
            return dg.SkipReason("Nothing has been published yet.")
        return dg.RunRequest()

    return execute_checks


def housekeeping_schedule(file: KeywordsFile, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Make the schedule that tidies up, daily and on from the start."""
    return dg.ScheduleDefinition(
        name=HOUSEKEEPING,
        job=job,
        cron_schedule="30 3 * * *",  # when hardly anybody looks, and not at a full hour
        execution_timezone=file.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Deletes runs and papers past their retention (keep_runs, keep_papers).",
    )


def failure_sensor(publish: "AssetJob") -> dg.SensorDefinition:
    """Make the sensor that lets the README say so when no keyword at all was refreshed.

    Then nothing new arrives, and `publish_when_new` has no reason to publish.
    """

    @dg.run_failure_sensor(
        name="publish_after_failure",
        request_job=publish,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notes in the README that nothing could be refreshed, and why.",
    )
    def publish_after_failure(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        arrived = {dg.DagsterEventType.ASSET_MATERIALIZATION}
        if is_of_command_line(run):
            return dg.SkipReason("The command line publishes what it ran.")
        if context.instance.all_logs(run.run_id, of_type=arrived):
            return dg.SkipReason("Something arrived: publish_when_new publishes it.")
        if not any(event.step_key == "raw_papers" for event in context.get_step_failure_events()):
            return dg.SkipReason("Not because of a keyword.")
        return dg.RunRequest(run_key=run.run_id, job_name=PUBLISH)

    return publish_after_failure


def publish_sensor(file: KeywordsFile) -> dg.AutomationConditionSensorDefinition:
    """Make the sensor that publishes when a keyword alone was fetched, or when another failed."""
    return dg.AutomationConditionSensorDefinition(
        "publish_when_new",
        target=_from(file, raw=False),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Materializes papers and everything that is made of it (changes, digest, readme, "
            "site, feeds, citations, data, notifications) within a minute after raw_papers "
            "changed."
        ),
    )
