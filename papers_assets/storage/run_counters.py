"""Counters of the runs of `raw_papers`, stored on disk for the metrics exporter.

    HOME/.papers/counters.json

Runs are too short to be scraped. Each adds its counts when it ends, even if it fails. A damaged
file is reset to zero, as Prometheus expects of counters; a temporarily unreadable one is left
unchanged.
"""

import json
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from papers_assets.storage.files import atomic_write, remove_partial_files
from papers_assets.storage.filesystem import read_bytes
from papers_assets.storage.locks import Locks, default_locks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counts:
    """The counts of one run, or of all runs so far."""

    runs: int = 0
    requests: int = 0
    """Requests sent to arXiv, including repeated attempts."""
    seconds_waited: float = 0.0
    """For the rate limiter and between attempts."""
    refreshes: Mapping[str, int] = field(default_factory=dict)
    """Successful refreshes by keyword name."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """Failed refreshes by keyword name."""
    last_run: datetime | None = None
    """When the last run ended; None: there was none."""

    def __add__(self, other: "Counts") -> "Counts":
        """Add the counts of a later run."""
        return Counts(
            self.runs + other.runs,
            self.requests + other.requests,
            self.seconds_waited + other.seconds_waited,
            _add_counts(self.refreshes, other.refreshes),
            _add_counts(self.failures, other.failures),
            other.last_run or self.last_run,
        )


def count_run(
    ended: datetime,
    requests: int,
    seconds_waited: float,
    *,
    refreshed: Iterable[str],
    failed: Iterable[str],
) -> Counts:
    """Return the counts of one run; `refreshed` and `failed` are names of keywords."""
    return Counts(
        1, requests, seconds_waited, dict.fromkeys(refreshed, 1), dict.fromkeys(failed, 1), ended
    )


def to_json(counts: Counts) -> str:
    """Return counts as JSON."""
    noted = {
        "runs": counts.runs,
        "requests": counts.requests,
        "seconds_waited": counts.seconds_waited,
        "refreshes": dict(counts.refreshes),
        "failures": dict(counts.failures),
        "last_run": counts.last_run.isoformat() if counts.last_run else None,
    }
    return json.dumps(noted, indent=1, sort_keys=True)


def from_json(text: str | bytes) -> Counts:
    """Return the counts that `to_json` wrote.

    Raises:
        ValueError: the text is not of that form.
    """
    try:
        noted = json.loads(text)
        last_run = noted["last_run"]
        return Counts(
            _parse_count(noted["runs"]),
            _parse_count(noted["requests"]),
            _parse_seconds(noted["seconds_waited"]),
            {str(name): _parse_count(count) for name, count in noted["refreshes"].items()},
            {str(name): _parse_count(count) for name, count in noted["failures"].items()},
            None if last_run is None else datetime.fromisoformat(last_run).astimezone(UTC),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


class CounterStore:
    """The counts below one home folder; `locks` as in `RawPapersStore`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self.path = home / ".papers" / "counters.json"
        self._locks = locks or default_locks(home)

    def read(self) -> Counts:
        """Return the counts so far; if the file is damaged, log that and return zero.

        Raises:
            OSError: the file cannot be read, so the counts are unknown.
        """
        try:
            return from_json(read_bytes(self.path))
        except FileNotFoundError:
            return Counts()
        except ValueError as error:
            logger.warning("%s: it cannot be read, and begins at zero: %s", self.path, error)
            return Counts()

    def add(self, counts: Counts) -> None:
        """Add the counts of a run. Log any failure, since no papers depend on it."""
        try:
            with self._locks.hold("counters"):
                remove_partial_files(self.path)
                total = self.read() + counts
                with atomic_write(self.path, self._locks.assert_held) as file:
                    file.write(to_json(total).encode())
        except Exception as error:  # noqa: BLE001 - the fetched papers are good all the same
            logger.warning("what this run counted is not in the metrics: %s", error)


def _add_counts(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {name: some.get(name, 0) + more.get(name, 0) for name in {**some, **more}}


def _parse_count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value


def _parse_seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise TypeError(f"{value!r} is no number of seconds")
    return float(value)
