"""Paths, writing and removal of the published Markdown documents.

    HOME/output/README.md                             the asset `readme`
    HOME/output/keywords/<keyword>.md, <keyword>-2.md papers that do not fit into it
    HOME/.github/README.md                            a copy as a front page, if configured

All writers hold `RawPapersStore.publish_lock`.
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
"""File names of pages: the keyword's slug, and a number for all but the first page."""
_PAGE = re.compile(_PAGE_NAME)
_PARTIAL_PAGE = re.compile(rf"\.{_PAGE_NAME}\..*\.tmp")


class DocumentStore:
    """The Markdown documents below one home folder.

    Args:
        home: on disk or in object storage.
        locks: checked before each file is replaced, in case the writer's lock was lost.
    """

    def __init__(self, home: Path, locks: Locks) -> None:
        self.readme_path = home / "output" / "README.md"
        self.pages_folder = home / "output" / "keywords"
        self.front_page_path = home / ".github" / "README.md"
        self._locks = locks
        self._batch: AtomicBatch | None = None

    def remove_partial_files(self) -> None:
        """Remove temporary files of writers that died; the caller holds the publish lock."""
        remove_partial_files(self.readme_path)
        remove_partial_files(self.front_page_path)
        for left in () if is_remote(self.pages_folder) else self.pages_folder.glob(".*.tmp"):
            if _PARTIAL_PAGE.fullmatch(left.name):
                with suppress(OSError):
                    left.unlink()

    @contextmanager
    def atomic_batch(self) -> Iterator[None]:
        """Replace all documents when the block succeeds; if it raises, leave all unchanged."""
        try:
            with atomic_batch(self._locks.assert_held) as stage:
                self._batch = stage
                yield
        finally:
            self._batch = None

    def read(self, path: Path) -> bytes:
        """Read a document; within `atomic_batch`, its new content if it has been written."""
        return self._batch.read_content(path) if self._batch else read_bytes(path)

    def _open_for_writing(self, path: Path) -> AbstractContextManager[BinaryIO]:
        return (
            self._batch.open_for_writing(path)
            if self._batch
            else atomic_write(path, self._locks.assert_held)
        )

    def write_readme(self, chunks: Iterable[str]) -> int:
        """Write the rendered README and return its size in bytes.

        Raises:
            StoreError: it cannot be written, and is unchanged.
        """
        with self._open_for_writing(self.readme_path) as file:
            return sum(file.write(piece.encode()) for piece in chunks)

    def write_page(self, name: str, pieces: Iterable[str]) -> int:
        """Write a rendered page of the README and return its size in bytes.

        Raises:
            StoreError: it cannot be written, and is unchanged.
        """
        with self._open_for_writing(self.pages_folder / name) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def read_pages(self) -> Iterator[tuple[str, bytes]]:
        """Return the name and the content of every existing page, one by one."""
        for path in self._list_page_paths():
            yield path.name, read_bytes(path)

    def remove_pages(self, kept_names: Collection[str] = ()) -> None:
        """Remove all pages except `kept_names`, and the folder if it is then empty.

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
            with suppress(OSError):  # it has other files in it, or does not exist
                self.pages_folder.rmdir()

    def check_front_page(self) -> None:
        """Check that no foreign front page would be overwritten.

        Raises:
            StoreError: there is one that papers-assets did not write.
        """
        path = self.front_page_path
        if file_exists(path) and not self._has_own_front_page():
            raise StoreError(
                f"{path}: papers-assets did not write this file, and leaves it as it is. It should "
                "write its list there (front_page = true in keywords.toml): move the file away, or "
                "set front_page = false."
            )

    def write_front_page(self, pieces: Iterable[str]) -> int:
        """Write the rendered front page and return its size in bytes.

        Args:
            pieces: the content; the last line is `FRONT_PAGE_MARK`.

        Raises:
            StoreError: it cannot be written, and is unchanged; or there is a foreign one.
        """
        self.check_front_page()
        with self._open_for_writing(self.front_page_path) as file:
            return sum(file.write(piece.encode()) for piece in pieces)

    def remove_front_page(self) -> None:
        """Remove the front page if papers-assets wrote it.

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
        """Whether there is a front page that ends with `FRONT_PAGE_MARK`."""
        try:
            return read_bytes(self.front_page_path).endswith(FRONT_PAGE_MARK.encode())
        except OSError:  # it does not exist, is a folder, or is not readable
            return False


FRONT_PAGE_MARK = (
    "<!-- papers-assets wrote this, and replaces and removes it: front_page in keywords.toml -->\n"
)
"""The last line of a front page, which marks the file as written by papers-assets."""
