import re
import string
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.models import Link
from papers_assets.storage.labels import RawPapersHead
from papers_assets.storage.raw_papers import (
    FORMAT,
    RawPapersStore,
    StoreError,
    build_public_slug,
    build_slug,
)
from papers_assets.transform.date_ranges import DateRange
from papers_assets.transform.raw_papers import RawPapers, merge_answer
from papers_assets.transform.selection import (
    SelectionSource,
    concat,
    read_refresh_times,
    select_papers,
)
from papers_assets_tests.helpers.factories import LATER, held_frame, keyword, paper

ODD_NAMES = [
    "C++",
    "a/b",
    "..",
    "../../etc/passwd",
    "图神经网络",
    "x" * 300,
    "a\\b",
    "con",
    " ",
    "*",
]


@pytest.fixture
def store(tmp_path: Path) -> RawPapersStore:
    return RawPapersStore(tmp_path / "home")


def held(*numbers: int, name: str = "compiler") -> RawPapers:
    links = (Link("https://example.org/1", "related", "pdf"),)
    return merge_answer(keyword(name), None, [paper(n, links=links) for n in numbers], LATER)


@pytest.mark.parametrize("name", ["compiler", *ODD_NAMES])
def test_what_was_written_is_read_whatever_the_keyword_is_made_of(
    store: RawPapersStore, name: str
) -> None:
    store.write_raw_papers(held(1, 2, name=name))
    read = store.read_raw_papers(name)
    assert read is not None
    assert read.rows.equals(held(1, 2, name=name).rows)
    assert (read.keyword, read.query_fingerprint) == (name, keyword(name).fingerprint)
    assert read.refreshed_at == LATER


def test_all_that_is_known_of_what_is_held_is_read_again(store: RawPapersStore) -> None:
    date_ranges = (
        DateRange(LATER, LATER + timedelta(days=1)),
        DateRange(LATER - timedelta(days=9), LATER),
    )
    value = replace(
        held(1),
        total_results=7,
        suspect_since=LATER,
        backfilled_ranges=date_ranges,
        missing_ranges=date_ranges[:1],
        oai_only=(("2613.00001", 1),),
        complete_until=None,
    )
    store.write_raw_papers(value)
    assert store.read_raw_papers("compiler") == value
    assert store.read_head("compiler") == RawPapersHead(1, LATER, None, has_missing_ranges=True)


def test_files_of_keywords_are_apart_and_in_their_folder(store: RawPapersStore) -> None:
    paths = [store.raw_papers_path(name) for name in [*ODD_NAMES, "C", "c++", "a-b", "a b"]]
    assert len(set(paths)) == len(paths)
    assert {path.parent for path in paths} == {store.home / ".papers" / "raw_papers"}
    assert max(len(path.name) for path in paths) < 100
    assert all(path.name.isascii() for path in paths)


def test_a_keyword_never_fetched_holds_nothing(store: RawPapersStore) -> None:
    assert store.read_raw_papers("compiler") is None
    assert store.read_head("compiler") is None


def test_papers_come_back_as_they_were_with_the_time_of_each_answer(store: RawPapersStore) -> None:
    frame = concat(
        [select_papers(held_frame([paper(1), paper(2)]), keyword())],
        {"compiler": SelectionSource(LATER)},
    )
    store.write_papers(frame)
    read = store.read_papers()
    pd.testing.assert_frame_equal(read, frame)
    assert read_refresh_times(read) == {"compiler": LATER}


def test_papers_that_are_not_there_yet_say_what_to_do(store: RawPapersStore) -> None:
    with pytest.raises(StoreError, match="Materialize papers first"):
        store.read_papers()


def test_a_damaged_file_is_refused_by_name(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    path = store.raw_papers_path("compiler")
    path.write_bytes(path.read_bytes()[:100])
    for read in (store.read_raw_papers, store.read_head):
        with pytest.raises(StoreError, match=rf"{path.name}.*cannot be read.*Move the file away"):
            read("compiler")


def rewrite(store: RawPapersStore, table: pa.Table, **labels: str) -> None:
    path = store.raw_papers_path("compiler")
    labels = {k.decode(): v.decode() for k, v in pq.read_schema(path).metadata.items()} | labels
    pq.write_table(table.replace_schema_metadata(labels), path)


def test_signatures_of_all_are_those_of_each(store: RawPapersStore) -> None:
    assert store.etags() == {}
    for name in ODD_NAMES:
        store.write_raw_papers(held(1, name=name))
    store.write_failure_reason("C++", "arXiv answered 503")
    store.write_failure_reason("performance", "arXiv answered 503")
    assert store.etags() == {build_slug(name): store.etag(name) for name in ODD_NAMES}
    assert store.failed_slugs() == {build_slug("C++"), build_slug("performance")}


def test_a_column_that_older_files_lack_is_null(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    rewrite(store, held(1).rows.drop_columns(["doi"]))
    read = store.read_raw_papers("compiler")
    assert read is not None
    assert read.rows["doi"].to_pylist() == [None]


def test_a_column_that_newer_files_have_is_left_out(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    rewrite(store, held(1).rows.append_column("mood", [["good"]]))
    read = store.read_raw_papers("compiler")
    assert read is not None
    assert read.rows.equals(held(1).rows)


def test_a_column_that_cannot_be_missing_is_refused(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    rewrite(store, held(1).rows.drop_columns(["title"]))
    with pytest.raises(StoreError, match="no column title"):
        store.read_raw_papers("compiler")


def test_a_format_of_the_future_is_refused(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    rewrite(store, held(1).rows, papers_assets_format=str(FORMAT + 1))
    for read in (store.read_raw_papers, store.read_head):
        with pytest.raises(StoreError, match=r"newer papers-assets .*Upgrade"):
            read("compiler")


def test_labels_that_say_nothing_are_damage(store: RawPapersStore) -> None:
    store.write_raw_papers(held(1))
    rewrite(store, held(1).rows, refreshed_at="yesterday")
    for read in (store.read_raw_papers, store.read_head):
        with pytest.raises(StoreError, match=r"its labels cannot be read .*yesterday"):
            read("compiler")


def test_what_dead_writers_of_held_papers_left_is_removed_at_once(tmp_path: Path) -> None:
    store = RawPapersStore(tmp_path)
    store.write_raw_papers(held(1))
    folder = store.raw_papers_path("compiler").parent
    name = build_slug("compiler")
    for half in (f".{name}.parquet.abcd.tmp", f".{name}.problem.json.ef.tmp"):
        (folder / half).write_text("half")
    (folder / ".mine.tmp").write_text("mine")
    store.remove_partial_files()
    assert sorted(p.name for p in folder.iterdir()) == [".mine.tmp", f"{name}.parquet"]


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("graph neural network", "graph-neural-network"),
        ("LLVM", "llvm"),
        ("text-to-speech", "text_to_speech"),
        ("few-shot learning", "few_shot-learning"),
        ("3D", "3d"),
        *(
            (name, build_slug(name))
            for name in ("C++", "C#", "größe", "a_b", "--", "All", "aux", "x" * 61)
        ),
        (build_slug("C++").replace("-", " "), build_slug(build_slug("C++").replace("-", " "))),
    ],
)
def test_published_files_are_called_as_the_keyword_where_nothing_else_can_be(
    name: str, published: str
) -> None:
    assert build_public_slug(name) == published


@given(st.lists(st.text(string.ascii_letters + " -_+C0", min_size=1), min_size=2))
def test_no_two_keywords_share_the_names_of_published_files(names: list[str]) -> None:
    names = list({" ".join(name.lower().split()): name for name in names}.values())
    names = [" ".join(name.split()) for name in names]
    published = [build_public_slug(name) for name in names]
    assert len({name.casefold() for name in published}) == len(published)
    assert all(re.fullmatch("[a-z0-9][a-z0-9_-]*", name) for name in published)
