"""The Dagster UI as people use it: a real `papers ui`, in a real browser."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from papers_assets.arxiv.sample import FaultScript, FaultStep, SampleArxiv
from papers_assets_tests.helpers.browser import CHROMIUM, LARGE, Watched, browser
from papers_assets_tests.helpers.ui_driver import (
    INSTIGATORS,
    LINEAGE,
    PAPERS,
    UI,
    environment,
    until,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="there is no Chromium on this machine (Debian: apt install chromium)",
    ),
]

PATIENCE = 60_000
"""Milliseconds until the browser gives up waiting for something to be seen."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture
def seen(ui: UI) -> Iterator[Watched]:
    """What the browser shows; no test may make it complain, or ask another machine."""
    with browser() as chromium:
        watched = Watched(chromium, ui.url)
        watched.page.set_default_timeout(PATIENCE)
        yield watched
        assert watched.complaints == []
        assert watched.asked_outside == []


def launch_daily_papers(seen: Watched) -> None:
    page = seen.go("/locations/papers_assets/jobs/daily_papers/playground")
    page.get_by_role("button", name="Launch Run").click()
    # Dagster asks whether all partitions are really meant: the job's own tags say which.
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/runs/*")


def test_a_run_of_the_command_line_is_shown_wherever_runs_are(
    seen: Watched, ui: UI, home: Path, server: SampleArxiv
) -> None:
    variables = environment(home, home / "keywords.toml", server.url)
    subprocess.run([PAPERS, "run"], env=variables, check=True, capture_output=True)
    (run,) = ui.runs()
    page = seen.go("/overview/activity/timeline")
    expect(page.get_by_text("papers_assets", exact=True).first).to_be_visible()
    expect(page.get_by_text("daily_papers", exact=True).first).to_be_visible()
    page = seen.go("/locations/papers_assets/jobs/daily_papers/runs")
    expect(page.get_by_role("link", name=run["id"][:8])).to_be_visible()
    expect(page.get_by_text("Latest run:").first).to_be_visible()
    expect(page.get_by_text("papers_assets_lock")).to_have_count(0)
    page = seen.go("/assets/readme?view=events")
    expect(page.get_by_text(run["id"][:8]).first).to_be_visible()


def test_lineage_is_open_and_one_launch_leads_to_the_readme_and_its_checks(
    seen: Watched, ui: UI, home: Path
) -> None:
    page = seen.go(LINEAGE)
    for asset in ("arxiv", "raw_papers", "lists", "papers", "publishing", "readme"):
        expect(page.get_by_text(asset, exact=True).last).to_be_visible()
    launch_daily_papers(seen)
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    readme = (home / "output" / "README.md").read_text()
    assert readme.count("\n| **[") == 200
    assert len(ui.runs()) == 1

    page.set_viewport_size(LARGE)
    page = seen.go(LINEAGE)
    expect(page.get_by_text("100% filled").first).to_be_visible()
    expect(page.get_by_text("13 / 13 Passed").first).to_be_visible()
    expect(page.get_by_text("4 / 4 Passed").first).to_be_visible()
    expect(page.get_by_text("1 / 1 Passed").first).to_be_visible()

    page = seen.go("/assets/papers?view=checks")
    expect(page.get_by_text("newest_version_kept").first).to_be_visible()
    page.get_by_role("button", name="Execute all").click()
    until(lambda: [run["status"] for run in ui.runs()] == ["SUCCESS"] * 2)
    page = seen.go("/locations/papers_assets/jobs/daily_papers")
    expect(page.get_by_text("Auto-materialize on")).to_be_visible()
    page = seen.go("/assets/papers")
    expect(page.get_by_text("new: compiler").first).to_be_visible()
    page.get_by_role("row").filter(has_text="papers_a_day").get_by_text("Show Markdown").click()
    image = page.get_by_role("img", name="Papers a day, by keyword")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 500


def test_one_keyword_takes_two_clicks_and_one_that_fails_is_alone(
    seen: Watched, ui: UI, home: Path, server: SampleArxiv
) -> None:
    readme = home / "output" / "README.md"
    page = seen.go("/assets/raw_papers?view=partitions&partition=compiler")
    page.get_by_role("button", name=re.compile("Materialize")).first.click()
    page.get_by_role("button", name="Launch 1 run").click()
    until(readme.exists)  # automation publishes
    expect(page.get_by_text("Materialized (1)")).to_be_visible()
    expect(page.get_by_text("Missing (1)")).to_be_visible()
    until(lambda: "_Not fetched yet" in readme.read_text())
    ui.settled()

    server.fault = FaultScript([FaultStep("busy", "performance")])
    launch_daily_papers(seen)
    expect(page.get_by_text("RUN_FAILURE").first).to_be_visible()
    says = "performance: arXiv answered 503 (asked 2 times)"
    expect(page.get_by_text(says).first).to_be_visible()
    run = page.url
    seen.go("/assets/raw_papers?view=partitions")
    expect(page.get_by_text("Failed (1)")).to_be_visible()
    expect(page.get_by_text("Materialized (1)")).to_be_visible()
    seen.go("/assets/raw_papers?view=partitions&partition=performance")
    page.get_by_role("button", name="View all historical events (1)").click()
    page.get_by_role("dialog").get_by_role("button", name="arrow_drop_down").click()
    expect(page.get_by_text("arXiv answered 503 (asked 2 times)").first).to_be_visible()
    until(lambda: "_Not fetched yet: arXiv answered 503._" in readme.read_text())
    ui.settled()

    # Once it is over, re-execution asks for that keyword alone, and goes on to all the rest.
    server.fault = None
    asked = len(server.requests)
    before = {run["id"] for run in ui.runs()}
    page.goto(run)
    page.get_by_role("button", name="Re-execute all").wait_for()
    page.locator(
        "button:has-text('Re-execute all') ~ * button, button:has-text('Re-execute all') + button"
    ).first.click()
    page.get_by_text("From failure", exact=True).click()
    until(lambda: "Not fetched yet" not in readme.read_text())
    words = [request.parameters["search_query"] for request in server.requests[asked:]]
    assert words == ['(ti:"performance" AND abs:"performance")']
    assert [run["jobName"] for run in ui.runs() if run["id"] not in before] == ["daily_papers"]
    seen.go("/assets/raw_papers?view=partitions")
    expect(page.get_by_text("Materialized (2)")).to_be_visible()
    expect(page.get_by_text("Failed (0)")).to_be_visible()


def test_the_schedule_can_be_switched_and_keywords_are_read_again(
    seen: Watched, ui: UI, home: Path
) -> None:
    def is_running() -> bool:
        schedules = ui.ask(INSTIGATORS)["repositoryOrError"]["schedules"]
        (daily,) = (s for s in schedules if s["name"] == "daily")
        return bool(daily["scheduleState"]["status"] == "RUNNING")

    page = seen.go("/locations/papers_assets/schedules/daily")
    expect(page.get_by_text("Next tick")).to_be_visible()
    assert is_running()
    page.locator("label:has(input[type=checkbox])").click()
    until(lambda: not is_running())

    keywords = home / "keywords.toml"
    keywords.write_text(keywords.read_text() + '[keywords."graph neural network"]\n')
    page = seen.go("/asset-groups")
    page.get_by_role("button", name="Reload definitions").click()
    seen.go("/assets/raw_papers?view=partitions")
    expect(page.get_by_text("graph neural network").first).to_be_visible()

    # A mistake is seen without reloading.
    keywords.write_text("cap = 0\n[keywords.compiler]\n")
    seen.go("/assets/papers?view=checks")
    page.get_by_text("keywords_file_valid").first.click()
    expect(page.get_by_text("cap: 0 is not a whole number").first).to_be_visible()
