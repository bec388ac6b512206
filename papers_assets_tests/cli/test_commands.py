"""The command line as a person meets it: what it prints, writes, and exits with."""

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import requests

from papers_assets.arxiv.sample import Fault, RequestRecord, SampleArxiv
from papers_assets.arxiv.sample.corpus import SAMPLE_PATH
from papers_assets_tests.helpers import ui_driver
from papers_assets_tests.helpers.command_line import papers
from papers_assets_tests.helpers.ui_driver import PAPERS

KEYWORDS = '[keywords.compiler]\n[keywords."reinforcement learning"]\ncap = 3\n'


@pytest.fixture
def environment(tmp_path: Path, server: SampleArxiv) -> dict[str, str]:
    (tmp_path / "mine.toml").write_text(KEYWORDS)
    return ui_driver.environment(
        tmp_path / "home",
        tmp_path / "mine.toml",
        server.url,
        # As everywhere in the tests: what warns, fails.
        PYTHONWARNINGS="",
    )


def failing(server: SampleArxiv, words: str, fault: Fault) -> None:
    def answer(request: RequestRecord) -> Fault | None:
        return fault if words in request.parameters.get("search_query", "") else None

    server.fault = answer


def test_run_fetches_writes_and_says_where(environment: dict[str, str], tmp_path: Path) -> None:
    done = papers(environment, "run")
    readme = tmp_path / "home" / "output" / "README.md"
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    fetched = re.fullmatch(
        r"compiler: fetched 100 of \d+ results \(1 request\); 100 added, 0 updated, 0 filtered out",
        lines[0],
    )
    assert fetched
    assert [line.split() for line in lines[3:7]] == [
        ["keyword", "fetched", "added", "updated", "filtered", "out"],
        ["compiler", "100", "100", "0", "0"],
        ["reinforcement", "learning", "100", "100", "0", "0"],
        ["all", "(2", "keywords)", "200", "200", "0", "0"],
    ]
    assert "ti:" not in done.stdout
    assert str(readme) in done.stdout
    assert readme.read_text().count("\n| **[") == 103


@pytest.mark.slow
def test_on_a_terminal_what_passes_is_one_moving_line(environment: dict[str, str]) -> None:
    terminal, end = os.openpty()
    with subprocess.Popen([PAPERS, "run"], env=environment | {"TERM": "xterm"}, stdout=end):
        os.close(end)
        shown = b""
        with suppress(OSError):  # how the other end says that it is closed
            while piece := os.read(terminal, 1 << 16):
                shown += piece
    os.close(terminal)
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode()).split("\n")
    assert any("\r" in line and "(keyword 2 of 2): fetching" in line for line in lines)
    stays = [line.rpartition("\r")[2] for line in lines if line.strip()]
    assert [line for line in stays if "fetching" in line] == []


@pytest.mark.slow
def test_a_mistake_about_alerts_is_said_and_costs_no_paper(environment: dict[str, str]) -> None:
    done = papers(environment | {"PAPERS_ALERT_EMAIL": "me@example.org"}, "run")
    assert done.returncode == 0
    assert done.stderr.startswith("papers: alerts are off: ")
    assert "PAPERS_SMTP_URL" in done.stderr
    assert "Wrote" in done.stdout


def test_run_can_refresh_some_keywords(environment: dict[str, str], server: SampleArxiv) -> None:
    done = papers(environment, "run", "compiler", "--verbose")
    assert (done.returncode, len(server.requests)) == (0, 1)
    assert 'compiler: the query was (ti:"compiler" AND abs:"compiler")' in done.stdout
    assert "compiler (keyword 1 of 1): fetching" in done.stdout


def test_a_keyword_that_failed_is_said_and_is_status_1(
    environment: dict[str, str], server: SampleArxiv, tmp_path: Path
) -> None:
    failing(server, "compiler", Fault(503))
    done = papers(environment, "run")
    assert done.returncode == 1
    assert "compiler could not be refreshed: arXiv answered 503 (asked 2 times)" in done.stderr
    assert (
        "## compiler\n_Not fetched yet: arXiv answered 503._"
        in (tmp_path / "home/output/README.md").read_text()
    )


@pytest.mark.slow
def test_an_arxiv_out_of_reach_is_status_2_and_says_what_is_left(
    environment: dict[str, str], server: SampleArxiv, tmp_path: Path
) -> None:
    assert papers(environment, "run").returncode == 0
    before = (tmp_path / "home/output/README.md").read_text()
    server.close()
    done = papers(environment, "run")
    assert done.returncode == 2
    assert "arXiv could not be reached" in done.stderr
    assert "the stored papers are unchanged" in done.stderr
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr
    after = (tmp_path / "home/output/README.md").read_text()
    assert after.count(": arXiv could not be reached._") == 2
    told = re.sub(r"_Not refreshed since [^\n]*: arXiv could not be reached\._", "", after)
    assert told.split() == before.split()


@pytest.mark.parametrize("command", ["run", "keywords", "ui"])
def test_a_mistake_in_the_keywords_file_is_one_line_and_status_2(
    environment: dict[str, str], tmp_path: Path, command: str
) -> None:
    (tmp_path / "mine.toml").write_text("cap = 0\n[keywords.compiler]")
    done = papers(environment, command)
    assert done.returncode == 2
    assert done.stderr.startswith(f"papers: {tmp_path / 'mine.toml'}: cap: 0 is not")
    assert done.stderr.count("\n") == 1


def test_a_mistake_in_the_environment_is_one_line_and_status_2(
    environment: dict[str, str],
) -> None:
    done = papers(environment | {"ARXIV_REQUEST_INTERVAL": "soon"}, "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("papers: ARXIV_REQUEST_INTERVAL is 'soon'")


def test_an_unknown_keyword_is_said_with_the_known_ones(environment: dict[str, str]) -> None:
    done = papers(environment, "run", "compilers")
    assert done.returncode == 2
    assert "'compilers' is not in" in done.stderr
    assert "compiler, reinforcement learning" in done.stderr


@pytest.mark.slow
def test_past_months_can_be_fetched(environment: dict[str, str], server: SampleArxiv) -> None:
    done = papers(environment, "run", "compiler", "--since", "2026-10-05", "--until", "2026-10-06")
    assert done.returncode == 0
    assert "submittedDate:[202610050000 TO 202610070000]" in str(server.requests[-1].parameters)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--until", "2026-10-06"], "--until needs --since"),
        (["--since", "2999-01-01"], "--since 2999-01-01 lies in the future"),
        (["--since", "2026-10-06", "--until", "2026-10-05"], "is after --until 2026-10-05"),
        (["compilr"], "Did you mean 'compiler'?"),
    ],
)
@pytest.mark.slow
def test_a_command_line_that_cannot_be_meant_starts_no_run(
    environment: dict[str, str], tmp_path: Path, options: list[str], says: str
) -> None:
    done = papers(environment, "run", *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "home" / ".papers" / "history").exists()


def test_a_home_that_cannot_be_used_is_one_line_and_status_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    done = papers(environment, "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert str(tmp_path / "home") in done.stderr
    assert "Set PAPERS_HOME" in done.stderr


def test_the_sample_arxiv_serves_any_corpus_until_it_is_interrupted(
    environment: dict[str, str], tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(SAMPLE_PATH.read_text().splitlines(keepends=True)[:5]))
    command = [str(PAPERS), "sample-arxiv", "--corpus", str(corpus), "--port", "0"]
    # As a script's background job, which ignores SIGINT.
    command = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip().partition("ARXIV_API_URL=")[2]
        answer = requests.get(url, {"search_query": "all:invented"}, timeout=30)
        too_soon = requests.get(url, {"search_query": "all:invented"}, timeout=30)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
    assert answer.text.count("<entry>") > 0
    assert (too_soon.status_code, too_soon.text) == (429, "Rate exceeded.")


def test_a_corpus_that_cannot_be_read_is_one_line_and_status_2(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "corpus.jsonl").write_text("{}")
    done = papers(environment, "sample-arxiv", "--corpus", str(tmp_path / "corpus.jsonl"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "corpus.jsonl" in done.stderr


def test_keywords_says_what_is_listed_and_asks_nothing(
    environment: dict[str, str], server: SampleArxiv
) -> None:
    done = papers(environment, "keywords")
    assert (done.returncode, server.requests) == (0, [])
    assert done.stdout.splitlines()[1:] == [
        'compiler: "compiler" in title and abstract; all of arXiv; newest 100',
        (
            'reinforcement learning: "reinforcement learning" in title or abstract; all of arXiv; '
            "newest 3"
        ),
    ]


def test_keywords_shows_queries_when_it_is_told_to(
    environment: dict[str, str], server: SampleArxiv
) -> None:
    done = papers(environment, "keywords", "--query")
    asked = '(ti:"compiler" AND abs:"compiler")'
    assert (done.returncode, server.requests) == (0, [])
    assert f"search_query: {asked}" in done.stdout
    assert f"{server.url}?search_query={quote_plus(asked)}&" in done.stdout


def test_keywords_counts_what_arxiv_has_of_each_and_names_those_without_papers(
    environment: dict[str, str], server: SampleArxiv, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(KEYWORDS + '[keywords."federated lerning"]\n')
    done = papers(environment, "keywords", "--count")
    assert (done.returncode, len(server.requests)) == (0, 3)
    assert re.search(r"^compiler: [1-9][0-9,]* results at arXiv$", done.stdout, re.MULTILINE)
    assert "federated lerning: no paper on arXiv matches; check the spelling" in done.stderr


@pytest.mark.slow
def test_run_names_a_keyword_without_papers_at_the_end_and_stays_green(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(KEYWORDS + '[keywords."federated lerning"]\n')
    done = papers(environment, "run")
    said = "papers: federated lerning: no paper on arXiv matches; check the spelling\n"
    assert (done.returncode, done.stderr) == (0, said)
    readme = (tmp_path / "home/output/README.md").read_text()
    assert "## federated lerning\n_No paper on arXiv matches; check the spelling" in readme
