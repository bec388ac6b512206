"""Telling everybody what they have not been told of, in order, and noting how far each has got.

A part that is delivered is noted at once. One that cannot be delivered now waits, with all that
come after it, for the next run; one that is refused for good is passed over when the next one is
taken, and is in the error that is raised.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from papers_assets.editions import Edition, Mark
from papers_assets.notifying.mail import Mailer
from papers_assets.notifying.notice import NotDelivered, Notice
from papers_assets.storage.outputs import Outputs
from papers_assets.telling import beginning, forgotten, untold

Words = Callable[[Edition, int, tuple[str, ...] | None], Notice | None]
"""Puts a part of an edition into words, for readers of some keywords, or of all."""
Who = Mapping[str, tuple[str, ...] | None]
"""The keywords of each recipient; None: all."""
_MOST_REFUSALS = 2
"""In a row. Who refuses more refuses us, and not what we have to say."""


class Ledger:
    """How far everybody has been told."""

    def __init__(self, outputs: Outputs, names: Iterable[str]) -> None:
        """Read it, and note where those begin who are new: their first delivery may fail."""
        self._outputs, self._days = outputs, outputs.days()
        start = beginning(self._days)
        marks = dict.fromkeys(names, start) | outputs.read_deliveries()
        # Who was told of a day that never was, by a wrong clock, begins anew.
        self._marks = {to: mark if mark.day <= start.day else start for to, mark in marks.items()}
        outputs.write_deliveries(self._marks)
        self._read: dict[date, Edition | None] = {}

    def untold(self, name: str) -> "deque[tuple[Edition, int]]":
        """Give the parts that come next for somebody."""
        return deque(untold(self._days, self._edition, self._marks[name]))

    def forgotten(self, name: str) -> list[date]:
        """Give the days that somebody is not told of any more, since there are too many."""
        return forgotten(self._days, self._marks[name])

    def note(self, name: str, edition: Edition, part: int) -> None:
        """Note that somebody has been told of a part."""
        self._marks[name] = Mark(edition.day, part)
        self._outputs.write_deliveries(self._marks)

    def _edition(self, day: date) -> Edition | None:
        if day not in self._read:
            self._read[day] = self._outputs.read_edition(day)
        return self._read[day]


@dataclass
class _Line:
    """What waits for somebody, and how it goes."""

    waiting: "deque[tuple[Edition, int]]"
    errors: list[NotDelivered] = field(default_factory=list)
    refusals: int = 0
    """In a row."""

    @property
    def goes_on(self) -> bool:
        """Whether the next part is to be tried."""
        stopped = self.refusals >= _MOST_REFUSALS or (self.errors and self.errors[-1].passing)
        return bool(self.waiting) and not stopped

    def failed(self, error: NotDelivered) -> None:
        self.errors.append(error)
        self.refusals += 1


@dataclass(frozen=True)
class Delivered:
    """What has been told."""

    messages: int
    forgotten: list[date]
    """Days of which nobody is told any more; their digests are in output/digests."""


def tell(
    outputs: Outputs, name: str, words: Words, deliver: Callable[[Notice], object]
) -> Delivered:
    """Deliver what `name` has not been told of.

    Raises:
        NotDelivered: by `deliver`; what could be delivered is noted.
    """
    messages = 0
    with outputs.telling():
        ledger = Ledger(outputs, [name])
        line, lost = _Line(ledger.untold(name)), ledger.forgotten(name)
        while line.goes_on:
            edition, part = line.waiting.popleft()
            told = words(edition, part, None)
            try:
                if told:
                    deliver(told)
            except NotDelivered as error:
                line.failed(error)
                continue
            if told or not line.errors:  # what is nothing to tell must not pass over a refusal
                line.refusals = 0
                messages += bool(told)
                ledger.note(name, edition, part)
    if line.errors:
        raise line.errors[0]
    return Delivered(messages, lost)


def mail_all(outputs: Outputs, mailer: Mailer, who: Who, words: Words) -> Delivered:
    """Send each recipient what they have not been told of; one who refuses stops nobody else.

    Raises:
        NotDelivered: somebody could not be reached; what could be delivered is noted.
    """
    messages = 0
    with outputs.telling():
        ledger = Ledger(outputs, map(_alias, who))
        lines = {to: _Line(ledger.untold(_alias(to))) for to in who}
        lost = sorted({day for to in who for day in ledger.forgotten(_alias(to))})
        # All who wait for something get their next part together, over one connection.
        while turn := {to: line.waiting.popleft() for to, line in lines.items() if line.goes_on}:
            notices = {to: words(*part, who[to]) for to, part in turn.items()}
            told = {to: found for to, found in notices.items() if found}

            def taken(to: str, turn: Mapping[str, tuple[Edition, int]] = turn) -> None:
                ledger.note(_alias(to), *turn[to])

            failed = mailer.send_all(told, taken)
            messages += len(told) - len(failed)
            for to, (edition, part) in turn.items():
                if to in failed:
                    lines[to].failed(failed[to])
                elif to in told:
                    lines[to].refusals = 0
                elif not lines[to].errors:
                    ledger.note(_alias(to), edition, part)
    errors = [line.errors[0] for line in lines.values() if line.errors]
    if errors:
        reason = f"{errors[0].reason}; {len(errors)} of {len(who)} recipients could not be reached"
        raise NotDelivered("e-mail", reason, errors[0].remedy)
    return Delivered(messages, lost)


def _alias(address: str) -> str:
    """Name a recipient without saying who it is: the note is where the run history is."""
    return f"email {sha256(address.casefold().encode()).hexdigest()[:16]}"
