"""Who has been told of what, and that it is noted at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from papers_assets.notify.email import Mailer
from papers_assets.notify.message import NotDelivered, Notice
from papers_assets.pipeline.deliver import mail_all, notice, tell
from papers_assets.storage.editions import Outputs
from papers_assets.transform.editions import Edition, Mark
from papers_assets_tests.helpers.factories import paper
from papers_assets_tests.helpers.messages import Sleep
from papers_assets_tests.notify.test_email import Mailbox, mail_server
from papers_assets_tests.transform.test_editions import DAY, NAMES, Days

SENDER = "papers@example.org"
WHO = {"a@example.org": None, "b@example.org": None}


class Killed(BaseException):
    """Stands for the end of the process."""


def words(edition: Edition, part: int, only: tuple[str, ...] | None) -> Notice | None:
    return notice(edition, part, NAMES, only=only)


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as (box, where):
        yield box, f"smtp://{where}"


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    """Two days, the second of two parts."""
    outputs, days = Outputs(tmp_path), Days()
    days.part({"a": [paper(1)]})
    tomorrow = DAY + timedelta(days=1)
    days.part({"a": [paper(1), paper(2)]}, tomorrow)
    days.part({"a": [paper(1), paper(2)], "b": [paper(3)]}, tomorrow)
    for edition in days.editions.values():
        outputs.write_edition(edition)
    return outputs


def test_what_is_taken_is_noted_before_anything_else_is_tried(
    outputs: Outputs, box: tuple[Mailbox, str]
) -> None:
    mailbox, smtp = box
    mailbox.answers["b@example.org"] = ["450 Later"]

    def killed(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        mail_all(outputs, Mailer(smtp, SENDER, sleep=killed), WHO, words)
    assert mail_all(outputs, Mailer(smtp, SENDER, sleep=Sleep()), WHO, words).messages == 3
    told = [(message["To"], message["Message-ID"]) for message in mailbox.messages]
    assert len(told) == len(set(told)) == 4


def test_who_comes_anew_begins_with_the_newest_day_in_its_parts(outputs: Outputs) -> None:
    told: list[Notice] = []
    assert tell(outputs, "webhook", words, told.append).messages == 2
    assert [(n.day - DAY, n.part) for n in told] == [(timedelta(days=1), 1), (timedelta(days=1), 2)]
    assert tell(outputs, "webhook", words, told.append).messages == 0


def test_who_was_told_of_a_day_that_never_was_begins_anew(outputs: Outputs) -> None:
    outputs.write_deliveries({"webhook": Mark(DAY + timedelta(days=5000), 1)})
    assert tell(outputs, "webhook", words, lambda _: None).messages == 2


def test_what_may_pass_keeps_everything_after_it_waiting(outputs: Outputs) -> None:
    outputs.write_deliveries({"webhook": Mark(DAY, 1)})
    told: list[Notice] = []

    def deliver(notice: Notice) -> None:
        told.append(notice)
        raise NotDelivered("webhook", "busy", "Later", passing=True)

    with pytest.raises(NotDelivered, match="busy"):
        tell(outputs, "webhook", words, deliver)
    assert len(told) == 1
    assert outputs.read_deliveries() == {"webhook": Mark(DAY, 1)}


def test_who_refuses_everything_is_not_asked_for_ever_and_nothing_is_passed_over(
    outputs: Outputs,
) -> None:
    outputs.write_deliveries({"webhook": Mark(DAY, 0)})
    told: list[Notice] = []

    def deliver(notice: Notice) -> None:
        told.append(notice)
        raise NotDelivered("webhook", "the token is wrong", "Set another")

    with pytest.raises(NotDelivered, match="token"):
        tell(outputs, "webhook", words, deliver)
    assert len(told) == 2
    assert tell(outputs, "webhook", words, told.append).messages == 3


def test_a_part_with_nothing_to_tell_does_not_pass_over_one_that_was_refused(
    outputs: Outputs,
) -> None:
    outputs.write_deliveries({"webhook": Mark(DAY, 0)})

    def only_of_a(edition: Edition, part: int, _: tuple[str, ...] | None) -> Notice | None:
        return words(edition, part, ("a",)) if edition.day == DAY else None

    def refuse(_: Notice) -> None:
        raise NotDelivered("webhook", "no", "None")

    with pytest.raises(NotDelivered):
        tell(outputs, "webhook", only_of_a, refuse)
    assert outputs.read_deliveries()["webhook"] == Mark(DAY, 0)
