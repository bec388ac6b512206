"""Compose messages from editions and deliver the pending parts to each channel or recipient."""

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
"""The newest editions that are sent after an outage; older ones are in output/digests."""


def pending_parts(
    days: Sequence[date], read: Callable[[date], Edition | None], last_position: Position
) -> Iterator[tuple[Edition, int]]:
    """Yield the parts after `last_position` in order, each with its edition.

    Args:
        days: the days of all editions, in order.
        read: returns the edition of a day.
        last_position: the last delivered part; see `initial_position`.
    """
    for day in _days_from(days, last_position)[-MAX_DAYS:]:
        if (edition := read(day)) is not None:
            for part in edition.parts:
                if Position(day, part.number) > last_position:
                    yield edition, part.number


def expired_days(days: Sequence[date], last_position: Position) -> list[date]:
    """Return the days after `last_position` that are not sent, beyond the newest `MAX_DAYS`."""
    return [day for day in _days_from(days, last_position)[:-MAX_DAYS] if day > last_position.day]


def initial_position(days: Sequence[date]) -> Position:
    """Return the position of a new recipient: all but the newest day count as delivered.

    Store it before the first delivery, which may fail.
    """
    return Position(days[-1], 0) if days else Position(date.min, 0)


def _days_from(days: Sequence[date], last_position: Position) -> list[date]:
    return [day for day in days if day >= last_position.day]


def build_message(  # noqa: PLR0913 - most are keyword-only
    edition: Edition,
    part: int,
    names: Sequence[str],
    *,
    list_url: str = "",
    only: Collection[str] | None = None,
    when_nothing_changed: bool = False,
    title: str = "Daily Papers",
) -> Message | None:
    """Return the message for a part of an edition; None: nothing to send.

    Args:
        edition: the edition.
        part: the number of the part.
        names: the names of all keywords.
        list_url: the address of the whole list; empty: unknown.
        only: restrict the message to these keywords; None: all.
        title: the title of digests.
        when_nothing_changed: whether the first part of a day is sent without any changes.
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
"""Returns the message for a part of an edition, restricted to some keywords (None: all)."""
Recipients = Mapping[str, tuple[str, ...] | None]
"""The keywords of each recipient; None: all."""
_MAX_REFUSALS = 2
"""In a row: after that the channel is taken to refuse every message, whatever its content."""


class DeliveryLog:
    """The last delivered part of each channel and recipient."""

    def __init__(self, edition_store: EditionStore, names: Iterable[str]) -> None:
        """Read the log and store the initial position of new names: a first delivery may fail."""
        self._outputs, self._days = edition_store, edition_store.list_days()
        start = initial_position(self._days)
        marks = dict.fromkeys(names, start) | edition_store.read_deliveries()
        # A position after the newest edition comes from a wrong clock: start again.
        self._positions = {
            to: mark if mark.day <= start.day else start for to, mark in marks.items()
        }
        edition_store.write_deliveries(self._positions)
        self._editions: dict[date, Edition | None] = {}

    def pending_parts(self, name: str) -> "deque[tuple[Edition, int]]":
        """Return the parts that `name` has not received, in order."""
        return deque(pending_parts(self._days, self._read_edition, self._positions[name]))

    def expired_days(self, name: str) -> list[date]:
        """Return the days that `name` will not receive, because they are too many."""
        return expired_days(self._days, self._positions[name])

    def record(self, name: str, edition: Edition, part: int) -> None:
        """Record that a part was delivered to `name`."""
        self._positions[name] = Position(edition.day, part)
        self._outputs.write_deliveries(self._positions)

    def _read_edition(self, day: date) -> Edition | None:
        if day not in self._editions:
            self._editions[day] = self._outputs.read_edition(day)
        return self._editions[day]


@dataclass
class _Queue:
    """The pending parts of one name, and the failures so far."""

    waiting: "deque[tuple[Edition, int]]"
    errors: list[DeliveryError] = field(default_factory=list)
    refusals: int = 0
    """In a row."""

    @property
    def has_next(self) -> bool:
        """Whether there is a next part to try."""
        stopped = self.refusals >= _MAX_REFUSALS or (self.errors and self.errors[-1].is_transient)
        return bool(self.waiting) and not stopped

    def record_failure(self, error: DeliveryError) -> None:
        self.errors.append(error)
        self.refusals += 1


@dataclass(frozen=True)
class DeliveryResult:
    """The result of a delivery."""

    messages: int
    expired_days: list[date]
    """Days that are not sent any more; their digests are in output/digests."""


def deliver_all(
    edition_store: EditionStore, name: str, compose: Composer, deliver: Callable[[Message], object]
) -> DeliveryResult:
    """Deliver the pending parts to `name`.

    Raises:
        DeliveryError: from `deliver`; successful deliveries are recorded.
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
            if message or not line.errors:  # a part without a message must not skip a refused one
                line.refusals = 0
                messages += bool(message)
                ledger.record(name, edition, part)
    if line.errors:
        raise line.errors[0]
    return DeliveryResult(messages, lost)


def deliver_mail(
    edition_store: EditionStore, mailer: Mailer, recipients: Recipients, compose: Composer
) -> DeliveryResult:
    """Send each recipient their pending parts; a refusal does not stop the other recipients.

    Raises:
        DeliveryError: a recipient could not be reached; successful deliveries are recorded.
    """
    messages = 0
    with edition_store.delivery_lock():
        ledger = DeliveryLog(edition_store, map(_recipient_key, recipients))
        lines = {to: _Queue(ledger.pending_parts(_recipient_key(to))) for to in recipients}
        lost = sorted({day for to in recipients for day in ledger.expired_days(_recipient_key(to))})
        # Send the next part of every recipient together, over one connection.
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
    """Return a recipient's key, a hash: the delivery log is stored beside the run history."""
    return f"email {sha256(address.casefold().encode()).hexdigest()[:16]}"
