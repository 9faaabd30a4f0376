"""The child's side of child.py: it does the work. Apart, since a child that loads no asyncio starts sooner."""

import importlib
import os
import pickle
import resource
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from emailq.process import die_with_parent

CPU_S = 10  # per message
MEMORY_BYTES = 512 * 1024 * 1024  # address space above that of the idle child

LENGTH = struct.Struct("!cQ")  # status, bytes that follow (of a batch: how many messages)
OK, _FAILED = b"+", b"-"
_ANSWER_BYTES = 1 << 16  # most answers are one write, for which the parent wakes once


def serve(work: str) -> None:
    """The child's life: read a batch, answer each with the pickled result, until the pipe closes or the parent dies."""
    die_with_parent()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", _ANSWER_BYTES)
    os.dup2(2, 1)  # whatever prints must not get into the answers
    module_name, _, name = work.partition(":")
    module = importlib.import_module(module_name)
    function = getattr(module, name)
    args = pickle.loads(_request(requests))
    function(module.WARM_UP, *args)
    _limit_memory()
    while header := requests.read(LENGTH.size):
        for raw in [_request(requests) for _ in range(LENGTH.unpack(header)[1])]:
            _limit_cpu()
            try:
                _answer(answers, OK, pickle.dumps(function(raw, *args), protocol=5))
            except MemoryError:
                _answer(answers, _FAILED, f"parsing took more than {MEMORY_BYTES >> 20} MB".encode())
            except Exception as error:  # must not happen; the parent still has to learn of it
                _answer(answers, _FAILED, f"the parser raised {type(error).__name__}".encode("ascii", "replace"))


def _request(requests: BinaryIO) -> bytes:
    return requests.read(LENGTH.unpack(requests.read(LENGTH.size))[1])


def _answer(answers: BinaryIO, status: bytes, payload: bytes) -> None:
    answers.write(LENGTH.pack(status, len(payload)))
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
