"""A real `papers ui`: web server, daemon and code server, spoken to as the browser does."""

from pathlib import Path
from typing import Any

import pytest

from papers_assets.checks import CHECKS_OF_CHANGES, CHECKS_OF_PAPERS, CHECKS_OF_README
from papers_assets_tests.helpers.ui_driver import CHECKS, INSTIGATORS, RELOAD, UI, until
from papers_assets_tests.pipeline.test_publish_edition import LINEAGE

pytestmark = pytest.mark.slow

RAW_PAPERS = """{ assetNodeOrError(assetKey: {path: ["raw_papers"]}) {
    ... on AssetNode { description partitionKeys } } }"""

KEYWORDS_CHECK = """{ assetCheckExecutions(assetKey: {path: ["papers"]}, limit: 1,
    checkName: "keywords_file_valid") { status evaluation { description } } }"""


def test_everything_runs_and_one_keyword_leads_to_a_new_readme(ui: UI, home: Path) -> None:
    repository = ui.ask(INSTIGATORS)["repositoryOrError"]
    assert {node["assetKey"]["path"][0] for node in repository["assetNodes"]} == set(LINEAGE)
    schedules = {s["name"]: s["scheduleState"]["status"] for s in repository["schedules"]}
    assert schedules == dict.fromkeys(["daily", "execute_checks", "housekeeping"], "RUNNING")
    assert {s["name"]: s["sensorState"]["status"] for s in repository["sensors"]} == {
        "alert_on_failure": "STOPPED",
        "check_keywords_file": "RUNNING",
        "end_dead_runs": "RUNNING",
        "publish_after_failure": "RUNNING",
        "publish_when_new": "RUNNING",
    }

    # As "Launch run" of the job does, with nothing chosen.
    readme = home / "output" / "README.md"
    ui.launch("daily_papers")
    until(lambda: [run["status"] for run in ui.runs()] == ["SUCCESS"])
    assert readme.read_text().count("\n| **[") == 200

    # As "Execute" of one check does.
    checks = {
        (node["assetKey"]["path"][0], check["name"]): check["canExecuteIndividually"]
        for node in ui.ask(CHECKS)["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
    }
    assert set(checks.values()) == {"CAN_EXECUTE"}
    assert len(checks) == len(CHECKS_OF_PAPERS | CHECKS_OF_CHANGES | CHECKS_OF_README)
    run = ui.execute_check("daily_papers", "readme", "well_formed")
    assert ui.ended(run) == "SUCCESS"
    readme.unlink()

    # As "Materialize" of one partition does; automation does the rest.
    ui.launch("__ASSET_JOB", ["raw_papers"], **{"dagster/partition": "compiler"})
    until(readme.exists)
    until(lambda: {run["status"] for run in ui.runs()} == {"SUCCESS"})
    selected = [{asset["path"][0] for asset in run["assetSelection"] or []} for run in ui.runs()]
    assert selected == [set(LINEAGE) - {"raw_papers"}, {"raw_papers"}, set(), set()]
    found = {
        check["name"]: check["executionForLatestMaterialization"]["status"]
        for node in ui.ask(CHECKS)["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
    }
    assert set(found.values()) == {"SUCCEEDED"}  # automation executes them with their assets


def test_a_mistake_in_the_keywords_file_is_shown_by_every_asset_and_the_keywords_stay(
    home: Path, ui: UI
) -> None:
    keywords = home / "keywords.toml"
    valid = keywords.read_text()

    def raw_papers() -> Any:
        return ui.ask(RAW_PAPERS)["assetNodeOrError"]

    def description() -> str:
        return " ".join(raw_papers()["description"].split())

    keywords.write_text("cap = 0\n[keywords.other]")
    ui.ask(RELOAD)
    mistake = f"{keywords}: cap: 0 is not a whole number"
    until(lambda: mistake in description())
    until(lambda: mistake in str(ui.ask(KEYWORDS_CHECK)))
    assert raw_papers()["partitionKeys"] == ["compiler", "performance"]
    keywords.write_text(valid)
    ui.ask(RELOAD)
    until(lambda: mistake not in description())
