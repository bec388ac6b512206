"""arXiv's limit over two hosts: `python -m papers_assets_tests.reliability.gate`.

Two network namespaces ask one sample arXiv, and share nothing but a PostgreSQL; each has a folder
of its own for what the programs of a host take turns by. Never two requests closer than the
interval, never two at once. Then the one whose turn it is loses its network, and the other has to
get its turn. Needs root.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from papers_assets.arxiv.client import ArxivClient
from papers_assets.arxiv.rate_limit import RateLimiter
from papers_assets.arxiv.sample import SampleArxiv
from papers_assets.storage.postgres import DEAD_AFTER_SECONDS
from papers_assets.storage.rate_limit import build_rate_limiter
from papers_assets_tests.helpers.hostile_papers import hostile_corpus
from papers_assets_tests.helpers.postgres_server import Postgres, running_postgres
from papers_assets_tests.helpers.ui_driver import free_port
from papers_assets_tests.reliability.namespaces import Host, Network, NoNamespacesError, network
from papers_assets_tests.reliability.worlds import table

_HERE = "papers_assets_tests.reliability.gate"
NOT_HERE = 77
"""The exit status for: it cannot be tried on this host."""
_LIMIT = 30.0
"""Seconds until the turn of a host without a network is another's."""


@dataclass(frozen=True)
class World:
    """What the hosts share."""

    hosts: list[Host]
    server: SampleArxiv
    api_url: str
    locks: str
    interval: float
    folder: Path
    """For a folder of each host."""

    def start(self, host: Host, requests: int, seconds: float = 0.0) -> "Started":
        """Let a host ask, and keep each of its turns for some more seconds."""
        asks = (self.api_url, self.locks, self.interval, requests, seconds)
        return Started(host, host.start(_HERE, "--asks", *asks, self.folder / host.name))


class Started:
    """A program on a host; it prints a line whenever it has the turn."""

    def __init__(self, host: Host, process: subprocess.Popen[str]) -> None:
        self.host, self.process = host, process

    def has_a_turn(self) -> None:
        """Wait until it has one."""
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "turn\n":
            raise RuntimeError(f"{self.host.name}: it ended without a turn")

    def ended(self) -> int:
        self.process.communicate(timeout=120)
        return self.process.returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=6, help="of each host")
    parser.add_argument("--interval", type=float, default=3.0, help="seconds between requests")
    parser.add_argument("--cut", action="store_true", help="cut the holder off, too: half a minute")
    parser.add_argument("--asks", nargs=6, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.asks:
        api_url, locks, interval, requests, seconds, folder = options.asks
        rate_limiter = build_rate_limiter(api_url, float(interval), locks, host_folder=Path(folder))
        ask(api_url, rate_limiter, int(requests), float(seconds))
        return
    try:
        with ExitStack() as stack:
            world = shared(stack, options.interval)
            wrong = take_turns(world, options.requests)
            if options.cut:
                wrong += cut_off(world)
    except NoNamespacesError as error:
        print(error)  # noqa: T201
        sys.exit(NOT_HERE)
    sys.exit("\n".join(wrong) or 0)


def shared(stack: ExitStack, interval: float) -> World:
    """Make two hosts, and what they share."""
    net: Network = stack.enter_context(network(2))
    port = free_port()
    postgres = stack.enter_context(running_postgres(f"-h {net.address} -p {port}"))
    open_to_all(postgres)
    server = stack.enter_context(SampleArxiv(hostile_corpus(), host=net.address))
    locks = f"postgresql://postgres@{net.address}:{port}/postgres"
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-")))
    return World(net.hosts, server, server.url, locks, interval, folder)


def open_to_all(postgres: Postgres) -> None:
    """Let hosts of these networks in, without a password."""
    with (postgres.folder / "pg_hba.conf").open("a") as file:
        file.write("host all all 10.208.0.0/12 trust\n")
    postgres.reload()


def ask(api_url: str, rate_limiter: RateLimiter, requests: int, seconds: float) -> None:
    """Ask some questions, as a host does."""
    if not seconds:
        client = ArxivClient(api_url, rate_limiter)
        for _ in range(requests):
            client.query({"search_query": "all:compiler", "max_results": "1"})
        client.close()
        return
    with rate_limiter.slot():
        print("turn", flush=True)  # noqa: T201
        time.sleep(seconds)


def take_turns(world: World, requests: int) -> list[str]:
    """Let both hosts ask at once, and look at what arXiv saw."""
    began = time.monotonic()
    started = [world.start(host, requests) for host in world.hosts]
    statuses = [each.ended() for each in started]
    log, gap = world.server.requests, world.server.smallest_gap
    rows = [
        ("hosts", len(started)),
        ("requests", len(log)),
        ("smallest gap, s", f"{gap:.3f}" if gap is not None else "none"),
        ("most at once", world.server.peak_open),
        ("seconds", f"{time.monotonic() - began:.1f}"),
    ]
    print(table(rows), flush=True)  # noqa: T201
    wrong = [f"a host failed: {statuses}"] if any(statuses) else []
    if len(log) != requests * len(started):
        wrong.append(f"{len(log)} requests came")
    if gap is None or gap < world.interval or world.server.peak_open != 1:
        wrong.append("the gate was passed too soon, or by two at once")
    return wrong


def cut_off(world: World) -> list[str]:
    """Cut off the host whose turn it is; say how long the other has to wait."""
    one, other = world.hosts
    holder = world.start(one, 1, seconds=300)
    holder.has_a_turn()
    waiting = world.start(other, 1, seconds=0.1)
    time.sleep(1)  # it has begun to wait
    one.cut_off()
    began = time.monotonic()
    try:
        waiting.has_a_turn()
        seconds = time.monotonic() - began
    finally:
        holder.process.kill()
        holder.process.communicate()
        waiting.process.kill()
        waiting.process.communicate()
    print(table([(f"freed after, s (planned: {DEAD_AFTER_SECONDS})", f"{seconds:.1f}")]))  # noqa: T201
    return [] if seconds < _LIMIT else [f"freed after {seconds:.0f} s only"]


if __name__ == "__main__":
    main()
