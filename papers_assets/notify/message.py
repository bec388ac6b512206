"""The message of a notification, the error of a delivery, and the retries."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

logger = logging.getLogger(__name__)

RETRY_PAUSES = (10.0, 40.0)
"""Seconds before the second and the third attempt; there is no fourth."""
MAX_WAIT = 180.0
"""Seconds. If a channel asks for a longer wait, the retry is left to the next run."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Message:
    """The content of a notification, in the formats of all channels."""

    day: date
    """The day of the edition."""
    part: int
    """1 for the day's first; a later run that found more papers makes part 2, and so on."""
    subject: str
    """Plain text in one line."""
    markdown: str
    """For GitHub; at most `papers_assets.notify.github.MAX_MARKDOWN` characters."""
    text: str
    """Plain text for mail."""
    html: str
    """A complete HTML document for mail."""
    data: Mapping[str, object]
    """JSON for a webhook."""
    slack_text: str
    """A few lines for chat, made by `papers_assets.notify.webhook.to_slack_text`."""


class DeliveryError(Exception):
    """A channel did not accept a message, or may not have; the error's text has no secrets.

    `is_transient` is whether a retry is likely to succeed a little later. `wait` is the number of
    seconds that the channel asks us to wait; 0 if it does not ask.
    """

    def __init__(
        self,
        channel: str,
        reason: str,
        remedy: str,
        *,
        is_transient: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(f"{channel}: {reason}. {remedy}.")
        self.channel, self.reason, self.remedy = channel, reason, remedy
        self.is_transient, self.wait = is_transient, wait


def with_retries(deliver: Callable[[], _T], sleep: Callable[[float], None]) -> _T:
    """Call `deliver`, and repeat it after growing pauses if the error is transient.

    Raises:
        DeliveryError: of the last attempt.
    """
    for pause in RETRY_PAUSES:
        try:
            return deliver()
        except DeliveryError as error:
            if not should_retry(error):
                raise
            seconds = max(pause, error.wait)
            logger.warning("%s Trying again in %.0f s.", error, seconds)
            sleep(seconds)
    return deliver()


def should_retry(error: DeliveryError) -> bool:
    """Whether a retry within this run is useful and allowed."""
    return error.is_transient and error.wait <= MAX_WAIT
