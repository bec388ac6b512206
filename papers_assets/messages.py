"""Messages to people: by a webhook, by e-mail, or both. Off until configured."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import requests

_TIMEOUT = 8
"""Seconds. Dagster gives a sensor 60."""
_SMTP_PORT, _SMTPS_PORT = 587, 465


class AlertError(Exception):
    """A message could not be sent; it says by what and why, and holds no secret."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The alert by {channel} could not be sent: {reason}.")


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
    def channels(self) -> tuple[str, ...]:
        """Name the ways in which a message goes out; none: nobody is told."""
        return ("webhook",) * bool(self.webhook) + ("e-mail",) * bool(self.recipients)


def send(alerts: Alerts, channel: str, subject: str, text: str) -> None:
    """Send a message by one of the `channels`.

    Raises:
        AlertError: it could not be sent.
    """
    try:
        if channel == "webhook":
            _post(alerts.webhook, f"{subject}\n\n{text}")
        else:
            _mail(alerts, subject, text)
    # What is wrong is told by its type alone: its words may hold the address, and so a secret.
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise AlertError(channel, type(error).__name__) from None


def _post(address: str, text: str) -> None:
    # A redirect would make a GET of it, which anybody answers.
    answer = requests.post(address, json={"text": text}, timeout=_TIMEOUT, allow_redirects=False)
    if answer.status_code // 100 != 2:  # noqa: PLR2004 - the class of success
        raise AlertError("webhook", f"status {answer.status_code}")


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
    try:
        if server.scheme == "smtp" and host not in ("localhost", "127.0.0.1"):
            connection.starttls(context=ssl.create_default_context())
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        refused = connection.send_message(message)
    finally:
        # What the server says to our goodbye changes nothing about what it took.
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
    if refused:
        raise AlertError("e-mail", f"refused for {', '.join(refused)}")
