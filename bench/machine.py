"""What machine a figure is of; never its name."""

import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("dagster", "pandas", "pyarrow")
_GIB = 1 << 20
"""In kB, in which the kernel counts."""


@dataclass(frozen=True)
class Machine:
    """What the figures depend on."""

    processor: str
    cores: int
    memory: float
    """GiB; 0: unknown."""
    kernel: str
    python: str
    packages: Mapping[str, str]
    """Versions, by name."""

    def __str__(self) -> str:
        cores = f"{self.cores} core{'s' * (self.cores != 1)}"
        memory = f"{self.memory:.0f} GiB" if self.memory else "memory unknown"
        packages = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.processor}, {cores}, {memory}; {self.kernel}; Python {self.python}; {packages}"
        )


def processor(cpuinfo: str, otherwise: str) -> str:
    """Read the processor's model from /proc/cpuinfo; `otherwise` if it does not tell."""
    found = re.search(r"^model name\s*:\s*(\S.*?)\s*$", cpuinfo, re.MULTILINE)
    return re.sub(r"\s+", " ", found[1]) if found else otherwise or "processor unknown"


def memory(meminfo: str) -> float:
    """Read the memory from /proc/meminfo, in GiB; 0 if it does not tell."""
    found = re.search(r"^MemTotal:\s*(\d+) kB$", meminfo, re.MULTILINE)
    return int(found[1]) / _GIB if found else 0.0


def this_machine() -> Machine:
    """Look around."""
    return Machine(
        processor=processor(_text("/proc/cpuinfo"), platform.machine()),
        cores=os.cpu_count() or 1,
        memory=memory(_text("/proc/meminfo")),
        # What follows a dash is a name that somebody gave.
        kernel=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=sys.version.split()[0],
        packages={name: version(name) for name in _PACKAGES},
    )


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:  # no Linux
        return ""
