"""To an address that takes JSON: Slack, Mattermost, Rocket.Chat, or a program of one's own.

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

from papers_assets.arxiv.retry import retry_after
from papers_assets.notify.message import NotDelivered, Notice, carefully
from papers_assets.render.escape import collapse, shortened
from papers_assets.settings import Shape

MOST_SLACK = 40_000
"""Characters; Slack cuts longer messages in the middle of whatever is there."""
_CHANNEL = "webhook"
_MOST_ITEM = 500
"""Characters of a line's text, before it is escaped."""
_TIMEOUT = 30.0
_MOST_WORDS = 60
_SUCCESS, _TOO_MANY, _BROKEN = 2, 429, 5
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Mattermost and Rocket.Chat call everybody by these words, and make links of [...](...), which
# Slack does neither. A word joiner has no width.
_LOUD = re.compile(r"(?<=@)(?=channel|all|here|everyone)|(?<=\])(?=\()", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_ADDRESS_HAZARD = re.compile(r"[<>|\s]")


class Item(NamedTuple):
    """A line of a message in a chat; with an address it is an item of a list."""

    text: str
    """As it was published."""
    url: str = ""
    label: str = ""
    """What is shown of the address; empty: itself."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    words: str
    """The answer's begin."""


def slack_text(items: Iterable[Item]) -> str:
    """Write lines as Slack's mrkdwn: nothing in a text calls people or becomes a link."""
    return "\n".join(_line(item) for item in items)


def post(
    url: str, notice: Notice, shape: Shape = "slack", *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Post a notice, again if need be.

    An answer that was lost makes it post again: twice told is better than not at all. All attempts
    have the same Idempotency-Key, and so has a later run's with the same content.

    Args:
        url: http(s).
        notice: what is told.
        shape: "slack": `{"text": mrkdwn}`; "json": the notice's data, with "edition" and "part".
        sleep: takes seconds.

    Raises:
        NotDelivered: it was refused, or may not have arrived.
    """
    body = json.dumps(_payload(notice, shape), allow_nan=False).encode()
    name = f"papers-assets-{notice.day}-{notice.part}"
    headers = {"Idempotency-Key": f"{name}-{hashlib.sha256(body).hexdigest()[:16]}"}
    carefully(lambda: _post(url, body, headers), sleep)


def post_once(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, timeout: float = _TIMEOUT
) -> Answer:
    """Post JSON once. The errors' words hold the address, and so a secret.

    Raises:
        OSError: no answer came.
        ValueError: the address is none.
    """
    headers = {"Content-Type": "application/json", **(headers or {})}
    try:
        # A redirect would make a GET of it, which anybody answers.
        with (
            _unlogged(),
            requests.post(
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            return Answer(answer.status_code, answer.headers, _begin(answer))
    except urllib3.exceptions.HTTPError as error:
        raise OSError(type(error).__name__) from None


def _begin(answer: requests.Response) -> str:
    # Whatever happens to its words, the answer has been given.
    with suppress(OSError, urllib3.exceptions.HTTPError):
        words: bytes = answer.raw.read(_MOST_WORDS + 1, decode_content=True)
        return words.decode("utf-8", "replace")
    return ""


def cut(text: str, most: int = MOST_SLACK) -> str:
    """Give the whole lines of `text` that fit into `most` characters, and say how many do not."""
    if len(text) <= most:
        return text
    lines = text.split("\n")
    room = most - len(_more(len(lines)))
    kept = 0
    while (room := room - len(lines[kept]) - 1) >= 0:
        kept += 1
    left = sum(1 for line in lines[kept:] if line.strip())
    return "\n".join([*lines[:kept], _more(left)])


def _more(lines: int) -> str:
    return f"… and {lines:,} more line{'s' * (lines != 1)}, which this message has no room for."


def _line(item: Item) -> str:
    text = _escaped(shortened(collapse(item.text), _MOST_ITEM))
    if not item.url:
        return text
    url = _ADDRESS_HAZARD.sub(lambda match: quote(match[0]), item.url)
    # The address stands behind the text and not around it: Mattermost would end the link at a
    # bracket in a title.
    label = _escaped(collapse(item.label or item.url)).replace("|", "/")
    return f"• {text} <{url.replace('&', '&amp;')}|{label}>"


def _escaped(text: str) -> str:
    text = "".join(_ENTITIES.get(char, char) for char in text)
    return _LOUD.sub(_WORD_JOINER, text)


def _payload(notice: Notice, shape: Shape) -> dict[str, Any]:
    if shape == "slack":
        return {"text": cut(notice.short)}
    return {**notice.data, "edition": notice.day.isoformat(), "part": notice.part}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        answer = post_once(url, body, headers)
    except ValueError as error:  # first: requests' InvalidURL is an OSError, too
        raise NotDelivered(
            _CHANNEL,
            f"nothing can be posted to what is in PAPERS_DIGEST_WEBHOOK ({type(error).__name__})",
            "Copy the address again from where it was made",
        ) from None
    except OSError as error:
        raise NotDelivered(
            _CHANNEL,
            f"no answer came from the address in PAPERS_DIGEST_WEBHOOK ({type(error).__name__})",
            "Look whether its host can be reached from here; the next run tries again",
            passing=True,
        ) from None
    if answer.status // 100 != _SUCCESS:
        raise _refused(answer)


def _refused(answer: Answer) -> NotDelivered:
    # Slack says why in a word, such as no_service. Anything longer could quote the address.
    word = re.fullmatch(rf"[a-z_]{{1,{_MOST_WORDS}}}", answer.words.strip())
    reason = f"the answer's status was {answer.status}" + (f", {word[0]}" if word else "")
    wait = retry_after(answer.headers.get("Retry-After"), datetime.now(UTC)) or 0.0
    if answer.status == _TOO_MANY or answer.status // 100 == _BROKEN:
        asked = f", with a request to wait {wait:.0f} s" if wait else ""
        remedy = "The next run tries again"
        return NotDelivered(_CHANNEL, reason + asked, remedy, passing=True, wait=wait)
    remedy = "Make a new webhook and set PAPERS_DIGEST_WEBHOOK to its address"
    if answer.status in requests.models.REDIRECT_STATI:
        remedy = "Redirects are not followed: set PAPERS_DIGEST_WEBHOOK to where it leads"
    return NotDelivered(_CHANNEL, reason, remedy)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep urllib3 from logging the address, as it does at DEBUG."""
    logger = logging.getLogger("urllib3.connectionpool")

    def nothing(_: logging.LogRecord) -> bool:
        return False

    logger.addFilter(nothing)
    try:
        yield
    finally:
        logger.removeFilter(nothing)
