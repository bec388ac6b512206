"""A production host as deploy/ makes it: its services as processes, over a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from papers_assets.arxiv.sample import SampleArxiv
from papers_assets_tests.deploy.host import Host, answers, running_host
from papers_assets_tests.helpers.ui_driver import INSTIGATORS, LAUNCH, UI, until

pytestmark = pytest.mark.slow

KEYWORDS = 'schedule = "* * * * *"\n[keywords.compiler]\n[keywords.performance]\n'


@pytest.fixture
def host(tmp_path: Path, postgres_url: str, server: SampleArxiv) -> Iterator[Host]:
    with running_host(Host(tmp_path / "host", postgres_url, server.url, KEYWORDS)) as host:
        yield host


def refusal(ui: UI) -> Any:
    asked = {"query": LAUNCH, "variables": {"job": "daily_papers", "tags": [], "assets": None}}
    answer = requests.post(f"{ui.url}/graphql", json=asked, timeout=30).json()
    return answer["data"]["launchRun"]["__typename"]


def test_the_services_find_each_other_and_a_run_is_recorded_and_published(host: Host) -> None:
    ui = host.ui()
    until(lambda: answers(host.url("readers")))
    found = ui.ask(INSTIGATORS)["repositoryOrError"]
    states = {s["name"]: s["scheduleState"]["status"] for s in found["schedules"]}
    assert states == dict.fromkeys(["daily", "execute_checks", "housekeeping"], "RUNNING")

    launched = ui.launch("daily_papers")

    assert ui.ended(launched) == "SUCCESS"
    assert "compiler" in (host.home / "output" / "README.md").read_text()
    assert list((host.home / ".papers").glob(f"{launched}/compute_logs/*.err"))  # what it printed
    # Nobody who can only look can start anything.
    readers = UI(host.url("readers"), host.processes["readers"])
    until(lambda: readers.location()["loadStatus"] == "LOADED")
    assert refusal(readers) == "UnauthorizedError"
    assert launched in {run["id"] for run in readers.runs()}
