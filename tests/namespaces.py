"""Hosts of their own for processes: network namespaces, each on a cable that can be pulled (ip-netns(8))."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_numbers = itertools.count(1)


class Host:
    """A network namespace. Processes in it reach us at `our_address`, and nobody else."""

    def __init__(self, number: int) -> None:
        self.name = f"emailq-{os.getpid()}-{number}"
        self._cable = f"eq{os.getpid() % 100_000}-{number}"  # a name of an interface has 15 characters at most
        subnet = f"10.{231 + number}.{os.getpid() % 256}"
        self.our_address = f"{subnet}.1"
        self._its_address = f"{subnet}.2"

    def prefix(self) -> list[str]:
        """What to write before a command to run it there."""
        return ["ip", "netns", "exec", self.name]

    def pull_the_cable(self) -> None:
        """No byte passes any more, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def plug_it_in_again(self) -> None:
        _ip("link", "set", self._cable, "up")

    def _make(self) -> None:
        there = ("netns", "exec", self.name, "ip")
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("address", "add", f"{self.our_address}/24", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip(*there, "address", "add", f"{self._its_address}/24", "dev", "eth0")
        _ip(*there, "link", "set", "eth0", "up")
        _ip(*there, "link", "set", "lo", "up")

    def _remove(self) -> None:
        _ip("netns", "delete", self.name, check=False)
        _ip("link", "delete", self._cable, check=False)


@contextmanager
def start_host() -> Iterator[Host]:
    host = Host(next(_numbers))
    try:
        host._make()
        yield host
    finally:
        host._remove()


@cache
def can_make_network_namespaces() -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    try:
        with start_host():
            return True
    except subprocess.CalledProcessError:
        return False


def _ip(*words: str, check: bool = True) -> None:
    options: dict[str, Any] = {"capture_output": True, "text": True}
    subprocess.run(["ip", *words], check=check, **options)
