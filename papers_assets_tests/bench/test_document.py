"""The document in which figures are written anew."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.__main__ import ALL, DOCUMENT, PARTS, keep, main
from bench.document import MarkError, marks, replaced
from bench.results import Aim, Result, Stamp, Table, series

texts = st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"]))
STAMP = Stamp("2026-11-23", "python -m bench job", "an invented machine")
RESULT = Result(
    (Table(("keywords", "s"), ((3, 1.5),)),),
    (Aim("job", 7, 6, "s"),),
    series=(series("jobs", "job", "keywords", "seconds", [(3, 1), (30, 9)]),),
)


def place(name: str, inside: str = "") -> str:
    first, last = marks(name)
    return f"{first}\n{inside}\n{last}"


@given(texts, texts, texts)
def test_what_people_wrote_stays(before: str, after: str, inside: str) -> None:
    text = f"{before}{place('job', 'old')}{after}"
    written = replaced(text, "job", inside)
    assert written.startswith(before + marks("job")[0])
    assert written.endswith(marks("job")[1] + after)
    assert inside.strip() in written
    assert replaced(written, "job", inside) == written


def test_other_parts_stay() -> None:
    text = place("job", "1") + place("jobs", "2")
    assert replaced(text, "jobs", "3") == place("job", "1") + place("jobs", "\n3\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        marks("job")[0],
        "".join(reversed(marks("job"))),
        place("job") * 2,
        place("job") + marks("job")[1],
    ],
)
def test_missing_marks_are_named(text: str) -> None:
    with pytest.raises(MarkError, match=r"part job .*<!-- bench:job -->"):
        replaced(text, "job", "figures")


def test_document_has_a_place_for_every_part() -> None:
    text = DOCUMENT.read_text()
    for part in (*PARTS, ALL):
        replaced(text, part, "figures")


def test_parts_that_are_written_apart_share_a_picture(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    document.write_text(f"Mine.\n{place('job')}\n{place('rows')}\n{place('all')}\n")
    keep(document, "job", RESULT, STAMP)
    alone = (tmp_path / "benchmarks.svg").read_bytes()
    keep(document, "job", RESULT, STAMP)
    assert (tmp_path / "benchmarks.svg").read_bytes() == alone
    keep(document, "rows", RESULT, STAMP)
    both = (tmp_path / "benchmarks.svg").read_bytes()
    assert both != alone
    assert ET.fromstring(both).tag.endswith("svg")  # noqa: S314 - our own
    assert document.read_text().startswith("Mine.\n<!-- bench:job -->\n\n2026-11-23, `bench job`.")
    of_all = document.read_text().partition(marks("all")[0])[2]
    assert of_all.count("job: 7 s (at most 6 s)") == 2
    assert "0 of 2 aims are met." in of_all
    assert document.read_text().count(STAMP.machine) == 1


def test_unknown_parts_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["jobb"])
    assert "no such part: jobb; there are job, keywords" in capsys.readouterr().err


def test_quick_figures_are_not_written() -> None:
    with pytest.raises(SystemExit):
        main(["--quick", "--write"])
