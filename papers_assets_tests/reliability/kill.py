"""Kill runs at random moments and look at what they leave: `python -m ....kill --points 300`.

A zygote imports the product once; every run is a fork of it and gets SIGKILL at a random moment:
anywhere in its length, at the sight of a half-written file, or soon after a line of its log. After
each, what is on disk is read, and the next run has to succeed.
"""

import os
import pickle
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never, TypeVar
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd

from papers_assets import definitions
from papers_assets.cli import run_command
from papers_assets.defs import headless
from papers_assets.defs.run_history import _list_unfinished_runs
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.model import KeywordsConfig
from papers_assets.settings import PROJECT_ROOT, Settings
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
)

__all__ = ["main"]
_IMPORTED = (dg, pd, definitions)
"""In the zygote, so that no fork has to."""

T = TypeVar("T")
_FRESH_EVERY = 6
_LINES = (b"fetching", b"choosing", b"rendering", b"Wrote")
_PATIENCE = 90.0
"""Seconds that a recovery may take besides three times as long as a run takes."""


class Child:
    """A fork that runs the product's command, with its output in a file."""

    def __init__(self, settings: Settings, keywords_config: KeywordsConfig, log: Path) -> None:
        self.log = log
        log.write_bytes(b"")
        self.pid = os.fork()
        if self.pid == 0:
            _become(settings, keywords_config, log)
        self.status: int | None = None

    def is_over(self) -> bool:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait for its end or `until`; False if neither came within `seconds`."""
        ends = time.monotonic() + seconds
        while not (self.is_over() or until()):
            if time.monotonic() > ends:
                return False
            time.sleep(0.0002)
        return True

    def kill(self) -> None:
        if not self.is_over():
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _become(settings: Settings, keywords_config: KeywordsConfig, log: Path) -> Never:
    status = 70
    try:
        with log.open("ab") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        status = run_command.execute(settings, keywords_config, (), {}, verbose=True)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - a fork must not return to the harness
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def forked(function: Callable[..., T], *arguments: Any) -> T:
    """Give what `function` gives in a fork: what it does to this process is undone."""
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(function(*arguments), pipe)
            os._exit(0)
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError(f"{function.__name__} failed in its fork; see above")
    value: T = pickle.loads(answer)  # noqa: S301 - our own
    return value


def _open_runs(home: Path) -> int:
    with headless.open_instance(home, {}) as instance:
        unfinished = [s for s in dg.DagsterRunStatus if s not in _ENDED]
        left = instance.get_runs(dg.RunsFilter(statuses=unfinished))
        return len(left) + len(_list_unfinished_runs(instance))


_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


class Harness:
    def __init__(self, folder: Path, server: Arxiv, seed: int) -> None:
        self.folder, self.server = folder, server
        self.random = random.Random(seed)
        shipped = read_keywords_file(PROJECT_ROOT / "keywords.toml")
        self.file = KeywordsConfig(
            folder / "keywords.toml", shipped.keywords, ZoneInfo("UTC"), shipped.schedule
        )
        self.phases: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.mid_write = 0
        self.stories: list[str] = []
        self.length = {True: 0.0, False: 0.0}
        """Seconds that a run takes, by whether the home is a fresh one."""

    def settings(self, home: Path) -> Settings:
        return Settings(self.file.path, home, self.server.url, 0.0, max_attempts=1, backoff=0.0)

    def start(self, home: Path, name: str) -> Child:
        return Child(self.settings(home), self.file, self.folder / f"{name}.log")

    def measure(self, home: Path, *, fresh: bool) -> None:
        began = time.monotonic()
        child = self.start(home, "measured")
        if not child.wait(120) or child.status:
            raise RuntimeError(f"a run that nobody kills fails:\n{child.log.read_text()}")
        self.length[fresh] = time.monotonic() - began

    def point(self, home: Path, moment: int, number: int, *, fresh: bool) -> None:
        """Kill one run, and look."""
        before = forked(look, home, self.file)
        child = self.start(home, "killed")
        how = self._wait_for_the_moment(child, home, self.length[fresh])
        child.kill()
        log = child.log.read_bytes()
        after = forked(look, home, self.file)
        self.phases[_phase(log, before, after, child.status)] += 1
        self.mid_write += bool(after.leftovers)
        story = f"point {number}{' (fresh home)' if fresh else ''}, killed {how}"
        self._judge(story, before, after)
        began = time.monotonic()
        # A keyword that fails leaves its reason on disk: the recovery has to be without faults.
        self.server.show(moment)
        recovery = self.start(home, "recovery")
        on_time = recovery.wait(_PATIENCE + 3 * max(self.length.values()))
        recovery.kill()
        if not on_time or recovery.status:
            took = time.monotonic() - began
            text = recovery.log.read_text(errors="replace")[-1500:]
            self._note("failed recoveries", f"{story}: {recovery.status} after {took:.1f} s {text}")
            return
        healed = forked(look, home, self.file)
        self._judge(f"{story}, recovered", after, healed)
        if healed.readme != healed.rendered or healed.faults:
            self._note("READMEs neither old nor new", f"{story}: not mended {healed.faults}")
        for text in missing(self.file, healed, corpus_at(moment)):
            self._note("lost papers", f"{story}, recovered: {text}")
        if left := [*healed.leftovers, *(str(p) for p in home.rglob("*.damaged-*"))]:
            self._note("files left behind", f"{story}: {left}")
        if count := forked(_open_runs, home):
            self._note("runs left unfinished", f"{story}: {count}")

    def _wait_for_the_moment(self, child: Child, home: Path, length: float) -> str:
        way = self.random.choices(("time", "file", "line"), (5, 3, 2))[0]
        if way == "time":
            seconds = self.random.uniform(0, length * 1.05)
            child.wait(seconds)
            return f"after {seconds:.3f} of {length:.3f} s"
        if way == "file":
            number, seconds = self.random.randint(1, 5), self.random.choice((0.0, 0.001, 0.003))
            folders = (home / ".papers" / "raw_papers", home / ".papers", home / "output")
            seen: set[str] = set()

            def written() -> bool:
                for folder in folders:
                    if folder.is_dir():
                        seen.update(path.name for path in folder.glob(".*.tmp"))
                return len(seen) >= number

            child.wait(length * 3, written)
            child.wait(self.random.uniform(0, seconds))
            return f"at half-written file {number} + {seconds} s"
        line, seconds = self.random.choice(_LINES), self.random.uniform(0, 0.15)
        child.wait(length * 3, lambda: line in child.log.read_bytes())
        child.wait(seconds)
        return f"{seconds:.3f} s after {line.decode()!r}"

    def _judge(self, story: str, before: Found, after: Found) -> None:
        for text in after.broken:
            self._note("broken files", f"{story}: {text}")
        for name, versions in before.held.items():
            if lost := versions - after.held.get(name, set()):
                self._note("lost papers", f"{story}: {name} {sorted(lost)[:3]}")
        if before.papers is not None and after.papers is None:
            self._note("lost papers", f"{story}: papers.parquet is gone")
        if after.readme not in (before.readme, after.rendered) or after.faults:
            self._note("READMEs neither old nor new", f"{story}: {after.faults}")

    def _note(self, what: str, story: str) -> None:
        self.wrong[what] += 1
        self.stories.append(f"{what}: {story}")


def _phase(  # noqa: PLR0911 - one a phase
    log: bytes, before: Found, after: Found, status: int | None
) -> str:
    if status != -signal.SIGKILL:
        return "after its end"
    if b"Wrote" in log:
        return "ending"
    if after.readme != before.readme:
        return "published, not ended"
    if b"rendering" in log:
        return "rendering"
    if b"choosing" in log:
        return "choosing and writing papers"
    if b"asking" not in log:
        return "starting"
    return "fetching, some written" if after.held != before.held else "fetching"


_WRONGS = (
    *("broken files", "lost papers", "READMEs neither old nor new", "failed recoveries"),
    *("files left behind", "runs left unfinished", "unlike a home never killed"),
    "gate violations",
)


def run(points: int, seed: int) -> int:
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    total = len(history())
    first = total - min(points, 350)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, arxiv() as server:
        folder = Path(name)
        harness = Harness(folder, server, seed)
        home = folder / "home"
        server.show(first)
        harness.measure(home, fresh=True)
        harness.measure(home, fresh=False)
        moment = first
        for number in range(1, points + 1):
            fresh = number % _FRESH_EVERY == 0
            moment = first + (total - first) * number // points
            words = harness.random.choice(harness.file.names) if number % 7 == 0 else ""
            server.show(moment, failing=words)
            where = folder / f"fresh-{number}" if fresh else home
            harness.point(where, moment, number, fresh=fresh)
            if number % 10 == 0:
                wrong = harness.wrong.total()
                print(f"{number} points, {wrong} violations", file=sys.stderr)  # noqa: T201
        _compare(harness, home, folder / "control", moment)
        figures = server.figures()
        harness.wrong["gate violations"] += figures.peak_open > 1
    print(f"seed {seed}, {time.monotonic() - began:.0f} s\n")  # noqa: T201
    lengths = f"{harness.length[True]:.2f} s fresh, {harness.length[False]:.2f} s else"
    rows: list[tuple[str, object]] = [("points", points), ("a run takes", lengths)]
    rows += [(f"  {phase}", count) for phase, count in sorted(harness.phases.items())]
    rows += [("  (with a half-written file)", harness.mid_write)]
    rows += [("requests open at once, at most", figures.peak_open)]
    rows += [(what, harness.wrong[what]) for what in _WRONGS]
    print(table(rows))  # noqa: T201
    for story in harness.stories[:20]:
        print(f"\n{story}")  # noqa: T201
    return 1 if harness.wrong.total() else 0


def _compare(harness: Harness, home: Path, control: Path, moment: int) -> None:
    """Let a home whose runs were never killed publish the same, and compare."""
    harness.server.show(moment)
    for where in (home, control):
        child = harness.start(where, "control")
        child.wait(120)
    ours, theirs = (forked(look, where, harness.file) for where in (home, control))
    if ours.papers != theirs.papers:
        harness._note("unlike a home never killed", "the lists differ")


def main() -> None:
    sys.exit(run(*points_and_seed(__doc__, 300)))


if __name__ == "__main__":
    main()
