"""Files that are whole or as they were: atomic writes, and locks.

Knows no path and no meaning: `store` does. A path is on disk or in object storage, see `remote`:
there, files are written on this host and then put in their place.
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
    """A file of the store cannot be used; the message says which, why, and what to do."""


class StoreDamagedError(StoreError):
    """What is in a file of the store is not what was written there."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path}: {problem}. Move the file away, or run what wrote it, which does that and "
            "makes it anew."
        )
        self.path = path


def quarantine(path: Path, assert_locked: Callable[[], None]) -> Path:
    """Rename a damaged file, so that a new one can be written, and give its new name."""
    for number in count(1):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not file_exists(aside):
            assert_locked()
            rename_file(path, aside)
            return aside
    raise AssertionError("unreachable")


def skip_check() -> None:
    """Find nothing that is against replacing a file."""


class AtomicBatch:
    """Files that are written beside others, to replace them together; see `atomic_batch`."""

    def __init__(self, assert_locked: Callable[[], None] = skip_check) -> None:
        self._check = assert_locked
        self._written: list[tuple[Path, Path]] = []

    @contextmanager
    def open_for_writing(self, path: Path) -> Iterator[BinaryIO]:
        """Return a file to write that will become `path`.

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
            Path(name).chmod(0o666 & ~umask)  # mkstemp's own mode shuts out a web server's user
        except OSError as error:
            raise _not_writable_error(path, error) from error

    def read_content(self, path: Path) -> bytes:
        """Read what was written for `path`, or what is there if nothing was."""
        here = next((aside for aside, final in reversed(self._written) if final == path), path)
        return read_bytes(here)

    def replace(self) -> None:
        """Put everything in its place, in the order in which it was written.

        Raises:
            StoreError: one cannot be put there, or what `check` raises, before or after one is.
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
            self._check()  # it took a while

    def discard(self) -> None:
        """Remove what is not in its place."""
        for aside, _ in self._written:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


@contextmanager
def atomic_batch(assert_locked: Callable[[], None] = skip_check) -> Iterator[AtomicBatch]:
    """Return a stage whose files take their places when everything went well; else none does.

    Args:
        assert_locked: raises if a file is not to be replaced; asked right before each.

    Raises:
        StoreError: one cannot be written.
    """
    stage = AtomicBatch(assert_locked)
    try:
        yield stage
        stage.replace()
    finally:
        stage.discard()


@contextmanager
def atomic_write(path: Path, assert_locked: Callable[[], None] = skip_check) -> Iterator[BinaryIO]:
    """Return a file to write that becomes `path`, all at once, when everything went well.

    For `assert_locked`, see `atomic_batch`.

    Raises:
        StoreError: it cannot be written, and is as it was.
    """
    with atomic_batch(assert_locked) as stage, stage.open_for_writing(path) as file:
        yield file


def _create_temporary(path: Path) -> tuple[int, str]:
    """Make a file beside `path`, or on this host if that is remote: give descriptor and name."""
    if is_remote(path):  # what kind of file it is going to be is guessed from the suffix
        return tempfile.mkstemp(prefix="papers-assets.", suffix=f"{_TMP}{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_TMP)


def remove_partial_files(path: Path) -> None:
    """Remove what writers of `path` left behind who died writing. Its lock is held."""
    if is_remote(path):
        return  # they left nothing there
    for left in path.parent.glob(f".{glob.escape(path.name)}.*{_TMP}"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Keep other processes from what the lock file `path` stands for, until the block ends.

    Raises:
        StoreError: the lock file cannot be made.
    """
    # The kernel frees it when its holder dies. The file stays: removing it would be a race.
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
