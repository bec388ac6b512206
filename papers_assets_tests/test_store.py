import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from papers_assets.arxiv.feed import Link
from papers_assets.arxiv.windows import Window
from papers_assets.held import Held, refreshed
from papers_assets.papers import Source, join, refreshed_at, select_papers
from papers_assets.rendering.pages import FRONT_PAGE_MARK
from papers_assets.store import FORMAT, Store, StoreError, slug
from papers_assets_tests.making import LATER, held_frame, keyword, paper

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
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def held(*numbers: int, name: str = "compiler") -> Held:
    links = (Link("https://example.org/1", "related", "pdf"),)
    return refreshed(keyword(name), None, [paper(n, links=links) for n in numbers], LATER)


@pytest.mark.parametrize("name", ["compiler", *ODD_NAMES])
def test_what_was_written_is_read_whatever_the_keyword_is_made_of(store: Store, name: str) -> None:
    store.write_held(held(1, 2, name=name))
    read = store.read_held(name)
    assert read is not None
    assert read.papers.equals(held(1, 2, name=name).papers)
    assert (read.keyword, read.definition) == (name, keyword(name).definition)
    assert read.refreshed_at == LATER


def test_all_that_is_known_of_what_is_held_is_read_again(store: Store) -> None:
    windows = (Window(LATER, LATER + timedelta(days=1)), Window(LATER - timedelta(days=9), LATER))
    value = replace(
        held(1), total_results=7, doubted_since=LATER, looked_back=windows, complete_until=None
    )
    store.write_held(value)
    assert store.read_held("compiler") == value


def test_files_of_keywords_are_apart_and_in_their_folder(store: Store) -> None:
    paths = [store.held_path(name) for name in [*ODD_NAMES, "C", "c++", "a-b", "a b"]]
    assert len(set(paths)) == len(paths)
    assert {path.parent for path in paths} == {store.home / ".papers" / "raw_papers"}
    assert max(len(path.name) for path in paths) < 100
    assert all(path.name.isascii() for path in paths)


def test_a_keyword_never_fetched_holds_nothing(store: Store) -> None:
    assert store.read_held("compiler") is None


def test_papers_come_back_as_they_were_with_the_time_of_each_answer(store: Store) -> None:
    frame = join(
        [select_papers(held_frame([paper(1), paper(2)]), keyword())], {"compiler": Source(LATER)}
    )
    store.write_papers(frame)
    read = store.read_papers()
    pd.testing.assert_frame_equal(read, frame)
    assert refreshed_at(read) == {"compiler": LATER}


def test_papers_that_are_not_there_yet_say_what_to_do(store: Store) -> None:
    with pytest.raises(StoreError, match="Materialize papers first"):
        store.read_papers()


def test_a_damaged_file_is_refused_by_name(store: Store) -> None:
    store.write_held(held(1))
    path = store.held_path("compiler")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StoreError, match=rf"{path.name}.*cannot be read.*Move the file away"):
        store.read_held("compiler")


def rewrite(store: Store, table: pa.Table, **labels: str) -> None:
    path = store.held_path("compiler")
    labels = {k.decode(): v.decode() for k, v in pq.read_schema(path).metadata.items()} | labels
    pq.write_table(table.replace_schema_metadata(labels), path)


def test_a_column_that_older_files_lack_is_null(store: Store) -> None:
    store.write_held(held(1))
    rewrite(store, held(1).papers.drop_columns(["doi"]))
    read = store.read_held("compiler")
    assert read is not None
    assert read.papers["doi"].to_pylist() == [None]


def test_a_column_that_newer_files_have_is_left_out(store: Store) -> None:
    store.write_held(held(1))
    rewrite(store, held(1).papers.append_column("mood", [["good"]]))
    read = store.read_held("compiler")
    assert read is not None
    assert read.papers.equals(held(1).papers)


def test_a_column_that_cannot_be_missing_is_refused(store: Store) -> None:
    store.write_held(held(1))
    rewrite(store, held(1).papers.drop_columns(["title"]))
    with pytest.raises(StoreError, match="no column title"):
        store.read_held("compiler")


def test_a_format_of_the_future_is_refused(store: Store) -> None:
    store.write_held(held(1))
    rewrite(store, held(1).papers, papers_assets_format=str(FORMAT + 1))
    with pytest.raises(StoreError, match=r"newer papers-assets .*Upgrade"):
        store.read_held("compiler")


def test_a_readme_that_cannot_be_rendered_to_its_end_leaves_the_old_one(store: Store) -> None:
    store.write_readme(["old"])

    def pieces() -> Iterator[str]:
        yield "new, but "
        raise ValueError("the template broke")

    with pytest.raises(ValueError, match="broke"):
        store.write_readme(pieces())
    assert store.readme_path.read_text() == "old"
    assert list(store.readme_path.parent.iterdir()) == [store.readme_path]


def test_the_readme_counts_its_bytes_and_can_be_read_by_others(store: Store) -> None:
    assert store.write_readme(["né", "e\n"]) == 5
    assert store.readme_path.read_bytes() == b"n\xc3\xa9e\n"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(store.readme_path.stat().st_mode) == 0o666 & ~umask


def test_pages_are_read_back_in_order_and_removed_but_those_that_are_named(store: Store) -> None:
    name = slug("compiler")
    for number in (1, 2, 10):
        assert store.write_page(f"{name}{f'-{number}' if number > 1 else ''}.md", ["né"]) == 3
    assert [name for name, _ in store.pages()] == [f"{name}.md", f"{name}-2.md", f"{name}-10.md"]
    store.remove_pages(but=[f"{name}-2.md"])
    assert list(store.pages()) == [(f"{name}-2.md", b"n\xc3\xa9")]
    store.remove_pages()
    assert not store.pages_folder.exists()
    assert list(store.pages()) == []


@pytest.mark.parametrize("name", ["compiler", *ODD_NAMES])
def test_the_page_of_any_keyword_is_known_as_one(store: Store, name: str) -> None:
    store.write_page(f"{slug(name)}.md", ["x"])
    assert len(list(store.pages())) == 1


@pytest.mark.parametrize(
    "name", ["notes.md", "README.md", "compiler.md", f"{slug('compiler')}-1.txt", "x-0.md"]
)
def test_somebody_elses_files_among_the_pages_stay(store: Store, name: str) -> None:
    store.write_page(name, ["mine"])
    (store.pages_folder / ".mine.tmp").write_text("mine")
    with store.publishing():
        store.remove_pages()
    assert sorted(path.name for path in store.pages_folder.iterdir()) == [".mine.tmp", name]


def test_halves_of_documents_are_swept_before_publishing(store: Store) -> None:
    name = f"{slug('compiler')}-2.md"
    store.write_page(name, ["x"])
    store.write_front_page([FRONT_PAGE_MARK])
    half = store.pages_folder / f".{name}.abcd.tmp"
    other = store.front_page_path.with_name(".README.md.abcd.tmp")
    for path in (half, other):
        path.write_text("ha")
    with store.publishing():
        assert not half.exists()
        assert not other.exists()
    assert [name for name, _ in store.pages()] == [name]


def test_a_page_that_cannot_be_removed_is_named(store: Store) -> None:
    (store.pages_folder / f"{slug('compiler')}.md").mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"{slug('compiler')}\.md: cannot be removed \("):
        store.remove_pages()


def test_a_front_page_of_ours_is_replaced_and_removed(store: Store) -> None:
    for text in ("old\n", "new\n"):
        store.write_front_page([text, FRONT_PAGE_MARK])
        assert store.front_page_path.read_text() == text + FRONT_PAGE_MARK
    store.remove_front_page()
    assert not store.front_page_path.exists()
    store.remove_front_page()


@pytest.mark.parametrize("text", ["mine", "", f"{FRONT_PAGE_MARK}mine"])
def test_a_front_page_of_somebody_else_is_neither_replaced_nor_removed(
    store: Store, text: str
) -> None:
    path = store.front_page_path
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StoreError, match=rf"^{path}: papers-assets did not write .*front_page"):
        store.write_front_page(["new", FRONT_PAGE_MARK])
    store.remove_front_page()
    assert path.read_text() == text


def test_a_front_page_that_is_a_folder_is_somebody_elses(store: Store) -> None:
    store.front_page_path.mkdir(parents=True)
    with pytest.raises(StoreError, match="did not write"):
        store.check_front_page()
    store.remove_front_page()
    assert store.front_page_path.is_dir()


def test_what_dead_writers_of_held_papers_left_is_removed_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write_held(held(1))
    folder = store.held_path("compiler").parent
    name = slug("compiler")
    for half in (f".{name}.parquet.abcd.tmp", f".{name}.problem.json.ef.tmp"):
        (folder / half).write_text("half")
    (folder / ".mine.tmp").write_text("mine")
    store.sweep_held()
    assert sorted(p.name for p in folder.iterdir()) == [".mine.tmp", f"{name}.parquet"]
