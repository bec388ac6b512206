"""One request at a time and a pause between them, over every process that shares a turnstile.

arXiv's terms count all of a user's programs together: one connection, and 3 seconds from request
to request. A lock is held through the request - it is free again when its holder dies, however it
dies - and a stamp beside it says when the last request began, and until when nobody is to begin
another. Where lock and stamp are says `papers_assets.arxiv.turnstile`.
"""

import logging
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from papers_assets.arxiv.turnstile import (
    FileTurnstile,
    GateTimeout,
    GateUnreachable,
    PostgresTurnstile,
    Stamp,
    Turnstile,
)
from papers_assets.logs import progress

__all__ = ["Gate", "GateTimeout", "GateUnreachable", "gate_for", "gate_path"]

# What a request's way to the server can vary by, so that a pause of 3 s is not 2.99 s over there.
_MARGIN = 0.05
# Less than this is not worth measuring again.
_TICK = 0.001

logger = logging.getLogger(__name__)


class Gate:
    """The way to one server: `with gate.turn(): ...` for each request.

    Args:
        place: the lock file of this host, whose folder is made when missing; or any turnstile.
        interval: seconds from the start of a request to the start of the next.
        clock: seconds that only go forward; of a lock file, the same for all of the host.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        place: Path | Turnstile,
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._turnstile = FileTurnstile(place, clock) if isinstance(place, Path) else place
        self._interval = interval + _MARGIN if interval else 0.0
        self._clock = clock
        self._sleep = sleep
        self._until_here = -math.inf
        """When we may ask again, by our own clock: the others' may be set, or not have heard."""

    @contextmanager
    def turn(self, within: float = math.inf) -> Iterator[float]:
        """Wait for our turn and hold it; gives the seconds that it took to get it.

        Raises:
            GateTimeout: it would take more than `within` seconds.
            GateUnreachable: nobody knows whose turn it is.
        """
        asked = self._clock()
        with self._turnstile.holding(within):
            while (wait := self._remaining()) > 0:
                if self._clock() + wait > asked + within:
                    raise GateTimeout(f"the next request may begin in {wait:.0f} s only")
                why = "as arXiv's terms ask" if wait <= self._interval else "since arXiv is busy"
                progress.debug("waiting %.1f s, %s", wait, why)
                self._sleep(max(wait, _TICK))
            now = self._turnstile.now()
            self._turnstile.write(Stamp(now, now))
            self._not_before(self._interval)
            try:
                yield self._clock() - asked
            except BaseException:
                self._failed()
                raise

    def reached(self) -> None:
        """Say, within a turn, that the server has the request: the pause counts from here.

        A request that takes long to get there would else be followed too soon by one that does not.

        Raises:
            GateUnreachable: the turn may be another's by now.
        """
        self._not_before(self._interval)
        now = self._turnstile.now()
        _, until = self._read()
        self._turnstile.write(Stamp(now, max(until, now)))

    def hold_off(self, seconds: float) -> None:
        """Let nobody begin a request within the next `seconds`.

        What arXiv asks of one of our programs when it throttles, it asks of all.

        Raises:
            GateUnreachable: others do not know of it; we do.
        """
        self._not_before(seconds)
        with self._turnstile.holding(math.inf):
            last, until = self._read()
            self._turnstile.write(Stamp(last, max(until, self._turnstile.now() + seconds)))

    def _not_before(self, seconds: float) -> None:
        self._until_here = max(self._until_here, self._clock() + seconds)

    def _failed(self) -> None:
        try:
            self.reached()  # or not; nobody knows when
        except GateUnreachable as error:
            logger.debug("%s", error)

    def _read(self) -> Stamp:
        """Give the stamp; mended if it makes no sense.

        It makes none when its writer died writing it, or when the clock was set back: as that of a
        host that began anew. Then a request may just have begun, and the pause, too.
        """
        stamp, now = self._turnstile.read(), self._turnstile.now()
        if stamp.last <= now and (math.isfinite(stamp.until) or stamp.until == stamp.last):
            return stamp
        pause = stamp.until - stamp.last
        mended = Stamp(now, now + max(pause, 0) if math.isfinite(pause) else now)
        self._turnstile.write(mended)
        return mended

    def _remaining(self) -> float:
        stamp = self._read()
        now = self._turnstile.now()
        shared = max(self._interval - (now - stamp.last), stamp.until - now)
        return max(shared, self._until_here - self._clock())


def gate_for(api_url: str, interval: float, locks: str = "") -> Gate:
    """Give the gate to the server of `api_url`.

    Args:
        api_url: of which only the server matters.
        interval: see `Gate`.
        locks: a URL postgresql://... that all hosts share; else: the processes of this host do.
    """
    if locks in ("", "local"):
        return Gate(gate_path(api_url), interval)
    return Gate(PostgresTurnstile(locks, gate_name(api_url)), interval)


def gate_name(api_url: str) -> str:
    """Give what all who ask the server of `api_url` call its gate."""
    parts = urlsplit(api_url)
    host = (parts.hostname or "").rstrip(".")
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        host = "arxiv.org"  # all of its hosts count together
    else:
        host = f"{host}_{parts.port or parts.scheme}"
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in host)


def gate_path(api_url: str) -> Path:
    """Give the lock file that all processes of this host, whoever runs them, share for a server."""
    return Path(tempfile.gettempdir()) / "papers-assets" / f"{gate_name(api_url)}.lock"
