"""What taking turns costs by itself, at interval 0: by files, and by a PostgreSQL."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.product import postgres_or_none
from bench.results import Aim, Result, Table
from papers_assets.arxiv.rate_limit import Gate
from papers_assets.storage.rate_limit import gate_for

TURNS, QUICK_TURNS = 300, 10
_MOST = 30.0
"""ms: one per cent of the 3 s that arXiv asks for between requests."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    turns = QUICK_TURNS if is_quick else TURNS
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        found["files, for the processes of a host"] = _took(
            Gate(Path(name) / "gate.lock", 0), turns
        )
    with tempfile.TemporaryDirectory() as name, postgres_or_none() as postgres:
        if postgres is not None:
            gate = gate_for("http://127.0.0.1", 0, postgres.url(), host_folder=Path(name))
            found["files and PostgreSQL, for several hosts"] = _took(gate, turns)
    head = ("turns by", "turns", "median, ms", "slowest, ms")
    rows = tuple((what, turns, median(took), max(took)) for what, took in found.items())
    aims = tuple(
        Aim(f"a turn by {what}", median(took), _MOST, "ms") for what, took in found.items()
    )
    remark = "" if postgres else " There is no PostgreSQL here."
    said = f"A turn of nobody else, begun and ended, at interval 0.{remark}"
    return Result((Table(head, rows),), aims, remarks=(said,))


def _took(gate: Gate, turns: int) -> list[float]:
    return list(_each(gate, turns))


def _each(gate: Gate, turns: int) -> Iterator[float]:
    for _ in range(turns):
        began = time.perf_counter()
        with gate.turn():
            pass
        yield (time.perf_counter() - began) * 1e3
