"""What other processes do in the tests of locks; it imports little, since each process does."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

from papers_assets.arxiv.client import ArxivClient
from papers_assets.storage.locks import FileLocks, Locks, PostgresLocks
from papers_assets.storage.rate_limit import build_rate_limiter


def locks_at(place: Path | str) -> Locks:
    """Locks in a folder, or in the PostgreSQL of a URL."""
    return FileLocks(place) if isinstance(place, Path) else PostgresLocks(place, "test")


def count_up(place: Path | str, number: Path, times: int) -> None:
    for _ in range(times):
        with locks_at(place).hold("number"):
            value = int(number.read_text())
            time.sleep(0.001)
            number.write_text(str(value + 1))


def hold(place: Path | str, holding: Any) -> None:
    with locks_at(place).hold("a"):
        holding.set()
        time.sleep(60)


def ask(url: str, rate_limiter: tuple[float, str, Path], times: int, together: Barrier) -> None:
    """Ask an arXiv, beginning when all do who are `together`; by the interval, locks and folder."""
    interval, locks, folder = rate_limiter
    client = ArxivClient(url, build_rate_limiter(url, interval, locks, host_folder=folder))
    together.wait(60)
    for _ in range(times):
        client.query({"search_query": "all:compiler", "max_results": "1"})
    client.close()


@contextmanager
def another(target: Any, *arguments: Any) -> Iterator[None]:
    """Another process, of which nothing is inherited; it has ended when the block has."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    try:
        yield
    finally:
        process.join()


def killed_while_it_holds(target: Any, place: Any) -> None:
    """Start a process that holds what `place` stands for, and kill it when it does."""
    spawn = multiprocessing.get_context("spawn")
    holding = spawn.Event()
    process = spawn.Process(target=target, args=(place, holding))
    process.start()
    assert holding.wait(60)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
