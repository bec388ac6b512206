"""The product, started as its users do, over a sample arXiv in a process of its own."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from bench.apart import Measured, measured
from papers_assets_tests.deploy.host import DEPLOY
from papers_assets_tests.helpers.postgres_server import Postgres, running_postgres
from papers_assets_tests.helpers.ui_driver import PAPERS, environment


@contextmanager
def sample_arxiv(corpus: Path) -> Iterator[str]:
    """Serve a corpus without any pause, and give the address of the API."""
    options = ("--corpus", str(corpus), "--port", "0", "--min-interval", "0")
    command = [str(PAPERS), "sample-arxiv", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip().partition("ARXIV_API_URL=")[2]
        finally:
            server.kill()  # whatever signals it has been started to ignore


def papers_run(
    home: Path,
    keywords: str,
    url: str,
    more: Mapping[str, str] = MappingProxyType({}),
    *,
    status: int = 0,
) -> Measured:
    """Measure `papers run`, from the start of the process to its end.

    Args:
        home: made when missing.
        keywords: the text of keywords.toml.
        url: of the API.
        more: of the environment.
        status: with which it has to end.

    Raises:
        FailedError: it ended otherwise; not every keyword was refreshed and published, perhaps.
    """
    home.mkdir(exist_ok=True)
    file = home / "keywords.toml"
    file.write_text(keywords, encoding="utf-8")
    return measured([str(PAPERS), "run"], environment(home, file, url, **more), status)


def on_postgres(home: Path, postgres: Postgres) -> Mapping[str, str]:
    """Give the environment of a run history as deploy/ has it, in an empty database."""
    home.mkdir(exist_ok=True)
    (home / "dagster.yaml").write_text((DEPLOY / "dagster.postgres.yaml").read_text())
    return {
        "DAGSTER_HOME": str(home),
        "PAPERS_DATABASE_URL": postgres.url(),
        "PAPERS_RUN_FILES": str(home / ".papers"),
    }


@contextmanager
def postgres_or_none() -> Iterator[Postgres | None]:
    """Start a PostgreSQL; None: there is none on this machine."""
    server = running_postgres()
    started = None
    with suppress(ImportError, OSError, subprocess.SubprocessError):
        started = server.__enter__()
    try:
        yield started
    finally:
        if started is not None:
            server.__exit__(None, None, None)


def size_of(folder: Path) -> float:
    """Give how large the files below a folder are, in MB."""
    found = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    return sum(path.stat().st_size for path in found) / 1e6


def seconds_by_asset(home: str) -> list[tuple[str, float]]:
    """Give how long each step of the last run took, in their order, its events included."""
    from papers_assets.defs.headless import open_instance  # noqa: PLC0415 - imports Dagster

    with open_instance(Path(home), {}) as instance:
        (record,) = instance.get_run_records(limit=1)
        steps = instance.get_run_step_stats(record.dagster_run.run_id)
    took = [(s.start_time, s.step_key, s.end_time) for s in steps]
    return [(step, end - began) for began, step, end in sorted(took) if began and end]


def listed_rows(home: Path) -> int:
    """Count the papers that the README and its pages list, once for each keyword."""
    pages = [home / "output" / "README.md", *(home / "output" / "keywords").glob("*.md")]
    return sum(page.read_text().count("\n| **[") for page in pages)
