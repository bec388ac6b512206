"""Hosts on this one: network namespaces with a link each, which can be cut. Needs root and `ip`."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

_MODULE = [sys.executable, "-m"]


class NoNamespacesError(Exception):
    """This host lets nobody make hosts of it; the message says why."""


@dataclass(frozen=True)
class Host:
    """A host that sees only `Network.address`."""

    name: str
    link: str
    """Our end of its link."""

    def start(self, module: str, *arguments: object) -> subprocess.Popen[str]:
        """Start a module of ours over there; what it prints can be read."""
        command = ["ip", "netns", "exec", self.name, *_MODULE, module, *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def cut_off(self) -> None:
        """Take the link down; neither side is told of it."""
        _ip("link", "set", self.link, "down")


@dataclass(frozen=True)
class Network:
    address: str
    """Ours, the same for every host."""
    hosts: list[Host]


@contextmanager
def network(size: int) -> Iterator[Network]:
    """Make `size` hosts.

    Raises:
        NoNamespacesError: it cannot be done here.
    """
    number = os.getpid() % 250
    address = f"10.213.{number}.1"
    with ExitStack() as stack:
        try:
            _ip("address", "add", f"{address}/32", "dev", "lo")
            stack.callback(_ip, "address", "del", f"{address}/32", "dev", "lo")
            hosts = [_host(stack, number, index, address) for index in range(size)]
        except (OSError, subprocess.CalledProcessError) as error:
            words = getattr(error, "stderr", None) or error
            raise NoNamespacesError(f"no network namespaces: {words}") from error
        yield Network(address, hosts)


def _host(stack: ExitStack, number: int, index: int, address: str) -> Host:
    name, link, far = (f"papers{number}{end}{index}" for end in ("n", "l", "f"))
    near_ip, far_ip = (f"10.214.{number}.{4 * index + last}" for last in (1, 2))
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)
    _ip("link", "add", link, "type", "veth", "peer", "name", far, "netns", name)
    _ip("address", "add", f"{near_ip}/30", "dev", link)
    _ip("link", "set", link, "up")
    _ip("-n", name, "address", "add", f"{far_ip}/30", "dev", far)
    _ip("-n", name, "link", "set", far, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "route", "add", address, "via", near_ip)
    return Host(name, link)


def _ip(*arguments: str) -> Any:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
