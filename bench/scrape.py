"""What a scrape of the metrics takes, the first and the next one."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.results import Aim, Result, Table
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.pipeline.metrics import render_metrics
from papers_assets.pipeline.status import StatusReader
from papers_assets.storage.editions import EditionStore
from papers_assets.storage.harvest import HarvestStore
from papers_assets.storage.raw_papers import RawPapersStore
from papers_assets.storage.run_counters import CounterStore
from papers_assets.transform.raw_papers import merge_answer
from papers_assets_tests.helpers.factories import paper

KEYWORDS, QUICK_KEYWORDS = (1_000, 10_000), (100,)
_MOST = 10.0
"""s: Prometheus gives up on a scrape after that, unless told otherwise."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    rows, first = [], 0.0
    for count in QUICK_KEYWORDS if is_quick else KEYWORDS:
        with tempfile.TemporaryDirectory() as name:
            looking = _looking(_made(Path(name), count))
            first, _ = _scraped(looking)
            again, size = _scraped(looking)
            rows.append((count, first, again, size / 1e3))
    head = ("keywords", "first scrape, s", "next scrape, s", "kB")
    aim = Aim(f"first scrape of {rows[-1][0]:,} keywords", first, _MOST, "s")
    said = "On disk, 100 versions per keyword. The exporter caches what did not change."
    return Result((Table(head, tuple(rows)),), (aim,), remarks=(said,))


def _made(home: Path, count: int) -> KeywordsConfig:
    names = [f"compiler {number}" for number in range(count)]
    path = home / "keywords.toml"
    path.write_text("".join(f'[keywords."{name}"]\n' for name in names))
    keywords_config, store = read_keywords_file(path), RawPapersStore(home)
    stored = merge_answer(
        keywords_config[names[0]], None, [paper(n) for n in range(1, 101)], datetime.now(UTC)
    )
    store.write_raw_papers(stored)
    content = store.raw_papers_path(names[0]).read_bytes()
    for name in names[1:]:
        store.raw_papers_path(name).write_bytes(content)
    return keywords_config


def _looking(keywords_config: KeywordsConfig) -> StatusReader:
    home = keywords_config.path.parent
    counters = CounterStore(home)
    return StatusReader(
        lambda: keywords_config,
        RawPapersStore(home),
        EditionStore(home),
        counters,
        lambda: datetime.now(UTC),
        HarvestStore(home),
    )


def _scraped(looking: StatusReader) -> tuple[float, int]:
    began = time.perf_counter()
    size = len(render_metrics(looking.read_status))
    return time.perf_counter() - began, size
