"""What the runs of `raw_papers` counted, kept on disk for the exporter of metrics.

    HOME/.papers/counters.json

Runs are short: nobody could ask one while it lasts. Each adds what it counted when it ends, also
when it fails. A damaged file begins again at zero, as Prometheus expects of counters; one that
cannot be read just now is left as it is.
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
    """What all runs so far counted, or what one did."""

    runs: int = 0
    requests: int = 0
    """Sent to arXiv, each attempt counted."""
    seconds_waited: float = 0.0
    """For arXiv's sake: at the politeness gate and between attempts."""
    refreshes: Mapping[str, int] = field(default_factory=dict)
    """How often each keyword was refreshed, by name."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """How often each keyword could not be, by name."""
    last_run: datetime | None = None
    """When the last run ended; None: there was none."""

    def __add__(self, other: "Counts") -> "Counts":
        """Add what a later run counted."""
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
    """Return what one run counted; `refreshed` and `failed` are names of keywords."""
    return Counts(
        1, requests, seconds_waited, dict.fromkeys(refreshed, 1), dict.fromkeys(failed, 1), ended
    )


def to_json(counts: Counts) -> str:
    """Write counts as text; `from_json` reads it."""
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
    """Read what `to_json` wrote.

    Raises:
        ValueError: it did not write that.
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
    """The counts below one home folder. For `locks`, see `RawPapersStore`."""

    def __init__(self, home: Path, locks: Locks | None = None) -> None:
        self.path = home / ".papers" / "counters.json"
        self._locks = locks or default_locks(home)

    def read(self) -> Counts:
        """Read what was counted so far; what is damaged is zero, and that is logged.

        Raises:
            OSError: the file cannot be read, so that nobody knows what was counted.
        """
        try:
            return from_json(read_bytes(self.path))
        except FileNotFoundError:
            return Counts()
        except ValueError as error:
            logger.warning("%s: it cannot be read, and begins at zero: %s", self.path, error)
            return Counts()

    def add(self, counts: Counts) -> None:
        """Add what a run counted. Papers do not depend on it: any failure is logged, not raised."""
        try:
            with self._locks.hold("counters"):
                remove_partial_files(self.path)
                total = self.read() + counts
                with atomic_write(self.path, self._locks.assert_held) as file:
                    file.write(to_json(total).encode())
        except Exception as error:  # noqa: BLE001 - whatever it is, what was fetched is good
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
