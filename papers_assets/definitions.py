"""What Dagster loads: the project's table of contents."""

import os
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dagster as dg

from papers_assets import alerts, assets, schedules
from papers_assets.housekeeping import housekeeping_job
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import read_keywords_file
from papers_assets.resources import ArxivResource, PapersIOManager, StoreResource
from papers_assets.settings import Settings, read_settings


def utc_now() -> datetime:
    """Give the time, in UTC."""
    return datetime.now(UTC)


def build_definitions(
    settings: Settings,
    file: KeywordsFile,
    *,
    now: Callable[[], datetime] = utc_now,
    environment: Mapping[str, str] = os.environ,
) -> dg.Definitions:
    """Put the graph together for these settings and keywords.

    `environment` holds the addresses that keywords.toml gives by name only.
    """
    with warnings.catch_warnings():
        # A run over several partitions is marked beta; the pinned version is what it is tested on.
        warnings.simplefilter("ignore", dg.BetaWarning)
        raw_papers = assets.raw_papers_asset(file, now)
    papers = assets.papers_asset(file, raw_papers, now)
    readme = assets.readme_asset(file, papers)
    changes = assets.changes_asset(file, papers, now)
    places = assets.reading_assets(file, papers, changes)
    digest = assets.digest_asset(file, changes)
    notifications = assets.notification_assets(file, digest, settings.channels, environment)
    jobs = schedules.jobs(file)
    housekeeping = housekeeping_job(file, now)
    home = str(settings.home)
    return dg.Definitions(
        assets=[raw_papers, papers, readme, changes, *places, digest, *notifications],
        jobs=[*jobs, housekeeping],
        schedules=[
            schedules.daily_schedule(file, jobs[0]),
            schedules.housekeeping_schedule(file, housekeeping),
        ],
        sensors=[
            schedules.publish_sensor(),
            schedules.failure_sensor(jobs[-1]),
            alerts.alert_sensor(settings.alerts, now),
        ],
        resources={
            "arxiv": ArxivResource(
                api_url=settings.api_url,
                request_interval=settings.request_interval,
                max_attempts=settings.max_attempts,
                backoff=settings.backoff,
            ),
            "store": StoreResource(home=home),
            "papers_io": PapersIOManager(home=home),
        },
        # One process per run: starting one for each of three short steps takes longer than they.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Build the graph from the environment and keywords.toml; their errors are load errors."""
    settings = read_settings(os.environ)
    return build_definitions(settings, read_keywords_file(settings.keywords_path))
