"""GitHub Actions on this machine: the daily workflow's own steps, over a bare git repository."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ruamel.yaml import YAML

from papers_assets_tests.helpers.ui_driver import PAPERS

ROOT = Path(__file__).resolve().parents[2]
GITHUB = ROOT / ".github"
DAILY = GITHUB / "workflows" / "daily.yml"

# What stands for the product in most tests: it remembers its runs, and writes the list it is told.
_STAND_IN = """#!/bin/sh
mkdir -p .papers/locks output/site
touch .papers/locks/writing
echo "a run" >> .papers/history
echo "$LIST" > output/README.md
echo "$LIST" > output/site/index.html
if [ -n "$FRONT" ]; then echo "$FRONT" > .github/README.md; fi
if [ -n "${EDITION:-}" ]; then
    mkdir -p output/editions
    echo "$EDITION" >"output/editions/$EDITION.json"
fi
exit "$STATUS"
"""
_GH = """#!/bin/sh
case $PAGES in
    on) echo workflow ;;
    branch) echo legacy ;;
    off) echo "gh: Not Found (HTTP 404)" >&2; exit 1 ;;
    *) echo "gh: Server Error (HTTP 502)" >&2; exit 1 ;;
esac
"""
_NOBODYS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""Whoever runs the tests may have git sign commits, or ask somebody for passwords."""
_MAKEFILE = 'setup:\n\tmkdir -p .venv/bin && ln -s "$$PAPERS" .venv/bin/papers\n'
_REFUSING = "#!/bin/sh\nwhile read -r _ _ ref; do\n%s\ndone\n"


def load(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text())


class Context(SimpleNamespace):
    """As GitHub's expressions see it: what is not there is empty."""

    def __getattr__(self, _: str) -> Any:
        return ""


def holds(condition: str, *, failed: bool = False, **contexts: Any) -> bool:
    """Whether a condition of the workflow holds; nobody has cancelled the run."""
    text = condition.removeprefix("${{").removesuffix("}}").replace("&&", " and ")
    text = re.sub(r"!(?!=)", " not ", text.replace("||", " or "))
    if not re.search(r"always\(|cancelled\(", text):
        text = f"(not failed) and ({text})"
    functions = {"always": lambda: True, "cancelled": lambda: False, "failed": failed}
    return bool(eval(" ".join(text.split()), functions | contexts))  # noqa: S307 - our own file


@dataclass
class Day:
    """What a run of the workflow came to, and the checkout it left."""

    checkout: Path
    log: str = ""
    outcomes: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def red(self) -> list[str]:
        return [name for name, outcome in self.outcomes.items() if outcome == "failure"]

    @property
    def uploaded(self) -> bool:
        return self.outcomes["Upload the site"] == "success"


class Repository:
    """A repository as on GitHub, bare, and its daily runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.origin = folder / "origin.git"
        self.names = (f"checkout-{number}" for number in count(1))

    def found(self) -> None:
        """Make it, with what a fork begins with."""
        self.git(self.folder, "init", "-q", "--bare", "--template=", "-b", "main", self.origin.name)
        for name, text in (("papers", _STAND_IN), ("gh", _GH)):
            self.program(self.folder / "bin" / name, text)
        seed = self.clone()
        shutil.copytree(GITHUB / "scripts", seed / ".github" / "scripts")
        shutil.copy(ROOT / ".gitignore", seed)
        (seed / "keywords.toml").write_text("[keywords.compiler]\n[keywords.performance]\n")
        (seed / "Makefile").write_text(_MAKEFILE)
        self.push(seed, "The project")
        shutil.rmtree(seed)

    @staticmethod
    def program(path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    @staticmethod
    def git(where: Path, *arguments: str) -> str:
        someone = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
        done = subprocess.run(
            ["git", *someone, *arguments],
            cwd=where,
            env=os.environ | _NOBODYS,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def show(self, what: str) -> str:
        return self.git(self.origin, "show", what)

    def commits(self, branch: str = "main") -> list[str]:
        """The branch's commits, newest first, as who wrote it and which files it changed."""
        log = self.git(self.origin, "log", "--format=%x00%an", "--name-only", branch)
        return [" ".join(entry.split()) for entry in log.split("\0")[1:]]

    def clone(self) -> Path:
        checkout = self.folder / next(self.names)
        self.git(self.folder, "clone", "--quiet", "--depth=1", self.origin.as_uri(), str(checkout))
        return checkout

    def push(self, checkout: Path, message: str, branch: str = "main") -> None:
        self.git(checkout, "add", "--all")
        self.git(checkout, "commit", "--quiet", "--message", message)
        self.git(checkout, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    def write(self, name: str, text: str, branch: str = "main") -> None:
        """Somebody commits a file."""
        checkout = self.clone()
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text(text)
        self.push(checkout, "Mine", branch)

    def refuse(self, command: str) -> None:
        """Let the server look at each pushed `$ref` before it takes it."""
        self.program(self.origin / "hooks" / "pre-receive", _REFUSING % command)

    def day(
        self,
        meanwhile: Callable[[], object] = lambda: None,
        *,
        real: dict[str, str] | None = None,
        **told: str,
    ) -> Day:
        """Do what the job `papers` does; `meanwhile` happens when arXiv has been asked.

        `real` is the environment of the product itself, which does it instead of the stand-in.
        """
        day = Day(self.clone())
        environment = {
            **(real or os.environ),
            **_NOBODYS,
            "LIST": "one paper",
            "FRONT": "",
            "STATUS": "0",
            "PAGES": "on",
            **told,
            "PAPERS": str(PAPERS if real else self.folder / "bin" / "papers"),
            "PAPERS_HOME": str(day.checkout),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "GITHUB_REF_NAME": "main",
            "GITHUB_REPOSITORY": "you/papers",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_OUTPUT": str(day.checkout.with_suffix(".output")),
            "PUSH_PAUSE": "0",
        }
        Path(environment["GITHUB_OUTPUT"]).touch()
        for step in load(DAILY)["jobs"]["papers"]["steps"]:
            day.outcomes[step["name"]] = self.step(day, step, environment)
            if step.get("id") == "papers":
                meanwhile()
        return day

    def step(self, day: Day, step: Any, environment: dict[str, str]) -> str:
        steps = Context(
            papers=Context(outcome=day.outcomes.get("Ask arXiv and write the list", "")),
            pages=Context(outputs=Context(**day.outputs)),
        )
        if not holds(
            step.get("if", "1"),
            failed=bool(day.red),
            steps=steps,
            hashFiles=lambda name: "found" if (day.checkout / name).exists() else "",
        ):
            return "skipped"
        if "uses" in step:
            return "success"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=day.checkout,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        day.log += done.stdout
        written = Path(environment["GITHUB_OUTPUT"]).read_text().splitlines()
        day.outputs |= dict(line.split("=", 1) for line in written)
        return "failure" if done.returncode else "success"
