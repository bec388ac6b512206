"""The schedules: of the harvest, of the daily job, of the checks and of housekeeping."""

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import dagster as dg

from papers_assets.defs.jobs import CHECKS_JOB, HOUSEKEEPING_JOB, IN_PROGRESS_STATUSES
from papers_assets.defs.partitions import open_days_tags
from papers_assets.keywords.model import KeywordsConfig

if TYPE_CHECKING:
    # The type that define_asset_job returns, which is not among Dagster's public names.
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition as AssetJob,
    )


def build_harvest_schedule(
    keywords_config: KeywordsConfig, since: date, job: "AssetJob", now: Callable[[], datetime]
) -> dg.ScheduleDefinition:
    """Build the daily schedule with a harvest, in the file's time zone, running by default."""

    @dg.schedule(
        name="daily",
        job=job,
        cron_schedule=keywords_config.schedule,
        execution_timezone=keywords_config.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Brings in what changed at arXiv; daily_papers follows.",
    )
    def daily() -> dg.RunRequest:
        return dg.RunRequest(tags=open_days_tags(since, now()))

    return daily


def build_daily_schedule(keywords_config: KeywordsConfig, job: "AssetJob") -> dg.ScheduleDefinition:
    """Build the daily schedule without a harvest, in the file's time zone, running by default."""
    return dg.ScheduleDefinition(
        name="daily",
        job=job,
        cron_schedule=keywords_config.schedule,
        execution_timezone=keywords_config.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refreshes every keyword. keywords.toml says when.",
    )


def build_checks_schedule(
    keywords_config: KeywordsConfig, job: "AssetJob"
) -> dg.ScheduleDefinition:
    """Build the daily schedule of the checks, running by default."""

    @dg.schedule(
        name=CHECKS_JOB,
        job=job,
        # Half a day after the default time of the daily run: a missed run shows on the same day.
        cron_schedule="30 18 * * *",
        execution_timezone=keywords_config.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Executes all checks over what is stored, so that they notice what is missing.",
    )
    def execute_checks(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(statuses=IN_PROGRESS_STATUSES)):
            return dg.SkipReason("A run is in progress, which may be about to publish.")
        if context.instance.get_latest_materialization_event(dg.AssetKey("readme")) is None:
            return dg.SkipReason("Nothing has been published yet.")
        return dg.RunRequest()

    return execute_checks


def build_housekeeping_schedule(
    keywords_config: KeywordsConfig, job: dg.JobDefinition
) -> dg.ScheduleDefinition:
    """Build the daily schedule of the job `housekeeping`, running by default."""
    return dg.ScheduleDefinition(
        name=HOUSEKEEPING_JOB,
        job=job,
        cron_schedule="30 3 * * *",  # at night, and not at a full hour
        execution_timezone=keywords_config.timezone.key,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Deletes runs and papers past their retention (keep_runs, keep_papers).",
    )
