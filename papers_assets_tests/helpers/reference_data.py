"""Real arXiv data that tests may read when it lies beside the checkout; none of it is ours."""

import gzip
import json
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from papers_assets_tests.helpers import thoroughness

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


def sample(name: str) -> Iterator[dict[str, Any]]:
    """Return the records that a test looks at: every tenth, or all in the thorough profile."""
    return islice(records(name), 0, None, thoroughness.step())


def share(number: int) -> int:
    """Return how many of this number of records are in the sample."""
    return math.ceil(number / thoroughness.step())
