"""What the benchmark must know of a queue to measure it, and a queue set up to be measured."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg

from scripts.benchmark.processes import programs
from scripts.benchmark.server import create_database
from tests.servers import PostgresServer

HANDLERS = frozenset({"noop", "wait", "mark"})  # does nothing; waits 5 ms; writes when it began


@dataclass(frozen=True)
class System:
    """One queue. Its jobs are named after the handler that they go to."""

    name: str
    version: str
    settings: str  # what differs from its defaults, and on whose word
    prepare: Callable[[str], None]  # DSN of an empty database → schema, and what jobs refer to
    reset: str  # SQL: no job is left
    fill: Callable[[psycopg.Connection, int, str], None]  # so many jobs for a handler, in the caller's transaction
    unfinished: str  # SQL: whether a job is left to do
    count: str  # SQL: how many are left to do
    keys: Callable[[psycopg.Connection, int], list[str]]  # so many keys for insert_one
    insert_one: str  # SQL: one job for the handler `mark` with the key %(key)s
    worker: Callable[[str], list[str]]  # handler → command line of one worker process
    environment: Callable[[str], Mapping[str, str]]  # DSN → what the worker is told
    handlers: frozenset[str] = HANDLERS
    jobs: int | None = None  # at most so many in a drain; a slow one needs no more for a steady rate
    unfair: str = ""  # what the comparison with emailq hides, and to whose cost
    install: Callable[[], object] = lambda: None  # its packages; raises NotInstalled


@dataclass(frozen=True)
class Bench:
    """A system in a database of its own, with a folder for its workers' logs and marks."""

    server: PostgresServer
    system: System
    dsn: str
    folder: Path

    @property
    def marks(self) -> Path:
        return self.folder / f"{self.system.name}.marks"

    def connect(self) -> psycopg.Connection:
        """The benchmark's own look at things, which must not be what is slow."""
        return psycopg.connect(self.dsn, autocommit=True, options="-c enable_seqscan=off -c jit=off")

    def workers(self, handler: str, count: int = 1) -> AbstractContextManager[list[Popen[bytes]]]:
        """So many worker processes, for the length of a `with`."""
        env = {**self.system.environment(self.dsn), "BENCH_MARKS": str(self.marks)}
        return programs(self.system.worker(handler), count, env, self.folder / f"{self.system.name}.log")

    def reset(self) -> None:
        """No job, and no checkpoint due."""
        with self.connect() as conn:
            conn.execute(self.system.reset)  # type: ignore[call-overload]
            conn.execute("checkpoint")


def set_up(server: PostgresServer, system: System, folder: Path) -> Bench:
    dsn = create_database(server, "bench_" + "".join(c for c in system.name if c.isalnum()))
    system.prepare(dsn)
    return Bench(server, system, dsn, folder)


def value(conn: psycopg.Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = conn.execute(query, args or None).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]
