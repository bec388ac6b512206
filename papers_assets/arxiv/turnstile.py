"""What all who ask one server share: a lock, when the last request began, and a clock.

In a PostgreSQL, for the processes of all hosts; those of one host have files, too, see
`papers_assets.arxiv.host_turnstile`.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sql

from papers_assets.arxiv.errors import ArxivError
from papers_assets.logs import progress
from papers_assets.storage.postgres import PostgresError, Session

_LOOK_AGAIN = 0.05
"""Seconds between two looks whether another host is done."""


class GateTimeout(Exception):
    """The turn would come too late; the message says after how many seconds."""


class GateUnreachable(ArxivError):
    """Nobody can say whose turn it is, so nobody asks; the message says why."""

    brief = "the lock by which programs take turns at arXiv could not be had"
    retryable = True


class Stamp(NamedTuple):
    """When requests were, and are to be; seconds of the turnstile's clock."""

    last: float
    """When the last one began."""
    until: float
    """Before then, none is to begin."""


NEVER = Stamp(-math.inf, -math.inf)
UNREADABLE = Stamp(math.nan, math.nan)


class Turnstile(Protocol):
    """The lock and the stamp of one server. Used by one thread at a time."""

    def holding(self, within: float) -> AbstractContextManager[None]:
        """Keep everybody else out until the block ends.

        Raises:
            GateTimeout: it would take more than `within` seconds.
            GateUnreachable: nobody knows whose turn it is.
        """

    def now(self) -> float:
        """Give the seconds of a clock that is the same for all."""

    def read(self) -> Stamp:
        """Give what was written last; `NEVER`, and `UNREADABLE`. It is our turn.

        Raises:
            GateUnreachable: it cannot be read, or our turn may be over.
        """

    def write(self, stamp: Stamp) -> None:
        """Note when requests were. It is our turn.

        Raises:
            GateUnreachable: it cannot be noted, or our turn may be over.
        """


_THERE = sql.text("SELECT to_regclass('papers_assets_gate') IS NOT NULL")
_CREATE = sql.text(
    "CREATE TABLE papers_assets_gate "
    "(server text PRIMARY KEY, last double precision, until double precision)"
)
_NOW = sql.text("SELECT extract(epoch FROM clock_timestamp())::double precision")
_READ = sql.text("SELECT last, until FROM papers_assets_gate WHERE server = :server")
_WRITE = sql.text(
    "INSERT INTO papers_assets_gate VALUES (:server, :last, :until) "
    "ON CONFLICT (server) DO UPDATE SET last = excluded.last, until = excluded.until"
)
_TABLE = "gate's table"


class PostgresTurnstile:
    """A turnstile of all hosts that share a PostgreSQL, by the clock of its server.

    The lock and the stamp belong to one connection: who has lost the one cannot write the other.

    Args:
        url: of the database, postgresql://...
        server: whose gate it is.
        clock: of this host, for waiting.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        url: str,
        server: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._server = server
        self._lock = f"gate:{server}"
        self._clock, self._sleep = clock, sleep
        self._session: Session | None = None

    @contextmanager
    def holding(self, within: float) -> Iterator[None]:
        """See `Turnstile`."""
        began = self._clock()
        session = self._connected()
        try:
            self._wait(session, began + within, within)
            self._session = session
            yield
        finally:
            self._session = None
            with suppress(PostgresError):  # the server frees what it does not hear of any more
                session.unlock(self._lock)
            session.close()

    def now(self) -> float:
        """See `Turnstile`."""
        return float(self._ask(_NOW)[0][0])

    def read(self) -> Stamp:
        """See `Turnstile`."""
        rows = self._ask(_READ, {"server": self._server})
        return Stamp(*(math.nan if v is None else v for v in rows[0])) if rows else NEVER

    def write(self, stamp: Stamp) -> None:
        """See `Turnstile`."""
        self._ask(_WRITE, {"server": self._server, **stamp._asdict()})

    def _connected(self) -> Session:
        try:
            session = Session(self._url)
        except PostgresError as error:
            raise _unreachable(error) from error
        try:
            self._make_table(session)
        except PostgresError as error:
            session.close()
            raise _unreachable(error) from error
        return session

    def _make_table(self, session: Session) -> None:
        if session.execute(_THERE)[0][0]:
            return
        while not session.try_lock(_TABLE):  # two who make it at once are an error of one
            self._sleep(_LOOK_AGAIN)
        try:
            if not session.execute(_THERE)[0][0]:
                session.execute(_CREATE)
        finally:
            with suppress(PostgresError):
                session.unlock(_TABLE)

    def _wait(self, session: Session, ends: float, within: float) -> None:
        try:
            if session.try_lock(self._lock):
                return
            progress.debug(
                "waiting for another process, perhaps of another host, to be done asking"
            )
            while not session.try_lock(self._lock):
                if self._clock() >= ends:
                    raise too_late(within)
                self._sleep(_LOOK_AGAIN)
        except PostgresError as error:
            raise _unreachable(error) from error

    def _ask(
        self, statement: sql.TextClause, values: dict[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        assert self._session is not None, "outside of a turn"  # noqa: S101 - a mistake of ours
        try:
            return self._session.execute(statement, values)
        except PostgresError as error:
            raise _unreachable(error) from error


def too_late(within: float) -> GateTimeout:
    """Give the error of who waited `within` seconds for another process."""
    return GateTimeout(f"another process was asking for {within:.0f} s")


def _unreachable(error: PostgresError) -> GateUnreachable:
    return GateUnreachable(
        f"arXiv was not asked: the PostgreSQL that PAPERS_LOCKS names, by which all hosts take "
        f"turns, cannot be used ({error})"
    )
