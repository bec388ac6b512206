"""What is published as Markdown: where it lives, and how it is written and removed.

    HOME/output/README.md                             the asset `readme`
    HOME/output/keywords/<keyword>.md, <keyword>-2.md what it has no room for
    HOME/.github/README.md                            the same as a front page, if that is wanted

Who writes holds the lock of `RawPapersStore.publish_lock`.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from papers_assets.settings import is_remote
from papers_assets.storage.files import (
    AtomicBatch,
    StoreError,
    atomic_batch,
    atomic_write,
    remove_partial_files,
)
from papers_assets.storage.filesystem import file_exists, list_files, read_bytes, remove_file
from papers_assets.storage.locks import Locks

_PAGE_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*-[0-9a-f]{12}(?:-[1-9][0-9]*)?\.md"
"""What pages are called: a `slug`, and a number but for the first one."""
_PAGE = re.compile(_PAGE_NAME)
_PARTIAL_PAGE = re.compile(rf"\.{_PAGE_NAME}\..*\.tmp")


class DocumentStore:
    """The Markdown documents below one home folder.

    Args:
        home: on disk or in object storage.
        locks: which know whether the lock of who writes was lost.
    """

    def __init__(self, home: Path, locks: Locks) -> None:
        self.readme_path = home / "output" / "README.md"
        self.pages_folder = home / "output" / "keywords"
        self.front_page_path = home / ".github" / "README.md"
        self._locks = locks
        self._batch: AtomicBatch | None = None

    def remove_partial_files(self) -> None:
        """Remove what writers of documents left behind who died writing. Their lock is held."""
        remove_partial_files(self.readme_path)
        remove_partial_files(self.front_page_path)
        for left in () if is_remote(self.pages_folder) else self.pages_folder.glob(".*.tmp"):
            if _PARTIAL_PAGE.fullmatch(left.name):
                with suppress(OSError):
                    left.unlink()

    @contextmanager
    def atomic_batch(self) -> Iterator[None]:
        """Write documents aside until the block ends well; if it raises, all are as they were."""
        try:
            with atomic_batch(self._locks.assert_held) as stage:
                self._batch = stage
                yield
        finally:
            self._batch = None

    def read(self, path: Path) -> bytes:
        """Read a document, as it is written aside if it is."""
        return self._batch.read_content(path) if self._batch else read_bytes(path)

    def _open_for_writing(self, path: Path) -> AbstractContextManager[BinaryIO]:
        return (
            self._batch.open_for_writing(path)
            if self._batch
            else atomic_write(path, self._locks.assert_held)
        )

    def write_readme(self, chunks: Iterable[str]) -> int:
        """Write the rendered README and give its size in bytes.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        with self._open_for_writing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in chunks)

    def write_page(self, name: str, pieces: Iterable[str]) -> int:
        """Write a rendered page of the README and give its size in bytes.

        Raises:
            StoreError: it cannot be written, and is as it was.
        """
        with self._open_for_writing(self.pages_folder / name) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def read_pages(self) -> Iterator[tuple[str, bytes]]:
        """Return the name of every page that is there, and what is in it, one by one."""
        for path in self._list_page_paths():
            yield path.name, read_bytes(path)

    def remove_pages(self, kept_names: Collection[str] = ()) -> None:
        """Remove all pages but those of `kept_names`, and the folder if it is empty then.

        Raises:
            StoreError: one cannot be removed.
        """
        paths = self._list_page_paths()
        try:
            for path in paths:
                if path.name not in kept_names:
                    self._locks.assert_held()
                    remove_file(path)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be removed ({error.strerror}), and the README does not lead there "
                "any more. Remove it, or make the folder writable, and run again."
            ) from error
        if not is_remote(self.pages_folder):
            with suppress(OSError):  # somebody else's files are in it, or it is not there
                self.pages_folder.rmdir()

    def check_front_page(self) -> None:
        """Make sure that a front page can be written without losing somebody else's.

        Raises:
            StoreError: there is one that is not ours.
        """
        path = self.front_page_path
        if file_exists(path) and not self._has_own_front_page():
            raise StoreError(
                f"{path}: papers-assets did not write this file, and leaves it as it is. It should "
                "write its list there (front_page = true in keywords.toml): move the file away, or "
                "set front_page = false."
            )

    def write_front_page(self, pieces: Iterable[str]) -> int:
        """Write the rendered front page and give its size in bytes.

        Args:
            pieces: the last line is `FRONT_PAGE_MARK`.

        Raises:
            StoreError: it cannot be written, and is as it was; or there is one that is not ours.
        """
        self.check_front_page()
        with self._open_for_writing(self.front_page_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def remove_front_page(self) -> None:
        """Remove the front page if it is ours; somebody else's stays.

        Raises:
            StoreError: it cannot be removed.
        """
        path = self.front_page_path
        try:
            if self._has_own_front_page():
                self._locks.assert_held()
                remove_file(path)
        except OSError as error:
            raise StoreError(
                f"{path}: cannot be removed ({error.strerror}), although keywords.toml has no "
                "front_page = true any more. Remove it, or make the folder writable, and run again."
            ) from error

    def _list_page_paths(self) -> list[Path]:
        found = [p for p in list_files(self.pages_folder) if _PAGE.fullmatch(p.name)]
        return sorted(found, key=lambda path: (len(path.name), path.name))  # 2 before 10

    def _has_own_front_page(self) -> bool:
        """Whether there is a front page that ends with our mark."""
        try:
            return read_bytes(self.front_page_path).endswith(FRONT_PAGE_MARK.encode())
        except OSError:  # it is not there, is a folder, or is somebody's who lets nobody read it
            return False


FRONT_PAGE_MARK = (
    "<!-- papers-assets wrote this, and replaces and removes it: front_page in keywords.toml -->\n"
)
"""The last line of a front page: by it we know that the file is ours."""
