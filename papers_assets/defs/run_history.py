"""The retention of the run history, and the end of runs whose process was killed.

By default, Dagster keeps all runs for ever, and shows a killed run as "started" for ever.
"""

import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import dagster as dg
import sqlalchemy as sql
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from filelock import FileLock, Timeout

LOCK_TAG = ".dagster/papers_assets_lock"
"""Tag of runs of the command line: the name of a lock that their process holds until it ends.

The UI hides tags that begin with `.dagster/`.
"""

_FINISHED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_UNFINISHED = tuple(status for status in dg.DagsterRunStatus if status not in _FINISHED)
_BATCH = 50
"""Runs deleted in one transaction, during which other runs cannot write their events."""
_RUN_FILE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.db.*)?")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PruneResult:
    """The result of pruning the run history."""

    runs: int
    bytes: int
    """The size of deleted files. Space freed inside an existing database is reused, not counted."""


def prune_runs(instance: dg.DagsterInstance, *, older_than: datetime) -> PruneResult:
    """Remove the runs that ended before `older_than`, and the files of runs that no longer exist.

    A run is kept if its event is the newest of its kind for an asset, a partition or a check
    (materialized, planned, failed, observed, evaluated), so that their state in the UI does not
    change. Pruning can be interrupted at any time, and is safe beside other runs or other pruning:
    the record of a run is deleted after all of its data except its files, and files without a
    record are removed next time.

    Raises:
        TypeError: the run history is not in an SQL database.
    """
    events = instance.event_log_storage
    if not isinstance(events, SqlEventLogStorage):
        raise TypeError(f"The run history is kept by {type(events).__name__}: it cannot be pruned.")
    ended = instance.get_run_ids(dg.RunsFilter(statuses=list(_FINISHED), updated_before=older_than))
    shown = _find_referenced_runs(events)
    old = [run_id for run_id in ended if run_id not in shown]
    for start in range(0, len(old), _BATCH):
        _delete_runs(instance, events, old[start : start + _BATCH])
    return PruneResult(len(old), _remove_leftovers(instance))


def _find_referenced_runs(events: SqlEventLogStorage) -> set[str]:
    """Return the runs from which the state of any asset, partition or check is read.

    They include the newest event of every kind: SQLite would otherwise reuse the ids of the last
    events, and Dagster stores the ids of the events that it has processed.
    """
    event, check = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
    newest_events = sql.select(sql.func.max(event.id)).group_by(
        event.asset_key, event.dagster_event_type, event.partition
    )
    newest_checks = sql.select(sql.func.max(check.id)).group_by(
        check.asset_key, check.check_name, check.partition, check.execution_status
    )
    with events.index_connection() as connection:
        rows = [
            *connection.execute(sql.select(event.run_id).where(event.id.in_(newest_events))),
            *connection.execute(sql.select(check.run_id).where(check.id.in_(newest_checks))),
        ]
    return {row.run_id for row in rows}


def _delete_runs(
    instance: dg.DagsterInstance, events: SqlEventLogStorage, run_ids: Sequence[str]
) -> None:
    # Dagster's own delete_run leaves check evaluations and files behind, recreates the run's
    # database in order to empty it, and loses track of the events if it is interrupted.
    with events.index_connection() as connection:
        for run_id in run_ids:
            events.delete_events_for_run(connection, run_id)
        connection.execute(
            AssetCheckExecutionsTable.delete().where(
                AssetCheckExecutionsTable.c.run_id.in_(run_ids)
            )
        )
    for run_id in run_ids:
        instance.run_storage.delete_run(run_id)


def _remove_leftovers(instance: dg.DagsterInstance) -> int:
    """Remove the files of runs that are not in the history; return their size in bytes."""
    # The files are listed first, because a run is recorded before it has files.
    found = list(_list_run_files(instance))
    known = set(instance.get_run_ids())
    size = 0
    for run_id, path in found:
        if run_id not in known:
            size += sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    return size


def _list_run_files(instance: dg.DagsterInstance) -> Iterator[tuple[str, Path]]:
    """Return the files of single runs with the run's id: databases, output and stored values."""
    folders = [Path(instance.storage_directory())]
    if isinstance(events := instance.event_log_storage, SqliteEventLogStorage):
        folders.append(Path(events.path_for_shard("any")).parent)
    if isinstance(logs := instance.compute_log_manager, LocalComputeLogManager):
        folders.append(Path(logs.get_captured_local_path(["any"], "out")).parent)
    for folder in folders:
        for path in folder.iterdir() if folder.exists() else ():
            if match := _RUN_FILE.fullmatch(path.name):
                yield match[1], path


@contextmanager
def process_lock(instance: dg.DagsterInstance, locks_folder: Path) -> Iterator[Mapping[str, str]]:
    """Hold a lock while the block runs, and yield the tags that the runs of this process need.

    If the process is killed, the kernel releases the lock, which `fail_orphaned_runs` detects.
    """
    locks_folder.mkdir(parents=True, exist_ok=True)
    path = locks_folder / f"run-{uuid4().hex}.lock"
    with FileLock(path):
        # If run_retries are enabled, the daemon would otherwise repeat a run that was killed.
        yield {LOCK_TAG: path.name, "dagster/max_retries": "0"}
        for run in _list_unfinished_runs(instance, path.name):
            _mark_failed(instance, run)
        path.unlink(missing_ok=True)


def fail_orphaned_runs(instance: dg.DagsterInstance, locks_folder: Path) -> list[str]:
    """Mark runs of the command line whose process has ended as failed, and return their ids.

    A run is skipped if its lock is held or is not in this folder: others are responsible for it.
    """
    ended = []
    for name in {run.tags[LOCK_TAG] for run in _list_unfinished_runs(instance)}:
        path = locks_folder / name
        if path.parent != locks_folder or not path.exists():
            continue
        try:
            with FileLock(path, timeout=0):
                # Read again: another process may have marked them since.
                for run in _list_unfinished_runs(instance, name):
                    _mark_failed(instance, run)
                    ended.append(run.run_id)
                path.unlink(missing_ok=True)
        except Timeout:
            continue
    return ended


def is_command_line_run(run: dg.DagsterRun) -> bool:
    """Whether the command line executes the run, so that the user there learns of its end."""
    # "Re-execute" in the UI copies the tags to a new run, which Dagster's daemon starts.
    return LOCK_TAG in run.tags and run.parent_run_id is None


def _list_unfinished_runs(
    instance: dg.DagsterInstance, name: str | None = None
) -> list[dg.DagsterRun]:
    """Return the unfinished runs of the command line, or those with the lock `name`."""
    tags = {LOCK_TAG: name} if name else {}
    runs = instance.get_runs(dg.RunsFilter(statuses=list(_UNFINISHED), tags=tags))
    return [run for run in runs if is_command_line_run(run)]


def _mark_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_failed(
        run, "The process that ran it ended without saying so. Start the job again."
    )
    _log.warning("run %s: its process is gone; marked as failed", run.run_id)
