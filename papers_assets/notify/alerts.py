"""Alerts by webhook, by e-mail, or both; off until configured."""

import json
import smtplib
from email.message import EmailMessage

from papers_assets.notify import email, webhook
from papers_assets.settings import AlertError, AlertSettings

_TIMEOUT_SECONDS = 8
"""Seconds. Dagster allows a sensor 60."""


def send_alert(alerts: AlertSettings, channel: str, subject: str, text: str) -> None:
    """Send an alert.

    Args:
        alerts: the settings of the channels.
        channel: "webhook", or else e-mail.
        subject: in one line.
        text: plain text.

    Raises:
        AlertError: it could not be sent.
    """
    try:
        if channel == "webhook":
            _send_webhook(alerts.webhook, f"{subject}\n\n{text}")
        else:
            _send_mail(alerts, subject, text)
    # Only the error's type is shown: its text may contain the address, which is a secret.
    except (OSError, ValueError, smtplib.SMTPException) as error:
        raise AlertError(channel, type(error).__name__) from None


def _send_webhook(address: str, text: str) -> None:
    answer = webhook.post_once(
        address, json.dumps({"text": text}).encode(), timeout=_TIMEOUT_SECONDS
    )
    if answer.status // 100 != 2:  # noqa: PLR2004 - the class of success
        raise AlertError("webhook", f"status {answer.status}")


def _send_mail(alerts: AlertSettings, subject: str, text: str) -> None:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = alerts.sender
    message["To"] = ", ".join(alerts.recipients)
    message.set_content(text)
    connection = email.connect(alerts.smtp, _TIMEOUT_SECONDS)
    try:
        refused = connection.send_message(message)
    finally:
        email.disconnect(connection)
    if refused:
        raise AlertError("e-mail", f"refused for {', '.join(refused)}")
