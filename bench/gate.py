"""What taking turns costs by itself, at interval 0: by files, and by a PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.product import postgres_or_none
from bench.results import Aim, Result, Table
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.storage.rate_limit import build_rate_limiter

TURNS, QUICK_TURNS = 300, 10
_MOST = 30.0
"""ms: one per cent of the 3 s that arXiv asks for between requests."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    turns = QUICK_TURNS if is_quick else TURNS
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        found["files (one host)"] = _took(RateLimiter(Path(name) / "gate.lock", 0), turns)
    with tempfile.TemporaryDirectory() as name, postgres_or_none() as postgres:
        if postgres is not None:
            rate_limiter = build_rate_limiter(
                "http://127.0.0.1", 0, postgres.url(), host_folder=Path(name)
            )
            found["files and PostgreSQL (several hosts)"] = _took(rate_limiter, turns)
    head = ("lock", "requests", "median, ms", "slowest, ms")
    rows = tuple((what, turns, median(took), max(took)) for what, took in found.items())
    aim = Aim("slower median", max(map(median, found.values())), _MOST, "ms")
    remark = "" if postgres else " There is no PostgreSQL here."
    said = f"The rate limiter alone, without contention, at interval 0.{remark}"
    return Result((Table(head, rows),), (aim,), remarks=(said,))


def _took(rate_limiter: RateLimiter, turns: int) -> list[float]:
    return list(_each(rate_limiter, turns))


def _each(rate_limiter: RateLimiter, turns: int) -> Iterator[float]:
    for _ in range(turns):
        began = time.perf_counter()
        with rate_limiter.slot():
            pass
        yield (time.perf_counter() - began) * 1e3
