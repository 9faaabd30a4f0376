"""Runs the real `emailq` command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EMAILQ = Path(sys.executable).with_name("emailq")


def run_emailq(
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    input: bytes | str = b"",
    timeout_s: float = 60,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Waits for the end of `emailq args…`; `env` is added to an environment without settings of emailq."""
    done = subprocess.run(
        [EMAILQ, *args],
        env=os.environ | (env or {}),
        input=input.encode() if isinstance(input, str) else input,
        capture_output=True,
        timeout=timeout_s,
        **options,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


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
