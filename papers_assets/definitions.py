"""What Dagster loads: the project's table of contents."""

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import fill

import dagster as dg

from papers_assets.defs import assets, automation, jobs, schedules, sensors
from papers_assets.defs.resources import ArxivResource, PapersIOManager, StoreResource, fixed
from papers_assets.keywords.file import KeywordsFileError
from papers_assets.keywords.model import KeywordsFile
from papers_assets.render.publications import repository_links
from papers_assets.settings import LOCKS, PROJECT_ROOT, Settings, read_settings
from papers_assets.storage.last_valid_keywords import read_or_stored, store_valid

logger = logging.getLogger(__name__)
_WIDTH = 100


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
    since = file.harvest_since
    with warnings.catch_warnings():
        # A run over several partitions and code references are marked beta; the pinned version is
        # what they are tested on.
        warnings.simplefilter("ignore", dg.BetaWarning)
        harvest = assets.harvest_asset(file, since, now) if since else None
        raw_papers = assets.raw_papers_asset(file, now, harvest)
        papers = assets.papers_asset(file, raw_papers, now)
        changes = assets.changes_asset(file, papers, now)
        digest = assets.digest_asset(file, changes)
        links = repository_links(settings.repository, has_output=settings.home == PROJECT_ROOT)
        all_assets = assets.catalogued(
            [
                *([harvest] if harvest else []),
                raw_papers,
                papers,
                assets.readme_asset(file, papers, notifies=bool(settings.channels.github_token)),
                changes,
                *assets.reading_assets(file, papers, changes, links),
                digest,
                *assets.notification_assets(file, digest, settings.channels, environment),
            ],
            settings,
        )
    daily_papers, refresh, publish = jobs.jobs(file)
    checks = jobs.checks_job()
    housekeeping = jobs.housekeeping_job(file, now)
    daily = schedules.daily_schedule(file, daily_papers)
    harvest_jobs, harvest_sensors = [], []
    if since:
        harvest_days = jobs.harvest_job()
        daily = schedules.harvest_schedule(file, since, harvest_days, now)
        harvest_sensors = sensors.harvested_sensors(harvest_days, daily_papers)
        harvest_jobs = [harvest_days]
    # Shown in the UI, so by its name if it holds a password.
    locks = dg.EnvVar(LOCKS) if "://" in settings.locks else settings.locks
    place = {
        "home": str(settings.home),
        "locks": locks,
        "host_folder": str(settings.host_folder or ""),
    }
    return dg.Definitions(
        assets=_with_error(file, all_assets),
        jobs=[daily_papers, refresh, publish, *harvest_jobs, checks, housekeeping],
        schedules=[
            daily,
            schedules.checks_schedule(file, checks),
            schedules.housekeeping_schedule(file, housekeeping),
        ],
        sensors=[
            *harvest_sensors,
            automation.publish_sensor(file),
            sensors.failure_sensor(publish),
            sensors.keywords_file_sensor(file, settings.home),
            sensors.alert_sensor(settings.alerts, now),
            sensors.dead_runs_sensor(),
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


def _with_error(
    file: KeywordsFile, all_assets: Sequence[dg.AssetsDefinition]
) -> Sequence[dg.AssetsDefinition]:
    """Put what is wrong with keywords.toml before the description of every asset."""
    if not file.error:
        return all_assets
    # A code block shows the message as it is, and does not break its lines.
    lines = "\n".join(
        fill(line, _WIDTH, subsequent_indent="   ") for line in file.error.split("\n")
    )
    notice = f"**{file.notice}** (As of the last reload.)\n\n```text\n{lines}\n```\n\n"
    return dg.map_asset_specs(
        lambda spec: spec.replace_attributes(description=f"{notice}{spec.description}"), all_assets
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Build the graph from the environment and keywords.toml; their errors are load errors.

    A mistake in keywords.toml is one only if no valid version is stored; it has no frames of this
    package, which the UI would show below the message.
    """
    settings = read_settings(os.environ)
    try:
        file = read_or_stored(settings.keywords_path, settings.home)
    except KeywordsFileError as error:
        raise error.with_traceback(None) from None
    if file.error:
        logger.warning("%s\n%s", file.error, file.notice)
    store_valid(file, settings.home)
    return build_definitions(settings, file)
