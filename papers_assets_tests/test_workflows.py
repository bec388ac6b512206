"""The workflows of GitHub Actions, checked by others' tools, and run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from papers_assets.arxiv.sample import Fault, RequestRecord, SampleArxiv
from papers_assets.defs.headless import open_instance
from papers_assets_tests.helpers.github_actions import (
    DAILY,
    GITHUB,
    Context,
    Repository,
    holds,
    load,
)
from papers_assets_tests.helpers.ui_driver import environment

WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
SCRIPTS = sorted((GITHUB / "scripts").glob("*.sh"))
TOOLS = Path(sys.executable).parent
ASK, COMMIT, KEEP, RESTORE, PAGES = (
    "Ask arXiv and write the list",
    "Commit the list",
    "Keep stored papers and run history",
    "Restore stored papers and run history",
    "Are Pages on?",
)
COMMIT_SCRIPT = ".github/scripts/commit-output.sh"
PROJECT = "Somebody .github/scripts"
LISTED = "github-actions[bot] output/README.md output/site/index.html"


@pytest.fixture(scope="session")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fork")
    Repository(folder).found()
    return folder


@pytest.fixture
def github(fork: Path, tmp_path: Path) -> Repository:
    shutil.copytree(fork, tmp_path, dirs_exist_ok=True)
    return Repository(tmp_path)


def complaints(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{done.returncode}: {done.stdout}{done.stderr}" if done.returncode else ""


# As other people's tools see the files.


@pytest.mark.parametrize(
    ("schema", "path"),
    [("github-workflows", path) for path in WORKFLOWS]
    + [("dependabot", GITHUB / "dependabot.yml")],
    ids=lambda value: getattr(value, "name", value),
)
def test_files_follow_githubs_schema(schema: str, path: Path) -> None:
    assert not complaints(TOOLS / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)


def test_zizmor_finds_nothing() -> None:
    assert not complaints(TOOLS / "zizmor", "--offline", "--pedantic", "--no-progress", GITHUB)


@pytest.mark.skipif(
    shutil.which("shellcheck") is None, reason="no shellcheck (Debian: apt install shellcheck)"
)
def test_shellcheck_finds_nothing() -> None:
    assert not complaints("shellcheck", "-x", "-P", GITHUB / "scripts", *SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_programs_that_bash_can_read(script: Path) -> None:
    assert not complaints("bash", "-n", script)
    assert os.access(script, os.X_OK)


def test_actions_are_pinned_to_one_commit_that_says_its_version() -> None:
    pins = set()
    for path in WORKFLOWS:
        for action, pin in re.findall(r"uses: ([^@\s]+)@(.*)", path.read_text()):
            assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), f"{action}@{pin}"
            pins.add((action, pin))
    assert len(pins) == len({action for action, _ in pins}) == 4


def test_nothing_of_githubs_is_pasted_into_a_shell() -> None:
    for path in WORKFLOWS:
        for job in load(path)["jobs"].values():
            assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


@pytest.mark.parametrize(
    ("repository", "variable", "event", "does"),
    [
        ({"fork": True}, "", "schedule", True),
        ({"fork": False}, "", "schedule", False),
        ({"fork": False}, "true", "schedule", True),
        ({"fork": False}, "", "workflow_dispatch", True),
    ],
)
def test_it_runs_in_forks_and_where_it_was_asked_for(
    repository: dict[str, bool], variable: str, event: str, *, does: bool
) -> None:
    event_of = Context(repository=Context(**repository))
    context = Context(ref_type="branch", event_name=event, event=event_of)
    condition = load(DAILY)["jobs"]["papers"]["if"]
    assert holds(condition, github=context, vars=Context(DAILY_PAPERS=variable)) is does
    context.ref_type = "tag"
    assert not holds(condition, github=context, vars=Context(DAILY_PAPERS=variable))


# From day to day.


def test_the_first_run_commits_the_list_and_keeps_the_state(github: Repository) -> None:
    day = github.day()
    assert (day.red, day.uploaded) == ([], True)
    assert "this is the first run" in day.log
    assert github.commits()[0] == LISTED
    assert github.commits("papers-state") == ["github-actions[bot] .papers/history README.md"]


def test_a_day_without_news_makes_no_commit_but_is_remembered(github: Repository) -> None:
    github.day()
    before = github.git(github.origin, "rev-parse", "main")
    day = github.day()
    assert day.red == []
    assert github.git(github.origin, "rev-parse", "main") == before
    assert github.show("papers-state:.papers/history") == "a run\na run"
    assert len(github.commits("papers-state")) == 1


def test_each_changed_list_is_one_commit_of_the_output_alone(github: Repository) -> None:
    github.day()
    github.day(LIST="two papers")
    assert github.commits()[:2] == [LISTED, LISTED]
    assert github.show("main:output/README.md") == "two papers"


def test_a_branch_that_moved_meanwhile_loses_nothing(github: Repository) -> None:
    github.day()
    theirs = "[keywords.compiler]"
    day = github.day(lambda: github.write("keywords.toml", theirs), LIST="two papers")
    assert day.red == []
    assert github.commits()[:2] == [LISTED, "Somebody keywords.toml"]
    assert github.show("main:keywords.toml") == theirs
    assert github.show("main:output/README.md") == "two papers"


def test_a_list_that_another_run_committed_meanwhile_is_replaced_whole(github: Repository) -> None:
    github.day()
    day = github.day(lambda: github.write("output/README.md", "another"), LIST="two papers")
    assert day.red == []
    assert github.show("main:output/README.md") == "two papers"


def test_what_somebody_did_beside_the_list_meanwhile_is_not_undone(github: Repository) -> None:
    github.day()
    github.write("output/notes.md", "v1")

    def meanwhile() -> None:
        github.write("output/notes.md", "v2")
        github.write("output/about.md", "mine")

    assert github.day(meanwhile, LIST="two papers").red == []
    assert github.show("main:output/notes.md") == "v2"
    assert github.show("main:output/about.md") == "mine"
    assert github.show("main:output/README.md") == "two papers"


def test_what_is_over_100_mb_is_said_and_the_rest_is_committed(github: Repository) -> None:
    github.day()
    checkout = github.clone()
    (checkout / "output" / "README.md").write_text("two papers")
    with (checkout / "output" / "all.xml").open("wb") as file:
        file.truncate(101 << 20)
    environment = f"GITHUB_REF_NAME=main GH_TOKEN=x cd {checkout}"
    said = complaints(
        "bash", "-c", f"export {environment.replace(' cd', '; cd')} && {COMMIT_SCRIPT}"
    )
    assert (
        "::error::Over 100 MB, which GitHub refuses, and so not committed: output/all.xml" in said
    )
    assert github.show("main:output/README.md") == "two papers"


def test_an_edition_that_did_not_get_to_the_branch_comes_back(github: Repository) -> None:
    github.refuse("[ $ref != refs/heads/main ] || exit 1")
    assert github.day(EDITION="2026-11-22").red == [COMMIT]
    github.refuse("true")
    day = github.day(EDITION="2026-11-23", LIST="two papers")
    assert day.red == []
    assert "Brought back output/editions/2026-11-22.json" in day.log
    assert github.show("main:output/editions/2026-11-22.json") == "2026-11-22"


def test_an_edition_of_a_day_to_come_does_not_come_back(github: Repository) -> None:
    github.refuse("[ $ref != refs/heads/main ] || exit 1")
    github.day(EDITION="2999-01-01")
    github.refuse("true")
    day = github.day(LIST="two papers")
    assert not (day.checkout / "output" / "editions").exists()


def test_a_push_that_comes_too_late_is_made_again(github: Repository, tmp_path: Path) -> None:
    once = tmp_path / "refused"
    github.refuse(f"[ -e {once} ] || {{ touch {once}; exit 1; }}")
    day = github.day()
    assert (day.red, once.exists()) == ([], True)
    assert github.commits()[0] == LISTED


def test_the_list_as_front_page_is_committed_too(github: Repository) -> None:
    github.day(FRONT="the list")
    assert github.commits()[0] == f"github-actions[bot] .github/README.md {LISTED.split(' ', 1)[1]}"
    github.day(lambda: github.write(".github/README.md", "mine"), FRONT="the list", LIST="two")
    assert github.show("main:.github/README.md") == "mine"


@pytest.mark.parametrize("status", ["1", "2"])
def test_a_run_that_is_not_all_fresh_is_published_and_red(github: Repository, status: str) -> None:
    day = github.day(STATUS=status)
    assert (day.red, day.uploaded) == ([ASK], True)
    assert "::error::" in day.log
    assert github.commits()[0] == LISTED
    assert github.show("papers-state:.papers/history") == "a run"


def test_a_protected_branch_is_red_and_the_state_is_kept(github: Repository) -> None:
    github.refuse("[ $ref != refs/heads/main ] || exit 1")
    day = github.day()
    assert (day.red, day.uploaded) == ([COMMIT], True)
    assert "::error::The list could not be pushed to main" in day.log
    assert github.show("papers-state:.papers/history") == "a run"


def test_a_state_that_cannot_be_pushed_is_red_and_the_list_is_out(github: Repository) -> None:
    github.refuse("[ $ref = refs/heads/main ] || exit 1")
    assert github.day().red == [KEEP]
    assert github.commits()[0] == LISTED


def test_another_runs_state_is_not_replaced(github: Repository) -> None:
    github.day()
    theirs = "papers-state"

    def meanwhile() -> None:
        github.git(github.origin, "update-ref", "-d", f"refs/heads/{theirs}")
        github.write(".papers-by/hand", "theirs", theirs)

    day = github.day(meanwhile, LIST="two papers")
    assert day.red == [KEEP]
    assert "Another run kept its state meanwhile" in day.log
    assert github.show(f"{theirs}:.papers-by/hand") == "theirs"
    assert github.show("main:output/README.md") == "two papers"


def test_a_repository_out_of_reach_is_not_taken_for_a_first_run(github: Repository) -> None:
    github.day()
    checkout = github.clone()
    github.origin.rename(github.folder / "away.git")
    script = checkout / ".github/scripts/restore-state.sh"
    done = subprocess.run(
        [script],
        cwd=checkout,
        env=os.environ | {"PUSH_PAUSE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "::error::" in done.stdout) == (1, True)
    assert not (checkout / ".papers").exists()


def test_without_the_last_state_nothing_is_asked_or_changed(github: Repository) -> None:
    github.write("state", "of something else", "papers-state")
    before = github.commits()
    day = github.day()
    assert "Delete the branch to begin anew" in day.log
    assert (day.red, day.outcomes[ASK], day.outcomes[KEEP]) == ([RESTORE], "skipped", "skipped")
    assert github.commits() == before


def test_a_file_that_github_refuses_is_named(github: Repository) -> None:
    checkout = github.clone()
    (checkout / ".papers").mkdir()
    with (checkout / ".papers" / "index.db").open("wb") as file:
        file.truncate(101 << 20)
    assert ".papers/index.db is over 100 MB" in complaints(
        "bash", "-c", f"cd {checkout} && .github/scripts/save-state.sh"
    )


@pytest.mark.parametrize(
    ("pages", "uploaded", "red"),
    [("off", False, []), ("branch", False, []), ("unknown", False, [PAGES])],
)
def test_a_repository_without_pages_is_not_red_for_it(
    github: Repository, pages: str, red: list[str], *, uploaded: bool
) -> None:
    day = github.day(PAGES=pages)
    assert (day.red, day.uploaded) == (red, uploaded)
    assert github.commits()[0] == LISTED


def test_the_token_is_in_the_environment_alone(github: Repository) -> None:
    script = GITHUB / "scripts" / "remote.sh"
    asked = "protocol=https\nhost=git.example.org\n\n"
    done = subprocess.run(
        ["bash", "-c", f"source {script} && remote credential fill"],
        env=os.environ | {"GH_TOKEN": "invented"},
        input=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "username=x-access-token\npassword=invented\n" in done.stdout
    day = github.day(GH_TOKEN="invented")  # noqa: S106 - it is
    assert "invented" not in day.log
    assert "invented" not in (day.checkout / ".git" / "config").read_text()


@pytest.mark.slow
def test_the_product_goes_on_from_day_to_day(github: Repository, server: SampleArxiv) -> None:
    told = environment(github.folder, Path("keywords.toml"), server.url)
    first = github.day(real=told)
    assert first.red == []
    who, *files = github.commits()[0].split()
    assert who == "github-actions[bot]"
    assert {name.split("/")[0] for name in files} == {"output"}

    def answer(request: RequestRecord) -> Fault | None:
        return Fault(503) if "compiler" in request.parameters.get("search_query", "") else None

    server.fault = answer
    second = github.day(real=told)
    assert second.red == [ASK]
    assert "Not refreshed since" in github.show("main:output/README.md")
    assert len(github.commits("papers-state")) == 1
    runs = []
    for checkout in (first.checkout, second.checkout):
        with open_instance(checkout, {}) as instance:
            runs.append({run.run_id for run in instance.get_runs()})
    assert runs[0] < runs[1]
