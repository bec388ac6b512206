"""What people are told, from arXiv's answer to mail, issue and chat; the servers are real."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from papers_assets import cli
from papers_assets.arxiv.sample import Corpus
from papers_assets.cli import demo_command, run_command, server_commands
from papers_assets.definitions import build_definitions
from papers_assets.defs.jobs import PUBLISH, REFRESH
from papers_assets.pipeline.deliver import MOST_DAYS
from papers_assets.settings import Channels, Settings
from papers_assets_tests.conftest import House
from papers_assets_tests.defs.test_graph import RAW
from papers_assets_tests.helpers import github_api_server
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.github_api_server import OWNER_TOKEN, REPOSITORY, GithubApi
from papers_assets_tests.notify.test_email import Mailbox, mail_server
from papers_assets_tests.notify.test_webhook import Hook, hook
from papers_assets_tests.pipeline.test_publish_edition import LINEAGE
from papers_assets_tests.reliability.worlds import corpus_at, history

__all__ = ["hook"]  # a fixture
SENDER = "papers@example.org"


@pytest.fixture
def house(new_house: Callable[[Corpus], House]) -> House:
    """A house whose arXiv grows."""
    house = new_house(corpus_at(len(history()) - 12))
    house.keywords = (keyword("compiler"), keyword("performance"))
    return house


@pytest.fixture
def api() -> Iterator[GithubApi]:
    with github_api_server.running() as api:
        yield api


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as (box, where):
        yield box, f"smtp://{where}"


def let_a_day_pass(house: House, back: int = 0) -> None:
    house.next_day()
    house.server.corpus = corpus_at(len(history()) - back)


def on_github(api: GithubApi) -> Channels:
    return Channels(OWNER_TOKEN, REPOSITORY, api.url)


def materialized(house: House, asset: str) -> int:
    records = house.instance.fetch_materializations(
        dg.AssetRecordsFilter(dg.AssetKey(asset)), limit=50
    )
    return len(records.records)


def channels_in_the_graph(house: House) -> set[str]:
    graph = house.definitions.resolve_asset_graph()
    return {k.to_user_string() for k in graph.get_all_asset_keys()} - LINEAGE.keys()


def wanted(house: House, cursor: object = None) -> tuple[int, object]:
    """How many assets automation would materialize now, and where it stands afterwards."""
    result = dg.evaluate_automation_conditions(house.definitions, house.instance, cursor=cursor)  # type: ignore[arg-type]
    return result.total_requested, result.cursor


@pytest.mark.parametrize("is_configured", [False, True])
def test_a_publication_by_automation_is_followed_by_no_further_run(
    house: House, hook: Hook, *, is_configured: bool
) -> None:
    house.channels = Channels(webhook=hook.url if is_configured else "")
    assert channels_in_the_graph(house) == ({"webhook"} if is_configured else set())
    house.run()
    _, cursor = wanted(house)
    house.next_day()
    assert house.execute(REFRESH, partition_key="compiler", asset_selection=[RAW]).success
    requested, cursor = wanted(house, cursor)
    assert requested == len(LINEAGE) - 1 + is_configured
    assert house.execute(PUBLISH).success
    for _ in range(2):
        requested, cursor = wanted(house, cursor)
        assert requested == 0
    assert house.run().unpublished == {}


def test_a_channel_is_an_asset_where_it_is_configured(house: House) -> None:
    smtp = "smtp://127.0.0.1:9"
    for channels, expected in (
        (Channels("token", REPOSITORY), {"github_issue"}),
        (Channels(recipients=("a@x.org",), smtp=smtp, sender=SENDER), {"email"}),
        (Channels(smtp=smtp, sender=SENDER), set()),  # there is nobody to write to
        (Channels(webhook="http://127.0.0.1:9"), {"webhook"}),
    ):
        house.channels = channels
        assert channels_in_the_graph(house) == expected
    house.keywords = (keyword("compiler", recipients="COMPILER_TEAM"),)
    house.channels = Channels(smtp=smtp, sender=SENDER)
    assert channels_in_the_graph(house) == {"email"}


def test_a_day_is_an_issue_and_a_day_without_news_is_none(house: House, api: GithubApi) -> None:
    house.channels = on_github(api)
    house.run()
    house.next_day()
    house.run()
    assert [issue["title"] for issue in api.issues] == [
        "Daily Papers, 2026-11-23: now following 2 keywords",
    ]
    let_a_day_pass(house)
    house.run()
    assert len(api.issues) == 2
    assert api.issues[1]["title"].startswith("Daily Papers, 2026-11-25: ")
    assert "## New" in api.issues[1]["body"]
    assert materialized(house, "github_issue") == 3  # up to date with every digest


def test_a_second_run_of_the_day_that_finds_more_is_a_comment(house: House, api: GithubApi) -> None:
    house.channels = on_github(api)
    house.run()
    house.server.corpus = corpus_at(len(history()))
    house.run()
    house.run()
    assert len(api.issues) == 1
    (comment,) = api.comments[1]
    assert "part 2 -->" in comment["body"]


def test_a_channel_that_fails_is_red_by_itself_and_tells_everything_when_it_is_back(
    house: House, api: GithubApi
) -> None:
    house.channels = replace(on_github(api), github_token="expired")  # noqa: S106
    report = house.run()
    assert list(report.unpublished) == ["github_issue"]
    assert "PAPERS_GITHUB_TOKEN" in report.unpublished["github_issue"]
    assert (report.problem, report.failed) == ("", {})
    assert "Last update: 2026-11-23" in house.readme
    assert materialized(house, "readme") == 1
    let_a_day_pass(house)
    house.channels = on_github(api)
    assert house.run().unpublished == {}
    assert [issue["title"][14:24] for issue in api.issues] == ["2026-11-23", "2026-11-24"]


def test_an_issue_is_not_posted_twice_even_if_the_note_of_it_is_lost(
    house: House, api: GithubApi
) -> None:
    house.channels = on_github(api)
    house.run()
    (house.home / ".papers" / "deliveries.json").unlink()
    house.run()
    assert len(api.issues) == 1
    assert api.comments == {}


def test_a_keyword_has_readers_of_its_own(house: House, box: tuple[Mailbox, str]) -> None:
    mailbox, smtp = box
    house.keywords = (keyword("compiler", recipients="COMPILER_TEAM"), keyword("performance"))
    house.environment = {"COMPILER_TEAM": "team@example.org"}
    house.channels = Channels(recipients=("all@example.org",), smtp=smtp, sender=SENDER)
    assert house.run().unpublished == {}
    subjects = {message["To"]: message["Subject"] for message in mailbox.messages}
    assert subjects == {
        "all@example.org": "Daily Papers, 2026-11-23: now following 2 keywords",
        "team@example.org": "Daily Papers, 2026-11-23: now following 1 keyword",
    }
    house.run()
    assert len(mailbox.messages) == 2


def test_one_recipient_who_refuses_stops_nobody_else_and_gets_it_later(
    house: House, box: tuple[Mailbox, str]
) -> None:
    mailbox, smtp = box
    mailbox.answers["a@example.org"] = ["550 No such person"]
    house.channels = Channels(
        recipients=("a@example.org", "b@example.org"), smtp=smtp, sender=SENDER
    )
    reason = house.run().unpublished["email"]
    assert "1 of 2 recipients could not be reached" in reason
    assert "a@example.org" not in reason
    assert [message["To"] for message in mailbox.messages] == ["b@example.org"]
    assert house.run().unpublished == {}
    assert [message["To"] for message in mailbox.messages] == ["b@example.org", "a@example.org"]


def test_recipients_that_nobody_has_set_turn_the_mail_red_and_nothing_else(
    house: House, box: tuple[Mailbox, str]
) -> None:
    house.keywords = (keyword("compiler", recipients="COMPILER_TEAM"),)
    house.channels = Channels(smtp=box[1], sender=SENDER)
    report = house.run()
    assert "COMPILER_TEAM holds no e-mail address" in report.unpublished["email"]
    assert report.problem == ""


def test_a_chat_is_told_in_a_few_lines(house: House, hook: Hook) -> None:
    house.channels = Channels(webhook=hook.url)
    house.run()
    let_a_day_pass(house)
    house.run()
    house.run()
    first, second = (said["text"].split("\n") for said in hook.received)
    assert first == [
        "Daily Papers, 2026-11-23: now following 2 keywords",
        "Now following compiler: 100 papers",
        "Now following performance: 100 papers",
    ]
    assert re.fullmatch(r"Daily Papers, 2026-11-24: \d new papers", second[0])
    assert second[1] == "New: compiler"
    assert "<https://arxiv.org/abs/" in second[2]


def test_what_is_refused_for_good_does_not_stop_what_comes_after(house: House, hook: Hook) -> None:
    house.channels = Channels(webhook=hook.url)
    hook.answers = [(413, {}, "too_large")]
    assert "413" in house.run().unpublished["webhook"]
    let_a_day_pass(house)
    hook.answers = [(413, {}, "too_large")]
    assert "413" in house.run().unpublished["webhook"]  # which is said once
    assert [said["text"][14:24] for said in hook.received] == ["2026-11-23"] * 2 + ["2026-11-24"]
    assert house.run().unpublished == {}
    assert len(hook.received) == 3


def test_editions_that_are_too_many_are_named_as_not_told_of(house: House, hook: Hook) -> None:
    house.channels = Channels(webhook=hook.url)
    house.run()
    for _ in range(MOST_DAYS + 2):
        house.next_day()
        edition = house.outputs.newest_edition()
        assert edition is not None
        house.outputs.write_edition(replace(edition, day=house.today.date()))
    house.run()
    assert len(hook.received) == 1 + MOST_DAYS
    records = house.instance.fetch_materializations(dg.AssetKey("webhook"), limit=1).records
    assert records[0].asset_materialization is not None
    said = records[0].asset_materialization.metadata["editions_not_sent"].value
    assert said == "2, from 2026-11-24 to 2026-11-25"


def test_a_channel_that_is_set_up_wrongly_stops_that_channel_alone(house: House) -> None:
    problem = "PAPERS_DIGEST_EMAIL is set, and PAPERS_SMTP_URL is not"
    house.channels = Channels(problems={"email": problem})
    report = house.run()
    assert set(report.unpublished) == {"email"}
    assert problem in report.unpublished["email"]
    assert "Last update: 2026-11-23" in house.readme


def test_two_lists_in_one_repository_have_an_issue_each(house: House, api: GithubApi) -> None:
    house.channels = on_github(api)
    house.run()
    house.outputs.write_deliveries({})
    other = replace(house.file, digest_name="Performance & more")
    definitions = build_definitions(
        Settings(other.path, house.home, house.server.url, 0.0, channels=house.channels),
        other,
        now=lambda: house.today,
    )
    definitions.resolve_job_def(PUBLISH).execute_in_process(instance=house.instance)
    assert [issue["title"].partition(",")[0] for issue in api.issues] == [
        "Daily Papers",
        "Performance & more",
    ]
    assert [issue["labels"][0]["name"] for issue in api.issues] == [
        "daily-papers",
        "performance-more",
    ]


def test_the_demo_tells_nobody_of_invented_papers(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_command, "DEMO_HOME", tmp_path / "demo")
    environment = {"PAPERS_DIGEST_WEBHOOK": hook.url}
    # The command's own process cannot be told where the demo's home is.
    monkeypatch.setattr(run_command, "showing_progress", lambda **_: nullcontext())
    assert CliRunner().invoke(cli.main, ["demo"], env=environment).exit_code == 0
    assert "Daily Papers" in (tmp_path / "demo" / "output" / "README.md").read_text()
    assert hook.received == []
    told = {"PAPERS_SMTP_URL", "PAPERS_DIGEST_EMAIL", "PAPERS_GITHUB_TOKEN", "PAPERS_ALERT_EMAIL"}
    kept = server_commands._demo_environment(dict.fromkeys([*told, "DAGSTER_HOME", "PATH"], "x"))
    assert kept == {"PATH": "x"}


def test_no_secret_reaches_the_run_history(
    house: House,
    api: GithubApi,
    box: tuple[Mailbox, str],
    hook: Hook,
) -> None:
    secrets = ("ghp_wrong_hunter2", box[1], hook.url, "reader@example.org")
    house.channels = Channels(
        secrets[0],
        REPOSITORY,
        api.url,
        ("reader@example.org",),
        SENDER,
        box[1],
        webhook=hook.url,
    )
    hook.answers = [(404, {}, "no_service")]
    box[0].answers["reader@example.org"] = ["550 reader@example.org is unknown"]
    house.failing = {}
    report = house.run()
    assert set(report.unpublished) == {"github_issue", "email", "webhook"}
    logged = "\n".join(
        str(record) for run_id in report.run_ids for record in house.instance.all_logs(run_id)
    )
    for secret in secrets:
        assert secret not in logged
    assert "hunter2" not in logged
