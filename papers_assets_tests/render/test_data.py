"""papers.json and papers.csv, read back as other programs read them."""

import copy
import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from papers_assets.render.data import (
    CSV_COLUMNS,
    FORMAT,
    KeywordData,
    read_papers_schema,
    render_papers_csv,
    render_papers_json,
)
from papers_assets.transform.changes import ChangeKind
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets_tests.helpers.factories import LATER
from papers_assets_tests.render.test_citations import GOLDEN, INVENTED, listed_paper

TODAY = date(2026, 11, 23)
TOLD = {"2613.00001": ChangeKind.NEW, "2613.00002": ChangeKind.REVISED}
KEYWORDS = (
    KeywordData("compiler", LATER),
    KeywordData("bounds, upper", None, "Never asked for: arXiv was not reachable."),
)
SCHEMA: dict[str, Any] = json.loads(read_papers_schema())
FORMATS = FormatChecker(formats=["date"])


def is_time(value: object) -> bool:
    # The library's own check comes only with another package.
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


FORMATS.checks("date-time", raises=ValueError)(is_time)
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FORMATS)


def document() -> dict[str, Any]:
    text = render_papers_json(INVENTED, keywords=KEYWORDS, last_update=TODAY, announced_kinds=TOLD)
    found: dict[str, Any] = json.loads(text)
    return found


def read_csv(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False)


def items(cell: str) -> list[str]:
    """Take a list of papers.csv apart, as the README may tell people to."""
    first, *others = re.findall("(?:[^;]|;;)+", cell) or [""]
    found = [first, *(other.removeprefix(" ") for other in others)] if first else []
    return [item.replace(";;", ";") for item in found]


def test_the_files_are_byte_for_byte_what_they_were() -> None:
    text = render_papers_json(INVENTED, keywords=KEYWORDS, last_update=TODAY, announced_kinds=TOLD)
    assert text.encode() == (GOLDEN / "papers.json").read_bytes()
    assert render_papers_csv(INVENTED, TOLD).encode() == (GOLDEN / "papers.csv").read_bytes()


def test_papers_json_says_everything_about_a_paper() -> None:
    paper = document()["papers"][1]
    assert paper == {
        "arxiv_id": "2613.00002",
        "version": 3,
        "title": INVENTED[1].title,
        "authors": list(INVENTED[1].authors),
        "abstract": INVENTED[1].abstract,
        "comment": INVENTED[1].comment,
        "categories": ["cs.LG", "68T07; 62H30 (Primary)"],
        "primary_category": "cs.LG",
        "published": "2026-01-01T00:00:00Z",
        "updated": "2026-11-20T01:02:03Z",
        "doi": "10.9999/invented_12(3)",
        "journal_ref": "Journal of Invented Results 1 (2026) 1--9",
        "first_seen": "2026-11-23T06:00:00Z",
        "url": "https://arxiv.org/abs/2613.00002v3",
        "code": [{"kind": "GitHub", "url": "https://github.com/ada/tool;v=1"}],
        "keywords": ["compiler", "bounds, upper"],
        "kind": "revised",
    }


def test_papers_json_says_how_each_keyword_is() -> None:
    assert document()["keywords"] == [
        {"name": "compiler", "papers": 4, "refreshed_at": "2026-11-23T06:00:00Z", "note": ""},
        {"name": "bounds, upper", "papers": 1, "refreshed_at": None, "note": KEYWORDS[1].note},
    ]
    assert (document()["format"], document()["last_update"]) == (FORMAT, "2026-11-23")


def test_nothing_yet_is_a_document_too() -> None:
    found = json.loads(render_papers_json([], keywords=[], last_update=None))
    VALIDATOR.validate(found)
    assert found == {"format": FORMAT, "last_update": None, "keywords": [], "papers": []}
    assert read_csv(render_papers_csv([])).empty


def test_times_of_other_zones_are_told_in_utc() -> None:
    there = timezone(timedelta(hours=9))
    paper = listed_paper(updated=datetime(2026, 1, 2, 3, tzinfo=there))
    found = json.loads(render_papers_json([paper], keywords=[], last_update=None))
    assert found["papers"][0]["updated"] == "2026-01-01T18:00:00Z"


def test_a_paper_that_comes_changes_one_line() -> None:
    def lines(some: tuple[ListedPaper, ...]) -> list[str]:
        return render_papers_json(some, keywords=(), last_update=TODAY).splitlines()

    new = [line for line in lines(INVENTED) if line not in lines(INVENTED[1:])]
    assert [json.loads(line.rstrip(","))["arxiv_id"] for line in new] == ["2613.00001"]


def test_the_schema_is_one_and_holds_for_what_is_written() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(document())


def objects(schema: dict[str, Any] = SCHEMA) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "document", schema
    yield from ((name, part) for name, part in schema["$defs"].items() if "properties" in part)


def parts(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The first of each kind of object in a document."""
    paper = found["papers"][1]
    first = {"keyword": found["keywords"][0], "paper": paper, "code": paper["code"][0]}
    return {"document": found} | first


def test_the_schema_describes_every_field_and_no_other() -> None:
    described = dict(objects())
    assert parts(document()).keys() == described.keys()
    for name, part in parts(document()).items():
        schema = described[name]
        assert list(part) == list(schema["properties"]) == schema["required"]
        assert schema["additionalProperties"] is False
        assert schema["description"].strip()
        assert all(len(field["description"]) > 10 for field in schema["properties"].values())


FIELDS = [(name, field) for name, schema in objects() for field in schema["properties"]]


def refused(change: Callable[[dict[str, dict[str, Any]]], object]) -> bool:
    found = copy.deepcopy(document())
    change(parts(found))
    return not VALIDATOR.is_valid(found)


@pytest.mark.parametrize(("part", "field"), FIELDS)
def test_the_schema_refuses_a_document_without_a_field_or_with_another_type(
    part: str, field: str
) -> None:
    assert refused(lambda x: x[part].pop(field))
    assert refused(lambda x: x[part].update({field: {"what": "this is"}}))
    assert refused(lambda x: x[part].update({field: 0.5}))


@pytest.mark.parametrize("part", [name for name, _ in objects()])
def test_the_schema_refuses_a_field_that_it_does_not_describe(part: str) -> None:
    assert refused(lambda x: x[part].update({"another": None}))


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("document", "format", 2),
        ("document", "last_update", "2026-02-30"),
        ("document", "last_update", "23 November"),
        ("keyword", "name", ""),
        ("keyword", "papers", -1),
        ("keyword", "refreshed_at", "2026-11-23T06:00:00"),
        ("paper", "arxiv_id", "2613.00001v1"),
        ("paper", "version", 0),
        ("paper", "authors", "Ada Example"),
        ("paper", "authors", [None]),
        ("paper", "updated", "2026-11-23T25:00:00Z"),
        ("paper", "updated", "2026-11-23T06:00:00+00:00"),
        ("paper", "url", "javascript:alert(1)"),
        ("paper", "keywords", []),
        ("paper", "keywords", ["compiler", "compiler"]),
        ("paper", "title", None),
        ("paper", "kind", "left"),
        ("code", "url", "javascript:alert(1)"),
        ("code", "kind", ""),
    ],
)
def test_the_schema_refuses_what_no_such_value_can_be(part: str, field: str, value: object) -> None:
    assert refused(lambda x: x[part].update({field: value}))


def test_every_column_of_papers_csv_is_documented() -> None:
    header = next(csv.reader(io.StringIO(render_papers_csv([]), newline="")))
    assert header == list(CSV_COLUMNS) == list(document()["papers"][0])
    assert all(len(meaning) > 10 for meaning in CSV_COLUMNS.values())


def test_pandas_gives_papers_csv_back() -> None:
    differences = read_csv(render_papers_csv(INVENTED, TOLD))
    assert list(differences["kind"]) == ["new", "revised", "", ""]
    assert list(differences["arxiv_id"]) == [p.arxiv_id for p in INVENTED]
    assert list(differences["abstract"]) == [p.abstract for p in INVENTED]
    assert list(differences["title"]) == [
        *(p.title for p in INVENTED[:3]),
        "\N{REPLACEMENT CHARACTER} =1+1",
    ]
    assert differences["title"][2] == "NA"
    assert list(differences["doi"]) == [p.doi or "" for p in INVENTED]
    assert items(differences["categories"][1]) == ["cs.LG", "68T07; 62H30 (Primary)"]
    assert items(differences["code"][1]) == ["https://github.com/ada/tool;v=1"]
    assert items(differences["authors"][3]) == []


texts = st.text(st.sampled_from('",;\n\r\\ =é\ud800\u2028\0') | st.characters(), max_size=9)
words = st.lists(texts.filter(lambda text: text.strip() != ""), max_size=3).map(tuple)
papers = st.lists(
    st.builds(
        listed_paper,
        title=texts,
        authors=words,
        abstract=texts,
        comment=st.none() | texts,
        categories=words,
        published=st.datetimes(datetime(1991, 8, 14), timezones=st.just(UTC)),  # noqa: DTZ001 - bare, as asked for
        keywords=st.lists(texts.filter(bool), min_size=1, max_size=2, unique=True).map(tuple),
    ),
    max_size=3,
)


def without_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


@given(papers)
def test_whatever_papers_say_papers_json_says_it(some: list[ListedPaper]) -> None:
    text = render_papers_json(some, keywords=[], last_update=None)
    found = json.loads(text.encode())
    assert [p["title"] for p in found["papers"]] == [without_surrogates(p.title) for p in some]
    assert [p["abstract"] for p in found["papers"]] == [
        without_surrogates(p.abstract) for p in some
    ]
    assert [p["comment"] for p in found["papers"]] == [
        p.comment and without_surrogates(p.comment) for p in some
    ]
    assert text.count("\n") == 6 + (len(some) + 1 if some else 0)
    assert text == render_papers_json(some, keywords=[], last_update=None)


@given(papers)
def test_whatever_papers_say_papers_csv_says_it(some: list[ListedPaper]) -> None:
    text = render_papers_csv(some)
    text.encode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    differences = read_csv(text)
    assert differences.to_dict("records") == rows
    assert len(rows) == len(some)
    for paper, row in zip(some, rows, strict=True):
        assert row["title"] == without_surrogates(paper.title)
        assert row["abstract"] == without_surrogates(paper.abstract)
        assert row["comment"] == without_surrogates(paper.comment or "")
        assert items(row["authors"]) == [without_surrogates(a) for a in paper.authors]
        assert items(row["categories"]) == [without_surrogates(c) for c in paper.categories]
