"""Channels, as the environment configures them, and who gets which keyword's papers."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from papers_assets.keywords.model import KeywordsConfig
from papers_assets.notify.recipients import find_recipients
from papers_assets.settings import NotificationSettings, SettingsError, read_settings
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.messages import SECRET

SMTP = f"smtps://me:{SECRET}@mail.example.org"
FULL = {
    "PAPERS_GITHUB_TOKEN": SECRET,
    "PAPERS_GITHUB_REPOSITORY": "you/papers.of-us",
    "GITHUB_API_URL": "https://github.example.org/api/v3/",
    "PAPERS_DIGEST_EMAIL": "me@example.org, you@example.org,me@example.org",
    "PAPERS_DIGEST_FROM": "papers@example.org",
    "PAPERS_SMTP_URL": SMTP,
    "PAPERS_UNSUBSCRIBE": "https://example.org/stop",
    "PAPERS_DIGEST_WEBHOOK": f"https://hooks.example.org/{SECRET}",
    "PAPERS_DIGEST_WEBHOOK_SHAPE": "json",
}


def channels(**environment: str) -> NotificationSettings:
    return read_settings(environment).channels


def test_every_channel_is_off_until_configured() -> None:
    assert channels() == NotificationSettings()
    assert channels(**dict.fromkeys(FULL, "")) == NotificationSettings()
    assert channels(GITHUB_REPOSITORY="you/papers", GITHUB_API_URL="junk") == NotificationSettings()


def test_every_variable_is_read_and_secrets_are_not_shown() -> None:
    read = channels(**FULL)
    assert read == NotificationSettings(
        github_token=SECRET,
        github_repository="you/papers.of-us",
        github_api="https://github.example.org/api/v3",
        recipients=("me@example.org", "you@example.org"),
        sender="papers@example.org",
        smtp=SMTP,
        unsubscribe="https://example.org/stop",
        webhook=f"https://hooks.example.org/{SECRET}",
        webhook_shape="json",
    )
    assert SECRET not in repr(read_settings(FULL))


def test_what_is_not_said_is_taken_from_what_is() -> None:
    in_workflow = channels(PAPERS_GITHUB_TOKEN=SECRET, GITHUB_REPOSITORY="you/papers")
    assert in_workflow.github_repository == "you/papers"
    assert in_workflow.github_api == "https://api.github.com"
    mail = {"PAPERS_DIGEST_EMAIL": "me@x.org, you@x.org", "PAPERS_SMTP_URL": SMTP}
    assert channels(**mail).sender == "me@x.org"
    assert channels(**mail, PAPERS_ALERT_FROM="alerts@x.org").sender == "alerts@x.org"
    assert channels(PAPERS_DIGEST_WEBHOOK="https://x/y").webhook_shape == "slack"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"PAPERS_GITHUB_REPOSITORY": ""}, "PAPERS_GITHUB_REPOSITORY is '': expected owner/name"),
        ({"PAPERS_GITHUB_REPOSITORY": "papers"}, "PAPERS_GITHUB_REPOSITORY is 'papers'"),
        ({"PAPERS_GITHUB_REPOSITORY": "you/../x"}, "expected owner/name"),
        ({"PAPERS_GITHUB_REPOSITORY": "you/.."}, "expected owner/name"),
        ({"PAPERS_GITHUB_REPOSITORY": "", "GITHUB_REPOSITORY": "a b"}, "GITHUB_REPOSITORY is 'a b"),
        ({"PAPERS_GITHUB_TOKEN": ""}, "PAPERS_GITHUB_TOKEN is not: expected a token"),
        ({"PAPERS_GITHUB_TOKEN": f"{SECRET}\n{SECRET}"}, "PAPERS_GITHUB_TOKEN: expected a token"),
        ({"GITHUB_API_URL": "github.com"}, "GITHUB_API_URL: expected an address such as"),
        ({"GITHUB_API_URL": f"https://me:{SECRET}@x"}, "GITHUB_API_URL: expected an address"),
        ({"GITHUB_API_URL": "http://x.org"}, "GITHUB_API_URL: expected https"),
        ({"PAPERS_SMTP_URL": ""}, "PAPERS_DIGEST_EMAIL is set, and PAPERS_SMTP_URL is not"),
        ({"PAPERS_DIGEST_EMAIL": "me"}, "PAPERS_DIGEST_EMAIL: number 1 of 1 is no e-mail"),
        ({"PAPERS_DIGEST_FROM": "a@b\nc"}, "PAPERS_DIGEST_FROM: expected one e-mail address"),
        ({"PAPERS_UNSUBSCRIBE": "http://x"}, "PAPERS_UNSUBSCRIBE is 'http://x': expected"),
        ({"PAPERS_UNSUBSCRIBE": "https://x>\n"}, "PAPERS_UNSUBSCRIBE is"),
        ({"PAPERS_DIGEST_WEBHOOK": SECRET}, "PAPERS_DIGEST_WEBHOOK: expected an address"),
        ({"PAPERS_DIGEST_WEBHOOK_SHAPE": "Slack"}, "SHAPE is 'Slack': expected slack, which"),
    ],
)
def test_a_mistake_is_named_without_its_secret_and_concerns_its_channel_alone(
    changed: dict[str, str], words: str
) -> None:
    found, full = channels(**{**FULL, **changed}), channels(**FULL)  # which stops no list
    ((channel, problem),) = found.problems.items()
    assert words in problem
    assert SECRET not in problem
    settings = {
        "github_issue": {"github_token", "github_repository", "github_api"},
        "email": {"recipients", "sender", "smtp", "unsubscribe"},
        "webhook": {"webhook", "webhook_shape"},
    }
    for name, fields in settings.items():
        expected = NotificationSettings() if name == channel else full
        assert all(getattr(found, f) == getattr(expected, f) for f in fields)


def test_who_is_written_in_two_ways_gets_everything_once() -> None:
    found = channels(**{**FULL, "PAPERS_DIGEST_EMAIL": "Me@x.org, you@x.org, me@x.org"})
    assert found.recipients == ("Me@x.org", "you@x.org")


@pytest.mark.parametrize("wrong", ["typo@[x", "a@b@c", "smtps://me:pass@x", 'a"b@x', "a;b@x"])
def test_what_mail_could_not_be_sent_to_is_no_address(wrong: str) -> None:
    found = channels(**{**FULL, "PAPERS_DIGEST_EMAIL": wrong})
    assert "no e-mail address" in found.problems["email"]


def test_github_may_be_this_very_machine() -> None:
    local = "http://127.0.0.1:8080"
    assert channels(**{**FULL, "GITHUB_API_URL": local}).github_api == local


def file(**variables: str) -> KeywordsConfig:
    """Keywords, with the variable of each; "": none."""
    keywords = tuple(keyword(name, recipients=who) for name, who in variables.items())
    return KeywordsConfig(Path("keywords.toml"), keywords, ZoneInfo("UTC"), "0 6 * * *")


def test_an_address_gets_its_keywords_and_who_gets_everything_gets_it_once() -> None:
    keywords = file(compiler="TEAM", performance="", databases="OTHERS")
    environment = {"TEAM": "a@x.org, ME@example.org", "OTHERS": "b@x.org,A@X.org"}
    assert find_recipients(keywords, channels(**FULL), environment) == {
        "me@example.org": None,
        "you@example.org": None,
        "a@x.org": ("compiler", "databases"),
        "b@x.org": ("databases",),
    }


def test_who_is_written_twice_in_a_variable_gets_it_once() -> None:
    who = find_recipients(file(compiler="TEAM"), channels(**FULL), {"TEAM": "a@x.org, A@x.org"})
    assert who["a@x.org"] == ("compiler",)
    assert len(who) == 3


def test_without_recipients_there_are_none() -> None:
    assert find_recipients(file(compiler=""), NotificationSettings(), {}) == {}


@pytest.mark.parametrize(
    ("value", "known", "words"),
    [
        (
            "",
            NotificationSettings(sender="a@x", smtp=SMTP),
            "TEAM holds no e-mail address, and the keyword",
        ),
        (" , ", NotificationSettings(sender="a@x", smtp=SMTP), "TEAM holds no e-mail address"),
        (
            "me",
            NotificationSettings(sender="a@x", smtp=SMTP),
            "TEAM: number 1 of 1 is no e-mail address",
        ),
        (
            "a@x.org",
            NotificationSettings(sender="a@x"),
            "PAPERS_SMTP_URL is not set, and the keyword 'comp",
        ),
        (
            "a@x.org",
            NotificationSettings(smtp=SMTP),
            "PAPERS_DIGEST_FROM is not set, and the keyword",
        ),
    ],
)
def test_a_keywords_recipients_who_cannot_be_written_to_are_told(
    value: str, known: NotificationSettings, words: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        find_recipients(file(compiler="TEAM"), known, {"TEAM": value})
    assert words in str(raised.value)
    assert SECRET not in str(raised.value)
