"""Where the locks can be installed: `python -m papers_assets_tests.platforms`. Installs nothing."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from papers_assets.settings import PROJECT_ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PLATFORMS = {
    "Linux x86-64 (glibc), WSL": "x86_64-manylinux_2_28",
    "Linux ARM (glibc)": "aarch64-manylinux_2_28",
    "Linux x86-64 (musl)": "x86_64-unknown-linux-musl",
    "Linux ARM (musl)": "aarch64-unknown-linux-musl",
    "macOS Intel": "x86_64-apple-darwin",
    "macOS Apple silicon": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_NO_WHEEL = re.compile(r"Because ([\w.-]+)(?:\[.*\])?==\S+ has no (usable )?wheels")


def found_on(lock: Path, platform: str, python: str) -> str:
    """Return how `lock` can be installed there: which packages are built, or which is missing.

    Raises:
        RuntimeError: uv cannot tell.
    """
    names = set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", lock.read_text(), re.MULTILINE))
    built: list[str] = []
    with tempfile.TemporaryDirectory() as target:
        while True:
            command = [
                *("uv", "pip", "install", "--dry-run", "--no-deps", "--require-hashes"),
                *("--target", target, "--python-platform", platform, "--python-version", python),
                *(f"--only-binary={name}" for name in sorted(names - set(built))),
                *("-r", str(lock)),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return ", ".join(built) or "wheels"
            missing = _NO_WHEEL.search(done.stderr)
            if missing is None or missing[1] in built:
                raise RuntimeError(done.stderr)
            if not missing[2]:  # there is no source either
                return f"no {missing[1]}"
            built.append(missing[1])


def main(locks: Sequence[str] = LOCKS) -> None:
    """Print a table for each lock."""
    if shutil.which("uv") is None:
        sys.exit("This needs uv: pip install uv")
    for name in locks:
        table = Table("platform", *(f"Python {python}" for python in PYTHONS), title=name)
        for platform, triple in PLATFORMS.items():
            cells = (found_on(PROJECT_ROOT / name, triple, python) for python in PYTHONS)
            table.add_row(platform, *cells)
        Console(width=140).print(table)
    sys.stdout.write(
        "wheels: nothing is compiled. A name: that package is built from its source, which takes "
        "a C compiler. no NAME: it has neither, so that this lock cannot be installed there.\n"
    )


if __name__ == "__main__":
    main()
