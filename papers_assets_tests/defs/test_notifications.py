"""What people are told, from arXiv's answer to mail, issue and chat; the servers are real."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from papers_assets import cli
from papers_assets.cli import demo_command, run_command, server_commands
from papers_assets.definitions import build_definitions
from papers_assets.defs.jobs import PUBLISH_JOB, REFRESH_JOB
from papers_assets.pipeline.deliver import MAX_DAYS
from papers_assets.settings import NotificationSettings, Settings
from papers_assets_tests.defs.test_graph import RAW
from papers_assets_tests.helpers import github_api_server
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.github_api_server import OWNER_TOKEN, REPOSITORY, GithubApi
from papers_assets_tests.helpers.project import LISTS, Pipeline, Project
from papers_assets_tests.notify.test_email import Mailbox, mail_server
from papers_assets_tests.notify.test_webhook import Hook, hook
from papers_assets_tests.pipeline.test_publish_edition import LINEAGE
from papers_assets_tests.reliability.worlds import corpus_at, history

__all__ = ["hook"]  # a fixture
SENDER = "papers@example.org"


@pytest.fixture
def pipeline(pipeline: Pipeline) -> Pipeline:
    growing(pipeline)
    # The others lead to no message, and take time.
    pipeline.assets = LISTS | {"changes", "digest", "github_issue", "email", "webhook"}
    return pipeline


@pytest.fixture
def project(project: Project) -> Project:
    growing(project)
    return project


def growing(pipeline: Pipeline) -> None:
    """Let its arXiv be one that can grow."""
    pipeline.server.corpus = corpus_at(len(history()) - 12)
    pipeline.keywords = (keyword("compiler"), keyword("performance"))


@pytest.fixture
def api() -> Iterator[GithubApi]:
    with github_api_server.running() as api:
        yield api


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, str]]:
    with mail_server() as (box, where):
        yield box, f"smtp://{where}"


def let_a_day_pass(pipeline: Pipeline, back: int = 0) -> None:
    pipeline.next_day()
    pipeline.server.corpus = corpus_at(len(history()) - back)


def on_github(api: GithubApi) -> NotificationSettings:
    return NotificationSettings(OWNER_TOKEN, REPOSITORY, api.url)


def channels_in_the_graph(pipeline: Pipeline) -> set[str]:
    graph = pipeline.definitions.resolve_asset_graph()
    return {k.to_user_string() for k in graph.get_all_asset_keys()} - LINEAGE.keys()


def wanted(project: Project, cursor: object = None) -> tuple[int, object]:
    """How many assets automation would materialize now, and where it stands afterwards."""
    result = dg.evaluate_automation_conditions(project.definitions, project.instance, cursor=cursor)  # type: ignore[arg-type]
    return result.total_requested, result.cursor


@pytest.mark.parametrize("is_configured", [False, True])
@pytest.mark.slow
def test_a_publication_by_automation_is_followed_by_no_further_run(
    project: Project, hook: Hook, *, is_configured: bool
) -> None:
    project.channels = NotificationSettings(webhook=hook.url if is_configured else "")
    assert channels_in_the_graph(project) == ({"webhook"} if is_configured else set())
    project.run()
    _, cursor = wanted(project)
    project.next_day()
    assert project.execute(REFRESH_JOB, partition_key="compiler", asset_selection=[RAW]).success
    requested, cursor = wanted(project, cursor)
    assert requested == len(LINEAGE) - 1 + is_configured
    assert project.execute(PUBLISH_JOB).success
    for _ in range(2):
        requested, cursor = wanted(project, cursor)
        assert requested == 0
    assert project.run().unpublished == {}


def test_a_channel_is_an_asset_where_it_is_configured(pipeline: Pipeline) -> None:
    smtp = "smtp://127.0.0.1:9"
    for channels, expected in (
        (NotificationSettings("token", REPOSITORY), {"github_issue"}),
        (NotificationSettings(recipients=("a@x.org",), smtp=smtp, sender=SENDER), {"email"}),
        (NotificationSettings(smtp=smtp, sender=SENDER), set()),  # there is nobody to write to
        (NotificationSettings(webhook="http://127.0.0.1:9"), {"webhook"}),
    ):
        pipeline.channels = channels
        assert channels_in_the_graph(pipeline) == expected
    pipeline.keywords = (keyword("compiler", recipients="COMPILER_TEAM"),)
    pipeline.channels = NotificationSettings(smtp=smtp, sender=SENDER)
    assert channels_in_the_graph(pipeline) == {"email"}


def test_a_day_is_an_issue_and_a_day_without_news_is_none(
    pipeline: Pipeline, api: GithubApi
) -> None:
    pipeline.channels = on_github(api)
    reports = [pipeline.run()]
    pipeline.next_day()
    reports.append(pipeline.run())
    assert [issue["title"] for issue in api.issues] == [
        "Daily Papers, 2026-11-23: now following 2 keywords",
    ]
    let_a_day_pass(pipeline)
    reports.append(pipeline.run())
    assert len(api.issues) == 2
    assert api.issues[1]["title"].startswith("Daily Papers, 2026-11-25: ")
    assert "## New" in api.issues[1]["body"]
    assert all("github_issue" in report.published for report in reports)  # up to date with each


@pytest.mark.slow
def test_a_second_run_of_the_day_that_finds_more_is_a_comment(
    pipeline: Pipeline, api: GithubApi
) -> None:
    pipeline.channels = on_github(api)
    pipeline.run()
    pipeline.server.corpus = corpus_at(len(history()))
    pipeline.run()
    pipeline.run()
    assert len(api.issues) == 1
    (comment,) = api.comments[1]
    assert "part 2 -->" in comment["body"]


def test_a_channel_that_fails_is_red_by_itself_and_tells_everything_when_it_is_back(
    pipeline: Pipeline, api: GithubApi
) -> None:
    pipeline.channels = replace(on_github(api), github_token="expired")  # noqa: S106
    report = pipeline.run()
    assert list(report.unpublished) == ["github_issue"]
    assert "PAPERS_GITHUB_TOKEN" in report.unpublished["github_issue"]
    assert (report.problem, report.failed) == ("", {})
    assert "Last update: 2026-11-23" in pipeline.readme
    assert "readme" in report.published
    let_a_day_pass(pipeline)
    pipeline.channels = on_github(api)
    assert pipeline.run().unpublished == {}
    assert [issue["title"][14:24] for issue in api.issues] == ["2026-11-23", "2026-11-24"]


def test_an_issue_is_not_posted_twice_even_if_the_note_of_it_is_lost(
    pipeline: Pipeline, api: GithubApi
) -> None:
    pipeline.channels = on_github(api)
    pipeline.run()
    (pipeline.home / ".papers" / "deliveries.json").unlink()
    pipeline.run()
    assert len(api.issues) == 1
    assert api.comments == {}


def test_a_keyword_has_readers_of_its_own(pipeline: Pipeline, box: tuple[Mailbox, str]) -> None:
    mailbox, smtp = box
    pipeline.keywords = (keyword("compiler", recipients="COMPILER_TEAM"), keyword("performance"))
    pipeline.environment = {"COMPILER_TEAM": "team@example.org"}
    pipeline.channels = NotificationSettings(
        recipients=("all@example.org",), smtp=smtp, sender=SENDER
    )
    assert pipeline.run().unpublished == {}
    subjects = {message["To"]: message["Subject"] for message in mailbox.messages}
    assert subjects == {
        "all@example.org": "Daily Papers, 2026-11-23: now following 2 keywords",
        "team@example.org": "Daily Papers, 2026-11-23: now following 1 keyword",
    }
    pipeline.run()
    assert len(mailbox.messages) == 2


def test_one_recipient_who_refuses_stops_nobody_else_and_gets_it_later(
    pipeline: Pipeline, box: tuple[Mailbox, str]
) -> None:
    mailbox, smtp = box
    mailbox.answers["a@example.org"] = ["550 No such person"]
    pipeline.channels = NotificationSettings(
        recipients=("a@example.org", "b@example.org"), smtp=smtp, sender=SENDER
    )
    reason = pipeline.run().unpublished["email"]
    assert "1 of 2 recipients could not be reached" in reason
    assert "a@example.org" not in reason
    assert [message["To"] for message in mailbox.messages] == ["b@example.org"]
    assert pipeline.run().unpublished == {}
    assert [message["To"] for message in mailbox.messages] == ["b@example.org", "a@example.org"]


def test_recipients_that_nobody_has_set_turn_the_mail_red_and_nothing_else(
    pipeline: Pipeline, box: tuple[Mailbox, str]
) -> None:
    pipeline.keywords = (keyword("compiler", recipients="COMPILER_TEAM"),)
    pipeline.channels = NotificationSettings(smtp=box[1], sender=SENDER)
    report = pipeline.run()
    assert "COMPILER_TEAM holds no e-mail address" in report.unpublished["email"]
    assert report.problem == ""


def test_a_chat_is_told_in_a_few_lines(pipeline: Pipeline, hook: Hook) -> None:
    pipeline.channels = NotificationSettings(webhook=hook.url)
    pipeline.run()
    let_a_day_pass(pipeline)
    pipeline.run()
    pipeline.run()
    first, second = (said["text"].split("\n") for said in hook.received)
    assert first == [
        "Daily Papers, 2026-11-23: now following 2 keywords",
        "Now following compiler: 100 papers",
        "Now following performance: 100 papers",
    ]
    assert re.fullmatch(r"Daily Papers, 2026-11-24: \d new papers", second[0])
    assert second[1] == "New: compiler"
    assert "<https://arxiv.org/abs/" in second[2]


def test_what_is_refused_for_good_does_not_stop_what_comes_after(
    pipeline: Pipeline, hook: Hook
) -> None:
    pipeline.channels = NotificationSettings(webhook=hook.url)
    hook.answers = [(413, {}, "too_large")]
    assert "413" in pipeline.run().unpublished["webhook"]
    let_a_day_pass(pipeline)
    hook.answers = [(413, {}, "too_large")]
    assert "413" in pipeline.run().unpublished["webhook"]  # which is said once
    assert [said["text"][14:24] for said in hook.received] == ["2026-11-23"] * 2 + ["2026-11-24"]
    assert pipeline.run().unpublished == {}
    assert len(hook.received) == 3


@pytest.mark.slow
def test_editions_that_are_too_many_are_named_as_not_told_of(
    pipeline: Pipeline, hook: Hook
) -> None:
    pipeline.channels = NotificationSettings(webhook=hook.url)
    pipeline.run()
    for _ in range(MAX_DAYS + 2):
        pipeline.next_day()
        edition = pipeline.outputs.newest_edition()
        assert edition is not None
        pipeline.outputs.write_edition(replace(edition, day=pipeline.today.date()))
    pipeline.run()
    assert len(hook.received) == 1 + MAX_DAYS
    said = pipeline.metadata["webhook", None]["editions_not_sent"]
    assert said == "2, from 2026-11-24 to 2026-11-25"


def test_a_channel_that_is_set_up_wrongly_stops_that_channel_alone(pipeline: Pipeline) -> None:
    problem = "PAPERS_DIGEST_EMAIL is set, and PAPERS_SMTP_URL is not"
    pipeline.channels = NotificationSettings(problems={"email": problem})
    report = pipeline.run()
    assert set(report.unpublished) == {"email"}
    assert problem in report.unpublished["email"]
    assert "Last update: 2026-11-23" in pipeline.readme


def test_two_lists_in_one_repository_have_an_issue_each(project: Project, api: GithubApi) -> None:
    project.channels = on_github(api)
    project.run()
    project.outputs.write_deliveries({})
    other = replace(project.file, digest_name="Performance & more")
    definitions = build_definitions(
        Settings(other.path, project.home, project.server.url, 0.0, channels=project.channels),
        other,
        now=lambda: project.today,
    )
    definitions.resolve_job_def(PUBLISH_JOB).execute_in_process(instance=project.instance)
    assert [issue["title"].partition(",")[0] for issue in api.issues] == [
        "Daily Papers",
        "Performance & more",
    ]
    assert [issue["labels"][0]["name"] for issue in api.issues] == [
        "daily-papers",
        "performance-more",
    ]


@pytest.mark.slow
def test_the_demo_tells_nobody_of_invented_papers(
    tmp_path: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_command, "DEMO_HOME", tmp_path / "demo")
    environment = {"PAPERS_DIGEST_WEBHOOK": hook.url}
    # The home of the demo is a constant, so the command is run within this process.
    monkeypatch.setattr(run_command, "show_progress", lambda **_: nullcontext())
    assert CliRunner().invoke(cli.main, ["demo"], env=environment).exit_code == 0
    assert "Daily Papers" in (tmp_path / "demo" / "output" / "README.md").read_text()
    assert hook.received == []
    told = {"PAPERS_SMTP_URL", "PAPERS_DIGEST_EMAIL", "PAPERS_GITHUB_TOKEN", "PAPERS_ALERT_EMAIL"}
    kept = server_commands._without_production_settings(
        dict.fromkeys([*told, "DAGSTER_HOME", "PATH"], "x")
    )
    assert kept == {"PATH": "x"}


def test_no_secret_reaches_the_run_history(
    project: Project,
    api: GithubApi,
    box: tuple[Mailbox, str],
    hook: Hook,
) -> None:
    secrets = ("ghp_wrong_hunter2", box[1], hook.url, "reader@example.org")
    project.channels = NotificationSettings(
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
    project.failing = {}
    report = project.run()
    assert set(report.unpublished) == {"github_issue", "email", "webhook"}
    logged = "\n".join(
        str(record) for run_id in report.run_ids for record in project.instance.all_logs(run_id)
    )
    for secret in secrets:
        assert secret not in logged
    assert "hunter2" not in logged
