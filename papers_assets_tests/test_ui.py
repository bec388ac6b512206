"""A real `papers ui`: web server, daemon and code server, spoken to as the browser does."""

from pathlib import Path

from papers_assets_tests.driving import INSTIGATORS, RELOAD, UI, until
from papers_assets_tests.test_publishing import LINEAGE


def test_everything_runs_and_one_keyword_leads_to_a_new_readme(ui: UI, home: Path) -> None:
    repository = ui.ask(INSTIGATORS)["repositoryOrError"]
    assert {node["assetKey"]["path"][0] for node in repository["assetNodes"]} == set(LINEAGE)
    schedules = {s["name"]: s["scheduleState"]["status"] for s in repository["schedules"]}
    assert schedules == {"daily": "RUNNING", "housekeeping": "RUNNING"}
    assert {s["name"]: s["sensorState"]["status"] for s in repository["sensors"]} == {
        "alert_on_failure": "STOPPED",
        "end_dead_runs": "RUNNING",
        "publish_after_failure": "RUNNING",
        "publish_when_new": "RUNNING",
    }

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
    assert selected == [set(LINEAGE) - {"raw_papers"}, {"raw_papers"}, set()]


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
