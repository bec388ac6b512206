"""The product from outside, as its users start it: the command line, and a real `papers ui`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

PAPERS = Path(sys.executable).with_name("papers")
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
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
CHECKS = """{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {
      name canExecuteIndividually executionForLatestMaterialization { status } } } } } }"""
LAUNCH = """mutation($tags: [ExecutionTag!]!, $job: String!, $assets: [AssetKeyInput!],
         $checks: [AssetCheckHandleInput!]) {
  launchRun(executionParams: {mode: "default", executionMetadata: {tags: $tags},
    selector: {repositoryLocationName: "papers_assets", repositoryName: "__repository__",
               jobName: $job, assetSelection: $assets, assetCheckSelection: $checks}}) {
    __typename ... on LaunchRunSuccess { run { id } } ... on PythonError { message } } }"""
RELOAD = """mutation {
  reloadRepositoryLocation(repositoryLocationName: "papers_assets") { __typename } }"""
LINEAGE = "/asset-groups?expanded=" + ",".join(
    f"global@global:{group}" for group in ("arxiv", "lists", "publishing", "notifications")
)
"""The page of all assets, with the groups expanded."""
RUNS = """{ runsOrError { ... on Runs { results {
      id jobName status assetSelection { path } tags { key } } } } }"""


class UI:
    """The GraphQL that the browser speaks, too."""

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self.process = process
        """That of `papers ui`, which has started all others."""

    def ask(self, question: str, **variables: object) -> Any:
        asked = {"query": question, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=asked, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def location(self) -> Any:
        return self.ask(LOCATION)["workspaceOrError"]["locationEntries"][0]

    def runs(self) -> list[Any]:
        """The runs, newest first, but for those that a schedule has launched meanwhile."""
        scheduled = {"key": "dagster/schedule_name"}
        runs = self.ask(RUNS)["runsOrError"]["results"]
        return [run for run in runs if scheduled not in run["tags"]]

    def launch(self, job: str, assets: list[str] | None = None, **tags: str) -> str:
        selected = [{"path": [asset]} for asset in assets] if assets else None
        given = [{"key": key, "value": value} for key, value in tags.items()]
        return self._launched(job=job, assets=selected, tags=given)

    def execute_check(self, job: str, asset: str, name: str) -> str:
        check = {"assetKey": {"path": [asset]}, "name": name}
        return self._launched(job=job, assets=[], checks=[check], tags=[])

    def _launched(self, **variables: object) -> str:
        answer = self.ask(LAUNCH, **variables)
        assert answer["launchRun"]["__typename"] == "LaunchRunSuccess", answer
        return str(answer["launchRun"]["run"]["id"])

    def status(self, run_id: str) -> str:
        return next(str(run["status"]) for run in self.runs() if run["id"] == run_id)

    def ended(self, run_id: str) -> str:
        """Wait until the run has ended, and give its status."""
        until(lambda: self.status(run_id) in ENDED)
        return self.status(run_id)

    def settled(self) -> None:
        """Wait until no run is under way; automation may have started some."""
        until(lambda: all(run["status"] in ENDED for run in self.runs()))


def until(answer: Callable[[], Any], retry_policy: float = PATIENCE) -> Any:
    """Ask again until there is an answer, for `retry_policy` seconds at most."""
    give_up = time.monotonic() + retry_policy
    while True:
        try:
            if found := answer():
                return found
        except requests.RequestException:
            pass  # not listening yet
        assert time.monotonic() < give_up, f"it did not happen within {retry_policy:.0f} s"
        time.sleep(0.5)


def environment(home: Path, keywords: Path, url: str, **more: str) -> dict[str, str]:
    """The environment of the product over a sample arXiv, which it asks without any pause."""
    mine = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return mine | {
        "PAPERS_HOME": str(home),
        "PAPERS_KEYWORDS": str(keywords),
        "ARXIV_API_URL": url,
        "ARXIV_REQUEST_INTERVAL": "0",
        "ARXIV_MAX_ATTEMPTS": "2",
        "ARXIV_BACKOFF": "0",
        **more,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running_ui(environment: Mapping[str, str], log: Path) -> Iterator[UI]:
    """`papers ui`, from when its code location is loaded."""
    port = free_port()
    with (
        log.open("a") as output,
        subprocess.Popen(
            # As a script's background job, which ignores SIGINT.
            ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", PAPERS, "ui", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        found = UI(f"http://127.0.0.1:{port}", process)
        try:
            until(lambda: found.location()["loadStatus"] == "LOADED")
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
