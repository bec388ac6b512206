"""Advisory locks of a PostgreSQL server, each held by a session of its own.

If a holder is killed, its locks are released at once, since the kernel closes its connection. If
its host or network fails, they are released after `DEAD_AFTER_SECONDS` seconds of silence. (A
pooler that sends each statement to another session, as PgBouncer may, cannot be used:
`Session.holds` would always return False.)
"""

import hashlib
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sql
from sqlalchemy.exc import SQLAlchemyError

from papers_assets.settings import PostgresError, parse_url
from papers_assets.text import to_printable

DEAD_AFTER_SECONDS = 20
"""Seconds of silence after which server and client consider the connection dead."""
_KEEPALIVE_IDLE, _KEEPALIVE_COUNT = 5, 3
# Options of libpq, the client: we do not wait forever for a dead connection.
_CLIENT = {
    "connect_timeout": 10,
    "application_name": "papers-assets",
    "keepalives_idle": _KEEPALIVE_IDLE,
    "keepalives_interval": _KEEPALIVE_IDLE,
    "keepalives_count": _KEEPALIVE_COUNT,
    "tcp_user_timeout": 1000 * DEAD_AFTER_SECONDS,
}
# Settings of the server for this session, in one statement; those that its version lacks are left
# out. A session is silent while its holder writes files, so it must not time out as idle.
_SET_CONFIG = sql.text(
    "SELECT set_config(name, value, false) FROM pg_settings JOIN (VALUES "  # noqa: S608 - our own
    f"('tcp_keepalives_idle', '{_KEEPALIVE_IDLE}'), ('tcp_keepalives_interval', "
    f"'{_KEEPALIVE_IDLE}'), "
    f"('tcp_keepalives_count', '{_KEEPALIVE_COUNT}'), ('tcp_user_timeout', "
    f"'{1000 * DEAD_AFTER_SECONDS}'), "
    "('idle_session_timeout', '0'), ('synchronous_commit', 'on')) AS ours (name, value) "
    "USING (name)"
)
_TRY_LOCK = sql.text("SELECT pg_try_advisory_lock(:key)")
_UNLOCK = sql.text("SELECT pg_advisory_unlock(:key)")
_HOLDS = sql.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND pid = pg_backend_pid() AND objsubid = 1 "
    "AND (classid::bigint << 32) | objid::bigint = :key"
)
_log = logging.getLogger(__name__)


class Session:
    """A connection with the locks that it holds, in autocommit mode.

    Raises:
        PostgresError: here and in all methods: the server cannot be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        try:
            self._connection = _create_engine(url).connect()
        except SQLAlchemyError as error:
            raise PostgresError(_error_text(url, error)) from None  # its text shows the URL
        self._url = url
        try:
            self.execute(_SET_CONFIG)
        except BaseException:
            self.close()
            raise

    def execute(
        self, statement: sql.TextClause, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Execute `statement`, and return its rows, if any."""
        try:
            result = self._connection.execute(statement, values or {})
            return [tuple(row) for row in result] if result.returns_rows else []
        except SQLAlchemyError as error:
            raise PostgresError(_error_text(self._url, error)) from None

    def try_lock(self, name: str) -> bool:
        """Take the lock `name` if it is free; return whether it was."""
        return bool(self.execute(_TRY_LOCK, {"key": lock_key(name)})[0][0])

    def unlock(self, name: str) -> None:
        """Release the lock `name`, which this session holds."""
        self.execute(_UNLOCK, {"key": lock_key(name)})

    def holds(self, name: str) -> bool:
        """Ask the server whether this session still holds the lock `name`."""
        return bool(self.execute(_HOLDS, {"key": lock_key(name)})[0][0])

    def close(self) -> None:
        """Close the connection; the server releases its locks."""
        try:
            self._connection.close()
        except SQLAlchemyError as error:
            _log.debug("closing: %s", _error_text(self._url, error))


def lock_key(name: str) -> int:
    """Return the signed 64-bit key of the lock `name` on the server."""
    digest = hashlib.sha256(f"papers-assets:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@cache
def _create_engine(url: str) -> sql.Engine:
    parsed = parse_url(url)
    ours = {name: value for name, value in _CLIENT.items() if name not in parsed.query}
    return sql.create_engine(
        parsed,
        poolclass=sql.NullPool,  # a connection must not be shared with a forked process
        isolation_level="AUTOCOMMIT",
        connect_args=ours,
        hide_parameters=True,
    )


def _error_text(url: str, error: SQLAlchemyError) -> str:
    """Return the text of `error` without the password, which it may contain."""
    original = getattr(error, "orig", None) or error
    words = to_printable(str(original) or type(original).__name__)
    password = sql.make_url(url).password
    return words.replace(password, "***") if password else words
