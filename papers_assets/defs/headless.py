"""Runs of the graph in this process, recorded in the run history shown in the Dagster UI."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from papers_assets.defs.jobs import DAILY_JOB, HARVEST_JOB, PUBLISH_JOB, REFRESH_JOB
from papers_assets.defs.partitions import open_days_tags
from papers_assets.defs.run_history import fail_orphaned_runs, process_lock, prune_runs
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.retention import prune_harvest, prune_raw_papers
from papers_assets.settings import PROJECT_ROOT, find_host_folder, is_remote
from papers_assets.storage.files import atomic_write
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.locks import FileLocks, host_lock_folder
from papers_assets.storage.raw_papers import RawPapersStore, StoreError

_log = logging.getLogger(__name__)
COUNTED_COLUMNS = ("fetched", "new", "revised", "filtered")
"""Metadata of `raw_papers` in `RunReport.counts`; a harvest has only two of them."""
_NEEDED_FOR_README = ("raw_papers", "papers", "readme")
_QUIET_LOGGERS = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_ORIGIN = RemoteRepositoryOrigin(
    # The location_name in workspace.yaml and deploy/workspace.yaml, by which Dagster looks it up.
    RegisteredCodeLocationOrigin("papers_assets"),
    SINGLETON_REPOSITORY_NAME,
)
"""The code location in which the UI and the sensors look up the job of a run."""


@dataclass
class RunReport:
    """The results of a refresh."""

    run_ids: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    """Names of the keywords that were refreshed."""
    failed: dict[str, str] = field(default_factory=dict)
    """The reason by name of each keyword that was not refreshed."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """The `COUNTED_COLUMNS` that its metadata contains, for each refreshed keyword."""
    without_papers: list[str] = field(default_factory=list)
    """Names of the keywords without any paper at arXiv."""
    failed_checks: dict[str, str] = field(default_factory=dict)
    """The descriptions of asset checks that failed with severity ERROR, by name."""
    problem: str = ""
    """Why the README was not written although keywords were refreshed; empty if it was."""
    published: set[str] = field(default_factory=set)
    """Names of the assets that were made from the stored papers."""
    unpublished: dict[str, str] = field(default_factory=dict)
    """The reason by name of each other asset that could not be made or delivered."""


@contextmanager
def open_instance(
    home: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[dg.DagsterInstance]:
    """Open the run history in $DAGSTER_HOME, or below `home` if that is not set.

    Raises:
        StoreError: `home` is not on disk, and DAGSTER_HOME is not set.
    """
    history_folder(home, environment)
    # Not in $DAGSTER_HOME, which may be read-only if the history is in PostgreSQL.
    locks = FileLocks(host_lock_folder(home, find_host_folder(environment)))
    with ExitStack() as stack:
        # Dagster creates its databases when it first opens them; two processes that do so at once
        # corrupt them permanently.
        with RawPapersStore(home, locks).history_lock():
            if environment.get("DAGSTER_HOME"):
                instance = stack.enter_context(dg.DagsterInstance.get())
            else:
                # dagster.yaml names its folders relative to the folder in which Dagster is started.
                stack.enter_context(chdir(prepare_home(home)))
                instance = stack.enter_context(dg.DagsterInstance.from_config(str(home)))
        yield instance


def history_folder(home: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder that Dagster starts in: `home`, or $DAGSTER_HOME if that is not on disk.

    Raises:
        StoreError: `home` is not on disk, and DAGSTER_HOME is not set.
    """
    if not is_remote(home):
        return home
    if own := environment.get("DAGSTER_HOME"):
        return Path(own).expanduser().absolute()
    raise StoreError(
        f"no run history can be kept in {home}, where the papers are; set DAGSTER_HOME to a folder "
        "of this host, with the dagster.yaml that says where it is kept"
    )


def prepare_home(home: Path) -> Path:
    """Create `home` as a folder in which Dagster can start, with a dagster.yaml."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        # Written atomically: a partial file would later be treated as the user's own.
        with atomic_write(home / "dagster.yaml") as file:
            file.write((PROJECT_ROOT / "dagster.yaml").read_bytes())
    return home


def run_daily(  # noqa: PLR0913 - three are keyword-only
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    keywords_config: KeywordsConfig,
    keyword_names: Sequence[str] = (),
    *,
    locks_folder: Path,
    config: Mapping[str, object] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> RunReport:
    """Refresh the keywords `keyword_names` (empty: all of them) and publish new papers.

    Dagster describes a run of several partitions by its first and last one, so adjacent keywords
    of the file share a run. If there are several runs, or a keyword failed, a further run publishes
    the new papers at once, as automation does if the daemon runs. Runs whose processes were killed
    are first marked as failed; the lock in `locks_folder` lets others do the same for this run.
    `config` is the run configuration of `raw_papers`, described in `papers_assets.defs.run_config`.
    With a harvest, its open days are fetched first.
    """
    report = RunReport()
    fail_orphaned_runs(instance, locks_folder)
    stretches = contiguous_ranges(keywords_config.names, keyword_names or keywords_config.names)
    job = (
        DAILY_JOB
        if stretches == [(keywords_config.names[0], keywords_config.names[-1])]
        else REFRESH_JOB
    )
    with process_lock(instance, locks_folder) as tags:

        def execute(job: str, more_tags: Mapping[str, str], **options: Any) -> None:
            definition = definitions.resolve_job_def(job)
            run_id = _execute_job(definition, instance, tags={**tags, **more_tags}, **options)
            _read_run(report, instance, run_id)

        if keywords_config.harvest_since is not None:
            execute(HARVEST_JOB, open_days_tags(keywords_config.harvest_since, now()))
        for first, last in stretches:
            execute(
                job,
                {
                    "dagster/asset_partition_range_start": first,
                    "dagster/asset_partition_range_end": last,
                },
                ops={"raw_papers": {"config": dict(config or {})}},
                # With several runs, a further run publishes and announces their papers once.
                assets=["raw_papers"] if len(stretches) > 1 else [],
            )
        if report.failed or len(stretches) > 1:
            execute(PUBLISH_JOB, {})
    return report


def _execute_job(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    *,
    tags: Mapping[str, str],
    ops: Mapping[str, object] | None = None,
    assets: Sequence[str] = (),
) -> str:
    """Run a job in this process, and return the id of the run.

    `JobDefinition.execute_in_process` records no code location, and most pages of the UI omit runs
    without one.
    """
    run = instance.create_run_for_job(
        job,
        run_config={**_QUIET_LOGGERS, "ops": ops or {}},
        tags={**job.run_tags, **tags},
        asset_selection={dg.AssetKey(name) for name in assets} or None,
        remote_job_origin=RemoteJobOrigin(_ORIGIN, job.name),
    )
    execute_run(InMemoryJob(job), run, instance)
    return run.run_id


def run_housekeeping(
    instance: dg.DagsterInstance, keywords_config: KeywordsConfig, store: RawPapersStore
) -> None:
    """Do the work of the job `housekeeping` where no daemon runs; failures are logged."""
    try:
        now = datetime.now(UTC)
        pruned = prune_runs(instance, older_than=now - timedelta(days=keywords_config.keep_runs))
        papers = prune_raw_papers(keywords_config, store, now)
        prune_harvest(keywords_config, HarvestStore(store.home, store.locks), now)
    except Exception as error:  # noqa: BLE001 - any failure, since the fetched papers are valid
        _log.warning("old runs and papers could not be pruned; the next run tries again: %s", error)
        return
    if papers:
        _log.info("removed %d versions not seen for %d days", papers, keywords_config.keep_papers)
    if pruned.runs:
        _log.info(
            "removed %d runs of more than %d days ago from the run history (%.1f MB)",
            pruned.runs,
            keywords_config.keep_runs,
            pruned.bytes / 1e6,
        )


def contiguous_ranges(order: Sequence[str], wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Return the first and last name of each contiguous stretch of `order` that is in `wanted`."""
    stretches = []
    for is_wanted, stretch in groupby(order, key=set(wanted).__contains__):
        members = list(stretch)
        if is_wanted:
            stretches.append((members[0], members[-1]))
    return stretches


def _read_run(report: RunReport, instance: dg.DagsterInstance, run_id: str) -> None:
    """Read the results of a run from its event log, including events of failed steps."""
    report.run_ids.append(run_id)
    of_interest = {
        dg.DagsterEventType.ASSET_MATERIALIZATION,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION,
        dg.DagsterEventType.STEP_FAILURE,
    }
    for record in instance.all_logs(run_id, of_type=of_interest):
        event = record.get_dagster_event()
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            _read_materialization(report, event)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = event.asset_check_evaluation_data
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR:
                report.failed_checks[check.check_name] = str(check.description)
        elif event.step_failure_data.user_failure_data is not None:
            failure = event.step_failure_data.user_failure_data
            report.failed |= {name: str(reason.value) for name, reason in failure.metadata.items()}
            if not failure.metadata:
                _record_failure(report, str(event.step_key), str(failure.description))
        elif event.step_failure_data.error is not None:
            cause = event.step_failure_data.error
            reason = (cause.cause or cause).message.strip()
            _record_failure(report, str(event.step_key), f"{event.step_key}: {reason}")


def _read_materialization(report: RunReport, event: dg.DagsterEvent) -> None:
    if event.partition is None and event.asset_key is not None:
        report.published.add(event.asset_key.to_user_string())
    elif event.partition is not None and event.asset_key == dg.AssetKey("raw_papers"):
        report.refreshed.append(event.partition)  # the other partitions are days of the harvest
        metadata = event.step_materialization_data.materialization.metadata
        report.counts[event.partition] = {
            name: int(str(metadata[name].value)) for name in COUNTED_COLUMNS if name in metadata
        }
        results = metadata.get("results_at_arxiv")
        if results is not None and results.value == 0:
            report.without_papers.append(event.partition)


def _record_failure(report: RunReport, step: str, reason: str) -> None:
    if step in _NEEDED_FOR_README:
        report.problem = reason
    else:
        report.unpublished[step] = reason
