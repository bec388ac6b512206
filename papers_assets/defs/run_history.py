"""What stays in the run history, and runs whose process is gone.

Dagster keeps every run for ever, and a run whose process was killed as "started" for ever.
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
"""On a run of the command line: the name of the lock that its process holds while it lives.

The UI hides tags that begin with `.dagster/`.
"""

_FINISHED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
)
_UNFINISHED = tuple(status for status in dg.DagsterRunStatus if status not in _FINISHED)
_BATCH = 50
"""Runs that are deleted in one transaction: others wait for it to write their events."""
_RUN_FILE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\.db.*)?")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PruneResult:
    """What was removed from the run history."""

    runs: int
    bytes: int
    """Of files. What is deleted inside a database that stays makes room for what comes."""


def prune_runs(instance: dg.DagsterInstance, *, older_than: datetime) -> PruneResult:
    """Remove the runs that ended before `older_than`, and files of runs that are there no more.

    A run stays as long as it is the newest that says something of an asset, a partition or a check
    (materialized, planned, failed, observed, evaluated), so that their state is shown as before. It
    may be interrupted anywhere, and others may run or prune meanwhile: of a run, its record goes
    last but for the files, and files without a record go next time.

    Raises:
        TypeError: the run history is not in a database of SQL.
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
    """Return the runs that the state of any asset, partition or check is read from.

    The newest event of every kind is among them: SQLite would give the numbers of the last events
    to the next ones if they were deleted, and Dagster remembers by number what it has seen.
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
    # Dagster's own delete_run leaves check evaluations and files behind, makes the run's database
    # anew in order to empty it, and loses sight of the events when it is interrupted.
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
    """Remove the files of runs that the history does not know; give their size in bytes."""
    # In this order: a run is recorded before it has files.
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
    """Return what belongs to one run alone, with the run's id: databases, output, stored values."""
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
    """Hold a lock as long as this process lives; gives the tags that its runs have to carry.

    The kernel frees the lock when the process dies, however it dies: see `fail_orphaned_runs`.
    """
    locks_folder.mkdir(parents=True, exist_ok=True)
    path = locks_folder / f"run-{uuid4().hex}.lock"
    with FileLock(path):
        # Where run_retries are on, the daemon would start a run once more whose process was killed.
        yield {LOCK_TAG: path.name, "dagster/max_retries": "0"}
        for run in _list_unfinished_runs(instance, path.name):
            _mark_failed(instance, run)
        path.unlink(missing_ok=True)


def fail_orphaned_runs(instance: dg.DagsterInstance, locks_folder: Path) -> list[str]:
    """Mark runs of the command line whose process is gone as failed, and give their ids.

    A run is left alone where its lock is held, or is not in this folder: it is somebody else's.
    """
    ended = []
    for name in {run.tags[LOCK_TAG] for run in _list_unfinished_runs(instance)}:
        path = locks_folder / name
        if path.parent != locks_folder or not path.exists():
            continue
        try:
            with FileLock(path, timeout=0):
                # Read again: another process may have been here since.
                for run in _list_unfinished_runs(instance, name):
                    _mark_failed(instance, run)
                    ended.append(run.run_id)
                path.unlink(missing_ok=True)
        except Timeout:
            continue
    return ended


def is_command_line_run(run: dg.DagsterRun) -> bool:
    """Whether the command line runs it, and whoever started that hears of its end."""
    # "Re-execute" in the UI copies the tags to a run that Dagster's daemon starts.
    return LOCK_TAG in run.tags and run.parent_run_id is None


def _list_unfinished_runs(
    instance: dg.DagsterInstance, name: str | None = None
) -> list[dg.DagsterRun]:
    """Return the unfinished runs whose processes hold locks, or those of the lock `name`."""
    tags = {LOCK_TAG: name} if name else {}
    runs = instance.get_runs(dg.RunsFilter(statuses=list(_UNFINISHED), tags=tags))
    return [run for run in runs if is_command_line_run(run)]


def _mark_failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_failed(
        run, "The process that ran it ended without saying so. Start the job again."
    )
    _log.warning("run %s: its process is gone; marked as failed", run.run_id)
