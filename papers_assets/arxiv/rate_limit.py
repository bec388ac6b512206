"""A rate limiter that all processes with the same backend share.

It allows one request at a time, with a pause between requests. arXiv's terms count all of a user's
programs together: one connection, and 3 seconds from request to request. A lock is held during the
request, and is released when its holder dies for any reason. Stored with it are the time of the
last request and the time before which no other may begin. If several hosts share a PostgreSQL
server, the host's own backend is used as well, so that the programs of a host share the limiter
even if only some of them are configured with the database.
"""

import logging
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from filelock import FileLock, Timeout

from papers_assets.arxiv.errors import ArxivError
from papers_assets.text import progress, to_printable

POLL_INTERVAL = 0.05
"""Seconds between two attempts to take the lock from PostgreSQL."""


class RateLimitTimeout(Exception):
    """The slot would come too late; the message has the number of seconds."""


class RateLimitUnreachable(ArxivError):
    """A backend cannot be used, so no request is sent; the message is the reason."""

    short_reason = "the lock by which programs take turns at arXiv could not be had"
    retryable = True


class RequestTimes(NamedTuple):
    """The times of the last and the next request, in seconds of the backend's clock."""

    last: float
    """When the last request began."""
    until: float
    """When the next request may begin at the earliest."""


NEVER_REQUESTED = RequestTimes(-math.inf, -math.inf)
UNREADABLE_TIMES = RequestTimes(math.nan, math.nan)


class RateLimitBackend(Protocol):
    """The lock and the request times of one server, for use by one thread at a time."""

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        """Hold the lock until the block ends.

        Raises:
            RateLimitTimeout: it would take more than `timeout` seconds.
            RateLimitUnreachable: the lock cannot be taken.
        """

    def now(self) -> float:
        """Return the seconds of a clock that all users of the backend share."""

    def read(self) -> RequestTimes:
        """Return the stored times, `NEVER_REQUESTED` or `UNREADABLE_TIMES`; we hold the lock.

        Raises:
            RateLimitUnreachable: they cannot be read, or the lock may be lost.
        """

    def write(self, times: RequestTimes) -> None:
        """Store the request times; we hold the lock.

        Raises:
            RateLimitUnreachable: they cannot be stored, or the lock may be lost.
        """


def timeout_error(timeout: float) -> RateLimitTimeout:
    """Return the error for a wait of `timeout` seconds for another process."""
    return RateLimitTimeout(f"another process was asking for {timeout:.0f} s")


# Allowance for varying network delay, so that the server does not see a pause of 3 s as 2.99 s.
_MARGIN = 0.05
# The shortest sleep.
_TICK = 0.001
logger = logging.getLogger(__name__)


class RateLimiter:
    """A rate limiter for one server: each request is made within `slot`.

    Args:
        backends: the path of a lock file on this host, whose folder is created if missing; or a
            backend; or several, which must all allow the request and be in the same order in all
            processes.
        interval: seconds from the start of a request to the start of the next.
        clock: monotonic seconds; for a lock file, the same for all processes of the host.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        backends: Path | RateLimitBackend | Sequence[RateLimitBackend],
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        given = FileBackend(backends, clock) if isinstance(backends, Path) else backends
        self._backends = given if isinstance(given, Sequence) else (given,)
        self._interval = interval + _MARGIN if interval else 0.0
        self._clock = clock
        self._sleep = sleep
        self._blocked_until = -math.inf
        """When this process may send the next request, by its own clock.

        The backends' clocks may be set, and their last write may have failed.
        """

    @contextmanager
    def slot(self, timeout: float = math.inf) -> Iterator[float]:
        """Wait for a slot and hold it until the block ends; return the seconds waited.

        Raises:
            RateLimitTimeout: it would take more than `timeout` seconds.
            RateLimitUnreachable: a backend cannot be used.
        """
        asked = self._clock()
        with self._hold_locks(asked + timeout):
            while (wait := self._remaining_seconds()) > 0:
                if self._clock() + wait > asked + timeout:
                    raise RateLimitTimeout(f"the next request may begin in {wait:.0f} s only")
                why = "as arXiv's terms ask" if wait <= self._interval else "since arXiv is busy"
                progress.debug("waiting %.1f s, %s", wait, why)
                self._sleep(max(wait, _TICK))
            for backend in self._backends:
                now = backend.now()
                backend.write(RequestTimes(now, now))
            self._write_times(self._interval)
            try:
                yield self._clock() - asked
            except BaseException:
                self._record_failed_request()
                raise

    def mark_sent(self) -> None:
        """Record, within a slot, that the server has the request; the pause counts from now on.

        Otherwise a request that arrives late could be followed too soon by a faster one.

        Raises:
            RateLimitUnreachable: the slot may have been lost.
        """
        self._write_times(self._interval)
        for backend in self._backends:
            now = backend.now()
            _, until = _read_times(backend)
            backend.write(RequestTimes(now, max(until, now)))

    def block_for(self, seconds: float) -> None:
        """Block requests for the next `seconds`.

        All programs wait, since arXiv's throttling applies to all of them.

        Raises:
            RateLimitUnreachable: a backend could not be updated, so other processes may not wait;
                this one does.
        """
        self._write_times(seconds)
        troubles = [_block_backend(backend, seconds) for backend in self._backends]
        for trouble in filter(None, troubles):
            raise trouble

    @contextmanager
    def _hold_locks(self, deadline: float) -> Iterator[None]:
        with ExitStack() as stored:
            for backend in self._backends:
                stored.enter_context(backend.lock(max(deadline - self._clock(), 0.0)))
            yield

    def _write_times(self, seconds: float) -> None:
        self._blocked_until = max(self._blocked_until, self._clock() + seconds)

    def _record_failed_request(self) -> None:
        try:
            self.mark_sent()  # it may have been sent at any time until now
        except RateLimitUnreachable as error:
            logger.debug("%s", error)

    def _remaining_seconds(self) -> float:
        shared = max(self._remaining_seconds_at(backend) for backend in self._backends)
        return max(shared, self._blocked_until - self._clock())

    def _remaining_seconds_at(self, backend: RateLimitBackend) -> float:
        times = _read_times(backend)
        now = backend.now()  # each backend has its own clock
        return max(self._interval - (now - times.last), times.until - now)


def _read_times(backend: RateLimitBackend) -> RequestTimes:
    """Return the stored times; if they are invalid, replace them as if a request just began.

    They are invalid if their writer died while writing them, or if the clock was set back, as by a
    restart of the host. The last request, and its pause, may then have begun just now.
    """
    times, now = backend.read(), backend.now()
    if times.last <= now and (math.isfinite(times.until) or times.until == times.last):
        return times
    pause = times.until - times.last
    mended = RequestTimes(now, now + max(pause, 0) if math.isfinite(pause) else now)
    backend.write(mended)
    return mended


def _block_backend(backend: RateLimitBackend, seconds: float) -> RateLimitUnreachable | None:
    """Block requests at one backend, and return the error if that fails."""
    try:
        with backend.lock(math.inf):
            last, until = _read_times(backend)
            backend.write(RequestTimes(last, max(until, backend.now() + seconds)))
    except RateLimitUnreachable as error:
        return error
    return None


HOST_FOLDER = (
    Path("/tmp/papers-assets")  # noqa: S108 - all processes must find it
    if os.name == "posix"
    else Path(tempfile.gettempdir()) / "papers-assets"
)
"""The folder of this host's backends, with a pair of files for each server."""
# As for /tmp itself: other users of this host share the limiter, but cannot remove our files.
_FOLDER_MODE = 0o1777
_FILE_MODE = 0o666
# Otherwise another user's link in the folder could make us write to one of our own files.
_OPEN_FLAGS = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)


class FileBackend:
    """A backend for the processes of this host, of all users.

    Args:
        path: the lock file; its folder is created if missing.
        clock: monotonic seconds that are the same for all processes of the host.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._times_path = path.with_suffix(".last")
        self.now = clock

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the lock until the block ends; the kernel releases it when the holder dies."""
        lock = FileLock(self._path, mode=_FILE_MODE)
        with self._translated_errors():
            _make_shared(self._path.parent)
            _acquire(lock, timeout)
        try:
            yield
        finally:
            lock.release()

    def read(self) -> RequestTimes:
        """Return the stored times; `UNREADABLE_TIMES` if their writer died while writing."""
        with self._translated_errors():
            try:
                last, until = map(float, self._times_path.read_text().split())
            except FileNotFoundError:
                return NEVER_REQUESTED
            except ValueError:
                return UNREADABLE_TIMES
        return RequestTimes(last, until)

    def write(self, times: RequestTimes) -> None:
        """Store the request times."""
        with self._translated_errors(), open(_open_shared(self._times_path), "w") as file:
            file.write(f"{times.last!r} {times.until!r}")

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            folder = self._path.parent
            raise RateLimitUnreachable(
                f"arXiv was not asked: the programs of this host take turns by files in {folder}, "
                f"which cannot be used ({to_printable(str(error))}). Make it a folder where all "
                "who "
                f"run papers-assets may write (chmod 1777 {folder}), and its files, too (chmod 666)"
            ) from error


def _acquire(lock: FileLock, timeout: float) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.debug("waiting for another process of this host to be done asking")
        try:
            lock.acquire(timeout=-1 if timeout == math.inf else max(timeout, 0))
        except Timeout as error:
            raise timeout_error(timeout) from error


def _make_shared(folder: Path) -> None:
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process was first
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)


def _open_shared(path: Path) -> int:
    try:
        # Without O_CREAT, which Linux may refuse for another user's file in such a folder.
        descriptor = os.open(path, _OPEN_FLAGS | os.O_TRUNC)
    except FileNotFoundError:
        descriptor = os.open(path, _OPEN_FLAGS | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with suppress(PermissionError):  # the file of another user, which is writable for us already
        os.chmod(descriptor if os.chmod in os.supports_fd else path, _FILE_MODE)  # noqa: PTH101
    return descriptor
