"""Alerts, sent to real servers: one that takes webhooks, one that takes mail."""

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from papers_assets.alerts import AlertError, Alerts, send
from papers_assets.sample_arxiv import Fault
from papers_assets.schedules import DAILY, alert_sensor
from papers_assets.settings import SettingsError, read_settings
from papers_assets_tests.conftest import House
from papers_assets_tests.driving import free_port

SECRET = "hunter2"  # noqa: S105 - of a server that this file starts


class Receiver:
    """Takes what is posted to it."""

    def __init__(self) -> None:
        self.status = 200
        self.received: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(json.loads(body)["text"])
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/{SECRET}"
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


class Mailbox:
    """Takes mail for those who know the password."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.received.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    def knows(
        _server: object, _session: object, _envelope: object, _how: str, data: object
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == SECRET.encode()
        return AuthResult(success=right)

    box, port = Mailbox(), free_port()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        auth_require_tls=False,
        authenticator=knows,
    )
    controller.start()
    try:
        yield box, f"smtp://me:{SECRET}@127.0.0.1:{port}"
    finally:
        controller.stop()


def fail(house: House) -> dg.RunFailureSensorContext:
    """Let the daily run fail at one keyword, and give what Dagster tells sensors of it."""
    house.failing = {"compiler": Fault(503)}
    result = house.execute(DAILY, tags=house.everything, raise_on_error=False)
    return dg.build_run_status_sensor_context(
        sensor_name="alert_on_failure",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=house.instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()


def test_a_failed_run_is_told_with_keyword_reason_and_what_comes_next(
    house: House, receiver: Receiver, mailbox: tuple[Mailbox, str]
) -> None:
    box, server = mailbox
    alerts = Alerts(receiver.url, ("me@example.org", "you@example.org"), server, "me@example.org")
    alert_sensor(alerts)(fail(house))
    (text,) = receiver.received
    assert text.startswith("papers-assets: daily_papers failed\n")
    assert (
        "raw_papers: 1 of 3 keywords could not be refreshed. compiler: arXiv answered 503" in text
    )
    assert "The next daily run asks again" in text
    (envelope,) = box.received
    assert envelope.rcpt_tos == ["me@example.org", "you@example.org"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert message["Subject"] == "papers-assets: daily_papers failed"
    assert "compiler: arXiv answered 503" in message.get_content()


def test_nothing_is_sent_and_the_sensor_is_off_until_it_is_configured(house: House) -> None:
    sensor = alert_sensor(Alerts())
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    skipped = sensor(fail(house))
    assert isinstance(skipped, dg.SkipReason)
    assert "Set PAPERS_ALERT_WEBHOOK" in str(skipped.skip_message)
    assert alert_sensor(Alerts("https://x")).default_status is dg.DefaultSensorStatus.RUNNING


def test_an_alert_that_cannot_be_sent_says_so_without_its_secret(receiver: Receiver) -> None:
    receiver.status = 500
    alerts = Alerts(receiver.url, ("me@example.org",), f"smtp://me:{SECRET}@127.0.0.1:1", "me@x")
    with pytest.raises(AlertError) as raised:
        send(alerts, "subject", "text")
    assert "PAPERS_ALERT_WEBHOOK: status 500" in str(raised.value)
    assert "PAPERS_SMTP_URL: ConnectionRefusedError" in str(raised.value)
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(alerts)
    # What could be sent was, although something else could not.
    receiver.status = 200
    with pytest.raises(AlertError):
        send(alerts, "subject", "text")
    assert len(receiver.received) == 2


def test_alerts_are_configured_by_the_environment() -> None:
    assert not read_settings({}).alerts.is_configured
    settings = read_settings(
        {
            "PAPERS_ALERT_EMAIL": "me@example.org, you@example.org",
            "PAPERS_SMTP_URL": f"smtps://me:{SECRET}@mail.example.org",
        }
    )
    assert settings.alerts.recipients == ("me@example.org", "you@example.org")
    assert settings.alerts.sender == "me@example.org"
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"PAPERS_ALERT_WEBHOOK": SECRET}, "PAPERS_ALERT_WEBHOOK: expected an address"),
        ({"PAPERS_SMTP_URL": SECRET}, "PAPERS_SMTP_URL: expected smtps://"),
        ({"PAPERS_ALERT_EMAIL": "me@x"}, "PAPERS_SMTP_URL is not: expected the mail server"),
        (
            {"PAPERS_ALERT_EMAIL": "me", "PAPERS_SMTP_URL": "smtp://x"},
            "PAPERS_ALERT_EMAIL: 'me' is no e-mail address",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_named_without_its_secret(
    variables: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(variables)
    assert words in str(raised.value)
    assert SECRET not in str(raised.value)
