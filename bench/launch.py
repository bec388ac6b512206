"""From launching `daily_papers` to its success, as a user sees it: on SQLite, and on PostgreSQL."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import corpora
from bench.product import postgres_or_none
from bench.results import Aim, Result, Table
from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets_tests.deploy.host import Host, running_host
from papers_assets_tests.helpers.ui_driver import ENDED, UI, environment, running_ui

KEYWORDS = ("compiler", "performance", "reinforcement learning")
_SERVICES = ("code", "daemon", "webserver")
_LOOK_AGAIN = 0.05
"""Seconds."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    times = 1 if is_quick else 3
    rows: list[tuple[str | float, ...]] = []
    warnings = [
        f"{len(KEYWORDS)} keywords over invented papers, at interval 0, launched by GraphQL.",
    ]
    with tempfile.TemporaryDirectory() as name, SampleArxiv(Corpus.sample()) as server:
        folder = Path(name)
        with _on_sqlite(folder / "home", server.url) as (ui, up):
            rows.append(("SQLite (`papers ui`)", up, *_launches(ui, times)))
        with postgres_or_none() as postgres:
            if postgres is None:
                warnings.append("There is no PostgreSQL here.")
            else:
                host = Host(
                    folder / "host", postgres.url(), server.url, corpora.keywords_toml(KEYWORDS)
                )
                with _on_postgres(host) as (ui, up):
                    rows.append(("PostgreSQL (`deploy/`)", up, *_launches(ui, times)))
    head = ("run history", "start to usable, s", "launch to success, median, s", "slowest, s")
    aims = [
        Aim("start of `papers ui`", float(rows[0][1]), 10, "s"),
        Aim("slower launch to success, median", max(float(row[2]) for row in rows), 7, "s"),
    ]
    return Result((Table(head, tuple(rows)),), tuple(aims), remarks=tuple(warnings))


@contextmanager
def _on_sqlite(home: Path, url: str) -> Iterator[tuple[UI, float]]:
    home.mkdir()
    file = home / "keywords.toml"
    file.write_text(corpora.keywords_toml(KEYWORDS))
    began = time.perf_counter()
    with running_ui(environment(home, file, url), home / "ui.log") as ui:
        yield ui, time.perf_counter() - began


@contextmanager
def _on_postgres(host: Host) -> Iterator[tuple[UI, float]]:
    began = time.perf_counter()
    with running_host(host, _SERVICES):
        yield host.ui(), time.perf_counter() - began


def _launches(ui: UI, times: int) -> tuple[float, float]:
    """Give the median and the longest, in s."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        run_daily(ui)
        took.append(time.perf_counter() - began)
        ui.settled()
    return statistics.median(took), max(took)


def run_daily(ui: UI) -> None:
    """Launch the daily job and wait for its success."""
    run_id = ui.launch("daily_papers")
    while (status := ui.status(run_id)) not in ENDED:
        time.sleep(_LOOK_AGAIN)
    if status != "SUCCESS":
        raise RuntimeError(f"the run is {status}, and was to succeed")
