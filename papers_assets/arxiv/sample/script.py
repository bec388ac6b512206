"""Scripts of the faults that the sample arXiv simulates."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Self

from papers_assets.arxiv.sample.faults import FAULTS, FROZEN, freeze_index
from papers_assets.arxiv.sample.interfaces import describe_request
from papers_assets.arxiv.sample.oai_faults import OAI_FAULTS
from papers_assets.arxiv.sample.replies import Fault, FaultFactory
from papers_assets.arxiv.sample.requests import RequestRecord

ALL_FAULTS: Mapping[str, Fault | FaultFactory] = {**FAULTS, **OAI_FAULTS}
"""The faults of all interfaces, and those of OAI-PMH only."""


@cache  # so that all requests get the same frozen index
def find_fault(name: str) -> Fault | FaultFactory:
    """Return a fault by its name.

    Args:
        name: one of `ALL_FAULTS`, or `frozen@202611201200` for an index frozen since that minute,
            in UTC.

    Raises:
        ValueError: there is no such fault.
    """
    kind, at, minute = name.partition("@")
    if not at and name in ALL_FAULTS:
        return ALL_FAULTS[name]
    if not at or kind != FROZEN:
        raise ValueError(f"{name!r} is no fault; there are {', '.join(ALL_FAULTS)}")
    try:
        since = datetime.strptime(f"{minute}+0000", "%Y%m%d%H%M%z")
    except ValueError:
        since = None
    if since is None or f"{since:%Y%m%d%H%M}" != minute:
        raise ValueError(f"{name!r}: expected a minute (UTC), as in {FROZEN}@202611201200")
    return freeze_index(since)


@dataclass(frozen=True)
class FaultStep:
    """A fault and the requests that it applies to.

    Raises:
        ValueError: there is no such fault, or `times` is less than 1.
    """

    fault: str
    """A name for `find_fault`."""
    words: str = ""
    """Text that must be in the request's `search_query` or, for OAI-PMH, in its parameters, such as
    `verb=ListRecords set=cs`; empty: the fault applies to every request."""
    times: int | None = None
    """The number of such requests that the fault applies to; None: all."""

    def __post_init__(self) -> None:
        find_fault(self.fault)
        if self.times is not None and self.times < 1:
            raise ValueError(f"{self.fault}: {self.times} times is not at least once")

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse `NAME[:WORDS][:TIMES]`: `busy`, `busy:compiler`, `busy:1`, `busy:compiler:1`.

        WORDS may contain colons; if they end in a colon and a number, add another colon.

        Raises:
            ValueError: there is no such fault, or TIMES is less than 1.
        """
        fault, _, rest = text.partition(":")
        words, _, last = rest.rpartition(":")
        if not last.isdecimal() and last:
            return cls(fault, rest)
        return cls(fault, words, int(last) if last else None)

    def __str__(self) -> str:
        meant = f"requests with {self.words!r} in the query" if self.words else "every request"
        return f"{self.fault}: {meant}" + (f", {self.times} times" if self.times else "")


class FaultScript:
    """A `SampleArxiv.fault` that applies the first matching step that is not used up."""

    def __init__(self, steps: Iterable[FaultStep]) -> None:
        self._steps = tuple(steps)
        self._struck = [0] * len(self._steps)
        self._lock = threading.Lock()

    @property
    def strike_counts(self) -> tuple[int, ...]:
        """The number of requests that each step has been applied to so far."""
        with self._lock:
            return tuple(self._struck)

    def __call__(self, request: RequestRecord) -> Fault | FaultFactory | None:
        """Return the fault for a request; None: it is answered correctly."""
        asked = describe_request(request)
        with self._lock:
            for number, step in enumerate(self._steps):
                is_over = step.times is not None and self._struck[number] >= step.times
                if step.words in asked and not is_over:
                    self._struck[number] += 1
                    return find_fault(step.fault)
        return None
