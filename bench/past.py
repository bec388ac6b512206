"""A run history like that of many days or of many keywords: one real run's rows, copied by SQL."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

_DAY = 86_400
_TEXTS = ("run_id", "event", "run_body", "evaluation_event", "partition")


def copy_days(home: Path, days: int) -> None:
    """Copy the rows of the one run in the history, once for each day but the last."""
    copies = [str(uuid4()) for _ in range(days - 1)]
    with _opened(home, "runs.db") as runs:
        ((first,),) = runs.execute("SELECT run_id FROM runs WHERE status = 'SUCCESS' LIMIT 1")
        for number, run_id in enumerate(copies, 1):
            shift = (number - days + 1) * _DAY
            times = {"start_time": shift, "end_time": shift}
            _copy(runs, "runs", (first, run_id), times)
            _copy(runs, "run_tags", (first, run_id))
    with _opened(home, "runs/index.db") as events:
        for run_id in copies:
            _copy(events, "event_logs", (first, run_id))
            _copy(events, "asset_check_executions", (first, run_id))
        if copies:
            events.execute(
                "UPDATE asset_keys SET last_run_id = ?, cached_status_data = NULL,"
                " last_materialization = REPLACE(last_materialization, ?, ?)",
                (copies[-1], first, copies[-1]),
            )


def copy_keyword(home: Path, model: str, names: Sequence[str]) -> None:
    """Copy the rows of keyword `model` once for each of `names`."""
    with _opened(home, "runs/index.db") as events:
        for name in names:
            _copy(events, "event_logs", (model, name), where="partition")
        events.execute("UPDATE asset_keys SET cached_status_data = NULL")


def materializations(home: Path) -> int:
    """Count what the history says was made of `raw_papers`."""
    with _opened(home, "runs/index.db") as events:
        ((count,),) = events.execute(
            "SELECT COUNT(*) FROM event_logs"
            " WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND partition IS NOT NULL"
        )
    return int(count)


@contextmanager
def _opened(home: Path, name: str) -> Iterator[sqlite3.Connection]:
    path = home / ".papers" / "history" / name
    with closing(sqlite3.connect(path)) as database:
        yield database
        database.commit()


def _copy(
    database: sqlite3.Connection,
    table: str,
    names: tuple[str, str],
    shifted: Mapping[str, int] | None = None,
    *,
    where: str = "run_id",
) -> None:
    """Copy the rows in which column `where` is the first of `names`, with the second in its place.

    `shifted` columns are so much larger.
    """
    shifted = shifted or {}
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    values = [
        f"REPLACE({name}, :old, :new)"
        if name in _TEXTS
        else f"{name} + {shifted[name]}"
        if name in shifted
        else name
        for name in columns
    ]
    database.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - of our own names
        f" SELECT {', '.join(values)} FROM {table} WHERE {where} = :old",
        dict(zip(("old", "new"), names, strict=True)),
    )
