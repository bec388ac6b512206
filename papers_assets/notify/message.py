"""What is to be told, what keeps it from arriving, and how often it is tried."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

logger = logging.getLogger(__name__)

RETRY_PAUSES = (10.0, 40.0)
"""Seconds before the second and before the third attempt; there is no fourth."""
MAX_WAIT = 180.0
"""Seconds. Who asks us to wait for longer is not asked again: the next run does that."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Message:
    """What is to be told, in the shapes that the channels take."""

    day: date
    """Of the edition."""
    part: int
    """1: the day's first; a later run that found more makes part 2, and so on."""
    subject: str
    """Plain text, one line."""
    markdown: str
    """For GitHub; at most `github_issues.MOST_MARKDOWN` characters."""
    text: str
    """Plain text for mail."""
    html: str
    """A whole HTML document for mail."""
    data: Mapping[str, object]
    """JSON for a webhook."""
    slack_text: str
    """A few lines for chat, made by `webhook.to_slack_text`."""


class DeliveryError(Exception):
    """A channel did not take a notice, or may not have; the message holds no secret.

    `is_transient`: whether the same may well be taken a little later. `wait`: the seconds for which
    the channel asks not to be asked; 0 if it does not say.
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
    """Call `deliver`, again after growing pauses if what kept it from delivering may pass.

    Raises:
        DeliveryError: by the last attempt.
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
    """Whether it makes sense, and is allowed, to try again within this run."""
    return error.is_transient and error.wait <= MAX_WAIT
