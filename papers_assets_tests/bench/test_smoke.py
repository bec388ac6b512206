"""Parts that are cheap, in small: do they measure at all?"""

import sys
from pathlib import Path

import pytest

from bench import corpora
from bench.__main__ import main
from bench.apart import FailedError, apart, measured
from papers_assets_tests.helpers import reference_data

pytestmark = pytest.mark.slow


def test_a_part_is_printed_with_its_machine(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", "rows"])
    said = capsys.readouterr().out
    assert "## rows: selection from stored papers" in said
    assert "| 150 | 3 |" in said
    assert "`python -m bench rows --quick`" in said
    assert "all lists: seconds ~ stored rows^" in said


@pytest.mark.parametrize("part", ["gate", "harvest"])
def test_parts_measure_what_there_is_now(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--quick", part])
    said = capsys.readouterr().out
    assert f"`python -m bench {part} --quick`" in said
    assert "| aim | measured | aimed at |" in said


def test_memory_of_children_counts() -> None:
    hungry = "x = bytearray(300_000_000)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}])"
    took = measured([sys.executable, "-c", child])
    assert took.peak > 250
    assert took.wall > 0 < took.cpu


def test_what_fails_apart_is_told() -> None:
    with pytest.raises(FailedError, match="No such file"):
        apart(corpora.write_frequent, "/nowhere/at/all.jsonl", 3, 3)


def test_invented_papers_serve_where_there_are_no_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_data, "SHARED", tmp_path)
    assert corpora.whose() == "invented papers"
    records = list(corpora.records(30))
    assert len({record["id"] for record in records}) == 30
    names = corpora.phrases(5, 200)
    assert len(names) == len({*names}) == 200
    pairs = corpora.write_frequent(str(tmp_path / "papers.jsonl"), 30, 4)
    assert len(pairs) == 4
    assert all(0 < count <= 30 for _, count in pairs)
