"""Locks with a name: of the processes of this host, or of all hosts that share a PostgreSQL.

Who reads a file in order to write it holds its lock meanwhile. Nobody takes the lock of a holder
who lives; but a connection to PostgreSQL can be lost, and its locks with it. So whatever replaces
files under locks calls `check` right before.
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
"""Seconds between two looks whether a lock is free. (To wait inside of the server for ever could
not be interrupted, and for a while is an error in its log each time.)"""
_LONG_WAIT = 600
"""Looks, a minute of them, after which people are told what is waited for."""

_log = logging.getLogger(__name__)


class LockLostError(StoreError):
    """A lock that was held is held no more; the message says which."""


class Locks(Protocol):
    """Locks with a name; a thread that holds one does not ask for it again."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Keep everybody else from the lock `name`, until the block ends.

        Raises:
            StoreError: it cannot be had.
        """

    def assert_held(self) -> None:
        """Make sure that this thread still holds the locks that it took.

        Raises:
            LockLostError: one was lost; what it protects may have been written by others since.
        """


class FileLocks:
    """Locks of the processes of this host. The kernel frees them when the holder dies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """See `Locks`."""
        with file_lock(self._folder / f"{name}.lock"):
            yield

    def assert_held(self) -> None:
        """Do nothing: the kernel takes no lock away."""


class _HeldLock(NamedTuple):
    session: Session
    name: str


class _ThreadState(threading.local):
    def __init__(self) -> None:
        self.held_locks: list[_HeldLock] = []


_thread_state = _ThreadState()


class PostgresLocks:
    """Locks of all processes of all hosts that share a PostgreSQL; see `postgres`.

    Args:
        url: of the database, postgresql://...; locks of other databases are others.
        namespace: what the names are names of; who wants the same locks says the same.
        sleep: waits so many seconds.
    """

    def __init__(
        self, url: str, namespace: str = "", *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._namespace = namespace
        self._sleep = sleep

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """See `Locks`. Each lock that is held has a connection of its own."""
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
                with suppress(PostgresError):  # then it is free already
                    session.unlock(full)
        finally:
            session.close()

    def assert_held(self) -> None:
        """See `Locks`. Asks the server, for each lock that is held."""
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
    """Of a home that all hosts can reach, while nobody said how they take turns."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Refuse: see `Locks`."""
        raise StoreError(
            f"{self._home}: nothing is written there without a lock ({name}), and PAPERS_LOCKS is "
            "not set. Set it to the PostgreSQL that all hosts share, or to local."
        )
        yield

    def assert_held(self) -> None:
        """Do nothing: none is held."""


def default_locks(home: Path) -> Locks:
    """Return the locks that a home on disk holds itself."""
    return MissingLocks(home) if is_remote(home) else FileLocks(host_lock_folder(home, None))


def open_locks(value: str, home: Path, host_folder: Path | None) -> Locks:
    """Return the locks that PAPERS_LOCKS asks for.

    Args:
        value: a URL of PostgreSQL; `local` or empty: files.
        home: what they protect.
        host_folder: of this host, for the files of a home that is not.
    """
    if value not in ("", "local"):
        # A folder can have another path on every host; what is in a bucket has one address.
        return PostgresLocks(value, str(home) if is_remote(home) else "folder")
    return (
        FileLocks(host_lock_folder(home, host_folder)) if value == "local" else default_locks(home)
    )


def host_lock_folder(home: Path, host_folder: Path | None) -> Path:
    """Return where locks of this host alone are: below a home on disk, else in `host_folder`."""
    if not is_remote(home):
        return home / ".papers" / "locks"
    place = host_folder or Path(tempfile.gettempdir()) / "papers-assets"
    return place / hashlib.sha256(str(home).encode()).hexdigest()[:12]
