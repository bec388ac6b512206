"""What the sample arXiv remembers of the requests that it got, for tests to look at."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RequestRecord:
    """A request that came in."""

    path: str
    parameters: Mapping[str, str]
    """Decoded; of a parameter that is given twice, the first."""
    started: float
    """When it came in, in seconds of the server's clock."""
    status: int | None = None
    """What it was answered with; None as long as it has no answer."""


class RequestLog:
    """The requests, written by any thread, and whether they come too fast."""

    def __init__(self, clock: Callable[[], float], min_interval: float) -> None:
        self._clock = clock
        self._min_interval = min_interval
        self._lock = threading.Lock()
        self._records: list[RequestRecord] = []
        self._open = 0
        self._peak_open = 0

    @property
    def records(self) -> list[RequestRecord]:
        """The requests so far, in the order in which they started."""
        with self._lock:
            return list(self._records)

    @property
    def peak_open(self) -> int:
        """How many requests were open at the same time at most."""
        with self._lock:
            return self._peak_open

    def begin(self, path: str, parameters: Mapping[str, str]) -> tuple[int, RequestRecord, bool]:
        """Note that a request starts now.

        Returns:
            Its number, counted from 0; its record; whether it starts too soon after the one
            before, that is less than the minimal interval.
        """
        with self._lock:
            record = RequestRecord(path, parameters, self._clock())
            last = self._records[-1].started if self._records else float("-inf")
            self._records.append(record)
            self._open += 1
            self._peak_open = max(self._peak_open, self._open)
            return len(self._records) - 1, record, record.started - last < self._min_interval

    def answered(self, number: int, status: int) -> None:
        """Note what request `number` is answered with."""
        with self._lock:
            self._records[number] = replace(self._records[number], status=status)

    def end(self) -> None:
        """Note that a request is open no longer."""
        with self._lock:
            self._open -= 1
