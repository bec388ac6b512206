"""Webhooks, posted to a server that takes them or does not."""

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers_assets.notify.message import MAX_WAIT, RETRY_PAUSES, DeliveryError
from papers_assets.notify.webhook import (
    MAX_SLACK_TEXT,
    MessageLine,
    post_message,
    to_slack_text,
    truncate_lines,
)
from papers_assets.render.markdown import collapse_whitespace
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.messages import SECRET, Sleep, everything_of, notice

JOINER = "\u2060"


@dataclass
class Hook:
    """What was posted; `answers` come one a request, and after them 200."""

    url: str = ""
    received: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.headers.append({k.lower(): v for k, v in self.headers.items()})
            hook.paths.append(self.path)
            status, headers, body = hook.answers.pop(0) if hook.answers else (200, {}, "ok")
            self.close_connection = True
            if status:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

        def do_GET(self) -> None:
            hook.paths.append("GET")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_port}/hooks/{SECRET}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield hook
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sleep() -> Sleep:
    return Sleep()


def test_slack_gets_text_and_a_program_gets_data(hook: Hook, sleep: Sleep) -> None:
    post_message(hook.url, notice(), sleep=sleep)
    post_message(hook.url, notice(part=2), "json", sleep=sleep)
    assert hook.received == [
        {
            "text": "• An invented compiler <https://arxiv.org/abs/2613.00001v1"
            "|https://arxiv.org/abs/2613.00001v1>"
        },
        {"papers": [{"id": "2613.00001"}], "edition": "2026-11-23", "part": 2},
    ]
    assert hook.headers[0]["content-type"] == "application/json"
    assert sleep.pauses == []


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503])
def test_what_may_pass_is_tried_three_times_under_one_key(
    hook: Hook, sleep: Sleep, status: int
) -> None:
    hook.answers = [(status, {}, "")] * 2
    post_message(hook.url, notice(), sleep=sleep)
    post_message(hook.url, notice(), sleep=sleep)
    post_message(hook.url, notice(part=2), sleep=sleep)
    keys = [headers["idempotency-key"] for headers in hook.headers]
    assert keys[:4] == keys[:1] * 4
    assert re.fullmatch(r"papers-assets-2026-11-23-1-[0-9a-f]{16}", keys[0])
    assert keys[4] != keys[0]
    assert sleep.pauses == list(RETRY_PAUSES)
    hook.answers = [(status, {}, "")] * 3
    with pytest.raises(DeliveryError, match="next run tries again") as raised:
        post_message(hook.url, notice(), sleep=sleep)
    assert raised.value.is_transient


def test_who_is_asked_to_wait_waits_but_not_for_long(hook: Hook, sleep: Sleep) -> None:
    hook.answers = [(429, {"Retry-After": "33"}, "")]
    post_message(hook.url, notice(), sleep=sleep)
    assert sleep.pauses == [33]
    hook.answers = [(429, {"Retry-After": f"{MAX_WAIT + 1:.0f}"}, "")]
    with pytest.raises(DeliveryError, match="with a request to wait 181 s"):
        post_message(hook.url, notice(), sleep=sleep)
    assert sleep.pauses == [33]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, "invalid_payload", "status was 400, invalid_payload. Make a new webhook"),
        (404, "no_service", "status was 404, no_service"),
        (410, f"Gone: /hooks/{SECRET}", "status was 410. Make"),
        (302, "", "302. Redirects are not followed: set PAPERS_DIGEST_WEBHOOK"),
    ],
)
def test_what_will_not_pass_is_told_with_its_remedy(
    hook: Hook, sleep: Sleep, status: int, body: str, words: str
) -> None:
    hook.answers = [(status, {"Location": hook.url}, body)]
    with pytest.raises(DeliveryError, match=words) as raised:
        post_message(hook.url, notice(), sleep=sleep)
    assert not raised.value.is_transient
    assert len(hook.paths) == 1
    assert SECRET not in everything_of(raised.value)


@pytest.mark.parametrize("status", [200, 302, 503])
def test_the_address_is_nowhere_to_be_read(
    hook: Hook, sleep: Sleep, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")  # which other libraries make silent
    hook.answers = [(status, {"Location": hook.url}, hook.url)]
    try:
        post_message(hook.url, notice(), sleep=sleep)
    except DeliveryError as error:
        assert SECRET not in everything_of(error)  # noqa: PT017 - one of the three raises
    logging.getLogger("urllib3.connectionpool").debug("Heard again")
    assert SECRET not in caplog.text
    assert "Heard again" in caplog.text


@pytest.mark.parametrize(
    "url",
    [f"http://127.0.0.1:1/{SECRET}", f"http://{SECRET}:x/", f"http://[{SECRET}", f"{SECRET}", ""],
)
def test_an_address_that_takes_nothing_is_told_without_being_shown(sleep: Sleep, url: str) -> None:
    with pytest.raises(DeliveryError, match="PAPERS_DIGEST_WEBHOOK") as raised:
        post_message(url, notice(), sleep=sleep)
    assert SECRET not in everything_of(raised.value)
    assert bool(sleep.pauses) == raised.value.is_transient == (":1/" in url)


def test_titles_call_nobody_and_make_no_links() -> None:
    text = to_slack_text(
        [
            MessageLine("<!channel> & <http://x|y>"),
            MessageLine("@here [y](http://x) @Everyone", "https://x/?a=1&b=<|> c", "a|b <c>"),
        ]
    )
    assert text.split("\n") == [
        "&lt;!channel&gt; &amp; &lt;http://x|y&gt;",
        (
            f"• @{JOINER}here [y]{JOINER}(http://x) @{JOINER}Everyone "
            "<https://x/?a=1&amp;b=%3C%7C%3E%20c|a/b &lt;c&gt;>"
        ),
    ]


@given(st.text(alphabet=st.characters() | st.sampled_from("<>&@[]()|!\n\u2060"), max_size=60))
@example("&lt;!channel&gt;")
def test_what_is_shown_is_what_was_published(text: str) -> None:
    line = to_slack_text([MessageLine(text)])
    assert "\n" not in line
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)|@(?:channel|all|here|everyone)|\]\(", line)
    for char, entity in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        line = line.replace(char, entity)
    assert line.replace(JOINER, "") == collapse_whitespace(text).replace(JOINER, "")


@pytest.mark.corpus
def test_real_texts_stay_on_their_lines_and_without_angle_brackets() -> None:
    for record in reference_data.sample("arxiv/hazards.jsonl.gz"):
        for value in record.values():
            if isinstance(value, str):
                line = to_slack_text([MessageLine(value)])
                assert not re.search(r"[<>\n]|@(?:channel|all|here|everyone)", line)


@given(st.lists(st.text("ab \n", max_size=30), max_size=30).map("\n".join), st.integers(100, 300))
@example("x" * 500, 100)
def test_a_text_is_cut_at_a_whole_line_and_says_how_many_more(text: str, most: int) -> None:
    short = truncate_lines(text, most)
    assert len(short) <= most
    if short == text:
        return
    *kept, last = short.split("\n")
    lines = text.split("\n")
    assert kept == lines[: len(kept)]
    found = re.match(r"… and (\d+) more lines?, which", last)
    assert found
    assert int(found[1]) == sum(1 for line in lines[len(kept) :] if line.strip())


def test_a_message_is_not_longer_than_slack_takes(hook: Hook, sleep: Sleep) -> None:
    post_message(hook.url, notice(slack_text="a line\n" * 9_999), sleep=sleep)
    assert 0.99 * MAX_SLACK_TEXT < len(hook.received[0]["text"]) <= MAX_SLACK_TEXT
