"""The worker with real handlers on a real database: what each outcome does, and what it does when told to stop."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from emailq.app import App, open_app
from emailq.db import Connection
from emailq.errors import Unavailable
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Release, Retry
from emailq.queue import jobs, lane, session
from emailq.queue import worker as worker_module
from emailq.queue.worker import Worker
from emailq.settings import load_settings
from tests.items import add_item, add_items, fill_queue, item, statuses, value
from tests.queue.conftest import Drain, Running, Serve
from tests.servers import PostgresServer
from tests.waiting import wait_until_async

SECRET = "the customer's secret"


async def done(job: Job, app: App) -> Outcome:
    return Done()


def always(outcome: Outcome) -> Callable[[Job, App], Any]:
    async def handle(job: Job, app: App) -> Outcome:
        return outcome

    return handle


def raises(error: BaseException) -> Callable[[Job, App], Any]:
    async def handle(job: Job, app: App) -> Outcome:
        raise error

    return handle


class Gate:
    """A handler that waits until it is opened, and remembers which jobs reached it."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.began: list[UUID] = []

    async def handle(self, job: Job, app: App) -> Outcome:
        self.began.append(job.id)
        await self.opened.wait()
        return Done()


# ------------------------------------------------------------------------------------------ outcomes


async def test_done_completes_the_item(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db)

    await drain(done)

    row = item(db, item_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("completed", 1, None)


async def test_a_handler_gets_the_job_and_the_app(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db, priority=3, max_attempts=7)
    seen: list[tuple[Job, App]] = []

    async def handle(job: Job, app: App) -> Outcome:
        async with app.pool.connection() as conn:
            await conn.execute("select 1")
        seen.append((job, app))
        return Done()

    await drain(handle)

    [(job, app)] = seen
    row = item(db, item_id)
    assert (job.id, job.email_id, job.queue_name, job.priority) == (item_id, row["email_id"], "work", 3)
    assert (job.attempt, job.max_attempts, job.scheduled_at) == (1, 7, row["scheduled_at"])
    assert app.settings.dsn is not None


async def test_effects_and_next_items_come_with_the_completion(
    db: psycopg.Connection, drain: Drain, notes: Callable[[], list[str]]
) -> None:
    item_id = add_item(db)
    outcome = Done(
        [Effect("note", ("one",)), Effect("note", ("two",))],
        [Next("later", 2), Next("much_later", delay=timedelta(hours=1))],
    )

    await drain(always(outcome))

    assert item(db, item_id)["status"] == "completed"
    assert notes() == ["one", "two"]
    following = (
        "select queue_name, priority, scheduled_at > now() from processing_queue where status = 'pending' order by 1"
    )
    assert db.execute(following).fetchall() == [("later", 2, False), ("much_later", 5, True)]


async def test_effects_next_items_and_completion_are_one_transaction(
    db: psycopg.Connection, drain: Drain, notes: Callable[[], list[str]]
) -> None:
    add_items(db, 3)
    db.execute("alter table notes add column transaction xid8 default pg_current_xact_id()")

    await drain(always(Done([Effect("note", ("x",))], [Next("later")])))

    assert value(
        db,
        "select bool_and(q.xmin = n.transaction::xid) from processing_queue q cross join notes n"
        " where n.n = (select max(n) from notes) and q.queue_name = 'later'"
        " and q.xmin = (select max(n.transaction)::xid from notes n)",
    )
    assert value(db, "select count(distinct xmin::text) from processing_queue") == value(
        db, "select count(distinct transaction) from notes"
    )


async def test_dicts_and_lists_reach_an_effect_as_json(db: psycopg.Connection, drain: Drain) -> None:
    add_item(db)
    db.execute("create table given (a jsonb, b jsonb, c uuid, d text)")
    db.execute(
        "create function keep(a jsonb, b jsonb, c uuid, d text) returns void language sql as"
        " 'insert into given values (a, b, c, d)'"
    )
    mail_text = """Räder '"; drop table given; -- %s \\ \u202e"""

    async def handle(job: Job, app: App) -> Outcome:
        return Done([Effect("keep", ({"a": [1, mail_text]}, ["x"], job.email_id, mail_text))])

    await drain(handle)

    [(a, b, _, d)] = db.execute("select * from given").fetchall()
    assert (a, b, d) == ({"a": [1, mail_text]}, ["x"], mail_text)


async def test_an_effect_that_fails_takes_its_job_back_and_not_its_neighbours(
    db: psycopg.Connection, drain: Drain, notes: Callable[[], list[str]]
) -> None:
    bad, *good = add_items(db, 8, max_attempts=2)

    async def handle(job: Job, app: App) -> Outcome:
        if job.id == bad:
            return Done([Effect("note", ("from the bad one",)), Effect("refuse", ())], [Next("later")])
        return Done([Effect("note", ("good",))], [Next("later")])

    await drain(handle)

    row = item(db, bad)
    assert (row["status"], row["attempts"]) == ("failed", 2)
    assert row["last_error"] == "effects: CheckViolation: no, never [23514]"
    assert {item(db, one)["status"] for one in good} == {"completed"}
    assert {item(db, one)["attempts"] for one in good} == {1}
    assert notes() == ["good"] * 7
    assert statuses(db, "later") == {"pending": 7}


async def test_an_effect_that_does_not_exist_fails_the_job_with_its_name(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db, max_attempts=1)

    await drain(always(Done([Effect("no_such_function", (1,))])))

    assert item(db, item_id)["status"] == "failed"
    assert "no_such_function" in item(db, item_id)["last_error"]


async def test_a_next_item_that_is_there_already_is_no_error(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db)
    db.execute(
        "insert into processing_queue (email_id, queue_name, scheduled_at) select email_id, 'later', '2100-01-01'"
        " from processing_queue"
    )

    await drain(always(Done((), [Next("later"), Next("later")])))

    assert item(db, item_id)["status"] == "completed"
    assert statuses(db, "later") == {"pending": 1}


async def test_a_retry_comes_back_after_its_delay_and_fails_in_the_end(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db, max_attempts=3)
    attempts: list[int] = []

    async def handle(job: Job, app: App) -> Outcome:
        attempts.append(job.attempt)
        return Retry("the server is busy", after_s=0)

    await drain(handle)

    row = item(db, item_id)
    assert attempts == [1, 2, 3]
    assert (row["status"], row["attempts"], row["last_error"]) == ("failed", 3, "the server is busy")


async def test_a_retry_waits_as_long_as_it_was_told(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db)

    await drain(always(Retry("asked to wait", after_s=3600)))

    wait_s = value(db, "select extract(epoch from scheduled_at - now()) from processing_queue")
    assert item(db, item_id)["status"] == "pending"
    assert 3500 < wait_s <= 3600


@pytest.mark.parametrize("settings_given", [{"retry_base_s": 1000.0, "retry_max_s": 10_000.0}])
async def test_a_retry_without_a_delay_backs_off(db: psycopg.Connection, drain: Drain) -> None:
    first = add_item(db)
    third = add_item(db, attempts=2, max_attempts=9)

    await drain(always(Retry("later")))

    wait = "select extract(epoch from scheduled_at - now()) from processing_queue where id = %s"
    assert 490 < value(db, wait, first) <= 1000
    assert 1990 < value(db, wait, third) <= 4000


@pytest.mark.parametrize("after_s", [float("inf"), float("nan"), 1e300])
async def test_a_delay_that_no_clock_has_is_a_retry_like_others(
    db: psycopg.Connection, drain: Drain, after_s: float
) -> None:
    item_id = add_item(db, max_attempts=2)

    await drain(always(Retry("later", after_s=after_s)))

    assert item(db, item_id)["status"] == "failed"


async def test_a_rejected_item_fails_at_once_and_its_effects_stay(
    db: psycopg.Connection, drain: Drain, notes: Callable[[], list[str]]
) -> None:
    item_id = add_item(db, max_attempts=3)

    await drain(always(Reject("encrypted", [Effect("note", ("kept",))])))

    row = item(db, item_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("failed", 1, "encrypted")
    assert notes() == ["kept"]


async def test_a_released_item_has_its_attempt_back_and_stops_its_queue(db: psycopg.Connection, drain: Drain) -> None:
    fill_queue(db, 300)
    calls = 0

    async def handle(job: Job, app: App) -> Outcome:
        nonlocal calls
        calls += 1
        return Release("the server is down", pause_s=3600)

    await drain(handle, concurrency=1)

    assert calls < 150  # some were claimed before the news was committed
    assert statuses(db) == {"pending": 300}
    assert value(db, "select max(attempts) from processing_queue") == 0
    assert value(db, "select reason from queue_controls") == "the server is down"


async def test_what_was_claimed_ahead_goes_back_unseen_when_the_dependency_is_down(
    db: psycopg.Connection, drain: Drain
) -> None:
    fill_queue(db, 5000)
    calls: list[bool] = []

    async def handle(job: Job, app: App) -> Outcome:
        is_down = len(calls) >= 2000
        calls.append(is_down)
        return Release("the server is down", pause_s=3600) if is_down else Done()

    await drain(handle, concurrency=1)

    assert sum(calls) < 50
    assert statuses(db)["pending"] >= 2950
    assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0


async def test_a_release_without_a_pause_concerns_its_item_alone(db: psycopg.Connection, drain: Drain) -> None:
    bad, *_ = add_items(db, 5)
    released = 0

    async def handle(job: Job, app: App) -> Outcome:
        nonlocal released
        if job.id == bad and released < 3:
            released += 1
            return Release("not yet")
        return Done()

    await drain(handle)

    assert statuses(db) == {"completed": 5}
    assert item(db, bad)["attempts"] == 1


@pytest.mark.parametrize("settings_given", [{"retry_base_s": 60.0}])
@pytest.mark.parametrize(
    ("outcome", "earliest_s", "latest_s"),
    [(Release("not yet"), 30, 60), (Release("not yet", after_s=300), 300, 300), (Release("down", pause_s=60), -60, 0)],
    ids=["without a word", "for a time", "its queue waits"],
)
async def test_an_item_that_is_released_is_not_run_again_and_again(
    db: psycopg.Connection, drain: Drain, outcome: Release, earliest_s: float, latest_s: float
) -> None:
    item_id = add_item(db)
    calls = 0

    async def handle(job: Job, app: App) -> Outcome:
        nonlocal calls
        calls += 1
        return outcome

    before = value(db, "select clock_timestamp()")
    await drain(handle)
    after = value(db, "select clock_timestamp()")

    row = item(db, item_id)
    assert (row["status"], row["attempts"], calls) == ("pending", 0, 1)
    assert before + timedelta(seconds=earliest_s) <= row["scheduled_at"] <= after + timedelta(seconds=latest_s)


# ------------------------------------------------------------------------------------------ errors


async def test_an_exception_is_a_retry_that_tells_type_and_place_and_no_content(
    db: psycopg.Connection, drain: Drain
) -> None:
    item_id = add_item(db, max_attempts=2)

    async def handle(job: Job, app: App) -> Outcome:
        raise ValueError(SECRET)

    await drain(handle)

    row = item(db, item_id)
    line = handle.__code__.co_firstlineno + 1
    assert (row["status"], row["attempts"]) == ("failed", 2)
    assert row["last_error"] == f"ValueError at {__name__}:{line}"


@pytest.mark.parametrize("settings_given", [{"job_timeout_s": 1}])
async def test_threads_that_never_end_keep_no_other_item_from_one(db: psycopg.Connection, drain: Drain) -> None:
    """Python has at most 32 for all of asyncio.to_thread."""
    hanging = add_items(db, 40, max_attempts=1)
    add_items(db, 20, max_attempts=1)
    over = threading.Event()

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.to_thread(over.wait if job.id in hanging else time.monotonic)
        return Done()

    try:
        await drain(handle)
    finally:
        over.set()

    assert statuses(db) == {"failed": 40, "completed": 20}


@pytest.mark.parametrize("settings_given", [{"job_timeout_s": 0.05, "retry_base_s": 0.001}])
async def test_a_job_that_takes_too_long_is_a_retry(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db, max_attempts=1)

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    await drain(handle)

    assert item(db, item_id)["last_error"] == "took longer than 0.05 s"
    assert item(db, item_id)["status"] == "failed"


@pytest.mark.parametrize("settings_given", [{"job_timeout_s": 0.05}])
async def test_a_handler_that_ends_in_spite_of_its_deadline_has_ended(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db)

    async def handle(job: Job, app: App) -> Outcome:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return Done()

    await drain(handle)

    assert (item(db, item_id)["status"], item(db, item_id)["attempts"]) == ("completed", 1)


async def test_a_timeout_of_the_handlers_own_is_told_as_such(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db, max_attempts=1)

    await drain(raises(TimeoutError("of a socket")))

    assert item(db, item_id)["last_error"].startswith("TimeoutError at ")


async def test_a_handler_that_cancels_itself_is_a_retry_and_holds_up_nobody(
    db: psycopg.Connection, drain: Drain
) -> None:
    bad, *good = add_items(db, 6, max_attempts=2)

    async def handle(job: Job, app: App) -> Outcome:
        if job.id == bad:
            raise asyncio.CancelledError
        return Done()

    await drain(handle, concurrency=1)

    assert item(db, bad)["last_error"].startswith("CancelledError at ")
    assert item(db, bad)["status"] == "failed"
    assert {item(db, one)["status"] for one in good} == {"completed"}


async def test_a_handler_that_cancels_its_own_task_is_a_retry_too(db: psycopg.Connection, drain: Drain) -> None:
    bad, *good = add_items(db, 6, max_attempts=2)

    async def handle(job: Job, app: App) -> Outcome:
        if job.id == bad:
            task = asyncio.current_task()
            assert task
            task.cancel()
            await asyncio.sleep(1)
        return Done()

    await drain(handle, concurrency=1)

    assert (item(db, bad)["status"], item(db, bad)["attempts"]) == ("failed", 2)
    assert item(db, bad)["last_error"].startswith("CancelledError at ")
    assert {item(db, one)["status"] for one in good} == {"completed"}


class Panic(BaseException):
    """What a library in another language may raise."""


@pytest.mark.parametrize("error", [Panic(), SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
async def test_whatever_is_raised_is_a_retry_and_costs_nobody_else(
    db: psycopg.Connection, drain: Drain, error: BaseException
) -> None:
    bad, *good = add_items(db, 6, max_attempts=1)

    async def handle(job: Job, app: App) -> Outcome:
        if job.id == bad:
            raise error
        return Done()

    await drain(handle, concurrency=2)

    assert item(db, bad)["last_error"].startswith(f"{type(error).__name__} at ")
    assert {item(db, one)["status"] for one in good} == {"completed"}
    assert {item(db, one)["crashes"] for one in good} == {0}


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (None, "NoneType, which is no outcome"),
        (True, "bool, which is no outcome"),
        ("done", "str, which is no outcome"),
        (Done, "type, which is no outcome"),
        (Done(next=["later"]), "Done whose next is no list of Next(…)"),  # type: ignore[list-item]
        (Done(next=Next("later")), "Done whose next is no list of Next(…)"),  # type: ignore[arg-type]
        (Done(next="later"), "Done whose next is no list of Next(…)"),  # type: ignore[arg-type]
        (Done(Effect("note", ())), "Done whose effects is no list of Effect(…)"),  # type: ignore[arg-type]
        (Reject("no", ["note"]), "Reject whose effects is no list of Effect(…)"),  # type: ignore[list-item]
    ],
)
async def test_what_is_no_outcome_or_has_no_effects_is_a_retry_that_says_so(
    db: psycopg.Connection, drain: Drain, returned: object, what: str
) -> None:
    bad, *good = add_items(db, 4, max_attempts=1)

    async def handle(job: Job, app: App) -> Any:
        return returned if job.id == bad else Done()

    await drain(handle)

    assert item(db, bad)["last_error"] == f"the handler returned {what}"
    assert {item(db, one)["status"] for one in good} == {"completed"}


@pytest.mark.parametrize("error", [Unavailable("blobs are away"), psycopg.OperationalError("the connection is lost")])
async def test_a_dependency_that_is_away_costs_no_attempt_and_stops_the_queue(
    db: psycopg.Connection, drain: Drain, error: Exception
) -> None:
    item_id = add_item(db, max_attempts=1)

    await drain(raises(error))

    row = item(db, item_id)
    assert (row["status"], row["attempts"]) == ("pending", 0)
    assert value(db, "select probe_at > now() from queue_controls")


async def test_a_claim_that_somebody_elses_trigger_refuses_ends_no_worker(
    db: psycopg.Connection, running: Running
) -> None:
    db.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'audit says no'; end $$;"
        "create trigger audit before update on processing_queue for each row"
        " when (new.status = 'processing') execute function refuse()"
    )
    item_id = add_item(db)

    async with running(always(Done())) as worker:
        await wait_until_async(lambda: worker.lanes["work"]._claims > 3)
        db.execute("drop trigger audit on processing_queue")
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")


async def test_a_deadlock_in_effects_is_tried_again_without_costing_an_attempt(
    dsn: str, db: psycopg.Connection, drain: Drain
) -> None:
    item_id = add_item(db, max_attempts=1)
    db.execute("create sequence tries")
    db.execute(
        "create function once_deadlocked() returns void language plpgsql as $$ begin"
        " if nextval('tries') = 1 then raise exception using errcode = '40P01'; end if; end $$"
    )

    await drain(always(Done([Effect("once_deadlocked", ())])))

    assert value(db, "select last_value from tries") == 2
    assert (item(db, item_id)["status"], item(db, item_id)["attempts"]) == ("completed", 1)


async def test_an_effect_that_ends_its_session_each_time_costs_the_others_nothing(
    db: psycopg.Connection, drain: Drain
) -> None:
    bad, *good = add_items(db, 6, max_attempts=1)
    db.execute("create function ends() returns void language sql as 'select pg_terminate_backend(pg_backend_pid())'")

    async def handle(job: Job, app: App) -> Outcome:
        return Done([Effect("ends", ())] if job.id == bad else [])

    await drain(handle)

    assert item(db, bad)["status"] == "failed"
    assert item(db, bad)["last_error"].startswith("effects: ")
    assert [(item(db, one)["status"], item(db, one)["attempts"]) for one in good] == [("completed", 1)] * 5


@pytest.mark.parametrize(
    "setting", ["search_path = nowhere", "default_transaction_read_only = on", "timezone = 'Asia/Tokyo'"]
)
async def test_what_an_effect_sets_in_its_session_ends_with_its_commit(
    db: psycopg.Connection, drain: Drain, setting: str
) -> None:
    first, *others = add_items(db, 6, max_attempts=1)
    db.execute(f"create function sets() returns void language plpgsql as $$ begin set {setting}; end $$")
    db.execute("create table zones as select current_setting('timezone') zone limit 0")
    db.execute(
        "create function note_zone() returns void"
        " begin atomic insert into public.zones select current_setting('timezone'); end"
    )

    async def handle(job: Job, app: App) -> Outcome:
        return Done([Effect("sets" if job.id == first else "note_zone", ())])

    await drain(handle, concurrency=1)

    assert {item(db, one)["status"] for one in (first, *others)} == {"completed"}
    assert value(db, "select array_agg(distinct zone) from zones") == ["UTC"]


async def test_a_temporary_table_of_an_effect_hides_none_of_ours(db: psycopg.Connection, drain: Drain) -> None:
    items = add_items(db, 6, max_attempts=1)
    db.execute(
        "create function hides() returns void language plpgsql as"
        " $$ begin create temp table processing_queue (a int); create temp table queue_controls (a int); end $$"
    )

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.01)
        return Done([Effect("hides", ())])

    await drain(handle, concurrency=1)

    assert {item(db, one)["status"] for one in items} == {"completed"}


async def test_prepared_statements_that_an_effect_takes_away_cost_nobody_an_attempt(
    db: psycopg.Connection, drain: Drain
) -> None:
    items = add_items(db, 30, max_attempts=1)
    db.execute("create function forgets() returns void language plpgsql as $$ begin execute 'deallocate all'; end $$")

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.01)
        return Done([Effect("forgets", ())])

    await drain(handle, concurrency=1)

    assert {item(db, one)["status"] for one in items} == {"completed"}


async def test_a_handler_cannot_close_the_pool_that_all_share(db: psycopg.Connection, drain: Drain) -> None:
    first, *others = add_items(db, 4, max_attempts=1)

    async def handle(job: Job, app: App) -> Outcome:
        async with app.pool.connection():
            if job.id != first:
                return Done()
        async with app.pool:
            return Done()

    await drain(handle, concurrency=1)

    assert item(db, first)["status"] == "failed"
    assert "RuntimeError at emailq.db" in item(db, first)["last_error"]
    assert {item(db, one)["status"] for one in others} == {"completed"}


async def test_a_reason_that_is_no_text_is_made_some(db: psycopg.Connection, drain: Drain) -> None:
    item_id = add_item(db)

    await drain(always(Reject("file \udcff\0.pdf is empty")))

    assert (item(db, item_id)["status"], item(db, item_id)["attempts"]) == ("failed", 1)
    assert item(db, item_id)["last_error"] == "file ?\ufffd.pdf is empty"


# ------------------------------------------------------------------------------------------ flow


async def test_a_thousand_items_are_done_once_each(db: psycopg.Connection, drain: Drain) -> None:
    fill_queue(db, 1000)
    seen: list[UUID] = []

    async def handle(job: Job, app: App) -> Outcome:
        seen.append(job.id)
        return Done()

    await drain(handle)

    assert len(seen) == len(set(seen)) == 1000
    assert statuses(db) == {"completed": 1000}


async def test_no_more_jobs_run_at_once_than_the_concurrency_says(db: psycopg.Connection, drain: Drain) -> None:
    fill_queue(db, 60)
    now, most = 0, 0

    async def handle(job: Job, app: App) -> Outcome:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.001)
        now -= 1
        return Done()

    await drain(handle, concurrency=4)

    assert most == 4


async def test_a_slow_job_does_not_hold_up_the_others(db: psycopg.Connection, running: Running) -> None:
    gate = Gate()
    slow = add_item(db)

    async def handle(job: Job, app: App) -> Outcome:
        return await gate.handle(job, app) if job.id == slow else Done()

    async with running(handle, concurrency=2):
        await wait_until_async(lambda: gate.began)
        add_items(db, 50)
        await wait_until_async(lambda: statuses(db).get("completed") == 50)
        gate.opened.set()


async def test_handlers_that_compute_leave_turns_to_all_else(db: psycopg.Connection, drain: Drain) -> None:
    """Were all begun in one turn of the event loop, one commit would end them all, and no signal be heard meanwhile."""
    add_items(db, 60)

    async def compute(job: Job, app: App) -> Outcome:
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
        return Done()

    await drain(compute)

    assert value(db, "select count(*) from processing_queue where status = 'completed'") == 60
    assert value(db, "select count(distinct completed_at) from processing_queue") > 5


async def test_a_drain_does_not_end_while_a_claim_is_under_way(
    db: psycopg.Connection, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its jobs are claimed, so nothing is due, and not known here yet."""
    claim = jobs.claim

    async def answered_late(*args: Any, **options: Any) -> list[Job]:
        claimed = await claim(*args, **options)
        await asyncio.sleep(0.2)
        return claimed

    monkeypatch.setattr(jobs, "claim", answered_late)
    add_items(db, 3)

    await drain(done)

    assert statuses(db) == {"completed": 3}


async def test_items_claimed_ahead_go_back_when_no_place_becomes_free(db: psycopg.Connection, running: Running) -> None:
    """After many quick jobs a worker claims far ahead; when slow ones follow, others must get them."""
    slow_since = asyncio.Event()

    async def handle(job: Job, app: App) -> Outcome:
        if job.priority == 9:
            slow_since.set()
            await asyncio.sleep(30)
        return Done()

    fill_queue(db, 3000)
    add_items(db, 400, priority=9)
    async with running(handle, concurrency=2) as worker:
        async with asyncio.timeout(30):
            await slow_since.wait()

        counts = await wait_until_async(lambda: (now := statuses(db)).get("processing") == 2 and now, 10)

        # a claim that is fair may have taken slow ones before the last quick ones
        assert counts["completed"] + counts["pending"] == 3398
        assert counts["pending"] >= 398
        assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0
        worker.stop()


async def test_queues_do_not_hold_up_each_other(db: psycopg.Connection, running: Running) -> None:
    gate = Gate()
    add_items(db, 20)

    async with running(gate.handle, concurrency=2, other=done):
        add_items(db, 5, "other")
        await wait_until_async(lambda: statuses(db, "other") == {"completed": 5})
        gate.opened.set()


@pytest.mark.parametrize("limit", [None, 1])
async def test_a_queue_whose_limit_is_changed_and_not_committed_does_not_hold_up_the_others(
    dsn: str, db: psycopg.Connection, running: Running, limit: int | None
) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', %s)", (limit,))
    with psycopg.connect(dsn) as editor:
        editor.execute("update queue_controls set max_running = 5")
        async with running(done, other=done):
            for count in range(1, 4):
                add_item(db)
                add_item(db, "other")
                await wait_until_async(lambda: statuses(db, "other") == {"completed": count}, 3)  # noqa: B023
            assert statuses(db) == {"pending": 3}

            editor.commit()
            await wait_until_async(lambda: statuses(db) == {"completed": 3}, 3)


async def test_an_insert_wakes_an_idle_worker_before_it_would_look_again(
    app: App, db: psycopg.Connection, running: Running
) -> None:
    async with running(done) as worker:
        lane = worker.lanes["work"]
        await wait_until_async(lambda: lane._asleep and lane._polls > 4)
        before = lane._polls
        item_id = add_item(db)
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")

    assert before > 4
    took = item(db, item_id)["started_at"] - item(db, item_id)["created_at"]
    assert took < timedelta(seconds=app.settings.poll_interval_s)


async def test_an_item_whose_time_comes_is_found_by_polling(db: psycopg.Connection, running: Running) -> None:
    async with running(done):
        db.execute("select 1")
        item_id = add_item(db)
        db.execute("update processing_queue set scheduled_at = clock_timestamp() + interval '0.3 s'")
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")

    row = item(db, item_id)
    assert row["started_at"] >= row["scheduled_at"]


@pytest.mark.parametrize("settings_given", [{"poll_interval_s": 60}])
@pytest.mark.parametrize("limit", ["max_per_s", "max_running"])
async def test_a_limited_queue_does_not_wait_for_the_next_poll(
    db: psycopg.Connection, running: Running, limit: str
) -> None:
    db.execute("insert into queue_controls (queue_name) values ('work')")
    db.execute(
        "update queue_controls set max_per_s = 1"
        if limit == "max_per_s"
        else "update queue_controls set max_running = 1"
    )
    add_items(db, 3)

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.6)
        return Done()

    async with running(handle):
        await wait_until_async(lambda: statuses(db) == {"completed": 3}, 20)


@pytest.mark.parametrize(
    "deed", ["update queue_controls set max_per_s = 100", "delete from queue_controls"], ids=["raised", "lifted"]
)
async def test_a_limit_of_rate_can_be_changed_while_workers_wait_for_it(
    db: psycopg.Connection, running: Running, deed: LiteralString
) -> None:
    db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', 0.01)")
    add_items(db, 5)

    async with running(done):
        await asyncio.sleep(0.5)  # for a look in vain, which tells the worker how long to wait
        db.execute(deed)
        await wait_until_async(lambda: statuses(db) == {"completed": 5})


async def test_a_cancelled_job_leaves_no_effects(
    db: psycopg.Connection, running: Running, notes: Callable[[], list[str]]
) -> None:
    gate = Gate()
    cancelled, kept = add_items(db, 2)

    async def handle(job: Job, app: App) -> Outcome:
        await gate.handle(job, app)
        return Done([Effect("note", (str(job.id),))], [Next("later")])

    async with running(handle):
        await wait_until_async(lambda: len(gate.began) == 2)
        db.execute("select cancel_jobs(%s)", ([cancelled],))
        gate.opened.set()
        await wait_until_async(lambda: item(db, kept)["status"] == "completed")

    assert notes() == [str(kept)]
    assert item(db, cancelled)["status"] == "cancelled"
    assert statuses(db, "later") == {"pending": 1}


@pytest.mark.parametrize("settings_given", [{"pool_size": 1}])
async def test_a_drain_leaves_the_pool_to_the_handlers(db: psycopg.Connection, drain: Drain) -> None:
    async def handle(job: Job, app: App) -> Outcome:
        async with app.pool.connection() as conn:
            await conn.execute("select")
        return Done()

    add_items(db, 3)
    await drain(handle)

    assert statuses(db) == {"completed": 3}


@pytest.mark.parametrize("change", ["rescued", "made urgent"])
async def test_an_item_that_comes_before_those_at_work_is_taken_within_a_second(
    db: psycopg.Connection, running: Running, change: str
) -> None:
    """The worker reads on from marks; what was given back, or got a priority, may stand behind them."""

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.005)
        return Done()

    lane = 5 if change == "rescued" else 1
    fill_queue(db, 12_000)
    item_id = value(db, "select id from processing_queue limit 1")
    db.execute("update processing_queue set priority = %s", (lane,))
    db.execute(
        "update processing_queue set priority = 10, scheduled_at = %s where id = %s",
        ("2100-01-01" if change == "rescued" else "2000-01-01", item_id),
    )
    async with running(handle, concurrency=10) as worker:
        await wait_until_async(lambda: worker.lanes["work"].marks.at.get(lane))
        db.execute(
            "update processing_queue set priority = %s, scheduled_at = '2000-01-01' where id = %s", (lane, item_id)
        )
        changed_at = value(db, "select clock_timestamp()")
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")
        left = statuses(db)["pending"]

    assert left > 0
    assert item(db, item_id)["started_at"] - changed_at < timedelta(seconds=1)


async def test_claims_go_on_while_a_look_behind_the_marks_takes_long(
    db: psycopg.Connection, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    async def look_that_never_ends(conn: Connection, queue: str, marks: jobs.Marks) -> jobs.Marks:
        looks.append(queue)
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(jobs, "look_behind", look_that_never_ends)
    monkeypatch.setattr("emailq.queue.marks._LOOK_S", 0)
    fill_queue(db, 3000)
    async with running(done) as worker:
        await wait_until_async(lambda: statuses(db) == {"completed": 3000})
        await wait_until_async(lambda: not worker.lanes["work"]._found_some)
        add_item(db)
        await wait_until_async(lambda: statuses(db) == {"completed": 3001})

    assert looks == ["work"]


async def test_a_look_that_fails_hides_nothing(
    db: psycopg.Connection, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_that_fails(conn: Connection, queue: str, marks: jobs.Marks) -> jobs.Marks:
        raise psycopg.OperationalError("no")

    monkeypatch.setattr(jobs, "look_behind", look_that_fails)
    add_item(db)
    async with running(done):
        await wait_until_async(lambda: statuses(db) == {"completed": 1})
        add_item(db, scheduled_at="2000-01-01")

        await wait_until_async(lambda: statuses(db) == {"completed": 2})


async def test_a_paused_queue_stands_still_within_a_second_and_flows_again(
    db: psycopg.Connection, running: Running
) -> None:
    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.005)
        return Done()

    fill_queue(db, 3000)
    async with running(handle, concurrency=10):
        await wait_until_async(lambda: statuses(db).get("completed", 0) > 0)
        db.execute("select pause_queue('work')")
        await wait_until_async(lambda: statuses(db).get("processing", 0) == 0, 1)
        left = statuses(db)["pending"]
        db.execute("select resume_queue('work')")
        await wait_until_async(lambda: statuses(db)["pending"] < left, 1)

    assert left > 0


# ------------------------------------------------------------------------------------------ the end


async def test_a_drain_ends_when_nothing_is_due(db: psycopg.Connection, drain: Drain) -> None:
    add_item(db)
    add_item(db, scheduled_at="2100-01-01")
    add_item(db, "other")

    await drain(done)

    assert statuses(db) == {"completed": 1, "pending": 1}
    assert statuses(db, "other") == {"pending": 1}


async def test_a_drain_follows_an_item_through_its_queues(db: psycopg.Connection, drain: Drain) -> None:
    add_items(db, 10)

    await drain(always(Done((), [Next("second")])), second=always(Done((), [Next("third")])), third=done)

    assert [statuses(db, name) for name in ("work", "second", "third")] == [{"completed": 10}] * 3


async def test_a_drain_of_an_empty_queue_ends_at_once(drain: Drain) -> None:
    began = time.monotonic()

    await drain(done)

    assert time.monotonic() - began < 2


async def test_a_drain_does_not_wait_for_a_queue_that_stands_still(db: psycopg.Connection, drain: Drain) -> None:
    add_items(db, 3)
    db.execute("select pause_queue('work')")

    await drain(done)

    assert statuses(db) == {"pending": 3}


async def test_a_stopped_worker_finishes_what_runs_and_gives_back_the_rest(
    db: psycopg.Connection, running: Running
) -> None:
    gate = Gate()
    fill_queue(db, 100)

    async with running(gate.handle, concurrency=5) as worker:
        await wait_until_async(lambda: len(gate.began) == 5)
        worker.stop()
        gate.opened.set()

    assert len(gate.began) == 5
    assert statuses(db) == {"completed": 5, "pending": 95}
    assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0


async def test_a_worker_stopped_twice_gives_back_what_runs(db: psycopg.Connection, running: Running) -> None:
    gate = Gate()
    add_items(db, 8)

    async with running(gate.handle, concurrency=5) as worker:
        await wait_until_async(lambda: len(gate.began) == 5)
        worker.stop()
        worker.stop()

    assert statuses(db) == {"pending": 8}
    assert value(db, "select max(attempts) from processing_queue") == 0
    assert value(db, "select count(*) from workers") == 0


async def test_a_worker_that_could_not_commit_leaves_its_jobs_to_the_next_sweep(
    dsn: str, db: psycopg.Connection, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    item_id = add_item(db)

    async def give_up(*, timeout_s: float) -> None:
        return None

    with psycopg.connect(dsn) as other:
        async with running(gate.handle) as worker:
            await wait_until_async(lambda: gate.began)
            monkeypatch.setattr(worker.committer, "flush", give_up)
            other.execute("select from processing_queue where id = %s for update", (item_id,))
            gate.opened.set()

    await wait_until_async(lambda: value(db, "select release_lost_jobs()") or item(db, item_id)["completed_at"])
    assert item(db, item_id)["status"] in ("pending", "completed")


@pytest.mark.parametrize("settings_given", [{"grace_s": 0.1}])
async def test_a_job_that_outlasts_the_grace_time_is_given_back(db: psycopg.Connection, running: Running) -> None:
    gate = Gate()
    item_id = add_item(db)

    async with running(gate.handle):
        await wait_until_async(lambda: gate.began)

    row = item(db, item_id)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 0, "worker stopped")


async def test_workers_stopped_at_any_moment_leave_nothing_half_done(db: psycopg.Connection, running: Running) -> None:
    """Twenty restarts under load: no item is left in processing, and no attempt is used up by a release."""
    fill_queue(db, 4000)

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.001)
        return Done()

    for turn in range(20):
        async with running(handle, concurrency=20) as worker:
            await wait_until_async(lambda: worker.lanes["work"]._claims > 0)
            await asyncio.sleep(turn * 0.002)  # another moment each time
        assert statuses(db).get("processing", 0) == 0, f"restart {turn}"

    assert value(db, "select max(attempts) from processing_queue where status = 'pending'") == 0
    assert value(db, "select max(crashes) from processing_queue") == 0
    assert value(db, "select count(*) from workers") == 0


async def test_a_worker_without_a_connection_for_commits_claims_nothing(
    app: App, db: psycopg.Connection, serve: Serve, tmp_path: Path
) -> None:
    add_items(db, 3)
    db.execute("create role few login connection limit 2 in role pg_read_all_data, pg_write_all_data")
    dsn = make_conninfo(app.settings.require_dsn(), user="few")
    try:
        async with open_app(load_settings({}, dsn=dsn, blob_dir=str(tmp_path))) as with_few:
            worker = Worker(with_few, serve(done))
            task = asyncio.create_task(worker.run())
            await worker.session.registered.wait()
            await asyncio.sleep(0.5)  # for a claim, which has no connection

            assert statuses(db) == {"pending": 3}
            worker.stop()
            await task
    finally:
        db.execute("drop role few")


async def test_a_worker_that_lost_its_session_works_under_a_new_identity(
    db: psycopg.Connection, running: Running
) -> None:
    async with running(done) as worker:
        first = worker.session.worker_id
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'emailq session'")
        await wait_until_async(lambda: worker.session.worker_id not in (first, None))
        item_id = add_item(db)
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")
        await wait_until_async(lambda: value(db, "select array_agg(id) from workers") == [worker.session.worker_id])


async def test_a_job_claimed_under_a_lost_identity_is_fenced(
    db: psycopg.Connection, running: Running, notes: Callable[[], list[str]]
) -> None:
    """Its session is lost while the job runs: it runs again elsewhere, and only one of the two results counts."""
    gate = Gate()
    item_id = add_item(db)

    async def handle(job: Job, app: App) -> Outcome:
        if not gate.began:
            await gate.handle(job, app)
            return Done([Effect("note", ("late",))])
        return Done([Effect("note", ("again",))])

    async with running(handle) as worker:
        await wait_until_async(lambda: gate.began)
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'emailq session'")
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")
        gate.opened.set()
        await wait_until_async(lambda: not worker.busy)

    assert notes() == ["again"]
    assert item(db, item_id)["attempts"] == 1


async def test_a_claim_whose_answer_was_lost_is_given_back(
    db: psycopg.Connection, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the claim was committed: its jobs are held by a worker that does not know them."""
    claim = jobs.claim
    lost: list[Job] = []

    async def claim_and_lose(conn: Connection, *args: Any, **options: Any) -> list[Job]:
        claimed = await claim(conn, *args, **options)
        if claimed and not lost:
            lost.extend(claimed)
            await conn.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return claimed

    monkeypatch.setattr(jobs, "claim", claim_and_lose)
    add_items(db, 5)

    async with running(done):
        await wait_until_async(lambda: statuses(db) == {"completed": 5})

    assert lost


async def test_a_worker_does_not_run_far_ahead_of_its_commits(
    dsn: str,
    db: psycopg.Connection,
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    notes: Callable[[], list[str]],
) -> None:
    """What handlers return is kept in memory until it is committed, and is lost by a crash."""
    monkeypatch.setattr(lane, "_BEHIND_S", 0.1)
    fill_queue(db, 2000)

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.02)
        return Done([Effect("note", ("done",))])

    async with running(handle) as worker:
        with psycopg.connect(dsn) as editor:
            editor.execute("lock table notes")
            await asyncio.sleep(2)  # enough for a thousand
            ahead = worker.committer.uncommitted
        await wait_until_async(lambda: statuses(db) == {"completed": 2000}, 30)

    assert 0 < ahead < 500


async def test_what_can_not_be_committed_when_a_worker_stops_is_given_back(
    dsn: str,
    db: psycopg.Connection,
    running: Running,
    monkeypatch: pytest.MonkeyPatch,
    notes: Callable[[], list[str]],
) -> None:
    """Somebody locks a table that effects need. Nothing crashed, so nothing is a suspect."""
    monkeypatch.setattr(worker_module, "_FLUSH_S", 0.1)
    add_items(db, 100)

    with psycopg.connect(dsn) as editor:
        editor.execute("lock table notes")
        async with running(always(Done([Effect("note", ("done",))]))) as worker:
            await wait_until_async(lambda: worker.committer.uncommitted == 100)

    assert statuses(db) == {"pending": 100}
    assert value(db, "select array_agg(distinct (attempts, crashes)::text) from processing_queue") == ["(0,0)"]
    assert value(db, "select count(*) from workers") == 0
    assert notes() == []


async def test_a_worker_outlasts_a_database_that_takes_no_writes(
    db: psycopg.Connection, running: Running, notes: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    """A managed PostgreSQL does that when its disk is nearly full."""
    gate = Gate()
    item_id = add_item(db)
    of_this = psycopg.sql.SQL("alter database {} ").format(psycopg.sql.Identifier(db.info.dbname))

    async def handle(job: Job, app: App) -> Outcome:
        await gate.handle(job, app)
        return Done([Effect("note", ("done",))])

    async with running(handle):
        await wait_until_async(lambda: gate.began)
        db.execute(of_this + psycopg.sql.SQL("set default_transaction_read_only = on"))
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'emailq %'")
        gate.opened.set()
        await wait_until_async(lambda: [one.levelname for one in caplog.records].count("WARNING") > 10)
        db.execute(of_this + psycopg.sql.SQL("reset default_transaction_read_only"))
        await wait_until_async(lambda: item(db, item_id)["status"] == "completed")

    assert notes() == ["done"]
    assert item(db, item_id)["attempts"] == 1


async def test_a_worker_that_gets_no_connection_to_commit_says_so(
    db: psycopg.Connection, pg_server: PostgresServer, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_CUT_OFF_S", 0.1)
    item_id = add_item(db)
    gate = Gate()
    admit = psycopg.sql.SQL("alter database {} with allow_connections {}").format
    name = psycopg.sql.Identifier(db.info.dbname)
    end_commits = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'emailq commit'"
    troubles = "select array(select host_troubles(host, '1 hour') from workers)"

    with psycopg.connect(pg_server.dsn(), autocommit=True) as admin:
        async with running(gate.handle) as worker:
            await wait_until_async(lambda: gate.began)
            worker_id = worker.session.worker_id
            admin.execute(admit(name, False))
            db.execute(end_commits)
            gate.opened.set()
            trouble = await wait_until_async(lambda: value(db, troubles))
            why = value(db, "select queue_why(%s)", item_id)
            admin.execute(admit(name, True))
            await wait_until_async(lambda: item(db, item_id)["status"] == "completed")
            await wait_until_async(lambda: not value(db, troubles))

    assert trouble == [f"worker {worker_id} (pid {os.getpid()}) gets no connection to commit results"]
    assert why.endswith("; or done, for this worker gets no connection to commit results")


@pytest.mark.parametrize("name", ["claim", "commit", "session"])
async def test_a_lost_connection_loses_nothing(db: psycopg.Connection, running: Running, name: str) -> None:
    fill_queue(db, 500)

    async def handle(job: Job, app: App) -> Outcome:
        await asyncio.sleep(0.002)
        return Done()

    async with running(handle, concurrency=5):
        await wait_until_async(lambda: statuses(db).get("completed", 0) > 20)
        db.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s", (f"emailq {name}",)
        )
        await wait_until_async(lambda: statuses(db) == {"completed": 500})
