"""Work on strangers' bytes in warm child processes that may be killed: it costs its own attempt and nothing else.

This is the parent's side; the child's is in served.py.
"""

import asyncio
import fcntl
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from emailq.errors import EmailqError
from emailq.parse.served import CPU_S, LENGTH, OK

WALL_S = 30  # per message, start of the child included
MESSAGES = 50_000  # that a child parses before a fresh one takes its place, which costs a quarter of a second

_SERVE = "import sys; from emailq.parse.served import serve; serve(sys.argv[1])"
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")
_PIPE_BYTES = 1 << 20  # so that most messages pass without waiting for the other side


class Crashed(EmailqError):
    """A message broke a limit or the parser. The text is the reason, without anything of the message."""


class Late(Crashed):
    """The time was over. As a child has a limit of CPU time too, and a lower one, it hardly had the CPU."""


class ChildPool:
    """Up to `processes` children, each started when first needed and again after a crash.

    They run `work`, "module:function": from bytes, and `args`, to anything that can be pickled. The module's WARM_UP
    are bytes for a first run, before the limits count.
    """

    def __init__(self, processes: int, work: str, *args: object) -> None:
        self._work = work
        self._args = args
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="child")  # one for each child
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
        self._closed = False

    async def run(self, raw: bytes) -> Any:
        """What the work makes of `raw`; waits for a free child. Raises Crashed."""
        [result] = await self.run_each([raw])
        if isinstance(result, Crashed):
            raise result
        return result

    async def run_each(self, raws: Sequence[bytes]) -> list[Any]:
        """What the work makes of each, one after the other in one child; Crashed in the place of one that crashed."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run_each, raws)

    async def close(self) -> None:
        """End all children; a parse that still runs is Crashed."""
        self._closed = True
        for child in list(self._children):
            child.kill()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for child in self._children:
            child.end()

    def _run_each(self, raws: Sequence[bytes]) -> list[Any]:
        results: list[Any] = []
        while len(results) < len(raws):
            if self._closed:
                return [*results, *(Crashed("the worker ends") for _ in raws[len(results) :])]
            deadline = time.monotonic() + WALL_S
            child = self._idle.pop() if self._idle else self._start()
            try:
                for result in child.run(raws[len(results) :], deadline):
                    results.append(result)
            except Crashed as crash:
                results.append(crash)  # of the message that it was at; those behind it go to the next child
            if len(results) == len(raws) and child.is_healthy:
                self._idle.append(child)
            else:
                self._children.discard(child)
                child.end()
        return results

    def _start(self) -> "_Child":
        child = _Child(self._work, self._args)
        self._children.add(child)
        return child


class _Child:
    """A child process, used by one thread at a time."""

    def __init__(self, work: str, args: tuple[object, ...]) -> None:
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        self._process = subprocess.Popen(
            (sys.executable, "-c", _SERVE, work),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            process_group=0,  # a terminal's Ctrl-C is for the worker, which lets it finish
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._requests, self._answers):
            os.set_blocking(pipe, False)
            with suppress(OSError):  # others of this user have large ones too
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._writable = _watch(self._requests, select.POLLOUT)
        self._readable = _watch(self._answers, select.POLLIN)
        order = pickle.dumps(args)
        self._greeting = LENGTH.pack(OK, len(order)) + order  # goes before the first batch
        self._served = 0
        self._crashed = False

    @property
    def is_healthy(self) -> bool:
        return not self._crashed and self._served < MESSAGES

    def run(self, raws: Sequence[bytes], deadline: float) -> Iterator[Any]:
        """The result of each; raises Crashed at the one that crashed. The first has to come until `deadline`.

        The child reads all before it answers the first, so neither side waits for the other.
        """
        try:
            frames = [part for raw in raws for part in (LENGTH.pack(OK, len(raw)), raw)]
            self._write(b"".join((self._greeting, LENGTH.pack(OK, len(raws)), *frames)), deadline)
            self._greeting = b""
            for _ in raws:
                status, length = LENGTH.unpack(self._read(LENGTH.size, deadline))
                answer = self._read(length, deadline)
                if status != OK:
                    raise Crashed(bytes(answer).decode("ascii", "replace"))
                self._served += 1
                yield pickle.loads(answer)  # comes from our own code in the child
                deadline = time.monotonic() + WALL_S
        except (EOFError, ConnectionError):
            self._crashed = True
            raise Crashed(_reason(self._process.wait())) from None
        except Crashed:
            self._crashed = True
            raise

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        self._process.kill()
        with self._process:  # closes the pipes, and waits
            pass

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            _wait_for(self._writable, deadline)
            rest = rest[os.write(self._requests, rest) :]

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            _wait_for(self._readable, deadline)
            count = os.readv(self._answers, [rest])
            if not count:
                raise EOFError
            rest = rest[count:]
        return data


def _watch(pipe: int, event: int) -> select.poll:
    poll = select.poll()
    poll.register(pipe, event)
    return poll


def _wait_for(pipe: select.poll, deadline: float) -> None:
    if not pipe.poll(max(0, deadline - time.monotonic()) * 1000):
        raise Late(f"parsing took more than {WALL_S} s")


def _reason(returncode: int) -> str:
    if returncode == -signal.SIGXCPU:
        return f"parsing took more than {CPU_S} s of CPU time"
    if returncode < 0:
        return f"the parser was ended by signal {-returncode}"
    return f"the parser ended with code {returncode}"
