"""The webhook channel: JSON for Slack, Mattermost, Rocket.Chat or any other program.

The address itself is the secret, so no message, log or cause of an error shows it.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import requests
import urllib3

from papers_assets.arxiv.retry import parse_retry_after
from papers_assets.notify.message import DeliveryError, Message, with_retries
from papers_assets.render.markdown import collapse_whitespace, truncate
from papers_assets.settings import WebhookFormat

MAX_SLACK_TEXT = 40_000
"""Characters; Slack truncates longer messages at any place."""
_CHANNEL = "webhook"
_MAX_ITEM = 500
"""Characters of a line's text before escaping."""
_TIMEOUT = 30.0
_MAX_REASON = 60
_SUCCESS, _TOO_MANY_REQUESTS, _SERVER_ERROR = 2, 429, 5
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Mattermost and Rocket.Chat notify all members for these words, and turn [...](...) into links;
# Slack does neither. A word joiner, which has no width, prevents both.
_MENTION = re.compile(r"(?<=@)(?=channel|all|here|everyone)|(?<=\])(?=\()", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_ADDRESS_HAZARD = re.compile(r"[<>|\s]")


class MessageLine(NamedTuple):
    """A line of a chat message; a line with an address is a list item."""

    text: str
    """The text as published, not escaped."""
    url: str = ""
    label: str = ""
    """The text of the link; empty: the address."""


class WebhookResponse(NamedTuple):
    """The response to a post."""

    status: int
    headers: Mapping[str, str]
    reason: str
    """The beginning of the body."""


def to_slack_text(items: Iterable[MessageLine]) -> str:
    """Return lines as Slack's mrkdwn, with texts escaped so that they mention or link nothing."""
    return "\n".join(_format_line(item) for item in items)


def post_message(
    url: str,
    message: Message,
    shape: WebhookFormat = "slack",
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Post a message, with retries.

    If an answer is lost, the message is posted again: a duplicate is better than a loss. All
    attempts have the same Idempotency-Key, also those of later runs with the same content.

    Args:
        url: an http or https address.
        message: the content.
        shape: "slack": `{"text": mrkdwn}`; "json": the message's data, with "edition" and "part".
        sleep: waits for a number of seconds.

    Raises:
        DeliveryError: it was refused, or may not have arrived.
    """
    body = json.dumps(_build_payload(message, shape), allow_nan=False).encode()
    name = f"papers-assets-{message.day}-{message.part}"
    headers = {"Idempotency-Key": f"{name}-{hashlib.sha256(body).hexdigest()[:16]}"}
    with_retries(lambda: _post(url, body, headers), sleep)


def post_once(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, timeout: float = _TIMEOUT
) -> WebhookResponse:
    """Post JSON once. The texts of errors contain the address, which is a secret.

    Raises:
        OSError: no answer came.
        ValueError: the address is not valid.
    """
    headers = {"Content-Type": "application/json", **(headers or {})}
    try:
        # A redirect would turn it into a GET, which any server may answer with success.
        with (
            _silence_urllib3(),
            requests.post(
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            return WebhookResponse(answer.status_code, answer.headers, _read_beginning(answer))
    except urllib3.exceptions.HTTPError as error:
        raise OSError(type(error).__name__) from None


def _read_beginning(answer: requests.Response) -> str:
    # Failing to read the body is not an error, since the status has arrived.
    with suppress(OSError, urllib3.exceptions.HTTPError):
        words: bytes = answer.raw.read(_MAX_REASON + 1, decode_content=True)
        return words.decode("utf-8", "replace")
    return ""


def truncate_lines(text: str, max_length: int = MAX_SLACK_TEXT) -> str:
    """Return the whole lines of `text` that fit into `max_length`, and the number of others."""
    if len(text) <= max_length:
        return text
    lines = text.split("\n")
    room = max_length - len(_more_line(len(lines)))
    kept = 0
    while (room := room - len(lines[kept]) - 1) >= 0:
        kept += 1
    left = sum(1 for line in lines[kept:] if line.strip())
    return "\n".join([*lines[:kept], _more_line(left)])


def _more_line(lines: int) -> str:
    return f"… and {lines:,} more line{'s' * (lines != 1)}, which this message has no room for."


def _format_line(item: MessageLine) -> str:
    text = _escape(truncate(collapse_whitespace(item.text), _MAX_ITEM))
    if not item.url:
        return text
    url = _ADDRESS_HAZARD.sub(lambda match: quote(match[0]), item.url)
    # The link follows the text instead of enclosing it: Mattermost would end the link at a bracket
    # in a title.
    label = _escape(collapse_whitespace(item.label or item.url)).replace("|", "/")
    return f"• {text} <{url.replace('&', '&amp;')}|{label}>"


def _escape(text: str) -> str:
    text = "".join(_ENTITIES.get(char, char) for char in text)
    return _MENTION.sub(_WORD_JOINER, text)


def _build_payload(message: Message, shape: WebhookFormat) -> dict[str, Any]:
    if shape == "slack":
        return {"text": truncate_lines(message.slack_text)}
    return {**message.data, "edition": message.day.isoformat(), "part": message.part}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        answer = post_once(url, body, headers)
    except ValueError as error:  # first: requests' InvalidURL is an OSError, too
        raise DeliveryError(
            _CHANNEL,
            f"nothing can be posted to what is in PAPERS_DIGEST_WEBHOOK ({type(error).__name__})",
            "Copy the address again from where it was made",
        ) from None
    except OSError as error:
        raise DeliveryError(
            _CHANNEL,
            f"no answer came from the address in PAPERS_DIGEST_WEBHOOK ({type(error).__name__})",
            "Look whether its host can be reached from here; the next run tries again",
            is_transient=True,
        ) from None
    if answer.status // 100 != _SUCCESS:
        raise _refused_error(answer)


def _refused_error(answer: WebhookResponse) -> DeliveryError:
    # Slack gives the reason as one word, such as no_service. A longer text could contain the
    # address.
    word = re.fullmatch(rf"[a-z_]{{1,{_MAX_REASON}}}", answer.reason.strip())
    reason = f"the answer's status was {answer.status}" + (f", {word[0]}" if word else "")
    wait = parse_retry_after(answer.headers.get("Retry-After"), datetime.now(UTC)) or 0.0
    if answer.status == _TOO_MANY_REQUESTS or answer.status // 100 == _SERVER_ERROR:
        asked = f", with a request to wait {wait:.0f} s" if wait else ""
        remedy = "The next run tries again"
        return DeliveryError(_CHANNEL, reason + asked, remedy, is_transient=True, wait=wait)
    remedy = "Make a new webhook and set PAPERS_DIGEST_WEBHOOK to its address"
    if answer.status in requests.models.REDIRECT_STATI:
        remedy = "Redirects are not followed: set PAPERS_DIGEST_WEBHOOK to where it leads"
    return DeliveryError(_CHANNEL, reason, remedy)


@contextmanager
def _silence_urllib3() -> Iterator[None]:
    """Keep urllib3 from logging the address, which it does at DEBUG."""
    logger = logging.getLogger("urllib3.connectionpool")

    def nothing(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)
