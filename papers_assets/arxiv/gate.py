"""One request at a time and a pause between them, over every process of this host.

arXiv's terms count all of a user's programs together: one connection, and 3 seconds from request
to request. A lock of the kernel is held through the request - it is free again when its holder
dies, however it dies - and a file beside it says when the last request began, and until when
nobody is to begin another.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from papers_assets.logs import progress

# What a request's way to the server can vary by, so that a pause of 3 s is not 2.99 s over there.
_MARGIN = 0.05
# Less than this is not worth measuring again.
_TICK = 0.001


class GateTimeout(Exception):
    """The turn would come too late; the message says after how many seconds."""


class Gate:
    """The way to one server: `with gate.turn(): ...` for each request.

    Args:
        path: the lock file; its folder is made when missing.
        interval: seconds from the start of a request to the start of the next.
        clock: seconds that only go forward and are the same for every process of the host.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        path: Path,
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._stamp = path.with_suffix(".last")
        self._interval = interval + _MARGIN if interval else 0.0
        self._clock = clock
        self._sleep = sleep

    @contextmanager
    def turn(self, within: float = math.inf) -> Iterator[float]:
        """Wait for our turn and hold it; gives the seconds that it took to get it.

        Raises:
            GateTimeout: it would take more than `within` seconds.
        """
        asked = self._clock()
        with self._lock(within):
            while (wait := self._remaining()) > 0:
                if self._clock() + wait > asked + within:
                    raise GateTimeout(f"the next request may begin in {wait:.0f} s only")
                why = "as arXiv's terms ask" if wait <= self._interval else "since arXiv is busy"
                progress.debug("waiting %.1f s, %s", wait, why)
                self._sleep(max(wait, _TICK))
            now = self._clock()
            self._write_stamp(now, now)
            try:
                yield now - asked
            except BaseException:
                self.reached()  # or not; nobody knows when
                raise

    def reached(self) -> None:
        """Say, within a turn, that the server has the request: the pause counts from here.

        A request that takes long to get there would else be followed too soon by one that does not.
        """
        now = self._clock()
        _, until = self._read_stamp()
        self._write_stamp(now, max(until, now))

    def hold_off(self, seconds: float) -> None:
        """Let no process of this host begin a request within the next `seconds`.

        What arXiv asks of one of our programs when it throttles, it asks of all.
        """
        with self._lock(math.inf):
            last, until = self._read_stamp()
            self._write_stamp(last, max(until, self._clock() + seconds))

    @contextmanager
    def _lock(self, within: float) -> Iterator[None]:
        _make_shared_folder(self._path.parent)
        lock = FileLock(self._path, mode=0o666)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress.debug("waiting for another process of this host to be done asking")
            try:
                lock.acquire(timeout=-1 if within == math.inf else max(within, 0))
            except Timeout as error:
                raise GateTimeout(f"another process was asking for {within:.0f} s") from error
        try:
            yield
        finally:
            lock.release()

    def _write_stamp(self, last: float, until: float) -> None:
        self._stamp.write_text(f"{last!r} {until!r}")
        with suppress(PermissionError):  # another user's file, who has made it writable for us
            self._stamp.chmod(0o666)

    def _read_stamp(self) -> tuple[float, float]:
        """Give when the last request began, and until when none may; mended if it makes no sense.

        It makes none when its writer died writing it, or when the host and with it the clock began
        anew: then a request may just have begun.
        """
        now = self._clock()
        try:
            last, until = map(float, self._stamp.read_text().split())
        except FileNotFoundError:
            return -math.inf, -math.inf
        except ValueError:
            last = until = math.nan
        if last <= now and math.isfinite(until):
            return last, until
        self._write_stamp(now, now)
        return now, now

    def _remaining(self) -> float:
        last, until = self._read_stamp()
        now = self._clock()
        return max(self._interval - (now - last), until - now)


def gate_path(api_url: str) -> Path:
    """Give the lock file that all processes of this host, whoever runs them, share for a server."""
    parts = urlsplit(api_url)
    host = (parts.hostname or "").rstrip(".")
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        host = "arxiv.org"  # all of its hosts count together
    else:
        host = f"{host}_{parts.port or parts.scheme}"
    name = "".join(c if c.isalnum() or c in ".-" else "_" for c in host)
    return Path(tempfile.gettempdir()) / "papers-assets" / f"{name}.lock"


def _make_shared_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)  # other users of this host take turns with us
