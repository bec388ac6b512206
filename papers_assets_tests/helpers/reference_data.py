"""Real arXiv data that tests may read when it lies beside the checkout; none of it is ours."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


def path(name: str) -> Path:
    """Give a reference file, or skip the test and say why."""
    found = SHARED / name
    if not found.exists():
        pytest.skip(f"no reference data here: ../shared/{name}")
    return found


def content(file: Path) -> bytes:
    raw = file.read_bytes()
    return gzip.decompress(raw) if file.suffix == ".gz" else raw


def records(name: str) -> Iterator[dict[str, Any]]:
    """Give the records of a JSON-lines file."""
    for line in content(path(name)).splitlines():
        yield json.loads(line)
