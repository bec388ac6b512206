"""What a cluster is made of besides its control host: the queue, and hosts that execute runs."""

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
from redis import Redis
from redis.exceptions import ConnectionError as NoRedisError

from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.deploy.host import DEPLOY
from papers_assets_tests.helpers.ui_driver import free_port, until
from papers_assets_tests.reliability.namespaces import Host
from papers_assets_tests.reliability.on_host import TMP, Order

CELERY = DEPLOY / "celery"
UNIT = CELERY / "papers-assets-worker.service"
_PASSWORD = "invented"  # noqa: S105


class Queue:
    """Redis, as deploy/celery/redis.conf says."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder, self._address, self._port = folder, address, free_port()
        self.url = f"redis://:{_PASSWORD}@{address}:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        places = {"bind": self._address, "port": self._port, "requirepass": _PASSWORD}
        options = [f"--{name}={value}" for name, value in places.items()]
        folder = ["--dir", str(self._folder), "--logfile", str(self._folder / "redis.log")]
        words = [word for option in options for word in option.split("=", 1)]
        self._process = subprocess.Popen(["redis-server", CELERY / "redis.conf", *words, *folder])
        until(self._answers)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except NoRedisError:
            return False

    def forget(self) -> None:
        """Lose everything, as one without files does when it is restarted."""
        with Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


class Worker:
    """A host that executes runs."""

    def __init__(self, name: str, place: Host, log: Path, files: Mapping[str, str]) -> None:
        self.name, self._place, self.log = name, place, log
        self._files = files
        self._process: subprocess.Popen[str] | None = None

    def start(self, settings: Mapping[str, str]) -> None:
        """Boot it."""
        etc = TMP / "etc"
        variables = {
            **settings,
            "DAGSTER_HOME": str(etc),
            "PAPERS_KEYWORDS": str(etc / "keywords.toml"),
            "PAPERS_RUN_FILES": str(TMP / "papers"),
            "HOME": str(TMP),
        }
        order = Order(
            name=self.name,
            files={f"etc/{name}": text for name, text in self._files.items()},
            command=worker_command(variables),
            environment=variables,
        )
        inside = ["ip", "netns", "exec", self._place.name, "unshare", "--mount", "--uts", "--pid"]
        inside += ["--fork", "--kill-child", "--mount-proc", sys.executable]
        inside += ["-m", "papers_assets_tests.reliability.on_host"]
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                inside, stdin=subprocess.PIPE, stdout=log, stderr=log, text=True, cwd=PROJECT_ROOT
            )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order))
        self._process.stdin.close()
        ready = self._times("ready.")
        until(lambda: self._times("ready.") > ready)

    def pull_the_plug(self) -> None:
        """Take its link down, so that nobody is told of anything, and kill all its processes."""
        self._place.cut_off()
        self.kill()

    def plug_in(self) -> None:
        subprocess.run(["ip", "link", "set", self._place.link, "up"], check=True)

    def kill(self) -> None:
        if self._process:
            self._process.kill()  # and with it whatever is in its namespace
            self._process.wait()

    def kill_runs(self) -> None:
        """Kill the processes of its runs, as the kernel does when there is no more memory."""
        for process in self._main().children():
            process.kill()

    def ask_to_stop(self) -> None:
        """Do what `systemctl stop` does: the signal is for the worker, not for its runs."""
        self._main().send_signal(signal.SIGTERM)

    def _main(self) -> psutil.Process:
        assert self._process
        return psutil.Process(self._process.pid).children()[0]

    def has_stopped(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def tasks(self) -> set[str]:
        """Give the ids of the tasks that it took."""
        return tasks_in(self.log.read_text())

    def _times(self, words: str) -> int:
        return self.log.read_text().count(words) if self.log.exists() else 0


def tasks_in(log: str) -> set[str]:
    """Give the ids of the tasks that a worker's log tells of."""
    return set(re.findall(r"Task execute_job\[([0-9a-f-]+)\] received", log))


def worker_command(variables: Mapping[str, str]) -> list[str]:
    """Give what the unit starts, with this environment's programs."""
    text = UNIT.read_text().replace("\\\n", " ").replace("%%", "%")
    line = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0]
    words = shlex.split(re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], line))
    return [word.replace("/opt/papers/bin", str(Path(sys.executable).parent)) for word in words]
