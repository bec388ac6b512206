"""Scripts that say when the sample arXiv plays which fault."""

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
"""Those of all interfaces, and those of OAI-PMH alone."""


@cache  # so that it is one index that stands still
def find_fault(name: str) -> Fault | FaultFactory:
    """Return a fault by its name.

    Args:
        name: one in `ALL_FAULTS`, or `frozen@202611201200`: since that minute, UTC.

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
    """Which requests a fault strikes.

    Raises:
        ValueError: there is no such fault, or it is to strike less than once.
    """

    fault: str
    """A name as `find_fault` has it."""
    words: str = ""
    """What has to be in the request's `search_query`, or for OAI-PMH in `verb=ListRecords set=cs`
    and so on; empty: every request is meant."""
    times: int | None = None
    """How many of these requests are struck; None: all."""

    def __post_init__(self) -> None:
        find_fault(self.fault)
        if self.times is not None and self.times < 1:
            raise ValueError(f"{self.fault}: {self.times} times is not at least once")

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `NAME[:WORDS][:TIMES]`: `busy`, `busy:compiler`, `busy:1`, `busy:compiler:1`.

        Words may have colons; if they end in one and a number, add a colon.

        Raises:
            ValueError: as for the class.
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
    """A `SampleArxiv.fault`: on each request, the first step strikes that is meant and not over."""

    def __init__(self, steps: Iterable[FaultStep]) -> None:
        self._steps = tuple(steps)
        self._struck = [0] * len(self._steps)
        self._lock = threading.Lock()

    @property
    def strike_counts(self) -> tuple[int, ...]:
        """How often each step has struck so far, in the order of the steps."""
        with self._lock:
            return tuple(self._struck)

    def __call__(self, request: RequestRecord) -> Fault | FaultFactory | None:
        """Return what a request is answered with; None: the truth."""
        asked = describe_request(request)
        with self._lock:
            for number, step in enumerate(self._steps):
                is_over = step.times is not None and self._struck[number] >= step.times
                if step.words in asked and not is_over:
                    self._struck[number] += 1
                    return find_fault(step.fault)
        return None
