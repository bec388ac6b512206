"""Alerts, sent to real servers: one that takes webhooks, one that takes mail."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from traceback import format_exception

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from papers_assets.arxiv.sample import Fault
from papers_assets.definitions import build_definitions
from papers_assets.defs.jobs import DAILY_JOB
from papers_assets.defs.sensors import build_alert_sensor
from papers_assets.notify.alerts import send_alert
from papers_assets.settings import AlertError, AlertSettings, Settings, SettingsError, read_settings
from papers_assets_tests.helpers.project import Project
from papers_assets_tests.helpers.ui_driver import free_port

pytestmark = pytest.mark.lists_only

TOLD = "Everybody has been told of what failed."
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

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        _server: object,
        _session: object,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address.startswith("nobody@"):
            return "550 No such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

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


class Sensor:
    """The sensor, from tick to tick."""

    def __init__(self, project: Project, alerts: AlertSettings) -> None:
        self.project = project
        self.definition = build_alert_sensor(alerts, lambda: project.today)
        self.cursor: str | None = None

    def tick(self) -> str:
        context = dg.build_sensor_context(self.project.instance, cursor=self.cursor)
        result = self.definition(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor or self.cursor
        assert isinstance(result.skip_reason, dg.SkipReason)
        return str(result.skip_reason.skip_message)


def fail(project: Project) -> None:
    """Let the daily run fail at one keyword."""
    project.failing = {"compiler": Fault(503)}
    assert not project.execute(DAILY_JOB, tags=project.everything, raise_on_error=False).success


@pytest.fixture
def project(project: Project) -> Project:
    project.today = datetime.now(UTC)  # Dagster's records have the real time
    return project


def test_a_failed_run_is_told_once_with_keyword_reason_and_what_comes_next(
    project: Project, receiver: Receiver, mailbox: tuple[Mailbox, str]
) -> None:
    box, server = mailbox
    fail(project)
    sensor = Sensor(
        project,
        AlertSettings(
            receiver.url, ("me@example.org", "you@example.org"), server, "me@example.org"
        ),
    )
    project.today = datetime.now(UTC)
    assert sensor.tick() == TOLD  # it failed before there was a sensor
    assert receiver.received == []
    fail(project)
    assert sensor.tick() == TOLD
    assert sensor.tick() == TOLD
    (text,) = receiver.received
    assert text.startswith("papers-assets: daily_papers failed\n")
    assert (
        "raw_papers: 1 of 3 keywords could not be refreshed. compiler: arXiv answered 503" in text
    )
    assert "The next daily run fetches them again" in text
    (envelope,) = box.received
    assert envelope.rcpt_tos == ["me@example.org", "you@example.org"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=default)
    assert message["Subject"] == "papers-assets: daily_papers failed"
    assert "compiler: arXiv answered 503" in message.get_content()


def test_an_alert_that_cannot_be_sent_is_tried_again_by_those_who_have_not_been_reached(
    project: Project, receiver: Receiver, mailbox: tuple[Mailbox, str]
) -> None:
    box, server = mailbox
    reachable = AlertSettings(receiver.url, ("me@example.org",), server, "me@example.org")
    unreachable = replace(reachable, smtp=f"smtp://me:{SECRET}@127.0.0.1:1")
    sensor = Sensor(project, unreachable)
    sensor.tick()
    fail(project)
    for _ in range(2):
        says = sensor.tick()
        assert says == (
            "The alert by e-mail could not be sent: ConnectionRefusedError. Trying again."
        )
    assert (len(receiver.received), len(box.received)) == (1, 0)
    sensor.definition = build_alert_sensor(reachable, lambda: project.today)
    assert sensor.tick() == TOLD
    assert (len(receiver.received), len(box.received)) == (1, 1)


def test_a_channel_that_is_broken_does_not_silence_the_other(
    project: Project, receiver: Receiver, mailbox: tuple[Mailbox, str]
) -> None:
    box, server = mailbox
    sensor = Sensor(
        project, AlertSettings(receiver.url, ("me@example.org",), server, "me@example.org")
    )
    sensor.tick()
    receiver.status = 404
    for _ in range(2):
        fail(project)
    for _ in range(3):
        assert sensor.tick() == "The alert by webhook could not be sent: status 404. Trying again."
    assert len(box.received) == 2
    receiver.status, receiver.received = 200, []
    for _ in range(3):
        assert sensor.tick() == TOLD
    assert len(receiver.received) == len(box.received) == 2


def test_a_redirect_is_no_receipt(receiver: Receiver) -> None:
    receiver.status = 302
    with pytest.raises(AlertError, match="status 302"):
        send_alert(AlertSettings(receiver.url), "webhook", "subject", "text")


def test_who_is_refused_by_the_mail_server_has_not_been_told(mailbox: tuple[Mailbox, str]) -> None:
    box, server = mailbox
    alerts = AlertSettings("", ("me@example.org", "nobody@example.org"), server, "me@example.org")
    with pytest.raises(AlertError, match=r"refused for nobody@example\.org"):
        send_alert(alerts, "e-mail", "subject", "text")
    assert len(box.received) == 1


def test_what_could_not_be_told_for_days_is_given_up(project: Project, receiver: Receiver) -> None:
    sensor = Sensor(project, AlertSettings(receiver.url))
    sensor.tick()
    fail(project)
    receiver.status = 500
    assert sensor.tick() == "The alert by webhook could not be sent: status 500. Trying again."
    project.today += timedelta(days=4)
    assert sensor.tick() == TOLD


def test_nothing_is_sent_and_the_sensor_is_off_until_it_is_configured(project: Project) -> None:
    sensor = Sensor(project, AlertSettings())
    assert sensor.definition.default_status is dg.DefaultSensorStatus.STOPPED
    assert "Set PAPERS_ALERT_WEBHOOK" in sensor.tick()
    on = Sensor(project, AlertSettings("https://x"))
    assert on.definition.default_status is dg.DefaultSensorStatus.RUNNING


def test_a_run_of_the_command_line_is_told_by_the_command_line(
    project: Project, receiver: Receiver
) -> None:
    sensor = Sensor(project, AlertSettings(receiver.url))
    sensor.tick()
    project.failing = {"compiler": Fault(503)}
    assert project.run().failed
    assert sensor.tick() == TOLD
    assert receiver.received == []


def test_what_cannot_be_sent_is_told_without_its_secret() -> None:
    alerts = AlertSettings("", ("me@example.org",), f"smtp://me:{SECRET}#x@h:1", "me@x")
    with pytest.raises(AlertError) as raised:
        send_alert(alerts, "e-mail", "subject", "text")
    assert SECRET not in "".join(format_exception(raised.value))
    assert SECRET not in repr(alerts)


def test_alerts_are_configured_by_the_environment() -> None:
    assert read_settings({}).alerts.channels == ()
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
        ({"PAPERS_ALERT_WEBHOOK": f"https://[{SECRET}"}, "PAPERS_ALERT_WEBHOOK: expected an"),
        ({"PAPERS_SMTP_URL": SECRET}, "PAPERS_SMTP_URL: expected smtps://"),
        ({"PAPERS_SMTP_URL": f"smtps://me:{SECRET}#x@h:1"}, "In the password, write # / ? @"),
        ({"PAPERS_SMTP_URL": f"smtps://me:{SECRET}/x@h:1"}, "In the password, write # / ? @"),
        ({"PAPERS_SMTP_URL": f"smtps://me:[{SECRET}@h:1"}, "In the password, write # / ? @"),
        ({"PAPERS_ALERT_FROM": "a\nb@x"}, "PAPERS_ALERT_FROM: expected one e-mail address"),
        ({"PAPERS_ALERT_EMAIL": "me@x"}, "PAPERS_SMTP_URL is not: expected the mail server"),
        (
            {"PAPERS_ALERT_EMAIL": "me", "PAPERS_SMTP_URL": "smtp://x"},
            "PAPERS_ALERT_EMAIL: number 1 of 1 is no e-mail address",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_named_without_its_secret(
    variables: dict[str, str], words: str
) -> None:
    found = read_settings(variables).alerts  # which stops no list
    assert words in found.problem
    assert SECRET not in found.problem
    assert found == AlertSettings(problem=found.problem)


def test_settings_that_cannot_be_used_make_the_sensors_ticks_fail_until_they_are_repaired(
    project: Project, receiver: Receiver
) -> None:
    sensor = Sensor(project, AlertSettings(receiver.url))
    sensor.tick()
    fail(project)
    usable, broken = sensor.definition, read_settings({"PAPERS_ALERT_EMAIL": "me@x.org"}).alerts
    sensor.definition = build_alert_sensor(broken, lambda: project.today)
    assert sensor.definition.default_status is dg.DefaultSensorStatus.RUNNING
    with pytest.raises(SettingsError, match="PAPERS_ALERT_EMAIL is set, and PAPERS_SMTP_URL is"):
        sensor.tick()
    sensor.definition = usable
    assert sensor.tick() == TOLD
    assert len(receiver.received) == 1


@pytest.mark.slow
def test_settings_that_cannot_be_used_keep_the_graph_from_nothing(project: Project) -> None:
    settings = Settings(
        project.file.path,
        project.home,
        project.server.url,
        0.0,
        alerts=AlertSettings(problem="none of it"),
    )
    definitions = build_definitions(settings, project.file)
    assert (
        definitions.resolve_job_def(DAILY_JOB)
        .execute_in_process(instance=project.instance, tags=project.everything)
        .success
    )
