"""The log of requests to the sample arXiv, for inspection by tests."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True)
class RequestRecord:
    """A received request."""

    path: str
    parameters: Mapping[str, str]
    """The decoded parameters; for one that is given twice, the first value."""
    started: float
    """When it was received, in seconds of the server's clock."""
    status: int | None = None
    """The status of the answer; None until it is answered."""
    method: str = "GET"
    """`GET`, with the parameters in the address, or `POST`, with them in the body."""


class RequestLog:
    """A thread-safe log of requests, which detects those that come too fast."""

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
        """The largest number of requests that were open at the same time."""
        with self._lock:
            return self._peak_open

    @property
    def smallest_gap(self) -> float | None:
        """The fewest seconds between the starts of two requests; None for fewer than two."""
        starts = [record.started for record in self.records]
        return min((later - earlier for earlier, later in pairwise(starts)), default=None)

    def begin(
        self,
        path: str,
        parameters: Mapping[str, str],
        is_given_up: Callable[[], bool],
        method: str = "GET",
    ) -> tuple[int, RequestRecord, bool]:
        """Record that a request starts now.

        Args:
            path: of the address.
            parameters: decoded.
            is_given_up: returns whether the client has disconnected; called by any thread while
                the request is open.
            method: `GET` or `POST`.

        Returns:
            Its number, counted from 0; its record; whether it starts less than the minimal
            interval after the previous one.
        """
        with self._lock:
            record = RequestRecord(path, parameters, self._clock(), method=method)
            last = self._records[-1].started if self._records else float("-inf")
            self._records.append(record)
            number = len(self._records) - 1
            # A client may disconnect and send a new request before its thread notices.
            self._open = {n: given_up for n, given_up in self._open.items() if not given_up()}
            self._open[number] = is_given_up
            self._peak_open = max(self._peak_open, len(self._open))
            return number, record, record.started - last < self._min_interval

    def record_status(self, number: int, status: int) -> None:
        """Record the status of the answer to request `number`; 0: no answer."""
        with self._lock:
            self._records[number] = replace(self._records[number], status=status or None)

    def end(self, number: int) -> None:
        """Record that request `number` is no longer open."""
        with self._lock:
            self._open.pop(number, None)
