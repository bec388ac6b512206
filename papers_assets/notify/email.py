"""The e-mail channel: one message per recipient, in plain text and HTML."""

import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from papers_assets.notify.email_message import compose_email
from papers_assets.notify.message import RETRY_PAUSES, DeliveryError, Message, logger, should_retry
from papers_assets.settings import MAIL_ADDRESS
from papers_assets.text import to_printable

_SMTP_PORT, _SMTPS_PORT = 587, 465
_TIMEOUT = 30.0
_LOOPBACK = ("localhost", "127.0.0.1")
_SERVICE_CLOSING, _PERMANENT_ERROR = 421, 500
_REFUSALS = (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)
_ERRORS = (OSError, ValueError, smtplib.SMTPException)


class Mailer:
    """A sender of messages over the mail server `smtp_url`, a secret that is never shown."""

    def __init__(  # noqa: PLR0913 - all but two have defaults
        self,
        smtp_url: str,
        sender: str,
        *,
        unsubscribe: str = "",
        name: str = "papers-assets",
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._smtp_url = smtp_url
        self.sender = sender
        self.unsubscribe = unsubscribe
        self.name = name
        self._sleep, self._now = sleep, now

    def send(self, message: Message, recipient: str) -> None:
        """Send one message.

        Raises:
            DeliveryError: it was refused, or may not have been accepted.
        """
        for error in self.send_all({recipient: message}).values():
            raise error

    def send_all(
        self, messages: Mapping[str, Message], on_sent: Callable[[str], None] = lambda _: None
    ) -> dict[str, DeliveryError]:
        """Send each recipient a message, over one connection if the server keeps it open.

        Messages that are refused temporarily are sent again after growing pauses, with the same
        Message-ID. A failure for one recipient does not affect the others.

        Args:
            messages: by recipient.
            on_sent: called with each recipient as soon as the server has accepted the message.

        Returns:
            The error for each recipient whose message was not accepted.
        """
        errors = self._send_round(messages, on_sent)
        for pause in RETRY_PAUSES:
            again = {to: messages[to] for to, error in errors.items() if should_retry(error)}
            if not again:
                break
            for to in again:
                logger.warning("%s Trying again in %.0f s.", errors[to], pause)
            self._sleep(pause)
            final = {to: error for to, error in errors.items() if to not in again}
            errors = final | self._send_round(again, on_sent)
        return errors

    def _send_round(
        self, messages: Mapping[str, Message], on_sent: Callable[[str], None]
    ) -> dict[str, DeliveryError]:
        errors: dict[str, DeliveryError] = {}
        connection: smtplib.SMTP | None = None
        waiting = list(messages)
        while waiting:
            if connection is None:
                try:
                    connection = connect(self._smtp_url, _TIMEOUT)
                except _ERRORS as error:
                    # The other messages would fail in the same way.
                    return errors | {to: self._no_server_error(to, error) for to in waiting}
            to = waiting.pop(0)
            try:
                self._send_one(connection, messages[to], to)
            # No failure may keep the other recipients from getting their mail.
            except Exception as error:  # noqa: BLE001
                errors[to] = self._refused_error(to, error)
                if not _is_connection_usable(error, to):
                    disconnect(connection)
                    connection = None
            else:
                on_sent(to)
        if connection is not None:
            disconnect(connection)
        return errors

    def _send_one(self, connection: smtplib.SMTP, message: Message, recipient: str) -> None:
        if not MAIL_ADDRESS.fullmatch(recipient):
            raise ValueError("no e-mail address")
        email = compose_email(
            message,
            self.sender,
            recipient,
            date=self._now(),
            unsubscribe=self.unsubscribe,
            name=self.name,
        )
        connection.send_message(email, self.sender, [recipient])

    def _no_server_error(self, recipient: str, error: Exception) -> DeliveryError:
        channel = f"e-mail to {mask_address(recipient)}"
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = "the mail server's certificate is not one for its name that can be trusted"
            return DeliveryError(channel, reason, "Look at the host in PAPERS_SMTP_URL")
        if isinstance(error, smtplib.SMTPAuthenticationError):
            reason = f"the mail server did not let us in ({error.smtp_code})"
            remedy = "Look at the name and the password in PAPERS_SMTP_URL"
            return DeliveryError(
                channel, reason, remedy, is_transient=error.smtp_code < _PERMANENT_ERROR
            )
        passing = isinstance(error, OSError | smtplib.SMTPServerDisconnected)
        if isinstance(error, smtplib.SMTPResponseException):
            passing = error.smtp_code < _PERMANENT_ERROR
        elif isinstance(error, ValueError | smtplib.SMTPNotSupportedError):
            passing = False
        reason = f"the mail server could not be used ({type(error).__name__})"
        remedy = "Look at PAPERS_SMTP_URL: the way of TLS, the host and the port"
        return DeliveryError(channel, reason, remedy, is_transient=passing)

    def _refused_error(self, recipient: str, error: Exception) -> DeliveryError:
        channel = f"e-mail to {mask_address(recipient)}"
        code, words = _read_reply(error, recipient)
        if code:
            said = self._mask_secrets(words.replace(recipient, mask_address(recipient)))
            reason = f"the mail server answered {code}, {said!r}"
            passing = code < _PERMANENT_ERROR
            remedy = "The next run tries again" if passing else "Look at the address and the sender"
            return DeliveryError(channel, reason, remedy, is_transient=passing)
        reason = f"the message was not taken ({type(error).__name__})"
        if isinstance(error, ValueError | AttributeError | smtplib.SMTPNotSupportedError):
            remedy = "Look at the address: it may be none, or one that the mail server cannot take"
            return DeliveryError(channel, reason, remedy)
        return DeliveryError(channel, reason, "The next run tries again", is_transient=True)

    def _mask_secrets(self, words: str) -> str:
        server = urlsplit(self._smtp_url)
        for secret in (server.password, unquote(server.password or ""), self._smtp_url):
            words = words.replace(secret, "***") if secret else words
        return to_printable(words)


def mask_address(address: str) -> str:
    """Return an address in a form that is safe in logs, which may be public."""
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"


def connect(smtp_url: str, timeout: float) -> smtplib.SMTP:
    """Connect, by TLS unless the server is this machine, and log in.

    Args:
        smtp_url: `smtps://user:password@host:465`, or `smtp://...:587` for STARTTLS.
        timeout: of each step, in seconds.

    Raises:
        OSError, ValueError, smtplib.SMTPException: their texts may contain the secret.
    """
    server = urlsplit(smtp_url)
    host = server.hostname or ""
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            host, server.port or _SMTPS_PORT, timeout=timeout, context=ssl.create_default_context()
        )
    else:
        connection = smtplib.SMTP(host, server.port or _SMTP_PORT, timeout=timeout)
    try:
        if server.scheme == "smtp" and host not in _LOOPBACK:
            connection.starttls(context=ssl.create_default_context())
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
    except BaseException:
        disconnect(connection)
        raise
    return connection


def disconnect(connection: smtplib.SMTP) -> None:
    """Close the connection. Ignore errors, since accepted messages are not affected by them."""
    with suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()


def _read_reply(error: Exception, recipient: str) -> tuple[int, str]:
    """Return the code and the text of the server's reply; the code is 0 if there was none."""
    code: int = getattr(error, "smtp_code", 0)
    words: bytes | str = getattr(error, "smtp_error", b"")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = error.recipients.get(recipient, (0, b""))
    return code, words if isinstance(words, str) else words.decode("utf-8", "replace")


def _is_connection_usable(error: Exception, recipient: str) -> bool:
    """Whether the connection can be used after `error`."""
    return isinstance(error, _REFUSALS) and _read_reply(error, recipient)[0] not in (
        0,
        _SERVICE_CLOSING,
        -1,
    )
