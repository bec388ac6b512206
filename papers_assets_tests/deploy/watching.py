"""What looks after a production host: a stand-in for systemd, and somebody who watches."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psutil
import requests

from papers_assets_tests.deploy.host import Host, answers
from papers_assets_tests.helpers.postgres_server import Postgres
from papers_assets_tests.helpers.ui_driver import UI, until

_RUNS = "{ runsOrError { ... on Runs { results { id jobName status parentRunId } } } }"
_SCHEDULE = """{ scheduleOrError(scheduleSelector: { scheduleName: "daily",
      repositoryLocationName: "papers_assets", repositoryName: "__repository__"}) {
    ... on Schedule { scheduleState {
      typeSpecificData { ... on ScheduleData { startTimestamp } }
      ticks { runIds } } } } }"""
_RESTART_AFTER = 5.0
"""RestartSec of the units."""
_SLOW = 3.0
"""Seconds after which an answer counts as none."""


def runs_of(ui: UI) -> list[Any]:
    """Give all runs, newest first; an error if the database does not answer."""
    return list(ui.ask(_RUNS)["runsOrError"]["results"])


class Schedule(NamedTuple):
    """What the daemon has made of the daily schedule."""

    known: bool
    """Whether it has seen it; what was due before, it does not make up for."""
    launched: list[str]
    """The runs of its ticks."""


def schedule_of(ui: UI) -> Schedule:
    # While the code server is being loaded there is no schedule.
    state = ui.ask(_SCHEDULE)["scheduleOrError"].get("scheduleState")
    if not state:
        return Schedule(known=False, launched=[])
    known = state["typeSpecificData"]["startTimestamp"] is not None
    return Schedule(known, [run for tick in state["ticks"] for run in tick["runIds"]])


class Supervisor:
    """What systemd (or compose) is to the host: it starts what has ended, some seconds later."""

    def __init__(self, host: Host, postgres: Postgres) -> None:
        self._host, self._postgres = host, postgres
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_after, daemon=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    def _look_after(self) -> None:
        while not self._over.wait(0.2):
            down = not alive(self._postgres)
            ended = [n for n, p in list(self._host.processes.items()) if p.poll() is not None]
            if not (down or ended) or self._over.wait(_RESTART_AFTER):
                continue
            if down:
                self._postgres.start()
            for service in ended:
                self._host.start(service)


def postmaster(postgres: Postgres) -> psutil.Process | None:
    """Give the database's first process, if there is one."""
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        return psutil.Process(int((postgres.folder / "postmaster.pid").read_text().split()[0]))
    return None


def alive(postgres: Postgres) -> bool:
    found = postmaster(postgres)
    return found is not None and found.status() != psutil.STATUS_ZOMBIE


def kill_database(postgres: Postgres) -> None:
    first = postmaster(postgres)
    for process in [first, *first.children()] if first else ():
        with suppress(psutil.NoSuchProcess):
            process.kill()
    until(lambda: not alive(postgres))


class Watch:
    """What is seen of the host from outside, from the moment of the kill."""

    def __init__(self, host: Host, ui: UI) -> None:
        self._host, self.ui = host, ui
        self.began, self._began_at = time.monotonic(), time.time()
        self.gaps: dict[str, list[float]] = {}
        self.back = 0.0
        """Seconds until everything answered."""
        self.runs: list[Any] | None = None
        """All runs as of the last look, if they could be had."""

    def look(self) -> None:
        checks: dict[str, Callable[[], bool]] = {
            "the page": lambda: answers(self._host.url()),
            "its list of runs": self._list,
            "the code server": self._location,
            "the daemon": self._daemon,
        }
        for name, works in checks.items():
            asked, answered = self.passed, False
            with suppress(requests.RequestException, AssertionError, TypeError, KeyError):
                answered = works()
            # Some questions wait until the database is back, and then are answered.
            if not answered or self.passed - asked > _SLOW:
                self.gaps.setdefault(name, []).extend([asked, self.passed])
        last = max((times[-1] for times in self.gaps.values()), default=0.0)
        self.back = last

    @property
    def passed(self) -> float:
        return time.monotonic() - self.began

    def told(self) -> str:
        told = [
            f"{name} did not answer, {times[0]:.0f}-{times[-1]:.0f} s"
            for name, times in self.gaps.items()
        ]
        return "; ".join(told) or "everything answered"

    def _list(self) -> bool:
        self.runs = None
        self.runs = runs_of(self.ui)
        return True

    def _location(self) -> bool:
        location = self.ui.location()
        code = self._host.processes.get("code")
        return (
            location["loadStatus"] == "LOADED"
            and location["locationOrLoadError"]["__typename"] != "PythonError"
            and code is not None
            and code.poll() is None
        )

    def _daemon(self) -> bool:
        daemon = self._host.processes.get("daemon")
        return daemon is not None and daemon.poll() is None
