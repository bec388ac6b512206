"""How long people wait for the UI: `python -m papers_assets_tests.benchmarks.face`.

Over invented papers, at interval 0. The history of a year is one real run's rows, copied by SQL;
what the pages ask is seen in a real browser.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Request

from papers_assets.sample_arxiv import Corpus, SampleArxiv
from papers_assets_tests.browsing import CHROMIUM, Watched, browser
from papers_assets_tests.driving import ENDED, LOCATION, RELOAD, UI, environment, running_ui, until

KEYWORDS, DAYS = 300, 365
_DAY = 86_400


def main() -> None:
    rows: list[tuple[str, float, float]] = []
    with tempfile.TemporaryDirectory() as name, SampleArxiv(Corpus.sample()) as server:
        folder = Path(name)
        home = _home(folder / "few", ["compiler", "performance", "reinforcement learning"])
        began = time.perf_counter()
        with running_ui(_environment(home, server), home / "ui.log") as ui:
            rows.append(("papers ui until its pages answer", _since(began), 10))
            launches = [_seconds(lambda: _run(ui)) for _ in range(3)]
            what = "launch to success of daily_papers, 3 keywords (median of 3)"
            rows.append((what, statistics.median(launches), 7))
        home = _home(folder / "many", [f"compiler {number}" for number in range(KEYWORDS)])
        with running_ui(_environment(home, server), home / "ui.log") as ui:
            loads = [_seconds(lambda: _reload(ui)) for _ in range(3)]
            rows.append(("reload of the code location (median of 3)", statistics.median(loads), 3))
            _run(ui)
            ui.settled()
        _a_year_of(home)
        with running_ui(_environment(home, server), home / "ui.log") as ui:
            if CHROMIUM:
                rows += _pages(ui)
            else:
                sys.stdout.write("There is no Chromium: what the pages ask is not measured.\n")
    sys.stdout.write(f"\n{KEYWORDS} keywords, {DAYS} days of history.\n\n")
    sys.stdout.write("| what | s | aim, s |\n| --- | --- | --- |\n")
    sys.stdout.writelines(f"| {what} | {seconds:.2f} | {aim:g} |\n" for what, seconds, aim in rows)


def _home(home: Path, names: list[str]) -> Path:
    home.mkdir()
    (home / "keywords.toml").write_text("".join(f'[keywords."{name}"]\n' for name in names))
    return home


def _environment(home: Path, server: SampleArxiv) -> dict[str, str]:
    return environment(home, home / "keywords.toml", server.url)


def _since(began: float) -> float:
    return time.perf_counter() - began


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return _since(began)


def _run(ui: UI) -> None:
    run_id = ui.launch("daily_papers")
    while ui.status(run_id) not in ENDED:
        time.sleep(0.05)
    if ui.status(run_id) != "SUCCESS":
        raise RuntimeError(f"the run is {ui.status(run_id)}")


def _reload(ui: UI) -> None:
    ui.ask(RELOAD)
    until(
        lambda: ui.ask(LOCATION)["workspaceOrError"]["locationEntries"][0]["loadStatus"] == "LOADED"
    )


def _a_year_of(home: Path) -> None:
    """Copy the rows of the one run in the history, once for each day of a year."""
    history = home / ".papers" / "history"
    copies = [str(uuid4()) for _ in range(DAYS - 1)]
    with closing(sqlite3.connect(history / "runs.db")) as runs:
        ((first,),) = runs.execute("SELECT run_id FROM runs")
        for number, run_id in enumerate(copies, 1):
            shift = (number - DAYS + 1) * _DAY
            _copy(runs, "runs", first, run_id, {"start_time": shift, "end_time": shift})
            _copy(runs, "run_tags", first, run_id, {})
        runs.commit()
    with closing(sqlite3.connect(history / "runs" / "index.db")) as events:
        for run_id in copies:
            _copy(events, "event_logs", first, run_id, {})
            _copy(events, "asset_check_executions", first, run_id, {})
        events.execute(
            "UPDATE asset_keys SET last_run_id = ?, cached_status_data = NULL,"
            " last_materialization = REPLACE(last_materialization, ?, ?)",
            (copies[-1], first, copies[-1]),
        )
        events.commit()
        ((count,),) = events.execute(
            "SELECT COUNT(*) FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'"
        )
    if count < KEYWORDS * DAYS:
        raise RuntimeError(f"{count} materializations are no year of {KEYWORDS} keywords")


def _copy(
    database: sqlite3.Connection, table: str, old: str, new: str, shifted: dict[str, int]
) -> None:
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
    texts = {"run_id", "event", "run_body", "evaluation_event"}
    values = [
        f"REPLACE({name}, :old, :new)"
        if name in texts
        else f"{name} + {shifted[name]}"
        if name in shifted
        else name
        for name in columns
    ]
    database.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - of our own names
        f" SELECT {', '.join(values)} FROM {table} WHERE run_id = :old",
        {"old": old, "new": new},
    )


def _pages(ui: UI) -> list[tuple[str, float, float]]:
    """Give the slowest GraphQL query of each page, of three visits' median."""
    rows = []
    with browser() as chromium:
        for title, path in (
            ("lineage page", "/asset-groups/daily_papers"),
            ("partitions page", "/assets/raw_papers?view=partitions"),
            ("a partition", "/assets/raw_papers?view=partitions&partition=compiler+7"),
            ("page of papers", "/assets/papers"),
        ):
            slowest = [_slowest_query(Watched(chromium, ui.url), path) for _ in range(3)]
            seconds, name = statistics.median_low(slowest)
            rows.append((f"{title}: slowest query, {name} (median of 3)", seconds, 1.0))
    return rows


def _slowest_query(watched: Watched, path: str) -> tuple[float, str]:
    queries: list[tuple[float, str]] = []

    def finished(request: Request) -> None:
        if "/graphql" in request.url and isinstance(request.post_data_json, dict):
            took = max(0.0, request.timing["responseEnd"] / 1000)
            queries.append((took, str(request.post_data_json.get("operationName"))))

    watched.page.on("requestfinished", finished)
    watched.go(path)
    watched.page.wait_for_load_state("networkidle")
    watched.page.wait_for_timeout(3000)
    watched.page.close()
    return max(queries)


if __name__ == "__main__":
    main()
