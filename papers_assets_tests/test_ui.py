"""A real `papers ui`: web server, daemon and code server, spoken to as the browser does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from papers_assets.sample_arxiv import SampleArxiv

PAPERS = Path(sys.executable).with_name("papers")
PATIENCE = 120.0
"""Seconds until a test gives up; nothing depends on how long it really takes."""

LOCATION = """{ workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus
    locationOrLoadError {
      __typename ... on PythonError { errorChain { error { message } } } } } } } }"""
INSTIGATORS = """{ repositoryOrError(repositorySelector: {
      repositoryLocationName: "papers_assets", repositoryName: "__repository__"}) {
    ... on Repository {
      schedules { name cronSchedule executionTimezone scheduleState { status } }
      sensors { name sensorState { status } }
      assetNodes { assetKey { path } } } } }"""
LAUNCH = """mutation($tags: [ExecutionTag!]!, $job: String!, $assets: [AssetKeyInput!]) {
  launchRun(executionParams: {mode: "default", executionMetadata: {tags: $tags},
    selector: {repositoryLocationName: "papers_assets", repositoryName: "__repository__",
               jobName: $job, assetSelection: $assets}}) {
    __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }"""
RELOAD = """mutation {
  reloadRepositoryLocation(repositoryLocationName: "papers_assets") { __typename } }"""
RUNS = "{ runsOrError { ... on Runs { results { id jobName status assetSelection { path } } } } }"


class UI:
    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, question: str, **variables: object) -> Any:
        asked = {"query": question, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=asked, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def location(self) -> Any:
        return self.ask(LOCATION)["workspaceOrError"]["locationEntries"][0]

    def runs(self) -> list[Any]:
        return list(self.ask(RUNS)["runsOrError"]["results"])

    def launch(self, job: str, assets: list[str] | None = None, **tags: str) -> None:
        answer = self.ask(
            LAUNCH,
            job=job,
            assets=[{"path": [asset]} for asset in assets] if assets else None,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )
        assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer


def until(answer: Callable[[], Any]) -> Any:
    """Ask again until there is an answer."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            if found := answer():
                return found
        except requests.RequestException:
            pass  # not listening yet
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.5)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "keywords.toml").write_text("[keywords.compiler]\n[keywords.performance]\n")
    return tmp_path


@pytest.fixture
def ui(home: Path, server: SampleArxiv) -> Iterator[UI]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"} | {
        "PAPERS_KEYWORDS": str(home / "keywords.toml"),
        "PAPERS_HOME": str(home),
        "ARXIV_API_URL": server.url,
        "ARXIV_REQUEST_INTERVAL": "0",
        "ARXIV_MAX_ATTEMPTS": "2",
        "ARXIV_BACKOFF": "0",
    }
    with (
        (home / "ui.log").open("w") as log,
        subprocess.Popen(
            # As a script's background job, which ignores SIGINT.
            ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", PAPERS, "ui", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        found = UI(f"http://127.0.0.1:{port}")
        try:
            until(lambda: found.location()["loadStatus"] == "LOADED")
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def test_everything_runs_and_one_keyword_leads_to_a_new_readme(ui: UI, home: Path) -> None:
    repository = ui.ask(INSTIGATORS)["repositoryOrError"]
    assert {node["assetKey"]["path"][0] for node in repository["assetNodes"]} == {
        "raw_papers",
        "papers",
        "readme",
    }
    schedules = {s["name"]: s["scheduleState"]["status"] for s in repository["schedules"]}
    assert schedules == {"daily": "RUNNING", "housekeeping": "RUNNING"}
    assert [s["sensorState"]["status"] for s in repository["sensors"]] == ["RUNNING"] * 2

    # As "Launch run" of the job does, with nothing chosen.
    readme = home / "output" / "README.md"
    ui.launch("daily_papers")
    until(lambda: [run["status"] for run in ui.runs()] == ["SUCCESS"])
    assert readme.read_text().count("\n| **[") == 200
    readme.unlink()

    # As "Materialize" of one partition does; automation does the rest.
    ui.launch("__ASSET_JOB", ["raw_papers"], **{"dagster/partition": "compiler"})
    until(readme.exists)
    until(lambda: {run["status"] for run in ui.runs()} == {"SUCCESS"})
    selected = [{asset["path"][0] for asset in run["assetSelection"] or []} for run in ui.runs()]
    assert selected == [{"papers", "readme"}, {"raw_papers"}, set()]


def test_a_mistake_in_the_keywords_file_is_the_code_locations_error(home: Path, ui: UI) -> None:
    (home / "keywords.toml").write_text("cap = 0\n[keywords.compiler]")
    ui.ask(RELOAD)

    def error() -> str:
        chain = ui.location()["locationOrLoadError"].get("errorChain", [])
        return "".join(link["error"]["message"] for link in chain)

    assert f"{home / 'keywords.toml'}: cap: 0 is not a whole number" in until(error)
    (home / "keywords.toml").write_text("[keywords.compiler]")
    ui.ask(RELOAD)
    until(lambda: error() == "")
