"""The entry point that Dagster loads, with all definitions of the project."""

import logging
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import fill

import dagster as dg

from papers_assets.defs import assets, automation, jobs, schedules, sensors
from papers_assets.defs.resources import ArxivResource, PapersIOManager, StoreResource, fix_config
from papers_assets.keywords.file import KeywordsFileError
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.render.publications import list_repository_links
from papers_assets.settings import LOCKS, PROJECT_ROOT, Settings, read_settings
from papers_assets.storage.last_valid_keywords import read_or_last_valid, store_last_valid

logger = logging.getLogger(__name__)
_WIDTH = 100


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def build_definitions(
    settings: Settings,
    keywords_config: KeywordsConfig,
    *,
    now: Callable[[], datetime] = utc_now,
    environment: Mapping[str, str] = os.environ,
) -> dg.Definitions:
    """Build the definitions for the given settings and keywords.

    Args:
        settings: the settings of the installation.
        keywords_config: the contents of keywords.toml.
        now: returns the current time.
        environment: contains the addresses that keywords.toml refers to by variable name.
    """
    since = keywords_config.harvest_since
    with warnings.catch_warnings():
        # Runs over several partitions and code references are marked beta; they are tested with the
        # pinned version.
        warnings.simplefilter("ignore", dg.BetaWarning)
        harvest = assets.build_harvest_asset(keywords_config, since, now) if since else None
        raw_papers = assets.build_raw_papers_asset(keywords_config, now, harvest)
        papers = assets.build_papers_asset(keywords_config, raw_papers, now)
        changes = assets.build_changes_asset(keywords_config, papers, now)
        digest = assets.build_digest_asset(keywords_config, changes)
        links = list_repository_links(settings.repository, has_output=settings.home == PROJECT_ROOT)
        all_assets = assets.add_catalogue_entries(
            [
                *([harvest] if harvest else []),
                raw_papers,
                papers,
                assets.build_readme_asset(
                    keywords_config, papers, notifies=bool(settings.channels.github_token)
                ),
                changes,
                *assets.build_publication_assets(keywords_config, papers, changes, links),
                digest,
                *assets.build_notification_assets(
                    keywords_config, digest, settings.channels, environment
                ),
            ],
            settings,
        )
    daily_papers, refresh, publish = jobs.build_jobs(keywords_config)
    checks = jobs.build_checks_job()
    housekeeping = jobs.build_housekeeping_job(keywords_config, now)
    daily = schedules.build_daily_schedule(keywords_config, daily_papers)
    harvest_jobs, harvest_sensors = [], []
    if since:
        harvest_days = jobs.build_harvest_job()
        daily = schedules.build_harvest_schedule(keywords_config, since, harvest_days, now)
        harvest_sensors = sensors.build_harvest_sensors(harvest_days, daily_papers)
        harvest_jobs = [harvest_days]
    # Shown in the UI, so the variable's name is used if the value may contain a password.
    locks = dg.EnvVar(LOCKS) if "://" in settings.locks else settings.locks
    place = {
        "home": str(settings.home),
        "locks": locks,
        "host_folder": str(settings.host_folder or ""),
    }
    return dg.Definitions(
        assets=_add_keywords_error(keywords_config, all_assets),
        jobs=[daily_papers, refresh, publish, *harvest_jobs, checks, housekeeping],
        schedules=[
            daily,
            schedules.build_checks_schedule(keywords_config, checks),
            schedules.build_housekeeping_schedule(keywords_config, housekeeping),
        ],
        sensors=[
            *harvest_sensors,
            automation.build_publish_sensor(keywords_config),
            sensors.build_failure_sensor(publish),
            sensors.build_keywords_file_sensor(keywords_config, settings.home),
            sensors.build_alert_sensor(settings.alerts, now),
            sensors.build_dead_runs_sensor(),
        ],
        resources={
            "arxiv": fix_config(
                ArxivResource(
                    api_url=settings.api_url,
                    oai_url=settings.oai_url,
                    request_interval=settings.request_interval,
                    max_attempts=settings.max_attempts,
                    backoff=settings.backoff,
                    locks=locks,
                )
            ),
            "store": fix_config(StoreResource(**place)),
            "papers_io": fix_config(PapersIOManager(**place)),
        },
        # One process per run: starting one for each of three short steps takes longer than they do.
        executor=dg.in_process_executor,
    )


def _add_keywords_error(
    keywords_config: KeywordsConfig, all_assets: Sequence[dg.AssetsDefinition]
) -> Sequence[dg.AssetsDefinition]:
    """Put the error in keywords.toml before the description of every asset."""
    if not keywords_config.error:
        return all_assets
    # In the UI, a code block shows the message unchanged, without rewrapping its lines.
    lines = "\n".join(
        fill(line, _WIDTH, subsequent_indent="   ") for line in keywords_config.error.split("\n")
    )
    notice = f"**{keywords_config.notice}** (As of the last reload.)\n\n```text\n{lines}\n```\n\n"
    return dg.map_asset_specs(
        lambda spec: spec.replace_attributes(description=f"{notice}{spec.description}"), all_assets
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Build the graph from the environment and keywords.toml; their errors are load errors.

    A mistake in keywords.toml is a load error only if no valid version is stored. Its traceback is
    removed, since the UI would show it below the message.
    """
    settings = read_settings(os.environ)
    try:
        keywords_config = read_or_last_valid(settings.keywords_path, settings.home)
    except KeywordsFileError as error:
        raise error.with_traceback(None) from None
    if keywords_config.error:
        logger.warning("%s\n%s", keywords_config.error, keywords_config.notice)
    store_last_valid(keywords_config, settings.home)
    return build_definitions(settings, keywords_config)
