"""One production host on this machine: the services of deploy/systemd, each a process of its own.

Commands come from the units, settings from the example of their environment; only places, ports and
the database are this machine's. What systemd would do, `Host.mend` does.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import requests

from papers_assets.settings import PROJECT_ROOT
from papers_assets_tests.helpers.ui_driver import UI, environment, free_port, until

DEPLOY = PROJECT_ROOT / "deploy"
UNITS = DEPLOY / "systemd"
SERVICES = ("code", "daemon", "webserver", "readers")
_BIN = Path(sys.executable).parent
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def command(service: str, variables: Mapping[str, str]) -> list[str]:
    """Give what the unit of `service` starts, with this environment's programs."""
    text = (UNITS / f"papers-assets-{service}.service").read_text().replace("\\\n", " ")
    line = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0]
    words = shlex.split(_VARIABLE.sub(lambda match: variables[match[1]], line))
    return [word.replace("/opt/papers/bin", str(_BIN)) for word in words]


def example(path: Path) -> dict[str, str]:
    """Read the variables that an example of an environment sets."""
    lines = re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE)
    return {name: value.strip("'") for name, value in lines}


class Host:
    """The services over a home, a database and a sample arXiv."""

    def __init__(
        self,
        folder: Path,
        database: str,
        arxiv: str,
        keywords: str,
        *,
        replaced: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Write /etc/papers; `replaced` are texts of its dagster.yaml, and others."""
        self.home, self.settings = folder / "home", folder / "etc"
        self.log = folder / "log"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.settings.mkdir(parents=True)
        self.home.mkdir()
        (self.settings / "keywords.toml").write_text(keywords)
        shipped = (DEPLOY / "dagster.postgres.yaml").read_text()
        for old, new in replaced:
            if old not in shipped:
                raise RuntimeError(f"dagster.postgres.yaml has no {old!r} any more")
            shipped = shipped.replace(old, new)
        (self.settings / "dagster.yaml").write_text(shipped)
        (self.settings / "workspace.yaml").write_text((DEPLOY / "workspace.yaml").read_text())
        self.settings.chmod(0o555)  # Dagster is to write nothing there
        self.variables = example(UNITS / "environment.example") | {
            "DAGSTER_HOME": str(self.settings),
            "PAPERS_DATABASE_URL": database,
            "PAPERS_RUN_FILES": str(self.home / ".papers"),
            "PAPERS_CODE_PORT": str(free_port()),
            "PAPERS_WEB_PORT": str(free_port()),
            "PAPERS_READERS_PORT": str(free_port()),
        }
        self.environment = (
            environment(self.home, self.settings / "keywords.toml", arxiv)
            | self.variables
            | {
                "PAPERS_HOME": str(self.home),
                "PAPERS_KEYWORDS": str(self.settings / "keywords.toml"),
            }
        )

    def url(self, service: str = "webserver") -> str:
        port = {"webserver": "PAPERS_WEB_PORT", "readers": "PAPERS_READERS_PORT"}[service]
        return f"http://127.0.0.1:{self.variables[port]}"

    def start(self, service: str) -> None:
        with self.log.open("a") as output:
            self.processes[service] = subprocess.Popen(
                command(service, self.variables),
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def mend(self) -> list[str]:
        """Start every service again whose process has ended, as Restart=always does."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        for service in ended:
            self.start(service)
        return ended

    def kill(self, service: str) -> None:
        """Kill the main process of a service, and nothing else of it, as if it had crashed."""
        self.processes[service].kill()
        self.processes[service].wait()

    def workers(self) -> list[psutil.Process]:
        """Give the processes that execute runs on this host."""
        return [p for p in self._all() if _is_worker(p)]

    def end(self, *, forget: bool = True) -> None:
        """Kill whatever there is, as if the plug were pulled; `forget` what is to be running."""
        for process in self._all():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for started in self.processes.values():
            started.wait()
        if forget:
            self.processes.clear()

    def ui(self) -> UI:
        """Give the web server, once it has found the code server."""
        found = UI(self.url(), self.processes["webserver"])
        until(lambda: found.location()["loadStatus"] == "LOADED" and _loaded(found))
        return found

    def _all(self) -> Iterator[psutil.Process]:
        # Also those whose parents are gone: the home is theirs alone.
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("DAGSTER_HOME") == str(self.settings):
                    yield process


def _loaded(ui: UI) -> bool:
    return bool(ui.location()["locationOrLoadError"]["__typename"] != "PythonError")


def _is_worker(process: psutil.Process) -> bool:
    """Say whether a process is one that a code server started for a run."""
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return "--multiprocessing-fork" in process.cmdline()
    return False


@contextmanager
def running_host(host: Host, services: Sequence[str] = SERVICES) -> Iterator[Host]:
    """Start the services, and end all processes of the host at the end."""
    with ExitStack() as stack:
        stack.callback(host.end)
        for service in services:
            host.start(service)
        yield host


def answers(url: str) -> bool:
    """Say whether a web server answers what the health checks ask."""
    try:
        return requests.get(f"{url}/server_info", timeout=5).ok
    except requests.RequestException:
        return False
