"""Which parts of which editions somebody has yet to be told of, and in which words. Pure."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from papers_assets.notify.email import Mailer
from papers_assets.notify.github import MAX_MARKDOWN
from papers_assets.notify.message import DeliveryError, Message
from papers_assets.notify.webhook import MessageLine, to_slack_text
from papers_assets.render import digest_mail
from papers_assets.render.digest import KIND_TITLES, count_papers, render_digest_markdown
from papers_assets.storage.editions import EditionStore
from papers_assets.transform.digest import Digest, build_digest
from papers_assets.transform.editions import Edition, Position

MAX_DAYS = 14
"""Editions, newest first, that are told of after an outage. Older ones are in output/digests."""


def pending_parts(
    days: Sequence[date], read: Callable[[date], Edition | None], last_position: Position
) -> Iterator[tuple[Edition, int]]:
    """Return the parts that come after `last_position`, in order, each with its edition.

    Args:
        days: of all editions, in order.
        read: gives a day's edition.
        last_position: what was told of last; see `initial_position`.
    """
    for day in _days_from(days, last_position)[-MAX_DAYS:]:
        if (edition := read(day)) is not None:
            for part in edition.parts:
                if Position(day, part.number) > last_position:
                    yield edition, part.number


def expired_days(days: Sequence[date], last_position: Position) -> list[date]:
    """Return the days after `last_position` that are too many to be sent."""
    return [day for day in _days_from(days, last_position)[:-MAX_DAYS] if day > last_position.day]


def initial_position(days: Sequence[date]) -> Position:
    """Return what counts as told to who comes anew: all but the newest day.

    It is to be noted before the first delivery, which may fail.
    """
    return Position(days[-1], 0) if days else Position(date.min, 0)


def _days_from(days: Sequence[date], last_position: Position) -> list[date]:
    return [day for day in days if day >= last_position.day]


def build_message(  # noqa: PLR0913 - most are said by name
    edition: Edition,
    part: int,
    names: Sequence[str],
    *,
    list_url: str = "",
    only: Collection[str] | None = None,
    when_nothing_changed: bool = False,
    title: str = "Daily Papers",
) -> Message | None:
    """Put a part of an edition into words; None: there is nothing worth a message.

    Args:
        edition: what changed.
        part: of it.
        names: of all keywords.
        list_url: the address of the whole list; empty: unknown.
        only: tell of these keywords alone; None: of all.
        title: what digests are called.
        when_nothing_changed: whether that is worth a message on its day's first part.
    """
    digest = build_digest(edition, names, part=part, only=only, title=title)
    if not digest.groups and not digest.newly_followed and not (when_nothing_changed and part == 1):
        return None
    return Message(
        day=edition.day,
        part=part,
        subject=digest_mail.mail_title(digest),
        markdown=render_digest_markdown(digest, list_url=list_url, limit=MAX_MARKDOWN),
        text=digest_mail.render_mail_text(digest, list_url=list_url),
        html=digest_mail.render_mail_html(digest, list_url=list_url),
        data=_message_data(digest),
        slack_text=to_slack_text(_message_lines(digest, list_url)),
    )


def _message_lines(digest: Digest, list_url: str) -> Iterable[MessageLine]:
    yield (
        MessageLine(digest_mail.mail_title(digest), list_url, "all papers")
        if list_url
        else MessageLine(digest_mail.mail_title(digest))
    )
    for group in digest.groups:
        yield MessageLine(f"{KIND_TITLES[group.kind]}: {group.keyword}")
        for entry in group.entries:
            was = f" ({entry.change})" if entry.change else ""
            yield MessageLine(f"{entry.paper.title}{was}", entry.paper.url, entry.paper.arxiv_id)
    for name, count in digest.newly_followed.items():
        yield MessageLine(f"Now following {name}: {count_papers(count)}")


def _message_data(digest: Digest) -> dict[str, object]:
    papers = [
        {
            "kind": group.kind.value,
            "arxiv_id": entry.paper.arxiv_id,
            "version": entry.paper.version,
            "title": entry.paper.title,
            "authors": list(entry.paper.authors),
            "url": entry.paper.url,
            "keywords": list(entry.paper.keywords),
            "changed": entry.change,
            "code": [link._asdict() for link in entry.paper.code_links],
        }
        for group in digest.groups
        for entry in group.entries
    ]
    return {
        "summary": digest.summary,
        "papers": papers,
        "following": dict(digest.newly_followed),
        "not_fresh": dict(digest.notes),
    }


Composer = Callable[[Edition, int, tuple[str, ...] | None], Message | None]
"""Puts a part of an edition into words, for readers of some keywords, or of all."""
Recipients = Mapping[str, tuple[str, ...] | None]
"""The keywords of each recipient; None: all."""
_MAX_REFUSALS = 2
"""In a row. Who refuses more refuses us, and not what we have to say."""


class DeliveryLog:
    """How far everybody has been told."""

    def __init__(self, edition_store: EditionStore, names: Iterable[str]) -> None:
        """Read it, and note where those begin who are new: their first delivery may fail."""
        self._outputs, self._days = edition_store, edition_store.list_days()
        start = initial_position(self._days)
        marks = dict.fromkeys(names, start) | edition_store.read_deliveries()
        # Who was told of a day that never was, by a wrong clock, begins anew.
        self._positions = {
            to: mark if mark.day <= start.day else start for to, mark in marks.items()
        }
        edition_store.write_deliveries(self._positions)
        self._editions: dict[date, Edition | None] = {}

    def pending_parts(self, name: str) -> "deque[tuple[Edition, int]]":
        """Return the parts that come next for somebody."""
        return deque(pending_parts(self._days, self._read_edition, self._positions[name]))

    def expired_days(self, name: str) -> list[date]:
        """Return the days that somebody is not told of any more, since there are too many."""
        return expired_days(self._days, self._positions[name])

    def record(self, name: str, edition: Edition, part: int) -> None:
        """Note that somebody has been told of a part."""
        self._positions[name] = Position(edition.day, part)
        self._outputs.write_deliveries(self._positions)

    def _read_edition(self, day: date) -> Edition | None:
        if day not in self._editions:
            self._editions[day] = self._outputs.read_edition(day)
        return self._editions[day]


@dataclass
class _Queue:
    """What waits for somebody, and how it goes."""

    waiting: "deque[tuple[Edition, int]]"
    errors: list[DeliveryError] = field(default_factory=list)
    refusals: int = 0
    """In a row."""

    @property
    def has_next(self) -> bool:
        """Whether the next part is to be tried."""
        stopped = self.refusals >= _MAX_REFUSALS or (self.errors and self.errors[-1].is_transient)
        return bool(self.waiting) and not stopped

    def record_failure(self, error: DeliveryError) -> None:
        self.errors.append(error)
        self.refusals += 1


@dataclass(frozen=True)
class DeliveryResult:
    """What has been told."""

    messages: int
    expired_days: list[date]
    """Days of which nobody is told any more; their digests are in output/digests."""


def deliver_all(
    edition_store: EditionStore, name: str, compose: Composer, deliver: Callable[[Message], object]
) -> DeliveryResult:
    """Deliver what `name` has not been told of.

    Raises:
        NotDelivered: by `deliver`; what could be delivered is noted.
    """
    messages = 0
    with edition_store.delivery_lock():
        ledger = DeliveryLog(edition_store, [name])
        line, lost = _Queue(ledger.pending_parts(name)), ledger.expired_days(name)
        while line.has_next:
            edition, part = line.waiting.popleft()
            message = compose(edition, part, None)
            try:
                if message:
                    deliver(message)
            except DeliveryError as error:
                line.record_failure(error)
                continue
            if message or not line.errors:  # what is nothing to tell must not pass over a refusal
                line.refusals = 0
                messages += bool(message)
                ledger.record(name, edition, part)
    if line.errors:
        raise line.errors[0]
    return DeliveryResult(messages, lost)


def deliver_mail(
    edition_store: EditionStore, mailer: Mailer, recipients: Recipients, compose: Composer
) -> DeliveryResult:
    """Send each recipient what they have not been told of; one who refuses stops nobody else.

    Raises:
        NotDelivered: somebody could not be reached; what could be delivered is noted.
    """
    messages = 0
    with edition_store.delivery_lock():
        ledger = DeliveryLog(edition_store, map(_recipient_key, recipients))
        lines = {to: _Queue(ledger.pending_parts(_recipient_key(to))) for to in recipients}
        lost = sorted({day for to in recipients for day in ledger.expired_days(_recipient_key(to))})
        # All who wait for something get their next part together, over one connection.
        while turn := {to: line.waiting.popleft() for to, line in lines.items() if line.has_next}:
            notices = {to: compose(*part, recipients[to]) for to, part in turn.items()}
            message = {to: found for to, found in notices.items() if found}

            def taken(to: str, turn: Mapping[str, tuple[Edition, int]] = turn) -> None:
                ledger.record(_recipient_key(to), *turn[to])

            failed = mailer.send_all(message, taken)
            messages += len(message) - len(failed)
            for to, (edition, part) in turn.items():
                if to in failed:
                    lines[to].record_failure(failed[to])
                elif to in message:
                    lines[to].refusals = 0
                elif not lines[to].errors:
                    ledger.record(_recipient_key(to), edition, part)
    errors = [line.errors[0] for line in lines.values() if line.errors]
    if errors:
        unreached = f"{len(errors)} of {len(recipients)} recipients could not be reached"
        reason = f"{errors[0].reason}; {unreached}"
        raise DeliveryError("e-mail", reason, errors[0].remedy)
    return DeliveryResult(messages, lost)


def _recipient_key(address: str) -> str:
    """Name a recipient without saying who it is: the note is where the run history is."""
    return f"email {sha256(address.casefold().encode()).hexdigest()[:16]}"
