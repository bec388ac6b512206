"""What the sample arXiv remembers of the requests that it got, for tests to look at."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise


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
    method: str = "GET"
    """`GET`, with the parameters in the address, or `POST`, with them in the body."""


class RequestLog:
    """The requests, written by any thread, and whether they come too fast."""

    def __init__(self, clock: Callable[[], float], min_interval: float) -> None:
        self._clock = clock
        self._min_interval = min_interval
        self._lock = threading.Lock()
        self._records: list[RequestRecord] = []
        self._open: dict[int, Callable[[], bool]] = {}
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

    @property
    def smallest_gap(self) -> float | None:
        """The fewest seconds between the starts of two requests; None below two requests."""
        starts = [record.started for record in self.records]
        return min((later - earlier for earlier, later in pairwise(starts)), default=None)

    def begin(
        self,
        path: str,
        parameters: Mapping[str, str],
        is_given_up: Callable[[], bool],
        method: str = "GET",
    ) -> tuple[int, RequestRecord, bool]:
        """Note that a request starts now.

        Args:
            path: what is asked.
            parameters: decoded.
            is_given_up: whether the client has hung up; asked as long as the request is open,
                by any thread.
            method: `GET` or `POST`.

        Returns:
            Its number, counted from 0; its record; whether it starts too soon after the one
            before, that is less than the minimal interval.
        """
        with self._lock:
            record = RequestRecord(path, parameters, self._clock(), method=method)
            last = self._records[-1].started if self._records else float("-inf")
            self._records.append(record)
            number = len(self._records) - 1
            # A client that has hung up may ask again before the thread that serves it notices.
            self._open = {n: given_up for n, given_up in self._open.items() if not given_up()}
            self._open[number] = is_given_up
            self._peak_open = max(self._peak_open, len(self._open))
            return number, record, record.started - last < self._min_interval

    def record_status(self, number: int, status: int) -> None:
        """Note what request `number` is answered with; 0: with nothing."""
        with self._lock:
            self._records[number] = replace(self._records[number], status=status or None)

    def end(self, number: int) -> None:
        """Note that request `number` is open no longer."""
        with self._lock:
            self._open.pop(number, None)
