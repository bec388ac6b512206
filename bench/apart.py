"""Measure processes: how long they took, and how much memory they and their children had."""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from papers_assets.settings import PROJECT_ROOT


class Measured(NamedTuple):
    """A process from its start to its end, with the children that it waited for."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds."""
    peak: float
    """The most memory that one of them had, in MB."""


class FailedError(Exception):
    """A process that was to be measured failed; the message has its last words."""


_LAST_WORDS = 2_000
"""Characters."""


def measured(
    command: Sequence[str], environment: Mapping[str, str] = os.environ, status: int = 0
) -> Measured:
    """Run a program and measure it.

    Raises:
        FailedError: it ended with another status.
    """
    return _run(command, environment, status)[1]


def apart(function: Callable[..., Any], *arguments: object) -> tuple[Any, Measured]:
    """Call a function in a process of its own, and measure that.

    A child's peak counts from what its parent had: who measures is to have little.

    Args:
        function: of a module, by its name.
        arguments: which JSON can say, as what it gives can.

    Raises:
        FailedError: it raised something.
    """
    name = f"{function.__module__}:{function.__name__}"
    said, took = _run(
        [sys.executable, "-m", "bench.apart", name, json.dumps(arguments)], os.environ
    )
    return json.loads(said.splitlines()[-1]), took


def _run(
    command: Sequence[str], environment: Mapping[str, str], expected: int = 0
) -> tuple[str, Measured]:
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        name = " ".join(command[:4])
        raise FailedError(f"{name} ended with {process.returncode}:\n{said[-_LAST_WORDS:]}")
    unit = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss is bytes there, kB elsewhere
    return said, Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def _main(name: str, arguments: str) -> None:
    module, _, function = name.partition(":")
    with contextlib.redirect_stdout(sys.stderr):
        given = getattr(importlib.import_module(module), function)(*json.loads(arguments))
    sys.stdout.write(f"\n{json.dumps(given)}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
