"""Programs under measurement: starting them, and what the kernel says they used (proc(5))."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]


@contextmanager
def programs(
    command: Sequence[str], count: int, env: Mapping[str, str], log: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """`count` processes of one command, which end with this block, or with us however we end."""
    started = [start(command, env, log) for _ in range(count)]
    try:
        yield started
    finally:
        stop(started)


def run(command: Sequence[str], env: Mapping[str, str]) -> None:
    """To its end; what it wrote is in the error that is raised when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=_environment(env), capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def start(command: Sequence[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env=_environment(env),
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(1, int(signal.SIGKILL)),
        )


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env}


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def settle(processes: Sequence[subprocess.Popen[bytes]], timeout_s: float = 30) -> None:
    """Wait until they have started: less than a tenth of a core for half a second."""
    pids = [process.pid for process in processes]
    deadline = time.monotonic() + timeout_s
    calm = 0
    used = cpu_s(*pids)
    while calm < 2 and time.monotonic() < deadline:
        time.sleep(0.25)
        calm = calm + 1 if (now := cpu_s(*pids)) - used < 0.025 * len(pids) else 0
        used = now
    if any(process.poll() is not None for process in processes):
        raise RuntimeError(f"{processes[0].args!r} ended by itself: see its log")


def cpu_s(*pids: int) -> float:
    """User and system time of these processes and all below them, those that ended included; in steps of 10 ms."""
    ticks = 0
    for pid in _with_descendants(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:13]))  # utime, stime
        if pid in pids:
            ticks += sum(map(int, fields[13:15]))  # the same of children that ended
    return ticks / TICKS_PER_S


def pss_mb(*pids: int) -> float:
    """Memory of these processes and all below them: their own pages, and their share of common ones."""
    total_kb = 0
    for pid in _with_descendants(pids):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total_kb / 1000


def _with_descendants(pids: Sequence[int]) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
            except OSError:
                continue
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
