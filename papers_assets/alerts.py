"""Tell somebody that a run failed: by a webhook, by e-mail, or both. Off until configured."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import requests

_TIMEOUT = 30
_SMTP_PORT, _SMTPS_PORT = 587, 465


class AlertError(Exception):
    """An alert could not be sent; the message says where to and why, and holds no secret."""


@dataclass(frozen=True)
class Alerts:
    """Where alerts go. Addresses can hold secrets, and so are never shown."""

    webhook: str = field(default="", repr=False)
    """An http(s) address that takes `{"text": ...}`, as Slack's and its likes do."""
    recipients: tuple[str, ...] = ()
    """E-mail addresses."""
    smtp: str = field(default="", repr=False)
    """`smtps://user:password@host:465`, or `smtp://...:587`, which turns TLS on first."""
    sender: str = ""

    @property
    def is_configured(self) -> bool:
        """Whether an alert would reach anybody."""
        return bool(self.webhook or self.recipients)


def send(alerts: Alerts, subject: str, text: str) -> list[str]:
    """Send an alert wherever it is to go, and give where it went.

    Raises:
        AlertError: not everything could be sent; what could be was.
    """
    sent, problems = [], []
    if alerts.webhook:
        try:
            _post(alerts.webhook, f"{subject}\n\n{text}")
            sent.append("the webhook")
        except requests.RequestException as error:
            response = error.response
            reason = type(error).__name__ if response is None else f"status {response.status_code}"
            problems.append(f"the webhook of PAPERS_ALERT_WEBHOOK: {reason}")
    if alerts.recipients:
        try:
            _mail(alerts, subject, text)
            sent.append(", ".join(alerts.recipients))
        except (OSError, smtplib.SMTPException) as error:
            problems.append(f"the mail server of PAPERS_SMTP_URL: {type(error).__name__}")
    if problems:
        raise AlertError(f"An alert could not be sent to {' and '.join(problems)}.")
    return sent


def _post(address: str, text: str) -> None:
    answer = requests.post(address, json={"text": text}, timeout=_TIMEOUT)
    answer.raise_for_status()


def _mail(alerts: Alerts, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = alerts.sender
    message["To"] = ", ".join(alerts.recipients)
    message.set_content(text)
    server = urlsplit(alerts.smtp)
    host = server.hostname or ""
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or _SMTPS_PORT, timeout=_TIMEOUT, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, server.port or _SMTP_PORT, timeout=_TIMEOUT)
    with connection:
        if server.scheme == "smtp" and host not in ("localhost", "127.0.0.1"):
            connection.starttls(context=ssl.create_default_context())
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)
