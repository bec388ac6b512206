"""Kill the processes of a real `papers ui` during runs: `python -m ....processes --points 50`.

The daemon, the run's worker, the code server, the web server, or all of them at once (a power cut)
get SIGKILL at a random moment of a run that was launched as the browser launches it. What does not
come back by itself is started again, as a service manager would; then the next run has to succeed.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import requests

from papers_assets.keywords.file import read_keywords_file
from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.helpers.ui_driver import ENDED, UI, environment, running_ui
from papers_assets_tests.reliability.worlds import (
    Arxiv,
    Found,
    arxiv,
    corpus_at,
    history,
    look,
    missing,
    points_and_seed,
    table,
    violations,
)

VICTIMS = ("daemon", "run worker", "code server", "web server", "all of Dagster")
_PATIENCE = 120.0
# As shipped, a run that nobody looks after is ended after four hours, and one on its way to its
# worker after three minutes: too long to wait for here.
_SHORTER = (
    (
        "max_runtime_seconds: 14400 ",
        "poll_interval_seconds: 1\n  start_timeout_seconds: 20\n  max_runtime_seconds: 20 ",
    ),
)


class Harness:
    def __init__(self, folder: Path, server: Arxiv, seed: int) -> None:
        self.home, self.server = folder / "home", server
        self.log = folder / "ui.log"
        self.random = random.Random(seed)
        self.keywords = PROJECT_ROOT / "keywords.toml"
        self.file = read_keywords_file(self.keywords)
        self.wrong: list[str] = []
        self.fates: Counter[str] = Counter()
        self.length = 0.0
        """Seconds from the launch of a run to its end."""
        self._stack = ExitStack()
        self.ui: UI

    def start(self) -> None:
        variables = environment(self.home, self.keywords, self.server.url, ARXIV_MAX_ATTEMPTS="1")
        self.ui = self._stack.enter_context(running_ui(variables, self.log))

    def stop(self) -> None:
        self._stack.close()

    def run(self) -> str:
        """Launch the daily job, wait for its end, and give its status."""
        began = time.monotonic()
        status = self._fate(self.ui.launch("daily_papers"))
        self.length = time.monotonic() - began
        return status

    def point(self, number: int, victim: str, moment: int) -> None:
        before = look(self.home, self.file)
        self.server.show(moment)
        launched = self.ui.launch("daily_papers")
        # The first seconds a run waits in the queue; only then has it a worker.
        delay = self.random.uniform(0, self.length)
        time.sleep(delay)
        story = f"point {number}, {victim} killed {delay:.2f} s after the launch"
        killed = self._kill(victim)
        after = look(self.home, self.file)
        self._judge(story, before, after)
        alive = self._comes_back() if killed else True
        if not alive:
            self.stop()
            self.start()
        fate = self._fate(launched)
        self.fates[
            f"{victim}{'' if killed else ' (none there yet, or no longer)'}: run {fate}"
            f"{'' if alive else ', papers ui started again'}"
        ] += 1
        if fate not in ENDED:
            self.wrong.append(f"{story}: its run is {fate} for ever")
        if (status := self.run()) != "SUCCESS":
            self.wrong.append(f"{story}: the next run is {status}")
        self.ui.settled()
        healed = look(self.home, self.file)
        self._judge(f"{story}, recovered", after, healed)
        if healed.readme != healed.rendered or healed.faults or healed.leftovers:
            self.wrong.append(f"{story}: not mended: {healed.faults} {healed.leftovers}")
        self.wrong += [f"{story}: {text}" for text in missing(self.file, healed, corpus_at(moment))]

    def _kill(self, victim: str) -> bool:
        victims = [
            pid
            for pid, name in _processes(self.ui.process.pid)
            if victim in ("all of Dagster", name)
        ]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(victims)

    def _comes_back(self) -> bool:
        """Say whether what was killed is there again without anybody's help."""
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            time.sleep(1)
            if self.ui.process.poll() is not None:
                return False
            names = {name for _, name in _processes(self.ui.process.pid)}
            with suppress(requests.RequestException):
                if {"daemon", "web server", "code server"} <= names and (
                    self.ui.location()["loadStatus"] == "LOADED"
                ):
                    return True
        return False

    def _fate(self, run_id: str) -> str:
        ends = time.monotonic() + _PATIENCE
        while (status := self.ui.status(run_id)) not in ENDED and time.monotonic() < ends:
            time.sleep(0.2)
        return status

    def _judge(self, story: str, before: Found, after: Found) -> None:
        self.wrong += [f"{story}: {text}" for text in violations(before, after)]


def _processes(root: int) -> Iterator[tuple[int, str]]:
    """Give the processes below `root` by what they are for."""
    listed = subprocess.run(
        ["/bin/ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    children: dict[int, list[tuple[int, str]]] = {}
    for line in listed.stdout.splitlines():
        pid, parent, arguments = line.split(None, 2)
        children.setdefault(int(parent), []).append((int(pid), arguments))
    found = [(root, "papers ui")]
    while found:
        process, name = found.pop()
        yield process, name
        found += [(pid, _name(args, below=name)) for pid, args in children.get(process, [])]


def _name(arguments: str, below: str) -> str:
    for words, name in (
        ("dagster_webserver", "web server"),
        ("dagster._daemon", "daemon"),
        ("dagster code-server", "code server's proxy"),
        ("resource_tracker", "tracker"),
        ("watch_orphans", "output"),
        ("tail -F", "output"),
    ):
        if words in arguments:
            return name
    if "dagster api grpc" in arguments and below == "code server's proxy":
        return "code server"
    if below == "code server":
        return "run worker"
    return "other"


def run(points: int, seed: int) -> int:
    total = len(history())
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, arxiv() as server:
        harness = Harness(Path(name), server, seed)
        harness.home.mkdir()
        text = (PROJECT_ROOT / "dagster.yaml").read_text()
        for shipped, shorter in _SHORTER:
            if shipped not in text:
                raise RuntimeError(f"dagster.yaml has no {shipped!r} any more")
            text = text.replace(shipped, shorter)
        (harness.home / "dagster.yaml").write_text(text)
        first = total - points * 2
        server.show(first)
        harness.start()
        try:
            if harness.run() != "SUCCESS":
                raise RuntimeError(f"a run that nobody disturbs fails:\n{harness.log.read_text()}")
            harness.run()
            for number in range(1, points + 1):
                victim = VICTIMS[(number - 1) % len(VICTIMS)]
                found = len(harness.wrong)
                harness.point(number, victim, first + 2 * number)
                print("\n".join(harness.wrong[found:]), file=sys.stderr)  # noqa: T201
                print(f"{number} points, {len(harness.wrong)} violations", file=sys.stderr)  # noqa: T201
        finally:
            harness.stop()
        figures = server.figures()
    if figures.peak_open > 1:
        harness.wrong.append(f"{figures.peak_open} requests open at once")
    rows: list[tuple[str, object]] = [("points", points)]
    rows += sorted((f"  {fate}", count) for fate, count in harness.fates.items())
    rows += [("requests open at once, at most", figures.peak_open)]
    rows += [("violations", len(harness.wrong))]
    print(f"seed {seed}, {time.monotonic() - began:.0f} s\n{table(rows)}")  # noqa: T201
    print("\n".join(harness.wrong[:20]))  # noqa: T201
    return 1 if harness.wrong else 0


def main() -> None:
    sys.exit(run(*points_and_seed(__doc__, 50)))


if __name__ == "__main__":
    main()
