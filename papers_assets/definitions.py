"""What Dagster loads: the project's table of contents."""

import os
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dagster as dg

from papers_assets import alerts, assets, schedules
from papers_assets.housekeeping import dead_runs_sensor, housekeeping_job
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import read_keywords_file
from papers_assets.resources import ArxivResource, PapersIOManager, StoreResource, fixed
from papers_assets.settings import LOCKS, Settings, read_settings


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
        since = file.harvest_since
        harvest = assets.harvest_asset(file, since, now) if since else None
        raw_papers = assets.raw_papers_asset(file, now, harvest)
    papers = assets.papers_asset(file, raw_papers, now)
    readme = assets.readme_asset(file, papers)
    changes = assets.changes_asset(file, papers, now)
    places = assets.reading_assets(file, papers, changes)
    digest = assets.digest_asset(file, changes)
    notifications = assets.notification_assets(file, digest, settings.channels, environment)
    jobs = schedules.jobs(file)
    publish = jobs[-1]
    housekeeping = housekeeping_job(file, now)
    daily, sensors = schedules.daily_schedule(file, jobs[0]), []
    if since:
        bring_in = schedules.harvest_job()
        daily = schedules.harvest_schedule(file, since, bring_in, now)
        sensors = schedules.harvested_sensors(bring_in, jobs[0])
        jobs.append(bring_in)
    # Shown in the UI, so by its name if it holds a password.
    locks = dg.EnvVar(LOCKS) if "://" in settings.locks else settings.locks
    place = {
        "home": str(settings.home),
        "locks": locks,
        "host_folder": str(settings.host_folder or ""),
    }
    return dg.Definitions(
        assets=[
            *([harvest] if harvest else []),
            raw_papers,
            papers,
            readme,
            changes,
            *places,
            digest,
            *notifications,
        ],
        jobs=[*jobs, housekeeping],
        schedules=[
            daily,
            schedules.housekeeping_schedule(file, housekeeping),
        ],
        sensors=[
            *sensors,
            schedules.publish_sensor(file),
            schedules.failure_sensor(publish),
            alerts.alert_sensor(settings.alerts, now),
            dead_runs_sensor(),
        ],
        resources={
            "arxiv": fixed(
                ArxivResource(
                    api_url=settings.api_url,
                    oai_url=settings.oai_url,
                    request_interval=settings.request_interval,
                    max_attempts=settings.max_attempts,
                    backoff=settings.backoff,
                    locks=locks,
                )
            ),
            "store": fixed(StoreResource(**place)),
            "papers_io": fixed(PapersIOManager(**place)),
        },
        # One process per run: starting one for each of three short steps takes longer than they.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Build the graph from the environment and keywords.toml; their errors are load errors."""
    settings = read_settings(os.environ)
    return build_definitions(settings, read_keywords_file(settings.keywords_path))
