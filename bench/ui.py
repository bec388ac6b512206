"""How long the pages of the UI wait, with many days of history, and with many keywords.

What the pages ask is seen in a real browser. The history is one real run's, copied by SQL.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_plus

from playwright.sync_api import Browser, Request

from bench import corpora, past
from bench.product import papers_run, size_of
from bench.results import Aim, Cell, Result, Series, Table, series
from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets_tests.helpers.browser import CHROMIUM, Watched, browser
from papers_assets_tests.helpers.ui_driver import (
    LOCATION,
    RELOAD,
    UI,
    environment,
    running_ui,
    until,
)


class Sizes(NamedTuple):
    """What is measured."""

    keywords: int
    days: int
    real: int
    """Keywords of the run that is copied."""


SIZES = (Sizes(300, 365, 300), Sizes(3_000, 1, 30), Sizes(10_000, 1, 30))
QUICK = (Sizes(6, 2, 3),)
_QUERY = 1.0
"""Seconds: the most that was aimed at for a query, at 300 keywords and a year."""
_RELOAD = 3.0
"""Seconds: the same for a reload of the code location."""
_SETTLING = 1_000
"""ms for which a page is watched when all is quiet, times the visits: it asks by itself again."""


class Row(NamedTuple):
    """What was measured at one size."""

    sizes: Sizes
    reload: float
    history: float
    """MB."""
    queries: dict[str, tuple[float, str]]
    """By page, the slowest query's seconds and name."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    times = 1 if is_quick else 3
    with SampleArxiv(Corpus.sample()) as server:
        rows = [_row(server.url, sizes, times) for sizes in (QUICK if is_quick else SIZES)]
    pages = list(dict.fromkeys(page for row in rows for page in row.queries))
    head = ("keywords", "days", "history, MB", "reload, s", *(f"{page}, s" for page in pages))
    cells = tuple(
        (*_size(row), row.reload, *(row.queries.get(page, (None,))[0] for page in pages))
        for row in rows
    )
    warnings = [
        f"The slowest GraphQL query of each page, and the reload: medians of {times},",
        "over invented papers.",
    ]
    if not CHROMIUM:
        warnings.append("There is no Chromium: what the pages ask is not measured.")
    return Result(
        (Table(head, cells),),
        tuple(_aims(rows)),
        _series(rows, pages),
        tuple(warnings),
    )


def _size(row: Row) -> tuple[Cell, ...]:
    return row.sizes.keywords, row.sizes.days, row.history


def _aims(rows: list[Row]) -> Iterator[Aim]:
    yield Aim("slowest reload", max(row.reload for row in rows), _RELOAD, "s")
    if queries := [seconds for row in rows for seconds, _ in row.queries.values()]:
        yield Aim("slowest page", max(queries), _QUERY, "s")


def _series(rows: list[Row], pages: list[str]) -> tuple[Series, ...]:
    def over(panel: str, name: str, costs: list[float]) -> Series:
        sizes = [row.sizes.keywords for row in rows]
        return series(panel, name, "keywords", "seconds", list(zip(sizes, costs, strict=True)))

    panel = "the UI"
    queries = [over(panel, page, [row.queries[page][0] for row in rows]) for page in pages]
    return (over(panel, "reload", [row.reload for row in rows]), *queries)


def _row(url: str, sizes: Sizes, times: int) -> Row:
    names = [f"compiler {number}" for number in range(sizes.keywords)]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _live(home, url, names, sizes)
        with running_ui(_environment(home, url, names), home / "ui.log") as ui:
            reload = statistics.median(_reload(ui) for _ in range(times))
            queries = _pages(ui, names[sizes.real // 2], times) if CHROMIUM else {}
        history = size_of(home / ".papers" / "history")
    said = "; ".join(f"{page}: {name}" for page, (_, name) in queries.items())
    sys.stderr.write(f"[bench] ui: {sizes.keywords} keywords done. Slowest queries: {said}\n")
    return Row(sizes, reload, history, queries)


def _live(home: Path, url: str, names: list[str], sizes: Sizes) -> None:
    """Run once, and pretend that it was with all keywords and for many days."""
    real = names[: sizes.real]
    papers_run(home, corpora.keywords_toml(real), url)
    past.copy_days(home, sizes.days)
    past.copy_keyword(home, real[-1], names[sizes.real :])
    count, wanted = past.materializations(home), sizes.keywords * sizes.days
    if count < wanted:
        raise RuntimeError(f"{count} materializations in the history, where {wanted} were to be")


def _environment(home: Path, url: str, names: list[str]) -> dict[str, str]:
    file = home / "keywords.toml"
    file.write_text(corpora.keywords_toml(names))
    return environment(home, file, url)


def _reload(ui: UI) -> float:
    began = time.perf_counter()
    ui.ask(RELOAD)
    until(
        lambda: ui.ask(LOCATION)["workspaceOrError"]["locationEntries"][0]["loadStatus"] == "LOADED"
    )
    return time.perf_counter() - began


def _pages(ui: UI, keyword: str, times: int) -> dict[str, tuple[float, str]]:
    """Give the slowest GraphQL query of each page: of so many visits, the median."""
    found = {}
    partitions = "/assets/raw_papers?view=partitions"
    with browser() as chromium:
        for page, path in (
            ("lineage", "/asset-groups"),
            ("partitions", partitions),
            ("a partition", f"{partitions}&partition={quote_plus(keyword)}"),
            ("papers", "/assets/papers"),
        ):
            settling = _SETTLING * times
            slowest = [_slowest_query(chromium, ui.url, path, settling) for _ in range(times)]
            found[page] = statistics.median_low(slowest)
    return found


def _slowest_query(chromium: Browser, url: str, path: str, settling: int) -> tuple[float, str]:
    watched = Watched(chromium, url)
    queries: list[tuple[float, str]] = []

    def finished(request: Request) -> None:
        if "/graphql" in request.url and isinstance(request.post_data_json, dict):
            took = max(0.0, request.timing["responseEnd"] / 1000)
            queries.append((took, str(request.post_data_json.get("operationName"))))

    watched.page.on("requestfinished", finished)
    watched.go(path)
    watched.page.wait_for_load_state("networkidle")
    watched.page.wait_for_timeout(settling)
    watched.page.close()
    return max(queries)
