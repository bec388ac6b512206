import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from papers_assets.storage.documents import FRONT_PAGE_MARK, DocumentStore
from papers_assets.storage.raw_papers import RawPapersStore, StoreError, build_slug
from papers_assets_tests.storage.test_raw_papers import ODD_NAMES


@pytest.fixture
def store(tmp_path: Path) -> RawPapersStore:
    return RawPapersStore(tmp_path / "home")


@pytest.fixture
def documents(store: RawPapersStore) -> DocumentStore:
    return store.documents


def test_a_readme_that_cannot_be_rendered_to_its_end_leaves_the_old_one(
    documents: DocumentStore,
) -> None:
    documents.write_readme(["old"])

    def pieces() -> Iterator[str]:
        yield "new, but "
        raise ValueError("the template broke")

    with pytest.raises(ValueError, match="broke"):
        documents.write_readme(pieces())
    assert documents.readme_path.read_text() == "old"
    assert list(documents.readme_path.parent.iterdir()) == [documents.readme_path]


def test_the_readme_counts_its_bytes_and_can_be_read_by_others(documents: DocumentStore) -> None:
    assert documents.write_readme(["né", "e\n"]) == 5
    assert documents.readme_path.read_bytes() == b"n\xc3\xa9e\n"
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(documents.readme_path.stat().st_mode) == 0o666 & ~umask


def test_pages_are_read_back_in_order_and_removed_but_those_that_are_named(
    documents: DocumentStore,
) -> None:
    name = build_slug("compiler")
    for number in (1, 2, 10):
        assert documents.write_page(f"{name}{f'-{number}' if number > 1 else ''}.md", ["né"]) == 3
    assert [name for name, _ in documents.read_pages()] == [
        f"{name}.md",
        f"{name}-2.md",
        f"{name}-10.md",
    ]
    documents.remove_pages(kept_names=[f"{name}-2.md"])
    assert list(documents.read_pages()) == [(f"{name}-2.md", b"n\xc3\xa9")]
    documents.remove_pages()
    assert not documents.pages_folder.exists()
    assert list(documents.read_pages()) == []


@pytest.mark.parametrize("name", ["compiler", *ODD_NAMES])
def test_the_page_of_any_keyword_is_known_as_one(documents: DocumentStore, name: str) -> None:
    documents.write_page(f"{build_slug(name)}.md", ["x"])
    assert len(list(documents.read_pages())) == 1


@pytest.mark.parametrize(
    "name", ["notes.md", "README.md", "compiler.md", f"{build_slug('compiler')}-1.txt", "x-0.md"]
)
def test_somebody_elses_files_among_the_pages_stay(
    store: RawPapersStore, documents: DocumentStore, name: str
) -> None:
    documents.write_page(name, ["mine"])
    (documents.pages_folder / ".mine.tmp").write_text("mine")
    with store.publish_lock():
        documents.remove_pages()
    assert sorted(path.name for path in documents.pages_folder.iterdir()) == [".mine.tmp", name]


def test_halves_of_documents_are_swept_before_publishing(
    store: RawPapersStore, documents: DocumentStore
) -> None:
    name = f"{build_slug('compiler')}-2.md"
    documents.write_page(name, ["x"])
    documents.write_front_page([FRONT_PAGE_MARK])
    half = documents.pages_folder / f".{name}.abcd.tmp"
    other = documents.front_page_path.with_name(".README.md.abcd.tmp")
    for path in (half, other):
        path.write_text("ha")
    with store.publish_lock():
        assert not half.exists()
        assert not other.exists()
    assert [name for name, _ in documents.read_pages()] == [name]


def test_a_page_that_cannot_be_removed_is_named(documents: DocumentStore) -> None:
    (documents.pages_folder / f"{build_slug('compiler')}.md").mkdir(parents=True)
    with pytest.raises(StoreError, match=rf"{build_slug('compiler')}\.md: cannot be removed \("):
        documents.remove_pages()


def test_a_front_page_of_ours_is_replaced_and_removed(documents: DocumentStore) -> None:
    for text in ("old\n", "new\n"):
        documents.write_front_page([text, FRONT_PAGE_MARK])
        assert documents.front_page_path.read_text() == text + FRONT_PAGE_MARK
    documents.remove_front_page()
    assert not documents.front_page_path.exists()
    documents.remove_front_page()


@pytest.mark.parametrize("text", ["mine", "", f"{FRONT_PAGE_MARK}mine"])
def test_a_front_page_of_somebody_else_is_neither_replaced_nor_removed(
    documents: DocumentStore, text: str
) -> None:
    path = documents.front_page_path
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StoreError, match=rf"^{path}: papers-assets did not write .*front_page"):
        documents.write_front_page(["new", FRONT_PAGE_MARK])
    documents.remove_front_page()
    assert path.read_text() == text


def test_a_front_page_that_is_a_folder_is_somebody_elses(documents: DocumentStore) -> None:
    documents.front_page_path.mkdir(parents=True)
    with pytest.raises(StoreError, match="did not write"):
        documents.check_front_page()
    documents.remove_front_page()
    assert documents.front_page_path.is_dir()
