"""The demo keeps what it made, ingests nothing twice, and leaves nothing running."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.waiting import wait_until

RUN = "import pathlib, sys; from emailq.demo import run as demo; demo._home = lambda: pathlib.Path(sys.argv[1])\n"


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder with a short path that other users can enter: PostgreSQL does not run as root."""
    with TemporaryDirectory(prefix="emailq-demo", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def demo(home: Path, *command: str) -> subprocess.Popen[str]:
    program = RUN + "sys.exit(demo.run_demo(tuple(sys.argv[2:])))"
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = os.environ | {"COLUMNS": "160"}
    return subprocess.Popen([sys.executable, "-c", program, home, *command], text=True, env=env, **pipes)  # type: ignore[call-overload, no-any-return]


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert err == ""
    return out


def servers(home: Path) -> list[str]:
    """Processes that name this folder on their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes()
        except OSError:
            continue
        if str(home).encode() in line and b"postgres" in line.split(b"\0")[0]:
            found.append(entry.parent.name)
    return found


def test_a_second_run_reuses_what_is_there(home: Path) -> None:
    first = finished(demo(home))
    second = finished(demo(home))
    rows = finished(demo(home, "psql", "-Atc", "select count(*) from emails"))

    assert "26 new, 1 known, 0 refused" in first
    assert "0 new, 27 known, 0 refused" in second
    assert rows.strip() == "26"
    assert not servers(home)


def test_what_another_version_left_is_made_anew(home: Path) -> None:
    finished(demo(home))
    finished(demo(home, "psql", "-c", "update schema_migrations set checksum = 'other' where name like '0001%'"))

    again = finished(demo(home))

    assert "26 new, 1 known, 0 refused" in again


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(home: Path, number: signal.Signals) -> None:
    with demo(home) as process:
        wait_until(lambda: servers(home), 60)
        wait_until(lambda: _answers(home), 60)

        process.send_signal(number)
        process.communicate(timeout=60)

    assert process.returncode in (130, -signal.SIGINT)
    assert not servers(home)


def _answers(home: Path) -> bool:
    try:
        psycopg.connect(f"postgresql://postgres@/emailq?host={home / 'postgresql'}", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
