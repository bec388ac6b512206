"""A backend of the rate limiter in PostgreSQL, for the processes of all hosts.

It shares a lock, the request times and a clock. The processes of one host share files, too
(`papers_assets.arxiv.rate_limit`).
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from papers_assets.arxiv.rate_limit import (
    HOST_FOLDER,
    NEVER_REQUESTED,
    POLL_INTERVAL,
    FileBackend,
    RateLimiter,
    RateLimitUnreachable,
    RequestTimes,
    timeout_error,
)
from papers_assets.arxiv.urls import is_arxiv_url, server_key
from papers_assets.settings import PostgresError
from papers_assets.storage.postgres import Session
from papers_assets.text import progress


def build_rate_limiter(
    api_url: str,
    interval: float,
    locks: str = "",
    *,
    oai_url: str = "",
    host_folder: Path = HOST_FOLDER,
) -> RateLimiter:
    """Return the rate limiter for the server of `api_url`.

    Args:
        api_url: the address of the API; only its server matters.
        interval: seconds from the start of a request to the start of the next.
        locks: a URL postgresql://... that all hosts share; `local` or empty: only the processes of
            this host share the limiter.
        oai_url: another address that is requested through this limiter. If either address is
            arXiv's, the limiter is that of arXiv.
        host_folder: the folder of this host's lock files, which all of its processes share.
    """
    server = server_key(oai_url if is_arxiv_url(oai_url) else api_url)
    of_host = FileBackend(host_folder / f"{server}.lock")
    if locks in ("", "local"):
        return RateLimiter(of_host, interval)
    # The host's first: its waiters are released as soon as its holder is done with both.
    return RateLimiter((of_host, PostgresBackend(locks, server)), interval)


_TABLE_EXISTS = sql.text("SELECT to_regclass('papers_assets_gate') IS NOT NULL")
_CREATE_TABLE = sql.text(
    "CREATE TABLE papers_assets_gate "
    "(server text PRIMARY KEY, last double precision, until double precision)"
)
_SELECT_NOW = sql.text("SELECT extract(epoch FROM clock_timestamp())::double precision")
_SELECT_TIMES = sql.text("SELECT last, until FROM papers_assets_gate WHERE server = :server")
_UPSERT_TIMES = sql.text(
    "INSERT INTO papers_assets_gate VALUES (:server, :last, :until) "
    "ON CONFLICT (server) DO UPDATE SET last = excluded.last, until = excluded.until"
)
_TABLE = "gate's table"


class PostgresBackend:
    """A backend for all hosts that share a PostgreSQL server, by the server's clock.

    The lock and the request times use the same connection: a process that has lost the lock cannot
    write the times.

    Args:
        url: of the database, postgresql://...
        server: the server whose requests are limited.
        clock: of this host, for waiting.
        sleep: waits for a number of seconds.
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
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the lock until the block ends."""
        began = self._clock()
        session = self._connect()
        try:
            self._wait(session, began + timeout, timeout)
            self._session = session
            yield
        finally:
            self._session = None
            with suppress(PostgresError):  # the server releases it when the connection is dead
                session.unlock(self._lock)
            session.close()

    def now(self) -> float:
        """Return the server's time in seconds."""
        return float(self._ask(_SELECT_NOW)[0][0])

    def read(self) -> RequestTimes:
        """Return the stored request times, or `NEVER_REQUESTED`."""
        rows = self._ask(_SELECT_TIMES, {"server": self._server})
        return (
            RequestTimes(*(math.nan if v is None else v for v in rows[0]))
            if rows
            else NEVER_REQUESTED
        )

    def write(self, times: RequestTimes) -> None:
        """Store the request times."""
        self._ask(_UPSERT_TIMES, {"server": self._server, **times._asdict()})

    def _connect(self) -> Session:
        try:
            session = Session(self._url)
        except PostgresError as error:
            raise _unreachable_error(error) from error
        try:
            self._make_table(session)
        except PostgresError as error:
            session.close()
            raise _unreachable_error(error) from error
        return session

    def _make_table(self, session: Session) -> None:
        if session.execute(_TABLE_EXISTS)[0][0]:
            return
        while not session.try_lock(_TABLE):  # if two sessions create it at once, one fails
            self._sleep(POLL_INTERVAL)
        try:
            if not session.execute(_TABLE_EXISTS)[0][0]:
                session.execute(_CREATE_TABLE)
        finally:
            with suppress(PostgresError):
                session.unlock(_TABLE)

    def _wait(self, session: Session, deadline: float, timeout: float) -> None:
        try:
            if session.try_lock(self._lock):
                return
            progress.debug(
                "waiting for another process, perhaps of another host, to be done asking"
            )
            while not session.try_lock(self._lock):
                if self._clock() >= deadline:
                    raise timeout_error(timeout)
                self._sleep(POLL_INTERVAL)
        except PostgresError as error:
            raise _unreachable_error(error) from error

    def _ask(
        self, statement: sql.TextClause, values: dict[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        assert self._session is not None, "outside of a turn"  # noqa: S101 - a mistake of ours
        try:
            return self._session.execute(statement, values)
        except PostgresError as error:
            raise _unreachable_error(error) from error


def _unreachable_error(error: PostgresError) -> RateLimitUnreachable:
    return RateLimitUnreachable(
        f"arXiv was not asked: the PostgreSQL that PAPERS_LOCKS names, by which all hosts take "
        f"turns, cannot be used ({error})"
    )
