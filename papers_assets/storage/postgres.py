"""Advisory locks of a PostgreSQL server: a session each, which the server ends with its holder.

A holder that is killed frees its locks at once, since the kernel closes its connection; one whose
host or network is gone frees them when the server has heard nothing of it for `DEAD_AFTER_SECONDS`
seconds. (A pooler that gives each statement to another session, as PgBouncer may, cannot be used:
`holds` would say that nothing is held.)
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
"""Seconds after which server and client take each other for gone, when nothing is heard."""
_KEEPALIVE_IDLE, _KEEPALIVE_COUNT = 5, 3
# Of the client, libpq's: a connection that is dead does not keep us waiting for ever.
_CLIENT = {
    "connect_timeout": 10,
    "application_name": "papers-assets",
    "keepalives_idle": _KEEPALIVE_IDLE,
    "keepalives_interval": _KEEPALIVE_IDLE,
    "keepalives_count": _KEEPALIVE_COUNT,
    "tcp_user_timeout": 1000 * DEAD_AFTER_SECONDS,
}
# Of the server, for this session, in one question; those that its version does not know are left
# out. Who holds a lock and writes says nothing meanwhile, and is not idle for that.
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
    """A connection of its own, and the locks that it holds. Statements commit by themselves.

    Raises:
        PostgresError: here and in all methods: the server cannot be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        try:
            self._connection = _create_engine(url).connect()
        except SQLAlchemyError as error:
            raise PostgresError(_error_text(url, error)) from None  # whose words show the URL
        self._url = url
        try:
            self.execute(_SET_CONFIG)
        except BaseException:
            self.close()
            raise

    def execute(
        self, statement: sql.TextClause, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows that `statement` answers; none if it answers nothing."""
        try:
            result = self._connection.execute(statement, values or {})
            return [tuple(row) for row in result] if result.returns_rows else []
        except SQLAlchemyError as error:
            raise PostgresError(_error_text(self._url, error)) from None

    def try_lock(self, name: str) -> bool:
        """Take the lock `name` if nobody else has it; say whether it is ours."""
        return bool(self.execute(_TRY_LOCK, {"key": lock_key(name)})[0][0])

    def unlock(self, name: str) -> None:
        """Free the lock `name`, which is ours."""
        self.execute(_UNLOCK, {"key": lock_key(name)})

    def holds(self, name: str) -> bool:
        """Ask the server whether the lock `name` is still ours."""
        return bool(self.execute(_HOLDS, {"key": lock_key(name)})[0][0])

    def close(self) -> None:
        """Close the connection; the server frees what it held."""
        try:
            self._connection.close()
        except SQLAlchemyError as error:
            _log.debug("closing: %s", _error_text(self._url, error))


def lock_key(name: str) -> int:
    """Return the signed 64 bits by which the server knows the lock `name`."""
    digest = hashlib.sha256(f"papers-assets:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@cache
def _create_engine(url: str) -> sql.Engine:
    parsed = parse_url(url)
    ours = {name: value for name, value in _CLIENT.items() if name not in parsed.query}
    return sql.create_engine(
        parsed,
        poolclass=sql.NullPool,  # nobody gets a connection that another process's fork knows
        isolation_level="AUTOCOMMIT",
        connect_args=ours,
        hide_parameters=True,
    )


def _error_text(url: str, error: SQLAlchemyError) -> str:
    """Return what is wrong, without the password, wherever it may be."""
    original = getattr(error, "orig", None) or error
    words = to_printable(str(original) or type(original).__name__)
    password = sql.make_url(url).password
    return words.replace(password, "***") if password else words
