"""Issues, posted to a server that behaves as GitHub does on bad days, too."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from papers_assets.notify.github import MAX_MARKDOWN, IssuePublisher
from papers_assets.notify.message import MAX_WAIT, RETRY_PAUSES, DeliveryError
from papers_assets_tests.helpers import github_api_server
from papers_assets_tests.helpers.github_api_server import (
    APP_TOKEN,
    OWNER,
    OWNER_TOKEN,
    READER_TOKEN,
    REPOSITORY,
    STRANGER,
    WORKFLOW,
    Fault,
    GithubApi,
)
from papers_assets_tests.helpers.messages import SECRET, Sleep, everything_of, notice

NOW = 1_800_000_000.0
MARKER = "<!-- papers-assets daily-papers 2026-11-23 part {} -->"
LABELS = [{"name": "daily-papers"}]


@pytest.fixture
def api() -> Iterator[GithubApi]:
    with github_api_server.running() as api:
        yield api


@pytest.fixture
def sleep() -> Sleep:
    return Sleep()


@pytest.fixture
def issues(api: GithubApi, sleep: Sleep) -> Iterator[Callable[..., IssuePublisher]]:
    sessions = []

    def make(token: str = OWNER_TOKEN, **options: Any) -> IssuePublisher:
        session = options.pop("session", None) or requests.Session()
        sessions.append(session)
        url = options.pop("url", api.url)
        repository = options.pop("repository", REPOSITORY)
        return IssuePublisher(
            url, repository, token, session=session, sleep=sleep, now=lambda: NOW, **options
        )

    yield make
    for session in sessions:
        session.close()


Make = Callable[..., IssuePublisher]


def test_the_first_part_is_an_issue_and_the_second_a_comment_on_it(
    api: GithubApi, issues: Make
) -> None:
    address = issues().publish(notice())
    assert address == "https://github.com/you/papers/issues/1"
    (issue,) = api.issues
    assert issue["title"] == "Invented papers of 2026-11-23: 2 new"
    assert issue["body"] == f"{notice().markdown}\n\n{MARKER.format(1)}\n"
    assert issue["labels"] == LABELS
    commented = issues().publish(notice(part=2, markdown="More"))
    assert commented == f"{address}#issuecomment-0"
    assert [c["body"] for c in api.comments[1]] == [f"More\n\n{MARKER.format(2)}\n"]


@pytest.mark.parametrize("token", [OWNER_TOKEN, APP_TOKEN])
def test_what_is_there_is_not_posted_again(api: GithubApi, issues: Make, token: str) -> None:
    for _ in range(2):
        addresses = [issues(token).publish(notice(part=part)) for part in (1, 2, 3)]
    assert len(set(addresses)) == 3
    assert (len(api.issues), len(api.comments[1]), len(api.posted)) == (1, 2, 3)


def test_each_day_has_an_issue_of_its_own(api: GithubApi, issues: Make) -> None:
    issues().publish(notice())
    issues().publish(notice(day=notice().day.replace(day=24)))
    assert [i["title"][:30] for i in api.issues] == [
        "Invented papers of 2026-11-23:",
        "2026-11-24: Invented papers of",
    ]


def test_a_closed_issue_is_found_and_so_is_one_on_a_later_page(
    api: GithubApi, issues: Make
) -> None:
    api.page_size = 1
    for _ in range(3):
        api.add_issue("Something else", OWNER, labels=LABELS)
    issues().publish(notice())
    api.issues[-1]["state"] = "closed"
    for part in (2, 3):
        issues().publish(notice(part=part))
    assert issues().publish(notice()) == api.issues[3]["html_url"]
    assert issues().publish(notice(part=3)).endswith("/issues/4#issuecomment-1")
    assert len(api.posted) == 3


def test_a_later_part_makes_the_issue_if_it_is_missing_and_the_first_then_comments(
    api: GithubApi, issues: Make
) -> None:
    issues().publish(notice(part=2))
    issues().publish(notice(part=2))
    issues().publish(notice(part=1))
    assert api.issues[0]["body"].endswith(f"{MARKER.format(2)}\n")
    assert [c["body"][-4 - len(MARKER) :].strip()[-10:] for c in api.comments[1]] == ["part 1 -->"]
    assert len(api.posted) == 2


@pytest.mark.parametrize("part", [1, 2])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(502, carried_out=True),
        Fault(0, carried_out=True),
        Fault(201, body="<html>proxy</html>", carried_out=True),
    ],
)
def test_what_was_carried_out_although_the_answer_was_lost_is_not_posted_again(
    api: GithubApi, issues: Make, sleep: Sleep, fault: Fault, part: int
) -> None:
    if part > 1:
        issues().publish(notice())
    before = len(api.posted)
    api.faults = [fault]
    issues().publish(notice(part=part))
    assert len(api.posted) - before == 1
    assert len(api.issues) + len(api.comments.get(1, [])) == part
    assert sleep.pauses == [RETRY_PAUSES[0]]


def test_an_answer_that_came_too_late_was_an_answer(
    api: GithubApi, issues: Make, sleep: Sleep
) -> None:
    class Late(requests.Session):
        late = True

        def request(self, method: Any, *arguments: Any, **options: Any) -> requests.Response:
            answer = super().request(method, *arguments, **options)
            if method == "POST" and self.late:
                self.late = False
                raise requests.ReadTimeout
            return answer

    assert issues(session=Late()).publish(notice()) == api.issues[0]["html_url"]
    assert len(api.posted) == 1
    assert sleep.pauses == [RETRY_PAUSES[0]]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
def test_what_may_pass_is_tried_three_times(
    api: GithubApi, issues: Make, sleep: Sleep, status: int, method: str
) -> None:
    api.faults = [Fault(status, method=method)] * 2
    assert issues().publish(notice()) == api.issues[0]["html_url"]
    assert sleep.pauses == list(RETRY_PAUSES)
    api.faults = [Fault(status, method=method)] * 3
    with pytest.raises(DeliveryError, match="The next run tries again") as raised:
        issues().publish(notice(part=2))
    assert raised.value.is_transient
    assert api.comments == {}


def test_a_list_that_is_none_is_not_taken_for_an_empty_one(api: GithubApi, issues: Make) -> None:
    client = issues()
    client.publish(notice())
    api.faults = [Fault(200, body="{}", method="GET")] * 3
    with pytest.raises(DeliveryError, match="something that is not what was asked for"):
        client.publish(notice())
    assert len(api.posted) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "401 for you/papers .Trouble.. The token is wrong or has expired"),
        (403, "The token needs the permission to write issues"),
        (404, "there is no such repository, or the token may not see it"),
        (410, "has its issues switched off"),
        (418, "Look at PAPERS_GITHUB_REPOSITORY"),
        (422, r"The text has 129 characters, and GitHub takes 65,536"),
        (600, "GitHub answered 600"),
    ],
)
def test_what_will_not_pass_is_told_with_its_remedy(
    api: GithubApi, issues: Make, sleep: Sleep, status: int, words: str
) -> None:
    api.faults = [Fault(status)] * 3
    with pytest.raises(DeliveryError, match=words):
        issues().publish(notice())
    assert bool(sleep.pauses) == (status == 600)
    assert api.issues == []


def test_a_token_that_is_wrong_and_a_repository_that_is_none_are_told(
    api: GithubApi, issues: Make
) -> None:
    with pytest.raises(DeliveryError, match="set PAPERS_GITHUB_TOKEN to a new one"):
        issues("ghp_wrong").publish(notice())
    with pytest.raises(DeliveryError, match="look at PAPERS_GITHUB_REPOSITORY"):
        issues(repository="you/nothing").publish(notice())
    assert api.posted == []


@pytest.mark.parametrize(
    ("status", "headers", "body", "waited"),
    [
        (403, {"Retry-After": "77"}, "{}", 77),
        (429, {"retry-after": "1"}, "{}", RETRY_PAUSES[0]),
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 99:.0f}"},
            "{}",
            99,
        ),
        (403, {}, '{"message": "You have exceeded a secondary rate limit."}', 60),
        (429, {}, "not JSON", 60),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_asked_to_wait_waits(  # noqa: PLR0913, PLR0917 - a table's columns
    api: GithubApi,
    issues: Make,
    sleep: Sleep,
    status: int,
    headers: dict[str, str],
    body: str,
    waited: float,
    method: str,
) -> None:
    api.faults = [Fault(status, headers, body, method=method)]
    issues().publish(notice())
    assert sleep.pauses == [waited]
    assert len(api.issues) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": f"{MAX_WAIT + 1:.0f}"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 3600:.0f}"},
    ],
)
def test_who_is_asked_to_wait_for_long_leaves_it_to_the_next_run(
    api: GithubApi, issues: Make, sleep: Sleep, headers: dict[str, str]
) -> None:
    api.faults = [Fault(403, headers)]
    with pytest.raises(DeliveryError, match=r"asks to wait \d+ s .* The next run") as raised:
        issues().publish(notice())
    assert raised.value.wait > MAX_WAIT
    assert sleep.pauses == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_repository_that_has_moved_is_named_and_not_followed(
    api: GithubApi, issues: Make, status: int, method: str
) -> None:
    with github_api_server.running() as elsewhere:
        client = issues()
        client.publish(notice())
        api.faults = [Fault(status, {"Location": f"{elsewhere.url}/x"}, method=method)]
        with pytest.raises(DeliveryError, match=rf"has moved to {elsewhere.url}/x.*REPOSITORY"):
            client.publish(notice(part=2))
        assert elsewhere.asked == []


def test_a_list_that_goes_on_at_another_host_is_not_followed(api: GithubApi, issues: Make) -> None:
    with github_api_server.running() as elsewhere:
        api.page_size, api.next_page_at = 1, elsewhere.url
        for _ in range(2):
            api.add_issue("Something else", OWNER, labels=LABELS)
        with pytest.raises(DeliveryError, match="the list goes on at another host"):
            issues().publish(notice())
        assert elsewhere.asked == []


def test_a_text_that_github_has_no_room_for_is_not_posted(api: GithubApi, issues: Make) -> None:
    issues().publish(notice(markdown="x" * MAX_MARKDOWN, subject="s" * 999))
    assert len(api.issues[0]["title"]) == 256
    with pytest.raises(DeliveryError, match="the text has 65,281 characters"):
        issues().publish(notice(markdown="x" * (MAX_MARKDOWN + 1)))
    assert len(api.posted) == 1


def test_a_label_that_was_dropped_is_told_and_the_issue_still_found(
    api: GithubApi, issues: Make, caplog: pytest.LogCaptureFixture
) -> None:
    api.drops_labels = True
    for _ in range(2):
        client = issues(READER_TOKEN)
        assert client.publish(notice()) == api.issues[0]["html_url"]
        (remark,) = client.warnings
        assert "lacks the label 'daily-papers'" in remark
        assert remark in caplog.messages
        caplog.clear()
    assert len(api.posted) == 1
    api.drops_labels = False
    client.publish(notice(day=notice().day.replace(day=24)))
    assert client.warnings == [remark]


@pytest.mark.parametrize(
    ("author", "fields"),
    [
        (STRANGER, {}),
        (STRANGER, {"labels": LABELS}),  # by an issue template
        (WORKFLOW, {}),
    ],
)
def test_a_strangers_marker_does_not_make_an_issue_ours(
    api: GithubApi, issues: Make, author: dict[str, str], fields: dict[str, Any]
) -> None:
    api.add_issue(f"Nothing here\n\n{MARKER.format(1)}", author, **fields)
    assert issues().publish(notice()) == api.issues[1]["html_url"]


@pytest.mark.parametrize("token", [OWNER_TOKEN, APP_TOKEN])
def test_a_strangers_marker_does_not_make_a_comment_ours(
    api: GithubApi, issues: Make, token: str
) -> None:
    issues(token).publish(notice())
    api.add_comment(1, MARKER.format(2), STRANGER)
    assert issues(token).publish(notice(part=2)).endswith("#issuecomment-1")


@pytest.mark.parametrize(
    "body",
    [
        "> {marker}",
        "{marker}\nsaid the owner",
        "See {marker}",
        None,
        "<!-- papers-assets daily-papers 2026-11-23 part " + "9" * 5000 + " -->",
        "<!-- papers-assets daily-papers 2026-11-23 part ٢ -->",
    ],
)
def test_a_marker_that_is_quoted_or_broken_is_none(
    api: GithubApi, issues: Make, body: str | None
) -> None:
    issues().publish(notice())
    text = body and body.replace("{marker}", MARKER.format(2))
    api.add_comment(1, text, OWNER)  # type: ignore[arg-type] # GitHub's null
    api.add_issue(text, OWNER, labels=LABELS)  # type: ignore[arg-type]
    assert issues().publish(notice(part=2)).endswith("/issues/1#issuecomment-1")


def test_with_a_new_token_of_another_user_the_days_issue_is_still_found(
    api: GithubApi, issues: Make
) -> None:
    for part in (1, 2):
        issues(OWNER_TOKEN).publish(notice(part=part))
    for part in (1, 2, 3):
        issues(APP_TOKEN).publish(notice(part=part))
    assert (len(api.issues), len(api.comments[1])) == (1, 2)


def test_two_labels_are_two_digests_in_the_same_repository(api: GithubApi, issues: Make) -> None:
    for label in ("a", "b --> c", "a"):
        issues(label=label).publish(notice())
    assert [i["labels"] for i in api.issues] == [[{"name": "a"}], [{"name": "b --> c"}]]
    assert api.issues[1]["body"].count("-->") == 1


def test_requests_say_who_asks_and_in_which_version(api: GithubApi, issues: Make) -> None:
    issues().publish(notice())
    for asked in api.asked:
        assert asked.headers["accept"] == "application/vnd.github+json"
        assert asked.headers["x-github-api-version"] == "2022-11-28"
        assert asked.headers["user-agent"].startswith("papers-assets/")
        assert asked.headers["authorization"] == f"Bearer {OWNER_TOKEN}"


def test_the_token_is_nowhere_to_be_read(
    api: GithubApi, issues: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = issues()
    api.faults = [Fault(0), Fault(502), Fault(403, body=f'{{"message": "bad {OWNER_TOKEN}"}}')]
    with pytest.raises(DeliveryError, match=r"bad \*\*\*") as raised:
        client.publish(notice())
    assert len(api.posted) == 3
    with pytest.raises(DeliveryError) as refused:
        issues(url="http://127.0.0.1:1").publish(notice())
    for text in (everything_of(raised.value), everything_of(refused.value), caplog.text):
        assert SECRET not in text
        assert OWNER_TOKEN not in text
    assert SECRET not in repr(client) + repr(vars(client))
