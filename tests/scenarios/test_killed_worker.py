"""A worker is killed in the middle of its work: nothing is lost, nothing happens twice, another one goes on at once."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable

import psycopg
import pytest

from tests.items import add_item, add_items, fill_queue, item, statuses, value
from tests.scenarios.conftest import Story
from tests.waiting import wait_until

WAITS = """
async def handle(job, app):
    tell("began", job)
    while not said("go"):
        await asyncio.sleep(0.01)
    return Done([note(job)])
"""

QUICK = """
async def handle(job, app):
    tell("began", job)
    await asyncio.sleep(0.002)
    return Done([note(job)], [Next("later")])
"""


def test_its_items_run_again_within_a_second(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(WAITS)
    doomed = told.start_ready()
    ids = add_items(db, 5)
    wait_until(lambda: len(told.told("began")) == 5)
    told.start_ready()

    doomed.kill()
    killed_at = time.monotonic()
    wait_until(lambda: len(told.told("began")) == 10)
    told.say("go")
    wait_until(lambda: statuses(db) == {"completed": 5})

    again = [line for line in told.told("began") if line.pid != doomed.pid]
    assert {line.item for line in again} == {str(one) for one in ids}
    assert max(line.at for line in again) - killed_at < 1
    assert {item(db, one)["attempts"] for one in ids} == {1}
    assert value(db, "select count(*) from notes") == 5


def test_nothing_is_lost_and_no_effect_is_there_twice(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    """The first item of each worker waits: the one that is killed holds something, however slow the machine is."""
    told = story(
        """
first = None

async def handle(job, app):
    global first
    first = first or job.id
    tell("began", job)
    await asyncio.sleep(0.002)
    while job.id == first and not said("go"):
        await asyncio.sleep(0.01)
    return Done([note(job)], [Next("later")])
"""
    )
    workers = [told.start_ready("--concurrency", "20") for _ in range(2)]
    fill_queue(db, 3000)

    wait_until(lambda: value(db, "select count(*) from notes") > 300)
    wait_until(lambda: workers[0].pid in {line.pid for line in told.told("began")})
    workers[0].kill()
    told.say("go")
    wait_until(lambda: statuses(db).get("completed") == 3000, 30)

    assert value(db, "select count(*) from notes") == 3000
    assert value(db, "select count(distinct item) from notes") == 3000
    assert statuses(db, "later") == {"pending": 3000}
    assert value(db, "select max(attempts) from processing_queue") == 1
    assert value(db, "select max(crashes) from processing_queue") == 1


def test_the_next_worker_finds_what_the_last_one_left(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    """Nobody else was there when it died; the first to come goes on."""
    told = story(WAITS)
    doomed = told.start_ready()
    add_items(db, 3)
    wait_until(lambda: len(told.told("began")) == 3)
    doomed.kill()
    doomed.wait()

    told.say("go")
    drain = told.start("--drain")

    assert drain.wait(30) == 0, told.log_of(drain)
    assert statuses(db) == {"completed": 3}


def test_two_workers_do_each_item_once(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(QUICK)
    fill_queue(db, 2000)

    workers = [told.start("--drain") for _ in range(2)]
    codes = [worker.wait(60) for worker in workers]

    began = Counter(line.item for line in told.told("began"))
    assert codes == [0, 0]
    assert (len(began), set(began.values())) == (2000, {1})
    assert statuses(db) == {"completed": 2000}


def test_a_worker_that_slept_through_its_rescue_is_fenced(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    """SIGSTOP, the network is cut, SIGCONT: its late result is refused, and it works on under a new identity."""
    told = story(
        """
async def handle(job, app):
    mine = not said("taken")
    (HERE / "taken").touch()
    tell("began", job)
    while mine and not said("go"):
        await asyncio.sleep(0.01)
    return Done([note(job)], [Next("later")])
"""
    )
    sleeper = told.start_ready()
    [item_id] = add_items(db, 1)
    wait_until(lambda: told.told("began"))

    os.kill(sleeper.pid, signal.SIGSTOP)
    told.say("go")
    db.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where application_name like 'emailq%' and datname = current_database()"
    )
    told.start_ready()
    wait_until(lambda: item(db, item_id)["status"] == "completed")
    os.kill(sleeper.pid, signal.SIGCONT)
    wait_until(lambda: "it is not ours any more" in told.log_of(sleeper))

    assert [line.pid == sleeper.pid for line in told.told("began")] == [True, False]
    assert value(db, "select count(*) from notes") == 1
    assert statuses(db, "later") == {"pending": 1}
    assert sleeper.poll() is None
    wait_until(lambda: value(db, "select count(*) from queue_workers where alive") == 2)


def test_a_worker_that_blocks_its_interpreter_is_alive(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    """Life is a session, not a heartbeat: nobody takes its item while it computes."""
    told = story(
        """
async def handle(job, app):
    tell("began", job)
    time.sleep(2.5)
    return Done([note(job)])
"""
    )
    told.start_ready()
    [item_id] = add_items(db, 1)
    wait_until(lambda: told.told("began"))

    told.start_ready()
    wait_until(lambda: item(db, item_id)["status"] == "completed")

    assert len(told.told("began")) == 1
    assert item(db, item_id)["crashes"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_a_worker_told_to_stop_finishes_and_gives_back(
    story: Callable[[str], Story], db: psycopg.Connection, number: signal.Signals
) -> None:
    told = story(WAITS)
    worker = told.start_ready("--concurrency", "4")
    fill_queue(db, 200)
    wait_until(lambda: len(told.told("began")) == 4)

    worker.send_signal(number)
    told.say("go")

    assert worker.wait(10) == 0, told.log_of(worker)
    assert statuses(db) == {"completed": 4, "pending": 196}
    assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0
    assert "Traceback" not in told.log_of(worker)


def test_a_second_signal_gives_running_jobs_back_at_once(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(WAITS)
    worker = told.start_ready()
    add_items(db, 3)
    wait_until(lambda: len(told.told("began")) == 3)

    worker.send_signal(signal.SIGINT)
    wait_until(lambda: "worker.stopping" in told.log_of(worker))
    worker.send_signal(signal.SIGINT)
    code = worker.wait(5)

    assert code == 0, told.log_of(worker)
    assert statuses(db) == {"pending": 3}
    assert value(db, "select max(attempts) from processing_queue") == 0


FORKS = """
async def handle(job, app):
    async with app.pool.connection() as conn:
        await conn.execute("select 1")
    if not os.fork():
        while not said("go"):
            time.sleep(0.1)
        os._exit(0)
    tell("began", job)
    while not said("go"):
        await asyncio.sleep(0.01)
    return Done()
"""


def test_a_process_that_a_handler_forked_keeps_no_item_of_a_killed_worker(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    told = story(FORKS)
    doomed = told.start_ready()
    add_items(db, 2)
    wait_until(lambda: len(told.told("began")) == 2)
    told.start_ready()

    doomed.kill()
    try:
        wait_until(lambda: len(told.told("began")) == 4)
    finally:
        told.say("go")  # the end of what was forked, too
    wait_until(lambda: statuses(db) == {"completed": 2})


DEAF = """
async def handle(job, app):
    tell("began", job)
    while job.priority == 4:
        try:
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            tell("cancelled", job)
    return Done([note(job)])
"""


def test_a_handler_that_ignores_its_deadline_is_given_up(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(DEAF)
    worker = told.start_ready("--concurrency", "1", job_timeout_s="0.3", retry_base_s="0.01")
    deaf = add_item(db, priority=4, max_attempts=2)
    wait_until(lambda: item(db, deaf)["status"] == "failed", 20)
    others = add_items(db, 5)

    wait_until(lambda: statuses(db) == {"failed": 1, "completed": 5})
    worker.terminate()

    assert item(db, deaf)["last_error"] == "took longer than 0.3 s"
    assert {item(db, one)["attempts"] for one in others} == {1}
    assert len(told.told("began")) == 7
    assert worker.wait(20) == 0, told.log_of(worker)


@pytest.mark.parametrize(
    "handler",
    [DEAF, "async def handle(job, app):\n    tell('began', job)\n    await asyncio.to_thread(time.sleep, 60)"],
    ids=["deaf", "thread"],
)
def test_nothing_that_goes_on_keeps_a_worker_from_its_end(
    story: Callable[[str], Story], db: psycopg.Connection, handler: str
) -> None:
    told = story(handler)
    worker = told.start_ready(grace_s="0.1")
    one = add_item(db, priority=4)
    wait_until(lambda: told.told("began"))

    worker.terminate()

    assert worker.wait(20) == 0, told.log_of(worker)
    row = item(db, one)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 0, "worker stopped")


def test_restarts_under_load_use_up_no_attempt(story: Callable[[str], Story], db: psycopg.Connection) -> None:
    told = story(QUICK)
    fill_queue(db, 6000)

    for _ in range(4):
        worker = told.start_ready("--concurrency", "20")
        done = statuses(db).get("completed", 0)
        wait_until(lambda done=done: statuses(db).get("completed", 0) > done + 100)
        worker.terminate()
        assert worker.wait(10) == 0, told.log_of(worker)
        assert statuses(db).get("processing", 0) == 0

    assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0
    assert value(db, "select max(crashes) from processing_queue") == 0
    assert value(db, "select count(*) from notes") == statuses(db)["completed"] == len(told.told("began"))


def test_without_any_notification_an_item_is_found_within_the_poll_interval(
    story: Callable[[str], Story], db: psycopg.Connection
) -> None:
    told = story(QUICK)
    told.start_ready(poll_interval_s="0.5")
    db.execute("alter table processing_queue disable trigger processing_queue_wake")
    [first] = add_items(db, 1)
    wait_until(lambda: item(db, first)["status"] == "completed")
    time.sleep(1)  # until it looks only each half second

    for _ in range(3):
        [one] = add_items(db, 1)
        wait_until(lambda one=one: item(db, one)["status"] == "completed", 2)
        row = item(db, one)
        assert (row["started_at"] - row["created_at"]).total_seconds() < 0.7
