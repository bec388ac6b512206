"""An invented notice, and a sleep that does not."""

import traceback
from dataclasses import replace
from datetime import date
from typing import Any

from papers_assets.notify.message import Message
from papers_assets.notify.webhook import MessageLine, to_slack_text

SECRET = "hunter2"  # noqa: S105 - of servers that these tests start
DAY = date(2026, 11, 23)
NOTICE = Message(
    day=DAY,
    part=1,
    subject="Invented papers of 2026-11-23: 2 new",
    markdown="## compiler\n\n* [An invented compiler](https://arxiv.org/abs/2613.00001v1)",
    text="compiler\n\nAn invented compiler — überall\n",
    html="<!doctype html><html><body><p>An invented compiler — überall</p></body></html>",
    data={"papers": [{"id": "2613.00001"}]},
    slack_text=to_slack_text(
        [MessageLine("An invented compiler", "https://arxiv.org/abs/2613.00001v1")]
    ),
)


def notice(**fields: Any) -> Message:
    return replace(NOTICE, **fields)


class Sleep:
    """Counts the seconds and lets none pass."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


def everything_of(error: BaseException) -> str:
    """What anybody could write down of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
