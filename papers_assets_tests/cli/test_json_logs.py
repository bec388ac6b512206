"""Logs for programs: every line is one JSON object, whatever is logged."""

import json
import logging
import signal
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest
from dagster._cli.code_server import start_command as code_server
from dagster._daemon.cli import run_command as daemon
from dagster_webserver.cli import dagster_webserver
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample import Fault, SampleArxiv
from papers_assets.cli.json_logs import JsonLines
from papers_assets.cli.progress import log_json
from papers_assets.settings import SettingsError, read_settings
from papers_assets.storage.files import StoreError
from papers_assets.text import progress
from papers_assets_tests.helpers import ui_driver
from papers_assets_tests.helpers.command_line import papers, papers_from_scratch

logger = logging.getLogger("papers_assets.anything")
ESCAPES = "\x1b[2J\x9b31m\r\n\u2028{}"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


Logged = Callable[[], AbstractContextManager[list[dict[str, Any]]]]


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Logged:
    """Log as JSON while a block runs; then there is what was logged."""

    @contextmanager
    def logging_in() -> Iterator[list[dict[str, Any]]]:
        found: list[dict[str, Any]] = []
        with log_json({"compiler", ESCAPES}, lambda: ""):
            yield found
        found += lines(capfd.readouterr().err)

    return logging_in


def record(message: object, *arguments: object, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord(
        "papers_assets.x", logging.INFO, "", 1, message, arguments or None, None
    )
    made.__dict__.update(fields)
    return made


def test_a_line_says_when_how_bad_who_and_what(logged: Logged) -> None:
    before = datetime.now(UTC)
    with logged() as found:
        logger.warning("asked %d times", 2)
    (line,) = found
    assert before <= datetime.fromisoformat(line.pop("time")) <= datetime.now(UTC)
    assert line == {
        "level": "WARNING",
        "logger": "papers_assets.anything",
        "message": "asked 2 times",
    }


def test_the_keyword_is_a_field_where_a_message_begins_with_it(logged: Logged) -> None:
    with logged() as found:
        progress.info("%s (keyword %d of %d): asking", "compiler", 1, 2)
        logger.error("%s: not refreshed", ESCAPES)
        logger.error("%s is not followed", "performance")
        logger.info("of %s", "compiler")
    assert [line.get("keyword") for line in found] == ["compiler", ESCAPES, None, None]


def test_an_exception_is_a_field(logged: Logged) -> None:
    with logged() as found:
        logger.error("unexpectedly", exc_info=StoreError(ESCAPES))
    (line,) = found
    assert line["message"] == "unexpectedly"
    assert line["exception"] == f"papers_assets.storage.files.StoreError: {ESCAPES}"


def test_what_libraries_and_python_warn_of_is_json_too(logged: Logged) -> None:
    with logged() as found:
        logging.getLogger("somebody.else").info("chat")
        logging.getLogger("somebody.else").warning("a problem")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)  # forgets the function that pytest has put there
            logging.captureWarnings(capture=True)
            warnings.warn("on its way out", DeprecationWarning, stacklevel=1)
    problem, warning = found
    assert (problem["logger"], problem["message"]) == ("somebody.else", "a problem")
    assert "on its way out" in warning["message"]


def test_everything_is_as_before_when_it_ends(capfd: pytest.CaptureFixture[str]) -> None:
    before = list(logging.root.handlers), list(logging.getLogger("papers_assets").handlers)
    with log_json((), str):
        pass
    logger.error("nobody's")
    after = list(logging.root.handlers), list(logging.getLogger("papers_assets").handlers)
    assert (after, capfd.readouterr().err) == (before, "")


anything = st.text(st.characters(exclude_categories=()), max_size=30)


@given(anything, anything, st.none() | anything)
def test_whatever_is_logged_is_one_line_and_comes_back(
    message: str, keyword: str, run_id: str | None
) -> None:
    made = JsonLines(run_id=lambda: run_id or "").format(record("%s", message, keyword=keyword))
    assert made.isascii()
    assert made.isprintable()
    found = json.loads(made)
    assert found["message"] == message
    assert found.get("keyword", "") == keyword
    assert found.get("run_id") == (run_id or None)


@pytest.mark.parametrize("message", [{"a": object()}, ["x"], None, 1.5])
def test_what_is_no_text_is_logged_as_text(message: object) -> None:
    assert json.loads(JsonLines().format(record(message)))["message"] == str(message)


# Settings.


def test_lines_for_people_unless_json_is_asked_for() -> None:
    assert read_settings({}).log_format == "text"
    assert read_settings({"PAPERS_LOG_FORMAT": ""}).log_format == "text"
    assert read_settings({"PAPERS_LOG_FORMAT": "json"}).log_format == "json"
    with pytest.raises(SettingsError, match="PAPERS_LOG_FORMAT is 'JSON': expected text or json"):
        read_settings({"PAPERS_LOG_FORMAT": "JSON"})


# The command line.


@pytest.fixture
def environment(home: Path, server: SampleArxiv) -> dict[str, str]:
    return ui_driver.environment(
        home, home / "keywords.toml", server.url, PAPERS_LOG_FORMAT="json", PYTHONWARNINGS=""
    )


@pytest.mark.slow
def test_a_run_says_everything_as_json_and_nothing_else(
    environment: dict[str, str], server: SampleArxiv, home: Path
) -> None:
    server.fault = lambda request: (
        Fault(503) if "compiler" in request.parameters.get("search_query", "") else None
    )
    done = papers(environment, "run")
    assert (done.returncode, done.stdout) == (1, "")
    said = lines(done.stderr)
    runs = {line["run_id"] for line in said if "run_id" in line}
    assert len(runs) == 2
    assert all(run in said[-1]["message"] for run in runs)
    failed = [line for line in said if line["level"] == "ERROR"]
    assert [line["logger"] for line in failed] == [
        "papers_assets.pipeline.refresh",
        "papers_assets.cli",
    ]
    assert failed[0]["keyword"] == "compiler"
    assert "run_id" in failed[0]
    assert failed[1]["message"].startswith("compiler could not be refreshed: arXiv answered 503")
    assert f"Wrote {home / 'output' / 'README.md'}" in said[-2]["message"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ARXIV_REQUEST_INTERVAL": "soon"}, "ARXIV_REQUEST_INTERVAL is 'soon'"),
        ({"PAPERS_KEYWORDS": "/nowhere/k.toml"}, "/nowhere/k.toml"),
        ({"PAPERS_HOME": "/dev/null"}, "no run history"),
    ],
)
def test_a_mistake_is_one_line_of_json_and_status_2(
    environment: dict[str, str], change: dict[str, str], message: str
) -> None:
    done = papers(environment | change, "run")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = lines(done.stderr)
    assert message in line["message"]
    assert line["level"] == "ERROR"


def test_no_such_format_is_said_in_words(environment: dict[str, str]) -> None:
    done = papers(environment | {"PAPERS_LOG_FORMAT": "xml"}, "run")
    assert done.returncode == 2
    assert done.stderr == "papers: PAPERS_LOG_FORMAT is 'xml': expected text or json.\n"


def hiding(tmp_path: Path, module: str, text: str) -> dict[str, str]:
    """An environment in which `module` is this text."""
    folder = tmp_path / "hiding"
    folder.mkdir()
    (folder / f"{module}.py").write_text(text)
    return {"PYTHONPATH": str(folder)}


def test_without_the_library_it_is_said_what_to_install(
    environment: dict[str, str], tmp_path: Path
) -> None:
    hidden = hiding(tmp_path, "pythonjsonlogger", "raise ImportError('No pythonjsonlogger')")
    done = papers_from_scratch(environment | hidden, "run")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install -e '.[json-logs]'" in done.stderr


def test_even_what_nobody_expected_is_json(environment: dict[str, str], tmp_path: Path) -> None:
    hidden = hiding(tmp_path, "pandas", "raise RuntimeError('an invented\\nmistake')")
    done = papers_from_scratch(environment | hidden, "run")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = lines(done.stderr)
    assert line["message"] == "unexpectedly"
    assert "RuntimeError: an invented\nmistake" in line["exception"]


@pytest.mark.slow
def test_an_interrupted_run_says_so_as_json(
    environment: dict[str, str], server: SampleArxiv
) -> None:
    server.fault = lambda _: Fault(503)
    slow = environment | {"ARXIV_BACKOFF": "60"}
    command = [str(ui_driver.PAPERS), "run"]
    with subprocess.Popen(command, env=slow, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        heard = [next(line for line in said if "asking again in" in line)]
        process.send_signal(signal.SIGINT)
        heard += said
    assert process.returncode != 0
    assert all(json.loads(line)["message"] for line in heard)


# Runs of Dagster's own processes: python_logs in dagster.yaml.

HANDLER = """
python_logs:
  managed_python_loggers: [papers_assets]
  python_log_level: INFO
  dagster_handler_config:
    handlers:
      json:
        class: logging.StreamHandler
        level: INFO
        stream: ext://sys.stdout
        formatter: json
    formatters:
      json:
        (): papers_assets.cli.json_logs.JsonLines
"""


@dg.op
def talking(context: dg.OpExecutionContext) -> None:
    context.log.info("said by Dagster's log\nin two lines")
    logger.warning("said by %s", "the package")
    raise ValueError(ESCAPES)


@dg.job
def talk() -> None:
    talking()


def test_what_is_logged_in_a_run_is_json_with_the_runs_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dagster.yaml").write_text(HANDLER)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        result = talk.execute_in_process(instance=instance, raise_on_error=False)
    said = lines(capsys.readouterr().out)
    assert {line["run_id"] for line in said} == {result.run_id}
    by_message = {line["message"]: line for line in said}
    assert by_message["said by Dagster's log\nin two lines"]["step"] == "talking"
    assert by_message["said by the package"]["logger"] == "papers_assets.anything"
    failures = [line for line in said if "exception" in line]
    assert any(ESCAPES.strip() in line["exception"] for line in failures)


@pytest.mark.parametrize("command", [code_server, daemon, dagster_webserver])
def test_dagsters_own_processes_can_log_json(command: click.Command) -> None:
    (option,) = (o for o in command.params if "--log-format" in o.opts)
    assert option.type.convert("json", option, None) == "json"
