"""One request at a time and a pause between them, over every process that shares a turnstile.

arXiv's terms count all of a user's programs together: one connection, and 3 seconds from request
to request. A lock is held through the request - it is free again when its holder dies, however it
dies - and a stamp beside it says when the last request began, and until when nobody is to begin
another. Where several hosts share a PostgreSQL, a turn is one at the host's own turnstile, too:
programs of one host take turns even if only some of them are told of the database.
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
"""Seconds between two looks whether another host is done."""


class RateLimitTimeout(Exception):
    """The turn would come too late; the message says after how many seconds."""


class RateLimitUnreachable(ArxivError):
    """Nobody can say whose turn it is, so nobody asks; the message says why."""

    short_reason = "the lock by which programs take turns at arXiv could not be had"
    retryable = True


class RequestTimes(NamedTuple):
    """When requests were, and are to be; seconds of the turnstile's clock."""

    last: float
    """When the last one began."""
    until: float
    """Before then, none is to begin."""


NEVER_REQUESTED = RequestTimes(-math.inf, -math.inf)
UNREADABLE_TIMES = RequestTimes(math.nan, math.nan)


class RateLimitBackend(Protocol):
    """The lock and the stamp of one server. Used by one thread at a time."""

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        """Keep everybody else out until the block ends.

        Raises:
            RateLimitTimeout: it would take more than `timeout` seconds.
            RateLimitUnreachable: nobody knows whose turn it is.
        """

    def now(self) -> float:
        """Return the seconds of a clock that is the same for all."""

    def read(self) -> RequestTimes:
        """Return what was written last; `NEVER_REQUESTED`, and `UNREADABLE_TIMES`. It is our turn.

        Raises:
            RateLimitUnreachable: it cannot be read, or our turn may be over.
        """

    def write(self, times: RequestTimes) -> None:
        """Note when requests were. It is our turn.

        Raises:
            RateLimitUnreachable: it cannot be noted, or our turn may be over.
        """


def timeout_error(timeout: float) -> RateLimitTimeout:
    """Return the error of who waited `timeout` seconds for another process."""
    return RateLimitTimeout(f"another process was asking for {timeout:.0f} s")


# What a request's way to the server can vary by, so that a pause of 3 s is not 2.99 s over there.
_MARGIN = 0.05
# Less than this is not worth measuring again.
_TICK = 0.001
logger = logging.getLogger(__name__)


class RateLimiter:
    """The way to one server: `with gate.turn(): ...` for each request.

    Args:
        backends: the lock file of this host, whose folder is made when missing; or any turnstile;
            or several, of which each has to let us through, in an order that is everybody's.
        interval: seconds from the start of a request to the start of the next.
        clock: seconds that only go forward; of a lock file, the same for all of the host.
        sleep: waits so many seconds.
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
        """When we may ask again, by our own clock: the others' may be set, or not have heard."""

    @contextmanager
    def slot(self, timeout: float = math.inf) -> Iterator[float]:
        """Wait for our turn and hold it; gives the seconds that it took to get it.

        Raises:
            RateLimitTimeout: it would take more than `timeout` seconds.
            RateLimitUnreachable: nobody knows whose turn it is.
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
        """Say, within a turn, that the server has the request: the pause counts from here.

        A request that takes long to get there would else be followed too soon by one that does not.

        Raises:
            RateLimitUnreachable: the turn may be another's by now.
        """
        self._write_times(self._interval)
        for backend in self._backends:
            now = backend.now()
            _, until = _read_times(backend)
            backend.write(RequestTimes(now, max(until, now)))

    def block_for(self, seconds: float) -> None:
        """Let nobody begin a request within the next `seconds`.

        What arXiv asks of one of our programs when it throttles, it asks of all.

        Raises:
            RateLimitUnreachable: others do not know of it, or not all; we do.
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
            self.mark_sent()  # or not; nobody knows when
        except RateLimitUnreachable as error:
            logger.debug("%s", error)

    def _remaining_seconds(self) -> float:
        shared = max(self._remaining_seconds_at(backend) for backend in self._backends)
        return max(shared, self._blocked_until - self._clock())

    def _remaining_seconds_at(self, backend: RateLimitBackend) -> float:
        times = _read_times(backend)
        now = backend.now()  # of a clock of its own
        return max(self._interval - (now - times.last), times.until - now)


def _read_times(backend: RateLimitBackend) -> RequestTimes:
    """Return the stamp; mended if it makes no sense.

    It makes none when its writer died writing it, or when the clock was set back: as that of a
    host that began anew. Then a request may just have begun, and the pause, too.
    """
    times, now = backend.read(), backend.now()
    if times.last <= now and (math.isfinite(times.until) or times.until == times.last):
        return times
    pause = times.until - times.last
    mended = RequestTimes(now, now + max(pause, 0) if math.isfinite(pause) else now)
    backend.write(mended)
    return mended


def _block_backend(backend: RateLimitBackend, seconds: float) -> RateLimitUnreachable | None:
    """Say at one turnstile that nobody is to begin; give why it could not be said."""
    try:
        with backend.lock(math.inf):
            last, until = _read_times(backend)
            backend.write(RequestTimes(last, max(until, backend.now() + seconds)))
    except RateLimitUnreachable as error:
        return error
    return None


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
_OPEN_FLAGS = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)


class FileBackend:
    """A turnstile of the processes of this host, whoever runs them.

    Args:
        path: the lock file; its folder is made when missing.
        clock: seconds that only go forward and are the same for every process of the host.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._times_path = path.with_suffix(".last")
        self.now = clock

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the lock; the kernel frees it when the holder dies, however it dies."""
        lock = FileLock(self._path, mode=_FILE_MODE)
        with self._translated_errors():
            _make_shared(self._path.parent)
            _acquire(lock, timeout)
        try:
            yield
        finally:
            lock.release()

    def read(self) -> RequestTimes:
        """See `RateLimitBackend`. A writer that died writing leaves what cannot be read."""
        with self._translated_errors():
            try:
                last, until = map(float, self._times_path.read_text().split())
            except FileNotFoundError:
                return NEVER_REQUESTED
            except ValueError:
                return UNREADABLE_TIMES
        return RequestTimes(last, until)

    def write(self, times: RequestTimes) -> None:
        """See `RateLimitBackend`."""
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
        # Not with O_CREAT, which Linux may refuse for what another user made in such a folder.
        descriptor = os.open(path, _OPEN_FLAGS | os.O_TRUNC)
    except FileNotFoundError:
        descriptor = os.open(path, _OPEN_FLAGS | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    with suppress(PermissionError):  # another user's file, who has made it writable for us
        os.chmod(descriptor if os.chmod in os.supports_fd else path, _FILE_MODE)  # noqa: PTH101
    return descriptor
