"""Work on strangers' bytes in warm child processes that may be killed: it costs its own attempt and nothing else."""

import asyncio
import importlib
import os
import pickle
import resource
import signal
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Any, BinaryIO

from emailq.errors import EmailqError
from emailq.process import die_with_parent

CPU_S = 10  # per message
WALL_S = 30  # per message, start of the child included
MEMORY_BYTES = 512 * 1024 * 1024  # address space above that of the idle child
MESSAGES = 5_000  # that a child parses before a fresh one takes its place

_LENGTH = struct.Struct("!cQ")  # status, bytes that follow
_OK, _FAILED = b"+", b"-"
_SERVE = "import sys; from emailq.parse.child import serve; serve(sys.argv[1])"
_KEPT_ENVIRONMENT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV")


class Crashed(EmailqError):
    """A message broke a limit or the parser. The text is the reason, without anything of the message."""


class ChildPool:
    """Up to `processes` children, each started when first needed and again after a crash.

    They run `work`, "module:function": from bytes to anything that can be pickled. The module's WARM_UP are bytes for a
    first run, before the limits count.
    """

    def __init__(self, processes: int, work: str) -> None:
        self._work = work
        self._children: set[_Child] = set()
        self._idle: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        for _ in range(processes):
            self._idle.put_nowait(None)

    async def run(self, raw: bytes) -> Any:
        """What the work makes of `raw`; waits for a free child. Raises Crashed."""
        child = await self._idle.get()
        healthy = False
        try:
            async with asyncio.timeout(WALL_S):
                if child is None:
                    child = await _Child.start(self._work)
                    self._children.add(child)
                result = await child.run(raw)
            healthy = child.served < MESSAGES
            return result
        except TimeoutError:
            raise Crashed(f"parsing took more than {WALL_S} s") from None
        finally:
            if not healthy and child is not None:
                child.kill()
                self._children.discard(child)
                child = None
            self._idle.put_nowait(child)

    async def close(self) -> None:
        """End all children; a parse that still runs raises Crashed."""
        children, self._children = self._children, set()
        for child in children:
            child.kill()
        for child in children:
            await child.process.wait()


class _Child:
    def __init__(self, process: Process) -> None:
        self.process = process
        self.served = 0

    @classmethod
    async def start(cls, work: str) -> "_Child":
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        command = (sys.executable, "-c", _SERVE, work)
        return cls(
            await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment)
        )

    async def run(self, raw: bytes) -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(_LENGTH.pack(_OK, len(raw)))
            stdin.write(raw)
            await stdin.drain()
            status, length = _LENGTH.unpack(await stdout.readexactly(_LENGTH.size))
            answer = await stdout.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Crashed(_reason(await self.process.wait())) from None
        if status != _OK:
            raise Crashed(answer.decode("ascii", "replace"))
        self.served += 1
        return pickle.loads(answer)  # comes from our own code in the child

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()


def _reason(returncode: int) -> str:
    if returncode == -signal.SIGXCPU:
        return f"parsing took more than {CPU_S} s of CPU time"
    if returncode < 0:
        return f"the parser was ended by signal {-returncode}"
    return f"the parser ended with code {returncode}"


# ---------------------------------------------------------------------------------------------- in the child


def serve(work: str) -> None:
    """The child's life: read bytes, answer with the pickled result, until the pipe closes or the parent dies."""
    die_with_parent()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not get into the answers
    module_name, _, name = work.partition(":")
    module = importlib.import_module(module_name)
    function = getattr(module, name)
    function(module.WARM_UP)
    _limit_memory()
    while header := requests.read(_LENGTH.size):
        raw = requests.read(_LENGTH.unpack(header)[1])
        _limit_cpu()
        try:
            _answer(answers, _OK, pickle.dumps(function(raw), protocol=5))
        except MemoryError:
            _answer(answers, _FAILED, f"parsing took more than {MEMORY_BYTES >> 20} MB".encode())
        except Exception as error:  # must not happen; the parent still has to learn of it
            _answer(answers, _FAILED, f"the parser raised {type(error).__name__}".encode("ascii", "replace"))


def _answer(answers: BinaryIO, status: bytes, payload: bytes) -> None:
    answers.write(_LENGTH.pack(status, len(payload)))
    answers.write(payload)
    answers.flush()


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as statm:
        base = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (base + MEMORY_BYTES, base + MEMORY_BYTES))


def _limit_cpu() -> None:
    """The limit counts from the start of the process, so it moves along with each message."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + CPU_S + 1, hard))
