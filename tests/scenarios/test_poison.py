"""Items that take their worker down: they end as failed with a reason, and their neighbours do not notice."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.items import add_emails, add_item, add_items, item, statuses, value
from tests.scenarios.conftest import Story
from tests.waiting import wait_until

HANDLER = """
async def handle(job, app):
    tell("began", job)
    if job.priority == 4:
        {deed}
    await asyncio.sleep(0.01)
    return Done([note(job)])
"""


def work_until_failed(told: Story, db: psycopg.Connection, poison: object, **settings: str) -> None:
    """A supervisor: starts the worker again whenever it is gone."""
    worker = told.start(**settings)

    def failed() -> bool:
        nonlocal worker
        if worker.poll() is not None:
            worker = told.start(**settings)
        return bool(
            db.execute("select from processing_queue where id = %s and status = 'failed'", (poison,)).fetchall()
        )

    wait_until(failed, 60)
    wait_until(lambda: set(statuses(db)) == {"completed", "failed"}, 20)


@pytest.mark.parametrize("deed", ["os._exit(1)", "os.kill(os.getpid(), 11)"], ids=["exit", "segfault"])
def test_an_item_that_kills_its_process_fails_after_max_attempts(
    story: Callable[[str], Story], db: psycopg.Connection, deed: str
) -> None:
    told = story(HANDLER.format(deed=deed))
    neighbours = add_items(db, 20)
    poison = add_item(db, priority=4, max_attempts=2)
    neighbours += add_items(db, 20, priority=6)

    work_until_failed(told, db, poison)

    row = item(db, poison)
    assert (row["attempts"], row["crashes"]) == (2, 4)
    assert row["last_error"] == "worker lost, 4 times by now"
    assert {item(db, one)["status"] for one in neighbours} == {"completed"}
    assert {item(db, one)["attempts"] for one in neighbours} == {1}
    assert len(told.workers) == 3  # two died of it; after that it ran alone


def test_an_item_that_never_lets_go_of_the_interpreter_fails_too(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    told = story(HANDLER.format(deed="\n        while True: pass"))
    poison = add_item(db, priority=4, max_attempts=1)
    neighbours = add_items(db, 20)

    work_until_failed(told, db, poison, job_timeout_s="0.3")

    assert item(db, poison)["last_error"] == "worker lost, 3 times by now"
    assert {item(db, one)["status"] for one in neighbours} == {"completed"}
    assert {item(db, one)["attempts"] for one in neighbours} == {1}
    assert "handle" in told.log_of(told.workers[0])  # where it hung
    assert len(told.workers) == 2  # one died, and said of what: after that it ran alone


def test_an_item_that_computes_for_a_while_and_then_dies_takes_one_worker_along(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    deed = """
        until = time.monotonic() + 2
        while time.monotonic() < until: pass
        os._exit(1)"""
    told = story(HANDLER.format(deed=deed))
    poison = add_item(db, priority=4, max_attempts=1)
    neighbours = add_items(db, 20)

    work_until_failed(told, db, poison)

    assert {item(db, one)["status"] for one in neighbours} == {"completed"}
    assert {item(db, one)["crashes"] for one in neighbours} <= {0, 1}
    assert len(told.workers) == 2


def test_an_item_that_eats_the_memory_it_may_have_is_a_failure_like_others(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    told = story(HANDLER.format(deed="bytearray(1 << 50)"))
    poison = add_item(db, priority=4, max_attempts=2)
    neighbours = add_items(db, 20)

    work_until_failed(told, db, poison)

    assert item(db, poison)["last_error"].startswith("MemoryError at story:")
    assert {item(db, one)["attempts"] for one in neighbours} == {1}
    assert len(told.workers) == 1


def test_a_suspect_that_was_innocent_completes(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(HANDLER.format(deed="pass"))
    suspects = add_items(db, 3, crashes=2)
    told.start_ready()

    wait_until(lambda: statuses(db) == {"completed": 3}, 20)

    assert {item(db, one)["attempts"] for one in suspects} == {1}
    assert {line.pid for line in told.told("began")} != {told.workers[0].pid}  # in a process of its own


def test_a_suspect_is_given_back_when_its_worker_stops(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(HANDLER.format(deed="await asyncio.sleep(60)"))
    suspect = add_item(db, priority=4, crashes=2)
    worker = told.start_ready(grace_s="0.2")
    wait_until(lambda: told.told("began"), 20)

    worker.terminate()

    assert worker.wait(20) == 0, told.log_of(worker)
    row = item(db, suspect)
    assert (row["status"], row["attempts"], row["crashes"]) == ("pending", 0, 2)


def seconds_to_work_off(
    told: Story, db: psycopg.Connection, count: int, *, poisoned: bool = False, **settings: str
) -> float:
    """How long two workers, started again when they die, need for the neighbours of an item with priority 4."""
    workers = [told.start_ready("--concurrency", "10", **settings) for _ in range(2)]
    began = time.monotonic()

    def are_done() -> bool:
        for n, worker in enumerate(workers):
            if worker.poll() is not None:
                workers[n] = told.start("--concurrency", "10", **settings)
        return bool(
            value(db, "select count(*) from processing_queue where priority <> 4 and completed_at is null") == 0
        )

    emails = add_emails(db, count)
    add_items(db, int(poisoned), priority=4)
    db.execute("insert into processing_queue (email_id, queue_name) select unnest(%s::uuid[]), 'work'", (emails,))
    wait_until(are_done, 120)
    taken_s = time.monotonic() - began
    for worker in workers:
        worker.kill()
        worker.wait()
    return taken_s


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "deed", ["os._exit(1)", "\n        while True: pass", "bytearray(1 << 50)"], ids=["killer", "looper", "eater"]
)
def test_neighbours_of_a_poison_item_keep_most_of_their_rate(
    story: Callable[[str], Story], db: psycopg.Connection, deed: str
) -> None:
    told = story(HANDLER.format(deed=deed).replace("sleep(0.01)", "sleep(0.05)"))
    alone_s = seconds_to_work_off(told, db, 8000, job_timeout_s="0.5")

    beside_poison_s = seconds_to_work_off(told, db, 8000, poisoned=True, job_timeout_s="0.5")

    print(f"{alone_s / beside_poison_s:.0%} of the rate")  # noqa: T201
    assert alone_s / beside_poison_s > 0.5  # each of the workers was started again once
    assert value(db, "select status from processing_queue where priority = 4") == "failed"
    assert value(db, "select max(attempts) from processing_queue where priority <> 4") == 1


def test_the_process_for_suspects_ends_when_its_worker_went_while_it_started() -> None:
    order = {"settings": {}, "queue": "work", "target": "story:handle", "parent": os.getpid() + 1}

    done = subprocess.run([sys.executable, "-m", "emailq.queue"], input=json.dumps(order).encode(), timeout=60)

    assert done.returncode == 0  # not 78: it looked at nothing else
