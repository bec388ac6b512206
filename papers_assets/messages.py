"""Messages to people: by a webhook, by e-mail, or both. Off until configured."""

import json
import smtplib
from dataclasses import dataclass, field
from email.message import EmailMessage

from papers_assets.notifying import mail, webhook

_TIMEOUT = 8
"""Seconds. Dagster gives a sensor 60."""


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
    problem: str = ""
    """What is wrong with the settings; then all of the above is as if nothing had been set."""

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
    answer = webhook.post_once(address, json.dumps({"text": text}).encode(), timeout=_TIMEOUT)
    if answer.status // 100 != 2:  # noqa: PLR2004 - the class of success
        raise AlertError("webhook", f"status {answer.status}")


def _mail(alerts: Alerts, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = alerts.sender
    message["To"] = ", ".join(alerts.recipients)
    message.set_content(text)
    connection = mail.connect(alerts.smtp, _TIMEOUT)
    try:
        refused = connection.send_message(message)
    finally:
        mail.hang_up(connection)
    if refused:
        raise AlertError("e-mail", f"refused for {', '.join(refused)}")
