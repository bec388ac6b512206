"""Which parts of which editions somebody has yet to be told of, and in which words. Pure."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from papers_assets.notify.email import Mailer
from papers_assets.notify.github import MOST_MARKDOWN
from papers_assets.notify.message import NotDelivered, Notice
from papers_assets.notify.webhook import Item, slack_text
from papers_assets.render import digest_mail
from papers_assets.render.digest import TITLES, counted, digest_markdown
from papers_assets.storage.editions import Outputs
from papers_assets.transform.digest import Digest, digest_of
from papers_assets.transform.editions import Edition, Mark

MOST_DAYS = 14
"""Editions, newest first, that are told of after an outage. Older ones are in output/digests."""


def untold(
    days: Sequence[date], read: Callable[[date], Edition | None], last: Mark
) -> Iterator[tuple[Edition, int]]:
    """Give the parts that come after `last`, in order, each with its edition.

    Args:
        days: of all editions, in order.
        read: gives a day's edition.
        last: what was told of last; see `beginning`.
    """
    for day in _after(days, last)[-MOST_DAYS:]:
        if (edition := read(day)) is not None:
            for part in edition.parts:
                if Mark(day, part.number) > last:
                    yield edition, part.number


def forgotten(days: Sequence[date], last: Mark) -> list[date]:
    """Give the days after `last` that are not told of any more, since there are too many."""
    return [day for day in _after(days, last)[:-MOST_DAYS] if day > last.day]


def beginning(days: Sequence[date]) -> Mark:
    """Give what counts as told to who comes anew: all but the newest day.

    It is to be noted before the first delivery, which may fail.
    """
    return Mark(days[-1], 0) if days else Mark(date.min, 0)


def _after(days: Sequence[date], last: Mark) -> list[date]:
    return [day for day in days if day >= last.day]


def notice(  # noqa: PLR0913 - most are said by name
    edition: Edition,
    part: int,
    names: Sequence[str],
    *,
    more: str = "",
    only: Collection[str] | None = None,
    when_nothing_changed: bool = False,
    title: str = "Daily Papers",
) -> Notice | None:
    """Put a part of an edition into words; None: there is nothing worth a message.

    Args:
        edition: what changed.
        part: of it.
        names: of all keywords.
        more: the address of the whole list; empty: unknown.
        only: tell of these keywords alone; None: of all.
        title: what digests are called.
        when_nothing_changed: whether that is worth a message on its day's first part.
    """
    told = digest_of(edition, names, part=part, only=only, title=title)
    if not told.groups and not told.following and not (when_nothing_changed and part == 1):
        return None
    return Notice(
        day=edition.day,
        part=part,
        subject=digest_mail.title(told),
        markdown=digest_markdown(told, more=more, limit=MOST_MARKDOWN),
        text=digest_mail.mail_text(told, more=more),
        html=digest_mail.mail_html(told, more=more),
        data=_data(told),
        short=slack_text(_lines(told, more)),
    )


def _lines(told: Digest, more: str) -> Iterable[Item]:
    yield (
        Item(digest_mail.title(told), more, "all papers") if more else Item(digest_mail.title(told))
    )
    for group in told.groups:
        yield Item(f"{TITLES[group.kind]}: {group.keyword}")
        for entry in group.entries:
            was = f" ({entry.was})" if entry.was else ""
            yield Item(f"{entry.paper.title}{was}", entry.paper.url, entry.paper.arxiv_id)
    for name, count in told.following.items():
        yield Item(f"Now following {name}: {counted(count)}")


def _data(told: Digest) -> dict[str, object]:
    papers = [
        {
            "kind": group.kind.value,
            "arxiv_id": entry.paper.arxiv_id,
            "version": entry.paper.version,
            "title": entry.paper.title,
            "authors": list(entry.paper.authors),
            "url": entry.paper.url,
            "keywords": list(entry.paper.keywords),
            "changed": entry.was,
            "code": [link._asdict() for link in entry.paper.code],
        }
        for group in told.groups
        for entry in group.entries
    ]
    return {
        "summary": told.summary,
        "papers": papers,
        "following": dict(told.following),
        "not_fresh": dict(told.notes),
    }


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
