"""The command `papers` in a process of its own that need not import Dagster first.

A server process imports it once, and is forked for each command. What a command prints, writes and
exits with is that of a process that a shell starts; only its start takes less.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess

from papers_assets_tests.helpers.ui_driver import PAPERS

_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload(["papers_assets.cli", "papers_assets.definitions"])


def papers(environment: Mapping[str, str], *arguments: str) -> CompletedProcess[str]:
    """Run `papers` with these arguments, in this environment."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _SERVER.Process(target=_main, args=(dict(environment), arguments, outputs))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        return CompletedProcess(arguments, code or 0, *(path.read_text() for path in outputs))


def papers_from_scratch(environment: Mapping[str, str], *arguments: str) -> CompletedProcess[str]:
    """Do the same with an interpreter that has imported nothing yet."""
    return subprocess.run(
        [PAPERS, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def _main(environment: dict[str, str], arguments: Sequence[str], outputs: Sequence[Path]) -> None:
    from papers_assets.cli import main

    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # of the server's environment
    for descriptor, path in enumerate(outputs, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - as long as the process
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    main(arguments, prog_name="papers")
