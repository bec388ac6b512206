"""What a scrape of the metrics takes, the first and the next one."""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.results import Aim, Result, Table
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.model import KeywordsFile
from papers_assets.pipeline.metrics import metrics_text
from papers_assets.pipeline.status import Looking
from papers_assets.storage.editions import Outputs
from papers_assets.storage.harvest import Harvests
from papers_assets.storage.raw_papers import Store
from papers_assets.storage.run_counters import Counters
from papers_assets.transform.raw_papers import refreshed
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
    said = "On disk; every keyword holds 100 versions. The exporter remembers what did not change."
    return Result((Table(head, tuple(rows)),), (aim,), remarks=(said,))


def _made(home: Path, count: int) -> KeywordsFile:
    names = [f"compiler {number}" for number in range(count)]
    path = home / "keywords.toml"
    path.write_text("".join(f'[keywords."{name}"]\n' for name in names))
    file, store = read_keywords_file(path), Store(home)
    held = refreshed(file[names[0]], None, [paper(n) for n in range(1, 101)], datetime.now(UTC))
    store.write_held(held)
    content = store.held_path(names[0]).read_bytes()
    for name in names[1:]:
        store.held_path(name).write_bytes(content)
    return file


def _looking(file: KeywordsFile) -> Looking:
    home = file.path.parent
    counters = Counters(home)
    return Looking(
        lambda: file,
        Store(home),
        Outputs(home),
        counters,
        lambda: datetime.now(UTC),
        Harvests(home),
    )


def _scraped(looking: Looking) -> tuple[float, int]:
    began = time.perf_counter()
    size = len(metrics_text(looking.look))
    return time.perf_counter() - began, size
