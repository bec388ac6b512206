"""What a host does first, in namespaces of its own: an empty /tmp, its name, its files.

Standard input is an order, as JSON. It ends as the command that was ordered.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

TMP = Path("/tmp")  # noqa: S108 - each host has its own


class Order(TypedDict):
    name: str
    files: dict[str, str]
    """Path below `TMP`, and content."""
    command: list[str]
    environment: dict[str, str]


def main() -> None:
    order: Order = json.load(sys.stdin)
    socket.sethostname(order["name"])
    _mount("-t", "tmpfs", "tmpfs", str(TMP))
    # What is not its own it may read, and nothing else.
    _mount("-o", "remount,bind,ro", "/")
    for name, content in order["files"].items():
        path = TMP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    os.chdir(TMP)
    os.execve(order["command"][0], order["command"], order["environment"])  # noqa: S606


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    main()
