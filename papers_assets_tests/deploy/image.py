"""Build the image without an engine: `python -m papers_assets_tests.deploy.image --root FOLDER`.

FOLDER is a bare Debian with python3 and python3-venv (debootstrap makes one), in the place of the
image that the Dockerfile begins with. Its RUN and COPY steps are executed in copies of that folder,
one a stage, by chroot (so as root); what comes out is tried as the user whom the image names.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from papers_assets.settings import PROJECT_ROOT

DOCKERFILE = PROJECT_ROOT / "deploy" / "Dockerfile"
# What the container is tried with: the programs that compose.yaml starts, and the package itself.
_TRIED = (
    "dagster --version",
    "dagster-daemon --version",
    "dagster-webserver --version",
    "papers --help",
    "papers keywords",
    "python -c 'import dagster_postgres, s3fs, prometheus_client, pythonjsonlogger'",
    "test ! -w /etc/papers -a ! -w /opt/papers -a -w /var/lib/papers",
)


class Step(NamedTuple):
    """An instruction of a Dockerfile, its lines joined."""

    name: str
    text: str


@dataclass
class Stage:
    """What came of the steps since a FROM."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    folder: str = "/"


def steps(dockerfile: str) -> Iterator[Step]:
    """Read a Dockerfile: one step an instruction, without comments."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, text = line.split(None, 1)
            yield Step(name, " ".join(text.split()))


def copied(step: Step) -> tuple[str, Sequence[str], str]:
    """Give the stage that COPY takes from (empty: none), the sources, and where they go."""
    words = shlex.split(step.text)
    flags = [word for word in words if word.startswith("--")]
    *sources, target = [word for word in words if not word.startswith("--")]
    return "".join(flag.removeprefix("--from=") for flag in flags), sources, target


def build(base: Path, folder: Path, pip: Sequence[Path]) -> Stage:
    """Execute the Dockerfile over copies of `base` below `folder`, and give its last stage.

    `pip` are settings of pip: where packages come from here is no business of the Dockerfile.
    """
    stages: dict[str, Stage] = {}
    stage = Stage(folder)
    for step in steps(DOCKERFILE.read_text()):
        print(f"{step.name} {step.text[:100]}", file=sys.stderr)  # noqa: T201
        if step.name == "FROM":
            name = step.text.partition(" AS ")[2] or "image"
            stage = stages[name] = Stage(folder / name)
            subprocess.run(["cp", "-a", base, stage.root], check=True)
            for path in pip:
                shutil.copy(path, stage.root / "etc" / path.name)
        elif step.name == "COPY":
            _copy(step, stage, stages)
        elif step.name == "RUN":
            run(stage, step.text, user="0:0")
        elif step.name == "ENV":
            _set(step, stage)
        elif step.name == "USER":
            stage.user = step.text
        elif step.name == "WORKDIR":
            stage.folder = step.text
    return stage


def _copy(step: Step, stage: Stage, stages: dict[str, Stage]) -> None:
    origin, sources, target = copied(step)
    place = stage.root / target.lstrip("/")
    for source in sources:
        found = stages[origin].root / source.lstrip("/") if origin else PROJECT_ROOT / source
        if found.is_dir():
            ignored = shutil.ignore_patterns() if origin else shutil.ignore_patterns("__pycache__")
            shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            path = place / found.name if target.endswith("/") else place
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, path)
            path.chmod(0o644)


def _set(step: Step, stage: Stage) -> None:
    known = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    for word in shlex.split(step.text):
        name, _, value = word.partition("=")
        stage.environment[name] = re.sub(r"\$(\w+)", lambda m: known.get(m[1], ""), value)


def run(stage: Stage, command: str, user: str = "") -> str:
    """Execute a command in a stage, as its user unless told otherwise, and give what it prints."""
    path = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    with _mounted(stage.root):
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [
                *("chroot", f"--userspec={user or stage.user}", "--groups=", str(stage.root)),
                *("/bin/sh", "-c", f"cd {stage.folder} && {command}"),
            ],
            env=path | pip | stage.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def _mounted(root: Path) -> Iterator[None]:
    with ExitStack() as stack:
        for name in ("dev", "proc"):
            subprocess.run(["mount", "--rbind", f"/{name}", root / name], check=True)
            stack.callback(_unmount, root / name)
        yield


def _unmount(path: Path) -> None:
    subprocess.run(["umount", "-l", path], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--etc", type=Path, action="append", default=[], help="into /etc, for pip")
    parser.add_argument("--keep", type=Path, help="leave the image in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        folder = options.keep or Path(name)
        folder.mkdir(exist_ok=True)
        stage = build(options.root, folder, options.etc)
        for command in _TRIED:
            print(f"ok as {stage.user}: {command}: {run(stage, command)[:60]!r}")  # noqa: T201
        health = [s for s in steps(DOCKERFILE.read_text()) if s.name in ("CMD", "HEALTHCHECK")]
        for step in health:
            program = json.loads(step.text[step.text.index("[") :])[0]
            print(f"ok: {step.name} {run(stage, f'command -v {program}').strip()}")  # noqa: T201


if __name__ == "__main__":
    main()
