"""Atomic writes and file locks.

A path is on disk or in object storage. Files for object storage are written on this host first and
then uploaded (`papers_assets.storage.remote`).
"""

import glob
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from papers_assets.settings import is_remote
from papers_assets.storage import remote
from papers_assets.storage.filesystem import file_exists, read_bytes, rename_file

_TMP = ".tmp"


class StoreError(Exception):
    """A stored file cannot be used; the message has the path, the reason and the remedy."""


class StoreDamagedError(StoreError):
    """A stored file does not have the content that was written."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: {problem}. Move the file away, or run what wrote it, which does that and "
            "makes it anew."
        )
        self.path = path


def quarantine(path: Path, assert_locked: Callable[[], None]) -> Path:
    """Rename a damaged file, so that a new one can be written, and return its new path."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not file_exists(aside):
            assert_locked()
            rename_file(path, aside)
            return aside
    raise AssertionError("unreachable")


def skip_check() -> None:
    """Allow the file to be replaced, without any check."""


class AtomicBatch:
    """Temporary files that replace their targets together (`atomic_batch`)."""

    def __init__(self, assert_locked: Callable[[], None] = skip_check) -> None:
        self._check = assert_locked
        self._written: list[tuple[Path, Path]] = []

    @contextmanager
    def open_for_writing(self, path: Path) -> Iterator[BinaryIO]:
        """Return a file to write that `replace` will move to `path`.

        Raises:
            StoreError: it cannot be written.
        """
        try:
            descriptor, name = _create_temporary(path)
            self._written.append((Path(name), path))
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)  # with mkstemp's mode, a web server could not read it
        except OSError as error:
            raise _not_writable_error(path, error) from error

    def read_content(self, path: Path) -> bytes:
        """Read what was written for `path`, or the present file if nothing was."""
        here = next((aside for aside, final in reversed(self._written) if final == path), path)
        return read_bytes(here)

    def replace(self) -> None:
        """Move all files to their paths, in the order in which they were written.

        Raises:
            StoreError: a file cannot be replaced. `assert_locked` may raise before the first one or
                after some.
        """
        for aside, path in self._written:
            self._check()
            try:
                if is_remote(path):
                    remote.upload(aside, path)
                else:
                    aside.replace(path)
            except OSError as error:
                raise _not_writable_error(path, error) from error
        if any(is_remote(path) for _, path in self._written):
            self._check()  # the lock may have been lost during the upload

    def discard(self) -> None:
        """Remove the temporary files that were not moved."""
        for aside, _ in self._written:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


@contextmanager
def atomic_batch(assert_locked: Callable[[], None] = skip_check) -> Iterator[AtomicBatch]:
    """Return a batch whose files are replaced when the block succeeds; if it raises, none is.

    Args:
        assert_locked: called right before each replacement; raises to prevent it.

    Raises:
        StoreError: a file cannot be written.
    """
    stage = AtomicBatch(assert_locked)
    try:
        yield stage
        stage.replace()
    finally:
        stage.discard()


@contextmanager
def atomic_write(path: Path, assert_locked: Callable[[], None] = skip_check) -> Iterator[BinaryIO]:
    """Return a file to write that replaces `path` when the block succeeds.

    Args:
        path: on disk or in object storage.
        assert_locked: called right before the replacement; raises to prevent it.

    Raises:
        StoreError: it cannot be written, and is unchanged.
    """
    with atomic_batch(assert_locked) as stage, stage.open_for_writing(path) as file:
        yield file


def _create_temporary(path: Path) -> tuple[int, str]:
    """Create a file beside `path`, or on this host if remote; return descriptor and name."""
    if is_remote(path):  # the content type is guessed from the suffix
        return tempfile.mkstemp(prefix="papers-assets.", suffix=f"{_TMP}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_TMP)


def remove_partial_files(path: Path) -> None:
    """Remove temporary files of writers of `path` that died; the caller holds its lock."""
    if is_remote(path):
        return  # nothing is left in object storage
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_TMP}"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path` until the block ends.

    Raises:
        StoreError: the lock file cannot be created.
    """
    # The kernel releases it when its holder dies. The file stays: removing it would be a race.
    if is_remote(path):
        raise StoreError(f"{path}: there are no locks in object storage. Set PAPERS_LOCKS.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise _not_writable_error(path.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def _not_writable_error(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: cannot be written ({error.strerror or error}). What was there before is as it "
        "was. Make room, or make the folder writable, and run again."
    )
