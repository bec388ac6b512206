"""Mail, sent to real servers, with and without TLS, and read as its recipients get it."""

import logging
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import islice
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from hypothesis import example, given
from hypothesis import strategies as st

from papers_assets.notify.email import Mailer
from papers_assets.notify.email_message import compose_email
from papers_assets.notify.message import RETRY_PAUSES, DeliveryError
from papers_assets.render.markdown import collapse_whitespace
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.messages import SECRET, Sleep, everything_of, notice
from papers_assets_tests.helpers.ui_driver import free_port

SENDER = "papers@example.org"
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
BYE = "421 Closing"


@dataclass
class Mailbox:
    """Takes mail; `answers` come before that, by recipient."""

    received: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        _server: object,
        session: Session,
        _envelope: object,
        host: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += session.host_name is None
        session.host_name = host
        return responses

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answers := self.answers.get(address):
            return answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: object, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        if answers := self.answers.get(f"DATA {envelope.rcpt_tos[0]}"):
            return answers.pop(0)
        self.received.append((envelope.rcpt_tos[0], envelope.content))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        return [parsed(content) for _, content in self.received]


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def knows(_server: object, _session: object, _envelope: object, _how: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=right, handled=right)  # or else it answers 535 itself


@contextmanager
def mail_server(host: str = "127.0.0.1", **options: Any) -> Iterator[tuple[Mailbox, str]]:
    box, port = Mailbox(), free_port()
    controller = Controller(
        box,
        hostname=host,
        port=port,
        server_hostname="invented.example.org",  # asking for this machine's takes a second
        auth_require_tls=False,
        **{"authenticator": knows, **options},
    )
    controller.start()
    try:
        yield box, f"me:{SECRET}@{host}:{port}"
    finally:
        controller.stop()


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as (box, where):
        yield box, f"smtp://{where}"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's second loopback address, and its key."""
    if which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    name = "-subj /CN=invented -addext subjectAltName=IP:127.0.0.2"
    arguments = [*command.split(), *name.split(), "-keyout", str(key), "-out", str(made)]
    subprocess.run(arguments, check=True, capture_output=True)
    return made, key


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def mailer(url: str, sleep: Sleep | None = None, **options: Any) -> Mailer:
    return Mailer(url, SENDER, sleep=sleep or Sleep(), now=lambda: NOW, **options)


def composed(**fields: Any) -> EmailMessage:
    return compose_email(
        notice(**fields), SENDER, "me@example.org", date=NOW, unsubscribe="", name="papers"
    )


def test_a_message_has_text_and_html_and_says_that_a_program_wrote_it(
    mailbox: tuple[Mailbox, str],
) -> None:
    box, url = mailbox
    mailer(url).send(notice(), "me@example.org")
    (message,) = box.messages
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    plain, rich = message.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == notice().text
    assert rich.get_content().strip() == notice().html
    assert (message["From"], message["To"]) == (SENDER, "me@example.org")
    assert message["Subject"] == notice().subject
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "papers-assets <papers-assets.example.org>"
    unsubscribe = f"<mailto:{SENDER}?subject=unsubscribe>"
    assert message["List-Unsubscribe"] == unsubscribe
    assert message["In-Reply-To"] is None


def test_a_retry_is_the_same_mail_and_a_later_part_answers_the_first(
    mailbox: tuple[Mailbox, str],
) -> None:
    box, url = mailbox
    for part in (1, 1, 2):
        mailer(url).send(notice(part=part), "me@example.org")
    mailer(url).send(notice(), "you@example.org")
    mailer(url, name="other").send(notice(), "me@example.org")
    mailer(url).send(notice(day=notice().day.replace(day=24)), "me@example.org")
    first, again, second, *others = box.messages
    assert first["Message-ID"] == again["Message-ID"]
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    ids = [m["Message-ID"] for m in (first, second, *others)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("address", ["https://example.org/x?a=1&b=2", f"https://x/{'a' * 800}"])
def test_an_address_to_unsubscribe_at_arrives_whole(
    mailbox: tuple[Mailbox, str], address: str
) -> None:
    box, url = mailbox
    mailer(url, unsubscribe=address).send(notice(), "me@example.org")
    (_, content), *_ = box.received
    assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in content


def test_recipients_share_a_connection_and_the_refused_stop_nobody(
    mailbox: tuple[Mailbox, str],
) -> None:
    box, url = mailbox
    box.answers = {"b@x.org": ["550 5.1.1 No such person"], "DATA d@x.org": ["554 Spam"]}
    sleep = Sleep()
    who = [f"{name}@x.org" for name in "abcde"]
    errors = mailer(url, sleep).send_all(dict.fromkeys(who, notice()))
    assert [to for to, _ in box.received] == ["a@x.org", "c@x.org", "e@x.org"]
    assert [m["To"] for m in box.messages] == ["a@x.org", "c@x.org", "e@x.org"]
    assert str(errors.pop("b@x.org")) == (
        "e-mail to b…@x.org: the mail server answered 550, '5.1.1 No such person'. Look at the "
        "address and the sender."
    )
    assert "554, 'Spam'" in str(errors.pop("d@x.org"))
    assert (errors, box.connections, sleep.pauses) == ({}, 1, [])


def test_who_is_refused_for_now_is_tried_three_times(
    mailbox: tuple[Mailbox, str], caplog: pytest.LogCaptureFixture
) -> None:
    box, url = mailbox
    box.answers = {"b@x.org": ["450 Later"] * 2, "DATA c@x.org": ["451 Later"] * 3}
    sleep = Sleep()
    who = [f"{name}@x.org" for name in "abc"]
    errors = mailer(url, sleep).send_all(dict.fromkeys(who, notice()))
    assert [to for to, _ in box.received] == ["a@x.org", "b@x.org"]
    assert list(errors) == ["c@x.org"]
    assert errors["c@x.org"].is_transient
    assert sleep.pauses == list(RETRY_PAUSES)
    assert "e-mail to b…@x.org: the mail server answered 450" in caplog.text


def test_a_server_that_hangs_up_is_called_again(mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    box.answers = {"b@x.org": [BYE], "DATA c@x.org": [BYE]}
    sleep = Sleep()
    who = [f"{name}@x.org" for name in "abcd"]
    assert mailer(url, sleep).send_all(dict.fromkeys(who, notice())) == {}
    assert [to for to, _ in box.received] == ["a@x.org", "d@x.org", "b@x.org", "c@x.org"]
    assert box.connections == 4
    assert sleep.pauses == [RETRY_PAUSES[0]]


def test_a_server_that_is_away_is_asked_once_a_round_and_told_of_for_all() -> None:
    sleep = Sleep()
    who = dict.fromkeys(("a@x.org", "b@x.org"), notice())
    errors = mailer(f"smtp://me:{SECRET}@127.0.0.1:1", sleep).send_all(who)
    assert list(errors) == list(who)
    for error in errors.values():
        assert "could not be used (ConnectionRefusedError). Look at PAPERS_SMTP_URL" in str(error)
        assert SECRET not in everything_of(error)
    assert sleep.pauses == list(RETRY_PAUSES)


def test_a_wrong_password_is_told_and_not_tried_again(
    mailbox: tuple[Mailbox, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    box, url = mailbox
    wrong = mailer(url.replace(SECRET, f"not-{SECRET}"))
    with pytest.raises(DeliveryError, match=r"did not let us in \(535\)") as raised:
        wrong.send(notice(), "me@example.org")
    assert not raised.value.is_transient
    assert SECRET not in everything_of(raised.value) + caplog.text + repr(wrong)
    assert box.received == []


def test_a_server_that_says_the_password_aloud_is_not_quoted(mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    box.answers = {"me@example.org": [f"550 {SECRET} is no password for this"]}
    with pytest.raises(DeliveryError, match=r"'\*\*\* is no password") as raised:
        mailer(url).send(notice(), "me@example.org")
    assert SECRET not in everything_of(raised.value)


def test_a_server_that_lets_nobody_in_for_now_is_asked_again() -> None:
    # Twice: PLAIN, and then LOGIN.
    later = [AuthResult(success=False, handled=False, message="454 Later")] * 2

    def busy(*arguments: Any) -> AuthResult:
        return later.pop() if later else knows(*arguments)

    sleep = Sleep()
    with mail_server(authenticator=busy) as (box, where):
        mailer(f"smtp://{where}", sleep).send(notice(), "me@example.org")
    assert sleep.pauses == [RETRY_PAUSES[0]]
    assert len(box.received) == 1


@pytest.mark.parametrize(
    "url", [f"smtp://me:{SECRET}#x@h:1", f"smtp://me:{SECRET}@h:99999", f"smtp://[{SECRET}"]
)
def test_a_server_that_is_none_is_told_without_its_secret(url: str) -> None:
    with pytest.raises(DeliveryError, match="Look at PAPERS_SMTP_URL") as raised:
        mailer(url).send(notice(), "me@example.org")
    assert not raised.value.is_transient
    assert SECRET not in everything_of(raised.value)


@pytest.mark.parametrize(
    "address", ["me@x.org\nBcc: you@x.org", "me@x.org\r\nRCPT TO:<you@x.org>", "me", "a@b\x00c", ""]
)
def test_an_address_that_could_be_more_than_one_is_refused(
    mailbox: tuple[Mailbox, str], address: str
) -> None:
    box, url = mailbox
    errors = mailer(url).send_all({address: notice(), "you@example.org": notice()})
    assert list(errors) == [address]
    assert [to for to, _ in box.received] == ["you@example.org"]


def test_an_address_that_is_not_ascii_needs_a_server_that_takes_it() -> None:
    with mail_server(enable_SMTPUTF8=False) as (box, where):
        with pytest.raises(DeliveryError, match="one that the mail server cannot take"):
            mailer(f"smtp://{where}").send(notice(), "müller@example.org")
        assert box.received == []
    with mail_server(enable_SMTPUTF8=True) as (box, where):
        mailer(f"smtp://{where}").send(notice(), "müller@example.org")
        assert [to for to, _ in box.received] == ["müller@example.org"]


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_mail_travels_encrypted_to_a_server_that_proves_who_it_is(
    scheme: str,
    tls: ssl.SSLContext,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    options: dict[str, Any] = {"ssl_context": tls}
    if scheme == "smtp":
        options = {"tls_context": tls, "require_starttls": True}
    with encrypted_server(scheme, **options) as (box, url):
        mailer(url).send(notice(), "me@example.org")
        assert [to for to, _ in box.received] == ["me@example.org"]
        # Of a connection that begins with TLS, aiosmtpd keeps no record; nobody else gets in.
        assert box.encrypted == [scheme == "smtp"]


@contextmanager
def encrypted_server(scheme: str, **options: Any) -> Iterator[tuple[Mailbox, str]]:
    with mail_server("127.0.0.2", **options) as (box, where):
        yield box, f"{scheme}://{where}"


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(tls: ssl.SSLContext) -> None:
    with encrypted_server("smtp", tls_context=tls) as (box, url):
        with pytest.raises(DeliveryError, match=r"certificate is not one .* that can be trusted"):
            mailer(url).send(notice(), "me@example.org")
        assert (box.received, box.encrypted) == ([], [])


def test_a_server_without_tls_that_is_not_this_machine_gets_nothing() -> None:
    with mail_server("127.0.0.2") as (box, where):
        with pytest.raises(DeliveryError, match="SMTPNotSupportedError") as raised:
            mailer(f"smtp://{where}").send(notice(), "me@example.org")
        assert not raised.value.is_transient
        assert box.received == []


texts = st.text(alphabet=st.characters(codec=None), max_size=300)


@given(texts, texts)
@example("Subject\r\nBcc: you@example.org\r\n\r\nA body", "\ud800 \0 \r.\r\n.\n" + "x" * 3000)
@example("An invented " + "name of seventy characters and more " * 3 + "=?x?q?y?= ü", "")
@example("An invented name, " + "überall " * 20 + "漢字" * 40, "漢字" * 3000)
def test_whatever_is_in_the_texts_no_header_comes_in_and_lines_keep_to_smtps_limit(
    subject: str, text: str
) -> None:
    content = composed(subject=subject, text=text, html=f"<p>{text}</p>").as_bytes()
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = parsed(content)
    assert len(message) == len(composed())
    assert message["Bcc"] is None
    plain = next(message.iter_parts())
    sound = text.encode("utf-8", "replace").decode()
    assert plain.get_content().split() == sound.split()
    if len(collapse_whitespace(subject)) <= 200:
        assert str(message["Subject"]) == collapse_whitespace(subject)


def test_real_texts_are_the_subjects_that_were_published() -> None:
    for record in islice(reference_data.records("arxiv/hazards.jsonl.gz"), 0, None, 10):
        subject = collapse_whitespace(record["title"])[:200].strip()
        assert parsed(composed(subject=subject).as_bytes())["Subject"] == subject


def test_a_long_subject_is_cut() -> None:
    assert composed(subject="x" * 300)["Subject"] == f"{'x' * 200}… (300 characters)"


@pytest.mark.parametrize("sender", ["me@" + "long-" * 12 + "x.example.org", "me@bücher.example"])
def test_the_id_of_a_message_is_ascii_and_whole(sender: str) -> None:
    message = compose_email(
        notice(part=2), sender, "you@x.org", date=NOW, unsubscribe="", name="papers"
    ).as_string()
    first = message.split("\nIn-Reply-To: ")[1].split("\n")[0].strip()
    assert first.isascii()
    assert first.startswith("<2026-11-23.1.")
    assert f"\nReferences: {first}" in message.replace("\r", "")
