"""Chaos: workers are killed and PostgreSQL crashes under load; a log outside the database says what must be there.

A producer accepts e-mails; three queues in a row note each one and pass it on; faults strike at random moments. In the
end each accepted e-mail must have been noted once by each queue. Counted, and all zero if emailq keeps its promise:

lost        accepted, and not noted by each queue
duplicated  noted twice by one queue, or passed on twice
unexpected  failed items, notes of e-mails that nobody sent or no handler saw, tracebacks, workers that do not stop
stuck       items that are neither completed nor failed when nothing strikes any more

    scripts/chaos                      1,000 kills and 20 crashes
    scripts/chaos --seed 7             the same faults at the same moments
    scripts/chaos --break transaction  takes a guard out of emailq: this must count something
"""

import argparse
import multiprocessing
import os
import random
import secrets
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg

from emailq.migrate import migrate
from tests.proxy import Proxy, start_proxy
from tests.scenarios.chaos_work import STAGES, take_out_the_fence, tell, work
from tests.servers import PostgresServer, postgresql_installations, start_postgresql
from tests.waiting import wait_until

GUARDS = ("fence", "identity", "transaction")
DATABASE = "chaos"
BATCH = 20  # e-mails accepted in one transaction
BACKLOG = 400  # live items above which the producer waits
JOB_BYTES = 80  # a row of what a claim answers
LAST_LOSSES = 8  # claims whose answers are lost at the end

_PROCESSES = multiprocessing.get_context("forkserver")


@dataclass
class Plan:
    """What will happen. `pause_s`: mean time between two faults; `settle_s`: when nothing has moved for
    so long after the last fault, what is left is stuck."""

    seed: int
    kills: int = 1000
    crashes: int = 20
    cuts: int = 100
    lost_answers: int = 100
    workers: int = 4
    pause_s: float = 0.12
    settle_s: float = 60
    broken: str | None = None

    def faults(self) -> list[tuple[str, float, float]]:
        """(kind, seconds to wait before it, which worker from 0 to 1): the same for the same seed.

        At the end answers to claims are lost: no kill follows that would free jobs whose worker never heard of them.
        """
        dice = random.Random(self.seed)
        kinds = ["kill"] * self.kills + ["crash"] * self.crashes + ["cut"] * self.cuts + ["lose"] * self.lost_answers
        dice.shuffle(kinds)
        faults = [(kind, dice.expovariate(1 / self.pause_s), dice.random()) for kind in kinds]
        return faults + [("lose", self.pause_s, dice.random() / 2) for _ in range(min(self.lost_answers, LAST_LOSSES))]


@dataclass
class Result:
    """What was counted. The last four are what the promise is about."""

    seed: int
    kills: int = 0
    crashes: int = 0
    cuts: int = 0
    lost_answers: int = 0
    seconds: float = 0
    accepted: int = 0
    unknown: int = 0  # the answer to their commit was lost
    handled: int = 0
    handled_again: int = 0
    rescue_p50_s: float | None = None
    rescue_p99_s: float | None = None
    rescue_max_s: float | None = None
    lost: int = 0
    duplicated: int = 0
    unexpected: int = 0
    stuck: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.duplicated or self.unexpected or self.stuck)

    def found(self, name: str, things: object) -> None:
        """Count things under a name and keep a few to look at."""
        some = list(things)  # type: ignore[call-overload]
        setattr(self, name, getattr(self, name) + len(some))
        self.examples += [f"{name}: {thing}" for thing in some[:5]]

    def __str__(self) -> str:
        rows = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "examples"]
        lines = [f"{name:14}{one:>12.3f}" if isinstance(one, float) else f"{name:14}{one!s:>12}" for name, one in rows]
        return "\n".join([*lines, *(f"  {example}" for example in self.examples)])


def run_chaos(plan: Plan) -> Result:
    """Carries out the plan on servers and in a folder of its own."""
    result = Result(plan.seed)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="emailq-chaos") as folder,
        start_postgresql(postgresql_installations()[0], fsync="on", full_page_writes="on") as server,
        start_proxy(server.host, server.port) as proxy,
    ):
        _prepare(server, plan)
        dsn = f"postgresql://{server.user}@{proxy.host}:{proxy.port}/{DATABASE}"
        with _producer(dsn, folder) as producer, _workers(dsn, folder, plan) as workers:
            progress = _Progress(Path(folder) / "outside.log")
            for kind, pause_s, which in plan.faults():
                time.sleep(pause_s)
                progress.wait()
                producer.raise_its_error()
                _strike(kind, which, server, proxy, workers, result)
            producer.stop()
            _settle(server, plan, result)
            workers.stop(result)
        _check(server, Path(folder), result)
    result.seconds = time.monotonic() - began
    return result


class _Progress:
    """Lets a fault wait until some work was done since the last one: newborn workers alone would prove little."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0

    def wait(self, jobs: int = 5, timeout_s: float = 0.5) -> None:
        ended = 0
        until = time.monotonic() + timeout_s
        while ended < jobs and time.monotonic() < until:
            if self._log.exists():
                with self._log.open("rb") as lines:
                    lines.seek(self._offset)
                    new = lines.read()
                self._offset += len(new)
                ended += new.count(b"ended ")
            time.sleep(0.02)


# ------------------------------------------------------------------------------------------ load


def _prepare(server: PostgresServer, plan: Plan) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("create database chaos")
    migrate(server.dsn(DATABASE))
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as conn:
        conn.execute("create table notes (email_id uuid not null, stage integer not null)")
        conn.execute(
            "create function note(p_id uuid, p_stage integer) returns void language sql"
            " as 'insert into notes values (p_id, p_stage)'"
        )
        # many of these items are there in many crashes, through no fault of theirs
        conn.execute("alter table processing_queue alter max_attempts set default 1000")
        if plan.broken == "fence":
            conn.execute(take_out_the_fence())  # type: ignore[arg-type]


class _Producer(threading.Thread):
    """Accepts e-mails as fast as they are worked off, and tells the log what the database confirmed."""

    def __init__(self, dsn: str, folder: str) -> None:
        super().__init__(daemon=True)
        self._dsn = dsn
        self._folder = folder
        self._stopping = threading.Event()
        self._error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                with suppress(psycopg.OperationalError), psycopg.connect(self._dsn, connect_timeout=5) as conn:
                    while not self._stopping.wait(0.02):
                        self._accept_some(conn)
                self._stopping.wait(0.1)
        except Exception as error:
            self._error = error

    def _accept_some(self, conn: psycopg.Connection) -> None:
        [(backlog,)] = conn.execute("select count(*) from processing_queue where completed_at is null").fetchall()
        if backlog < BACKLOG:
            ids = [
                row[0]
                for row in conn.execute(
                    "with email as ("
                    " insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)"
                    " select digest, digest, encode(digest, 'hex'), 1, now() from (select"
                    " sha256(gen_random_uuid()::text::bytea) as digest from generate_series(1, %s)) s returning id"
                    ") insert into processing_queue (email_id, queue_name) select id, %s from email returning email_id",
                    (BATCH, STAGES[0]),
                )
            ]
            tell(self._folder, "offered", *ids)
            conn.commit()
            tell(self._folder, "accepted", *ids)
        else:
            conn.rollback()

    def raise_its_error(self) -> None:
        if self._error:
            raise self._error

    def stop(self) -> None:
        self._stopping.set()
        self.join(30)
        self.raise_its_error()


@contextmanager
def _producer(dsn: str, folder: str) -> Iterator[_Producer]:
    producer = _Producer(dsn, folder)
    producer.start()
    try:
        yield producer
    finally:
        producer.stop()


class _Workers:
    """So many worker processes, forked from one that has everything imported; a killed one is replaced at once."""

    def __init__(self, dsn: str, folder: str, plan: Plan) -> None:
        self._arguments = (dsn, folder, plan.broken)
        self._folder = folder
        self.processes = [self._start() for _ in range(plan.workers)]

    def _start(self) -> ForkServerProcess:
        process = _PROCESSES.Process(target=work, args=self._arguments)
        process.start()
        return process

    def kill(self, index: int, result: Result) -> None:
        process = self.processes[index]
        process.kill()
        tell(self._folder, "killed", process.pid, time.monotonic())
        process.join()
        if process.exitcode != -signal.SIGKILL:
            result.found("unexpected", [f"a worker ended by itself with {process.exitcode}"])
        process.close()
        self.processes[index] = self._start()

    def stop(self, result: Result) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join(20)
        good = (0, -signal.SIGTERM)  # a newborn one has no handler of signals yet
        codes = [process.exitcode for process in self.processes if process.exitcode not in good]
        result.found("unexpected", [f"a worker ended with {code}" for code in codes])

    def end(self) -> None:
        for process in self.processes:
            if process.is_alive():
                process.kill()
            process.join()


@contextmanager
def _workers(dsn: str, folder: str, plan: Plan) -> Iterator[_Workers]:
    _PROCESSES.set_forkserver_preload(["tests.scenarios.chaos_work", "emailq.queue.worker", "psycopg"])
    workers = _Workers(dsn, folder, plan)
    try:
        yield workers
    finally:
        workers.end()


# ------------------------------------------------------------------------------------------ faults


def _strike(kind: str, which: float, server: PostgresServer, proxy: Proxy, workers: _Workers, result: Result) -> None:
    if kind == "kill":
        workers.kill(int(which * len(workers.processes)), result)
        result.kills += 1
    elif kind == "crash":
        _crash(server)
        result.crashes += 1
    elif kind == "cut":
        result.cuts += _cut(server, which)
    else:
        # half of them on claims: a worker then holds jobs that it never heard of
        hello, row_bytes = ("emailq claim", JOB_BYTES) if which < 0.5 else ("", 0)
        result.lost_answers += proxy.lose_an_answer(which * 2 % 1, hello, row_bytes=row_bytes)


def _crash(server: PostgresServer) -> None:
    """A process of PostgreSQL dies: it throws all sessions out and recovers from its log."""
    pid = wait_until(lambda: _ask(server, "select pid from pg_stat_activity where backend_type = 'checkpointer'"), 30)
    os.kill(pid[0], signal.SIGKILL)


def _cut(server: PostgresServer, which: float) -> int:
    """A worker loses its session and does not know it yet: its jobs are given to others while it works on them."""
    backends = _ask(server, "select backend_pid from workers where id in (select live_worker_ids()) order by id")
    if backends:
        _ask(server, f"select pg_terminate_backend({backends[int(which * len(backends))]})::int")
    return bool(backends)


def _ask(server: PostgresServer, query: str) -> list[int]:
    """The numbers that a query answers; none while the database is away."""
    try:
        with psycopg.connect(server.dsn(DATABASE), connect_timeout=5) as conn:
            return [row[0] for row in conn.execute(query)]  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return []


def _settle(server: PostgresServer, plan: Plan, result: Result) -> None:
    """Waits until all is done, or nothing has moved for `settle_s`, and counts what is left."""
    query = (
        "select queue_name, status, count(*), sum(attempts + crashes) from processing_queue"
        " where completed_at is null group by 1, 2 order by 1, 2"
    )
    began = moved = time.monotonic()
    before, left = [""], ["at first"]
    while left and time.monotonic() - moved < plan.settle_s and time.monotonic() - began < plan.settle_s * 10:
        if left != before:
            before, moved = left, time.monotonic()
        time.sleep(0.05)
        try:
            with psycopg.connect(server.dsn(DATABASE), connect_timeout=5) as conn:
                left = [str(row) for row in conn.execute(query)]
        except psycopg.OperationalError:
            left = ["no database"]
    with psycopg.connect(server.dsn(DATABASE)) as conn:
        result.found(
            "stuck",
            conn.execute(
                "select id, queue_name, status, worker_id, attempts from processing_queue where completed_at is null"
            ),
        )


# ------------------------------------------------------------------------------------------ checker


def _check(server: PostgresServer, folder: Path, result: Result) -> None:
    lines = [line.split() for line in (folder / "outside.log").read_text().splitlines()]
    accepted = {word for kind, *words in lines if kind == "accepted" for word in words}
    offered = {word for kind, *words in lines if kind == "offered" for word in words}
    began = Counter(words[0] for kind, *words in lines if kind == "began")
    ended = {words[0] for kind, *words in lines if kind == "ended"}
    with psycopg.connect(server.dsn(DATABASE)) as conn:
        notes = Counter((str(email), stage) for email, stage in conn.execute("select email_id, stage from notes"))
        items = conn.execute(
            "select id::text, email_id::text, queue_name, status, last_error, crashes from processing_queue"
        ).fetchall()

    result.accepted, result.unknown = len(accepted), len(offered - accepted)
    result.handled, result.handled_again = len(began), sum(began.values()) - len(began)
    expected = {(email, stage) for email in accepted for stage in range(1, len(STAGES) + 1)}
    passed_on = Counter((email, queue) for _, email, queue, *_ in items)
    result.found("lost", expected - notes.keys())
    result.found("duplicated", [key for key, count in notes.items() if count > 1])
    result.found("duplicated", [key for key, count in passed_on.items() if count > 1])
    result.found("unexpected", [key for key in notes if key[0] not in offered])
    result.found("unexpected", [row for row in items if row[3] not in ("completed", "pending", "processing")])
    result.found("unexpected", [row for row in items if row[3] == "completed" and row[0] not in ended])
    log = (folder / "workers.log").read_text(errors="replace") if (folder / "workers.log").exists() else ""
    result.found("unexpected", [text[:1500] for text in log.split("Traceback")[1:]])
    _measure_rescue(lines, {row[0] for row in items if row[5] == 1}, result)


def _measure_rescue(lines: list[list[str]], crashed_once: set[str], result: Result) -> None:
    """How long after a kill the items that were running there began again.

    Only those that were lost once: after that an item is a suspect, which waits until it can run alone.
    """
    running: dict[str, set[str]] = {}
    waits: list[float] = []
    interrupted: dict[str, float] = {}
    for kind, *words in lines:
        if kind == "began":
            item, worker, at = words
            if item in interrupted:
                waits.append(float(at) - interrupted.pop(item))
            running.setdefault(worker, set()).add(item)
        elif kind == "ended":
            running[words[1]].discard(words[0])
        elif kind == "killed":
            items = running.pop(words[0], set()) & crashed_once
            interrupted |= dict.fromkeys(items, float(words[1]))
    if len(waits) > 1:
        result.rescue_p50_s = statistics.median(waits)
        result.rescue_p99_s = statistics.quantiles(waits, n=100)[98]
        result.rescue_max_s = max(waits)


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=1000, help="workers that get SIGKILL (1000)")
    parser.add_argument("--crashes", type=int, default=20, help="crashes of PostgreSQL (20)")
    parser.add_argument("--cuts", type=int, default=100, help="sessions cut off while their worker lives on (100)")
    parser.add_argument("--lost-answers", type=int, default=100, help="answers of PostgreSQL that never arrive (100)")
    parser.add_argument("--seed", type=int, help="which moments (random)")
    parser.add_argument("--workers", type=int, default=4, help="worker processes at a time (4)")
    parser.add_argument("--pause", type=float, default=0.12, help="mean time between two faults, seconds (0.12)")
    parser.add_argument("--break", dest="broken", choices=GUARDS, help="take a guard out: must end red")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    plan = Plan(
        seed,
        kills=given.kills,
        crashes=given.crashes,
        cuts=given.cuts,
        lost_answers=given.lost_answers,
        workers=given.workers,
        pause_s=given.pause,
        broken=given.broken,
    )
    sys.stdout.write(f"{plan}\n")
    sys.stdout.flush()
    result = run_chaos(plan)
    sys.stdout.write(f"{result}\n{'clean' if result.is_clean else 'RED'}\n")
    return 0 if result.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
