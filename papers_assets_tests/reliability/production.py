"""Kill what runs on a production host: `python -m papers_assets_tests.reliability.production`.

The services of deploy/systemd over a real PostgreSQL, with deploy/'s dagster.yaml; daemon, web
server, code server, a run's worker, the database, or all of it (a power cut) get SIGKILL during a
run. What systemd and compose would start again is started again here, 5 seconds later as in the
units. Then the run has to end, nothing that was held may be lost, and the next run has to succeed.
The very first run is the schedule's own, after keywords.toml was edited and reloaded.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import requests

from papers_assets.arxiv.sample import Corpus, SampleArxiv
from papers_assets.keywords.file import read_keywords_file
from papers_assets_tests.deploy.host import SERVICES, Host, running_host
from papers_assets_tests.deploy.watching import (
    Supervisor,
    Watch,
    kill_database,
    runs_of,
    schedule_of,
)
from papers_assets_tests.helpers.postgres_server import Postgres, running_postgres
from papers_assets_tests.helpers.ui_driver import ENDED, RELOAD, UI, until
from papers_assets_tests.reliability.worlds import (
    Found,
    corpus_at,
    history,
    look,
    missing,
    points_and_seed,
    violations,
)

_BEFORE = "code, before the run begins"
VICTIMS = ("daemon", "webserver", "code", _BEFORE, "run worker", "postgres", "the whole host")
_PATIENCE = 240.0
_KEYWORDS = """schedule = "{}"
[keywords.compiler]
[keywords.performance]
[keywords."reinforcement learning"]
"""
_NOT_SOON = "0 0 29 2 *"
"""A schedule that launches nothing while this runs."""
# As shipped, a run that nobody looks after is ended after four hours.
_SHORTER = (
    ("poll_interval_seconds: 60 ", "poll_interval_seconds: 5 "),
    ("start_timeout_seconds: 180 ", "start_timeout_seconds: 45 "),
    ("max_runtime_seconds: 14400", "max_runtime_seconds: 60"),
    ("free_slots_after_run_end_seconds: 300", "free_slots_after_run_end_seconds: 10"),
)
_MOST_TRIES = 5
_TAKES = 4.0
"""Seconds that arXiv takes to answer, so that there is a run to be killed in."""


class Row(NamedTuple):
    """What became of one point."""

    killed: str
    seen: str
    back: str
    run: str
    person: str


class Harness:
    def __init__(self, host: Host, postgres: Postgres, server: SampleArxiv) -> None:
        self.host, self.postgres, self.server = host, postgres, server
        self.file = read_keywords_file(host.settings / "keywords.toml")
        self.wrong: list[str] = []
        self.ui: UI
        self.asked = 0
        """Requests that have reached arXiv, answered or not."""
        server.fault = self._slowly

    def _slowly(self, _: object) -> None:
        self.asked += 1
        time.sleep(_TAKES)

    def _launch(self) -> tuple[str, int]:
        """Launch the daily job, and give the run and how often that had to be tried."""
        tried = 0
        while True:
            tried += 1
            try:
                return self.ui.launch("daily_papers"), tried
            except (AssertionError, requests.RequestException):
                if tried == _MOST_TRIES:
                    raise
                time.sleep(1)

    def point(self, victim: str, moment: int) -> Row:
        before = look(self.host.home, self.file)
        self.server.corpus = corpus_at(moment)
        asked = self.asked
        run, _ = self._launch()
        if victim != _BEFORE:  # a keyword is there, another one is being asked for
            until(lambda: self.asked >= asked + 2)
        known = {one["id"] for one in self.runs()}
        self._kill(victim)
        watch = Watch(self.host, self.ui)
        told = self._follow(watch, run, known)
        self._judge(victim, before, look(self.host.home, self.file))
        fate = self.ui.status(run)
        if fate not in ENDED:
            self.wrong.append(f"{victim} killed: its run is {fate} for ever")
        by_itself = any("SUCCESS" in word for word in told)
        again, tried = self._launch()
        if (status := self.ui.ended(again)) != "SUCCESS":
            self.wrong.append(f"{victim} killed: the next run is {status}")
        self._settle()
        healed = look(self.host.home, self.file)
        self._judge(f"{victim}, recovered", before, healed)
        lost = missing(self.file, healed, corpus_at(moment))
        self.wrong += [f"{victim} killed: {text}" for text in lost]
        person = "nothing" if by_itself else "launch it again, or wait for the schedule"
        if tried > 1:
            person += "; to launch the next one again, since the first click showed an error"
        back = f"after {watch.back:.0f} s" if watch.gaps else "at once"
        return Row(victim, watch.told(), back, ", ".join(told), person)

    def runs(self) -> list[Any]:
        return runs_of(self.ui)

    def _settle(self) -> None:
        """Wait until nothing has been under way for a while: a retry comes some seconds later."""
        quiet = 0
        while quiet < 20:
            over = all(one["status"] in ENDED for one in self.runs())
            quiet = quiet + 1 if over else 0
            time.sleep(0.5)

    def _kill(self, victim: str) -> None:
        service = victim.partition(",")[0]
        if service in SERVICES:
            self.host.processes[service].kill()
        if victim == "run worker":
            for process in self.host.workers():
                process.kill()
        if victim == "the whole host":
            self.host.end(forget=False)
        if victim in ("postgres", "the whole host"):
            kill_database(self.postgres)

    def _follow(self, watch: Watch, run: str, known: set[str]) -> list[str]:
        """Look until the run and what was started for it have ended; tell how."""
        seen: dict[str, str] = {}
        told: list[str] = []
        busy = 0.0
        # The daemon takes its time to start a failed run again.
        while watch.passed < min(_PATIENCE, busy + (30 if "FAILURE" in "".join(told[-1:]) else 8)):
            watch.look()
            runs = [r for r in watch.runs or [] if r["id"] == run or r["id"] not in known]
            for one in reversed(runs):
                if seen.get(one["id"]) != one["status"] and one["status"] in ENDED:
                    what = "" if one["id"] == run else f"{_kind(one)} "
                    told.append(f"{what}{one['status']} after {watch.passed:.0f} s")
                seen[one["id"]] = one["status"]
            if not runs or any(r["status"] not in ENDED for r in runs):
                busy = watch.passed
            time.sleep(0.5)
        return told

    def _judge(self, story: str, before: Found, after: Found) -> None:
        self.wrong += [f"{story}: {text}" for text in violations(before, after)]


def _ticked(harness: Harness) -> list[str]:
    """Let the schedule launch a run; give how each that it launched has ended, or none.

    Its minute is chosen once the daemon knows the schedule, and edited as an operator does. The
    daemon gets to know it as it starts, or at a full minute if the code server is the later one,
    and makes up for nothing that was due by then.
    """
    ui = harness.ui
    with suppress(AssertionError):
        until(lambda: schedule_of(ui).known, _PATIENCE)
        _edit_schedule(harness)
        # The daemon looks for what was reloaded once a minute, and at its schedules likewise.
        until(lambda: schedule_of(ui).launched, _PATIENCE)
    ended = {run: ui.ended(run) for run in schedule_of(ui).launched}
    return [f"{one['jobName']} {ended[one['id']]}" for one in harness.runs() if one["id"] in ended]


def _edit_schedule(harness: Harness) -> None:
    """Let it be the next full minute."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    harness.file.path.write_text(_KEYWORDS.format(f"{soon.minute} {soon.hour} * * *"))
    harness.ui.ask(RELOAD)


def _kind(run: Mapping[str, Any]) -> str:
    return "its retry" if run["parentRunId"] else str(run["jobName"])


def run(points: int) -> int:
    total, rows = len(history()), []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(running_postgres('-c fsync=on -h ""'))
        server = stack.enter_context(SampleArxiv(Corpus([])))
        first = total - 2 * points - 1
        server.corpus = corpus_at(first)
        keywords = _KEYWORDS.format(_NOT_SOON)
        host = Host(folder / "host", postgres.url(), server.url, keywords, replaced=_SHORTER)
        stack.enter_context(running_host(host))
        harness = Harness(host, postgres, server)
        harness.ui = host.ui()
        if (found := _ticked(harness)) != ["daily_papers SUCCESS"]:
            raise RuntimeError(f"what the schedule launched: {found}\n{host.log.read_text()}")
        print("the schedule ticked, and its run succeeded", file=sys.stderr)  # noqa: T201
        stack.enter_context(Supervisor(host, postgres).working())
        for number in range(points):
            row = harness.point(VICTIMS[number % len(VICTIMS)], first + 2 * number + 2)
            rows.append(row)
            print(f"| {' | '.join(row)} |", file=sys.stderr)  # noqa: T201
        if server.peak_open > 1:
            harness.wrong.append(f"{server.peak_open} requests open at once")
        if harness.wrong and os.environ.get("SHOW_LOG"):
            print(host.log.read_text()[-20000:], file=sys.stderr)  # noqa: T201
    heading = ("killed", "seen meanwhile", "all back", "the run", "a person has to")
    print(f"| {' | '.join(heading)} |\n|{' --- |' * len(heading)}")  # noqa: T201
    for row in rows:
        print(f"| {' | '.join(row)} |")  # noqa: T201
    print(f"\n{points} points, {len(harness.wrong)} violations")  # noqa: T201
    print("\n".join(harness.wrong[:20]))  # noqa: T201
    return 1 if harness.wrong else 0


def main() -> None:
    points, _ = points_and_seed(__doc__, len(VICTIMS))
    sys.exit(run(points))


if __name__ == "__main__":
    main()
