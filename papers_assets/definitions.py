"""What Dagster loads: the project's table of contents."""

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import fill

import dagster as dg

from papers_assets import alerts, assets, schedules
from papers_assets.housekeeping import dead_runs_sensor, housekeeping_job
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import KeywordsFileError, read_or_stored, store_valid
from papers_assets.keywords_sensor import keywords_file_sensor
from papers_assets.reading import repository_links
from papers_assets.resources import ArxivResource, PapersIOManager, StoreResource, fixed
from papers_assets.settings import LOCKS, PROJECT_ROOT, Settings, read_settings

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
    jobs = schedules.jobs(file)
    publish, checks = jobs[-1], schedules.checks_job()
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
        assets=_with_error(file, all_assets),
        jobs=[*jobs, checks, housekeeping],
        schedules=[
            daily,
            schedules.checks_schedule(file, checks),
            schedules.housekeeping_schedule(file, housekeeping),
        ],
        sensors=[
            *sensors,
            schedules.publish_sensor(file),
            schedules.failure_sensor(publish),
            keywords_file_sensor(file, settings.home),
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
