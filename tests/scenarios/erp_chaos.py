"""Chaos at the last step: an ERP that loses answers, errs and dies, workers that are killed; one document an action.

    scripts/chaos-erp                       10,000 actions, 300 kills of workers and 30 of the ERP
    scripts/chaos-erp --actions 500 --kills 30 --erp-kills 5 --seed 7
    scripts/chaos-erp --lookup              the ERP can be asked for the document of a key
    scripts/chaos-erp --break key           a new key for each try: this must count doubled documents

The checker reads the ERP's own journal. All zero if emailq keeps its promise: missing, doubled (documents), unfinished
(actions without success), wrong (actions that name another document than their message's).
"""

import argparse
import json
import multiprocessing
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, fields
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg

from emailq.migrate import migrate
from emailq.process import die_with_parent
from tests.commands import EMAILQ
from tests.servers import free_ports, postgresql_installations, start_postgresql

FAULTS = {
    "lose_answers": 0.3,
    "lose_requests": 0.03,
    "answer_twice": 0.05,
    "conflict": 0.03,
    "error_before": 0.03,
    "error_after": 0.03,
    "unavailable": 0.0005,
}
_PROCESSES = multiprocessing.get_context("forkserver")


@dataclass
class Plan:
    seed: int
    actions: int = 10_000
    kills: int = 300
    erp_kills: int = 30
    workers: int = 3
    lookup: bool = False
    broken: str | None = None
    longest_s: float = 3600


@dataclass
class Result:
    seed: int
    seconds: float = 0
    actions: int = 0
    kills: int = 0
    erp_kills: int = 0
    calls: int = 0  # tries that were logged
    documents: int = 0
    missing: int = 0
    doubled: int = 0
    unfinished: int = 0
    wrong: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.doubled or self.unfinished or self.wrong)

    def __str__(self) -> str:
        rows = [(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "examples"]
        lines = [f"{name:12}{one:>10.1f}" if isinstance(one, float) else f"{name:12}{one:>10}" for name, one in rows]
        return "\n".join([*lines, *(f"  {example}" for example in self.examples)])


def run_chaos(plan: Plan) -> Result:
    """Work, strike at random moments, wait until nothing is left to do, and count."""
    with tempfile.TemporaryDirectory() as folder, start_postgresql(postgresql_installations()[0]) as server:
        dsn = server.dsn("erp_chaos")
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("create database erp_chaos")
        migrate(dsn)
        fill(dsn, plan.actions)
        erp, began = Erp(Path(folder), plan.seed), time.monotonic()
        workers = Workers(dsn, erp.url, folder, plan)
        try:
            result = _strike(plan, dsn, erp, workers)
        finally:
            workers.stop()
            erp.stop()
        result.seconds = time.monotonic() - began
        _check(result, dsn, erp.journal)
        return result


def fill(dsn: str, count: int) -> None:
    """Orders that nobody has to look at, each with an item in the queue."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("update erp_policy set approval = 'never'")
        conn.execute(
            "insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at, parsed_at, intent,"
            " confidence_score, sender_trust, from_address, subject, new_text)"
            " select sha256(n::text::bytea), sha256(n::text::bytea), n || '@example.com', 1, now(), now(), 'order',"
            " 0.95, 'trusted', 'buyer' || n || '@example.com', 'Order',"
            " 'Please send 12 boxes of candles for PO-' || 10000 + n"
            " from generate_series(1, %s) n",
            (count,),
        )
        conn.execute("insert into processing_queue (email_id, queue_name) select id, 'erp_action' from emails")


class Erp:
    """`emailq erp-sim` in a process of its own; a restart keeps port and journal."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.journal = folder / "journal.jsonl"
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self._seed = seed
        self._start()

    def die(self) -> None:
        self._process.kill()
        self._process.wait()
        self._seed += 1
        self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        faults = [word for name, share in FAULTS.items() for word in ("--fault", f"{name}={share}")]
        place = ("--port", str(self.port), "--journal", self.journal, "--seed", str(self._seed))
        self._process = subprocess.Popen(
            [EMAILQ, "erp-sim", *place, *faults], stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )


class Workers:
    """Worker processes; one that was killed is replaced."""

    def __init__(self, dsn: str, url: str, folder: str, plan: Plan) -> None:
        self._args = (dsn, url, folder, plan.lookup, plan.broken)
        self._running = [self._start() for _ in range(plan.workers)]

    def kill(self, which: float) -> None:
        place = int(which * len(self._running))
        self._running[place].kill()
        self._running[place].join()
        self._running[place] = self._start()

    def stop(self) -> None:
        for process in self._running:
            process.kill()
            process.join()

    def _start(self) -> ForkServerProcess:
        process = _PROCESSES.Process(target=work, args=self._args)
        process.start()
        return process


def work(dsn: str, url: str, folder: str, lookup: bool, broken: str | None) -> None:
    """One worker process."""
    import asyncio

    from emailq import log
    from emailq.app import open_app
    from emailq.handlers import HANDLERS
    from emailq.queue.worker import run_worker
    from emailq.settings import load_settings

    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = os.open(Path(folder) / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    log.configure("error", "text")
    if broken == "key":
        _take_out_the_key()
    settings = load_settings(
        {},
        dsn=dsn,
        blob_dir=str(Path(folder) / "blobs"),
        erp_adapter="http",
        erp_url=f"{url}/actions",
        erp_lookup="/{key}" if lookup else None,
        retry_base_s=0.02,
        retry_max_s=1.0,
        erp_timeout_s=5.0,
    )

    async def serve() -> None:
        async with open_app(settings) as app:
            await run_worker(app, {"erp_action": HANDLERS["erp_action"]})

    asyncio.run(serve())


def _take_out_the_key() -> None:
    from emailq.erp import http

    real = http.request_headers
    http.request_headers = lambda key, *args: real(secrets.token_hex(16), *args)


def _strike(plan: Plan, dsn: str, erp: Erp, workers: Workers) -> Result:
    result = Result(plan.seed, actions=plan.actions)
    dice = random.Random(plan.seed)
    strikes = ["kill"] * plan.kills + ["erp"] * plan.erp_kills
    dice.shuffle(strikes)
    deadline = time.monotonic() + plan.longest_s
    with psycopg.connect(dsn, autocommit=True) as conn:
        left = plan.actions
        while left and time.monotonic() < deadline:
            row = conn.execute("select count(*) from processing_queue where completed_at is null").fetchone()
            left = row[0] if row else 0
            # spread over the work that is left, so that the last strikes hit the last actions
            if strikes and left <= plan.actions * len(strikes) / (plan.kills + plan.erp_kills):
                if strikes.pop() == "kill":
                    workers.kill(dice.random())
                    result.kills += 1
                else:
                    erp.die()
                    result.erp_kills += 1
            time.sleep(dice.uniform(0.01, 0.1))
    return result


def _check(result: Result, dsn: str, journal: Path) -> None:
    """Count what the ERP has against what was to be done."""
    made: dict[str, list[str]] = {}
    for line in journal.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):  # the last line before the ERP was killed
            entry = json.loads(line)
            made.setdefault(entry["content"]["email"]["message_id"], []).append(entry["id"])
    with psycopg.connect(dsn, autocommit=True) as conn:
        actions = conn.execute(
            "select e.message_id, a.status, a.entity_id, a.error_message, e.erp_action_status, q.last_error"
            " from emails e left join erp_actions a on a.email_id = e.id"
            " left join lateral (select last_error from processing_queue q where q.email_id = e.id"
            " order by created_at desc limit 1) q on true"
        ).fetchall()
        row = conn.execute("select count(*) from erp_action_attempts").fetchone()
        result.calls = row[0] if row else 0
    result.documents = sum(map(len, made.values()))
    kinds: Counter[str] = Counter()
    for message_id, status, entity_id, error, email_status, last_error in actions:
        documents = made.get(message_id, [])
        found = {
            "missing": not documents,
            "doubled": len(documents) > 1,
            "unfinished": (status, email_status) != ("success", "completed"),
            "wrong": status == "success" and entity_id not in documents,
        }
        for kind, is_so in found.items():
            kinds[kind] += is_so
            if is_so and kinds[kind] <= 5:
                result.examples.append(f"{kind}: {message_id} {status} {entity_id} {documents} {error} {last_error}")
    for kind, count in kinds.items():
        setattr(result, kind, count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actions", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--erp-kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--lookup", action="store_true")
    parser.add_argument("--break", dest="broken", choices=["key"])
    given = parser.parse_args()
    result = run_chaos(Plan(**vars(given)))
    print(result)  # noqa: T201
    return 0 if result.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
