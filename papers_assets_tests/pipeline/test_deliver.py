"""Who has been told of what, and that it is noted at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from papers_assets.notify.email import Mailer
from papers_assets.notify.message import DeliveryError, Message
from papers_assets.pipeline.deliver import build_message, deliver_all, deliver_mail
from papers_assets.storage.editions import EditionStore
from papers_assets.transform.editions import Edition, Position
from papers_assets_tests.helpers.factories import paper
from papers_assets_tests.helpers.messages import Sleep
from papers_assets_tests.notify.test_email import Mailbox, mail_server
from papers_assets_tests.transform.test_editions import DAY, NAMES, Days

SENDER = "papers@example.org"
WHO = {"a@example.org": None, "b@example.org": None}


class Killed(BaseException):
    """Stands for the end of the process."""


def words(edition: Edition, part: int, only: tuple[str, ...] | None) -> Message | None:
    return build_message(edition, part, NAMES, only=only)


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as (box, where):
        yield box, f"smtp://{where}"


@pytest.fixture
def edition_store(tmp_path: Path) -> EditionStore:
    """Two days, the second of two parts."""
    edition_store, days = EditionStore(tmp_path), Days()
    days.part({"a": [paper(1)]})
    tomorrow = DAY + timedelta(days=1)
    days.part({"a": [paper(1), paper(2)]}, tomorrow)
    days.part({"a": [paper(1), paper(2)], "b": [paper(3)]}, tomorrow)
    for edition in days.editions.values():
        edition_store.write_edition(edition)
    return edition_store


def test_what_is_taken_is_noted_before_anything_else_is_tried(
    edition_store: EditionStore, box: tuple[Mailbox, str]
) -> None:
    mailbox, smtp = box
    mailbox.answers["b@example.org"] = ["450 Later"]

    def killed(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        deliver_mail(edition_store, Mailer(smtp, SENDER, sleep=killed), WHO, words)
    assert (
        deliver_mail(edition_store, Mailer(smtp, SENDER, sleep=Sleep()), WHO, words).messages == 3
    )
    told = [(message["To"], message["Message-ID"]) for message in mailbox.messages]
    assert len(told) == len(set(told)) == 4


def test_who_comes_anew_begins_with_the_newest_day_in_its_parts(
    edition_store: EditionStore,
) -> None:
    messages: list[Message] = []
    assert deliver_all(edition_store, "webhook", words, messages.append).messages == 2
    assert [(n.day - DAY, n.part) for n in messages] == [
        (timedelta(days=1), 1),
        (timedelta(days=1), 2),
    ]
    assert deliver_all(edition_store, "webhook", words, messages.append).messages == 0


def test_who_was_told_of_a_day_that_never_was_begins_anew(edition_store: EditionStore) -> None:
    edition_store.write_deliveries({"webhook": Position(DAY + timedelta(days=5000), 1)})
    assert deliver_all(edition_store, "webhook", words, lambda _: None).messages == 2


def test_what_may_pass_keeps_everything_after_it_waiting(edition_store: EditionStore) -> None:
    edition_store.write_deliveries({"webhook": Position(DAY, 1)})
    messages: list[Message] = []

    def deliver(message: Message) -> None:
        messages.append(message)
        raise DeliveryError("webhook", "busy", "Later", is_transient=True)

    with pytest.raises(DeliveryError, match="busy"):
        deliver_all(edition_store, "webhook", words, deliver)
    assert len(messages) == 1
    assert edition_store.read_deliveries() == {"webhook": Position(DAY, 1)}


def test_who_refuses_everything_is_not_asked_for_ever_and_nothing_is_passed_over(
    edition_store: EditionStore,
) -> None:
    edition_store.write_deliveries({"webhook": Position(DAY, 0)})
    messages: list[Message] = []

    def deliver(message: Message) -> None:
        messages.append(message)
        raise DeliveryError("webhook", "the token is wrong", "Set another")

    with pytest.raises(DeliveryError, match="token"):
        deliver_all(edition_store, "webhook", words, deliver)
    assert len(messages) == 2
    assert deliver_all(edition_store, "webhook", words, messages.append).messages == 3


def test_a_part_with_nothing_to_tell_does_not_pass_over_one_that_was_refused(
    edition_store: EditionStore,
) -> None:
    edition_store.write_deliveries({"webhook": Position(DAY, 0)})

    def only_of_a(edition: Edition, part: int, _: tuple[str, ...] | None) -> Message | None:
        return words(edition, part, ("a",)) if edition.day == DAY else None

    def refuse(_: Message) -> None:
        raise DeliveryError("webhook", "no", "None")

    with pytest.raises(DeliveryError):
        deliver_all(edition_store, "webhook", only_of_a, refuse)
    assert edition_store.read_deliveries()["webhook"] == Position(DAY, 0)
