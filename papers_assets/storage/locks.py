"""Named locks for the processes of this host, or of all hosts that share a PostgreSQL server.

Code that reads a file in order to rewrite it holds its lock from the read to the write. A lock is
never taken from a live holder, but a connection to PostgreSQL can be lost, and its locks with it.
So code that replaces files under locks calls `assert_held` right before.
"""

import hashlib
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from papers_assets.settings import PostgresError, is_remote
from papers_assets.storage.files import StoreError, file_lock
from papers_assets.storage.postgres import Session
from papers_assets.text import progress, to_printable

_POLL_INTERVAL = 0.1
"""Seconds between two attempts to take a lock. (An unlimited wait inside the server could not be
interrupted, and each wait with a timeout would be an error in its log.)"""
_LONG_WAIT = 600
"""Attempts, for a minute in all, after which a warning names the lock that is waited for."""

_log = logging.getLogger(__name__)


class LockLostError(StoreError):
    """A lock was lost while it was held; the message names it."""


class Locks(Protocol):
    """Named locks, not reentrant: a thread must not take a lock that it holds."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock `name` until the block ends.

        Raises:
            StoreError: it cannot be taken.
        """

    def assert_held(self) -> None:
        """Check that this thread still holds the locks that it took.

        Raises:
            LockLostError: one was lost; others may have written the protected files since.
        """


class FileLocks:
    """Locks for the processes of this host. The kernel releases them when the holder dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold the lock file `name` until the block ends."""
        with file_lock(self._folder / f"{name}.lock"):
            yield

    def assert_held(self) -> None:
        """Do nothing: a file lock cannot be lost."""


class _HeldLock(NamedTuple):
    session: Session
    name: str


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.held_locks: list[_HeldLock] = []


_thread_state = _ThreadState()


class PostgresLocks:
    """Locks for all processes of all hosts that share a PostgreSQL server.

    Args:
        url: of the database, postgresql://...; each database has its own locks.
        namespace: a prefix of all names; only processes with the same namespace share locks.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self, url: str, namespace: str = "", *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._namespace = namespace
        self._sleep = sleep

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold the lock `name` until the block ends, on a connection of its own."""
        full = f"{self._namespace}:{name}"
        if any(held.name == full for held in _thread_state.held_locks):
            raise RuntimeError(f"the lock {name} is held by this very thread")
        try:
            session = Session(self._url)
        except PostgresError as error:
            raise _unreachable_error(name, error) from error
        try:
            self._wait(session, full, name)
            stored = _HeldLock(session, full)
            _thread_state.held_locks.append(stored)
            try:
                yield
            finally:
                _thread_state.held_locks.remove(stored)
                with suppress(PostgresError):  # then it has been released already
                    session.unlock(full)
        finally:
            session.close()

    def assert_held(self) -> None:
        """Ask the server whether each lock that this thread took is still held."""
        for session, name in _thread_state.held_locks:
            try:
                is_held, why = session.holds(name), "the server says so"
            except PostgresError as error:
                is_held, why = False, str(error)
            if not is_held:
                raise LockLostError(
                    f"The lock {to_printable(name)} of PAPERS_LOCKS was lost while it was held "
                    f"({why}). Another process may have it now, so nothing more is written, lest "
                    "it undoes what that one wrote. Run again."
                )

    def _wait(self, session: Session, full: str, name: str) -> None:
        try:
            if session.try_lock(full):
                return
            progress.debug("waiting for another process, perhaps of another host: %s", name)
            looks = 1
            while not session.try_lock(full):
                looks += 1
                if looks == _LONG_WAIT:
                    _log.warning(
                        "still waiting for the lock %s of PAPERS_LOCKS, which another process has, "
                        "perhaps of another host; pg_locks of that database says which connection",
                        to_printable(name),
                    )
                self._sleep(_POLL_INTERVAL)
        except PostgresError as error:
            raise _unreachable_error(name, error) from error


def _unreachable_error(name: str, error: PostgresError) -> StoreError:
    return StoreError(
        f"The lock {name} cannot be had from the PostgreSQL that PAPERS_LOCKS names ({error}). "
        "Nothing is written without it. Make the server reachable, and run again."
    )


class MissingLocks:
    """The locks of a remote home while PAPERS_LOCKS is not set: all are refused."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Raise StoreError."""
        raise StoreError(
            f"{self._home}: nothing is written there without a lock ({name}), and PAPERS_LOCKS is "
            "not set. Set it to the PostgreSQL that all hosts share, or to local."
        )
        yield

    def assert_held(self) -> None:
        """Do nothing: no lock can be held."""


def default_locks(home: Path) -> Locks:
    """Return file locks for a home on disk, `MissingLocks` for a remote one."""
    return MissingLocks(home) if is_remote(home) else FileLocks(host_lock_folder(home, None))


def open_locks(value: str, home: Path, host_folder: Path | None) -> Locks:
    """Return the locks that PAPERS_LOCKS asks for.

    Args:
        value: a URL of PostgreSQL; `local` for file locks; empty for the default of `home`.
        home: the folder that the locks protect.
        host_folder: where the lock files of a remote home are on this host.
    """
    if value not in ("", "local"):
        # A folder can have another path on each host; a bucket has the same address on all.
        return PostgresLocks(value, str(home) if is_remote(home) else "folder")
    return (
        FileLocks(host_lock_folder(home, host_folder)) if value == "local" else default_locks(home)
    )


def host_lock_folder(home: Path, host_folder: Path | None) -> Path:
    """Return the folder of this host's lock files: below a local home, else in `host_folder`."""
    if not is_remote(home):
        return home / ".papers" / "locks"
    place = host_folder or Path(tempfile.gettempdir()) / "papers-assets"
    return place / hashlib.sha256(str(home).encode()).hexdigest()[:12]
