"""Runs the real `emailq` command in a process of its own."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

EMAILQ = Path(sys.executable).with_name("emailq")
ROOT = Path(__file__).parents[1]


def run_emailq(
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    input: bytes | str = b"",
    timeout_s: float = 60,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Waits for the end of `emailq args…`; `env` is added to an environment without settings of emailq.

    It is a fork of a process that has loaded emailq (tests/starts.py), so Python's own variables have no effect.
    """
    command = [str(EMAILQ), *map(str, args)]
    request = json.dumps({"args": command, "env": os.environ | (env or {}), "cwd": str(cwd or Path.cwd())})
    with ExitStack() as stack:
        stdin, stdout, stderr = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        stdin.write(input.encode() if isinstance(input, str) else input)
        stdin.seek(0)
        ours, theirs = os.pipe()
        report = stack.enter_context(open(ours, "rb"))
        with open(theirs, "wb"):
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(_starts()[0], [request.encode()], [*streams, theirs])
        process = int(report.readline())
        if not select.select([report], [], [], timeout_s)[0]:
            os.kill(process, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, timeout_s)
        status = int(report.readline())
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(command, status, stdout.read().decode(), stderr.read().decode())


@cache
def _starts() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """The socket of tests/starts.py, which ends when this end of it is closed, and its process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "tests.starts", str(theirs.fileno())]
        return ours, subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], cwd=ROOT)


def start_emailq(*args: str | Path, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """A running `emailq args…` with piped output, as a context manager; the test ends it itself."""
    return subprocess.Popen(
        [EMAILQ, *args],
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
