"""The turnstile of one host: a lock that its kernel keeps, and a stamp in a file beside it.

All programs of a host have to find the same one, whoever runs them and whatever their environment
says; so where it is cannot be set, and does not depend on TMPDIR.
"""

import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from papers_assets.arxiv.turnstile import (
    NEVER,
    UNREADABLE,
    GateUnreachable,
    Stamp,
    too_late,
)
from papers_assets.logs import printable, progress

HOST_FOLDER = (
    Path("/tmp/papers-assets")  # noqa: S108 - it is to be found by all
    if os.name == "posix"
    else Path(tempfile.gettempdir()) / "papers-assets"
)
"""Where the turnstiles of this host are, a pair of files for each server."""

# As /tmp itself: other users of this host take turns with us, and remove nothing of ours.
_FOLDER_MODE = 0o1777
_FILE_MODE = 0o666
# Else another user's link in the folder would make us write to what only we may write to.
_OPENED = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)


class FileTurnstile:
    """A turnstile of the processes of this host, whoever runs them.

    Args:
        path: the lock file; its folder is made when missing.
        clock: seconds that only go forward and are the same for every process of the host.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._stamp = path.with_suffix(".last")
        self.now = clock

    @contextmanager
    def holding(self, within: float) -> Iterator[None]:
        """See `Turnstile`. The kernel frees the lock when the holder dies, however it dies."""
        lock = FileLock(self._path, mode=_FILE_MODE)
        with self._told():
            _make_shared(self._path.parent)
            _acquire(lock, within)
        try:
            yield
        finally:
            lock.release()

    def read(self) -> Stamp:
        """See `Turnstile`. A writer that died writing leaves what cannot be read."""
        with self._told():
            try:
                last, until = map(float, self._stamp.read_text().split())
            except FileNotFoundError:
                return NEVER
            except ValueError:
                return UNREADABLE
        return Stamp(last, until)

    def write(self, stamp: Stamp) -> None:
        """See `Turnstile`."""
        with self._told(), open(_opened(self._stamp), "w") as file:
            file.write(f"{stamp.last!r} {stamp.until!r}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder = self._path.parent
            raise GateUnreachable(
                f"arXiv was not asked: the programs of this host take turns by files in {folder}, "
                f"which cannot be used ({printable(str(error))}). Make it a folder where all who "
                f"run papers-assets may write (chmod 1777 {folder}), and its files, too (chmod 666)"
            ) from error


def _acquire(lock: FileLock, within: float) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.debug("waiting for another process of this host to be done asking")
        try:
            lock.acquire(timeout=-1 if within == math.inf else max(within, 0))
        except Timeout as error:
            raise too_late(within) from error


def _make_shared(folder: Path) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process was first
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)


def _opened(path: Path) -> int:
    try:
        # Not with O_CREAT, which Linux may refuse for what another user made in such a folder.
        descriptor = os.open(path, _OPENED | os.O_TRUNC)
    except FileNotFoundError:
        descriptor = os.open(path, _OPENED | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with suppress(PermissionError):  # another user's file, who has made it writable for us
        os.chmod(descriptor if os.chmod in os.supports_fd else path, _FILE_MODE)  # noqa: PTH101
    return descriptor
