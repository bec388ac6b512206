"""One request at a time and a pause between them, over every process that shares a turnstile.

arXiv's terms count all of a user's programs together: one connection, and 3 seconds from request
to request. A lock is held through the request - it is free again when its holder dies, however it
dies - and a stamp beside it says when the last request began, and until when nobody is to begin
another. Where several hosts share a PostgreSQL, a turn is one at the host's own turnstile, too:
programs of one host take turns even if only some of them are told of the database.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from papers_assets.addresses import is_arxivs, server_name
from papers_assets.arxiv.host_turnstile import HOST_FOLDER, FileTurnstile
from papers_assets.arxiv.turnstile import (
    GateTimeout,
    GateUnreachable,
    PostgresTurnstile,
    Stamp,
    Turnstile,
)
from papers_assets.logs import progress

__all__ = ["Gate", "GateTimeout", "GateUnreachable", "gate_for"]

# What a request's way to the server can vary by, so that a pause of 3 s is not 2.99 s over there.
_MARGIN = 0.05
# Less than this is not worth measuring again.
_TICK = 0.001

logger = logging.getLogger(__name__)


class Gate:
    """The way to one server: `with gate.turn(): ...` for each request.

    Args:
        place: the lock file of this host, whose folder is made when missing; or any turnstile;
            or several, of which each has to let us through, in an order that is everybody's.
        interval: seconds from the start of a request to the start of the next.
        clock: seconds that only go forward; of a lock file, the same for all of the host.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        place: Path | Turnstile | Sequence[Turnstile],
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        given = FileTurnstile(place, clock) if isinstance(place, Path) else place
        self._turnstiles = given if isinstance(given, Sequence) else (given,)
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
        with self._holding(asked + within):
            while (wait := self._remaining()) > 0:
                if self._clock() + wait > asked + within:
                    raise GateTimeout(f"the next request may begin in {wait:.0f} s only")
                why = "as arXiv's terms ask" if wait <= self._interval else "since arXiv is busy"
                progress.debug("waiting %.1f s, %s", wait, why)
                self._sleep(max(wait, _TICK))
            for turnstile in self._turnstiles:
                now = turnstile.now()
                turnstile.write(Stamp(now, now))
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
        for turnstile in self._turnstiles:
            now = turnstile.now()
            _, until = _read(turnstile)
            turnstile.write(Stamp(now, max(until, now)))

    def hold_off(self, seconds: float) -> None:
        """Let nobody begin a request within the next `seconds`.

        What arXiv asks of one of our programs when it throttles, it asks of all.

        Raises:
            GateUnreachable: others do not know of it, or not all; we do.
        """
        self._not_before(seconds)
        troubles = [_hold_off(turnstile, seconds) for turnstile in self._turnstiles]
        for trouble in filter(None, troubles):
            raise trouble

    @contextmanager
    def _holding(self, ends: float) -> Iterator[None]:
        with ExitStack() as held:
            for turnstile in self._turnstiles:
                held.enter_context(turnstile.holding(max(ends - self._clock(), 0.0)))
            yield

    def _not_before(self, seconds: float) -> None:
        self._until_here = max(self._until_here, self._clock() + seconds)

    def _failed(self) -> None:
        try:
            self.reached()  # or not; nobody knows when
        except GateUnreachable as error:
            logger.debug("%s", error)

    def _remaining(self) -> float:
        shared = max(self._remaining_at(turnstile) for turnstile in self._turnstiles)
        return max(shared, self._until_here - self._clock())

    def _remaining_at(self, turnstile: Turnstile) -> float:
        stamp = _read(turnstile)
        now = turnstile.now()  # of a clock of its own
        return max(self._interval - (now - stamp.last), stamp.until - now)


def _read(turnstile: Turnstile) -> Stamp:
    """Give the stamp; mended if it makes no sense.

    It makes none when its writer died writing it, or when the clock was set back: as that of a
    host that began anew. Then a request may just have begun, and the pause, too.
    """
    stamp, now = turnstile.read(), turnstile.now()
    if stamp.last <= now and (math.isfinite(stamp.until) or stamp.until == stamp.last):
        return stamp
    pause = stamp.until - stamp.last
    mended = Stamp(now, now + max(pause, 0) if math.isfinite(pause) else now)
    turnstile.write(mended)
    return mended


def _hold_off(turnstile: Turnstile, seconds: float) -> GateUnreachable | None:
    """Say at one turnstile that nobody is to begin; give why it could not be said."""
    try:
        with turnstile.holding(math.inf):
            last, until = _read(turnstile)
            turnstile.write(Stamp(last, max(until, turnstile.now() + seconds)))
    except GateUnreachable as error:
        return error
    return None


def gate_for(
    api_url: str,
    interval: float,
    locks: str = "",
    *,
    oai_url: str = "",
    host_folder: Path = HOST_FOLDER,
) -> Gate:
    """Give the gate to the server of `api_url`.

    Args:
        api_url: of which only the server matters.
        interval: see `Gate`.
        locks: a URL postgresql://... that all hosts share; else: the processes of this host do.
        oai_url: what else is asked through this gate. If either is arXiv's, the gate is.
        host_folder: where the turnstiles of this host are, which all of its processes share.
    """
    server = server_name(oai_url if is_arxivs(oai_url) else api_url)
    of_host = FileTurnstile(host_folder / f"{server}.lock")
    if locks in ("", "local"):
        return Gate(of_host, interval)
    # First the host's, which frees who waits for it as soon as its holder has both.
    return Gate((of_host, PostgresTurnstile(locks, server)), interval)
