"""Pause, resume, cancel, requeue and a new priority act on workers at once, from commands and from plain SQL."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import pytest

from tests.commands import run_emailq
from tests.items import add_item, add_items, fill_queue, item, statuses
from tests.scenarios.conftest import Story
from tests.waiting import wait_until

# A worker that always has work: 20 items a second, from a backlog of some minutes.
HANDLER = """
async def handle(job, app):
    tell("began", job)
    await asyncio.sleep(0.2)
    return Done([note(job)])
"""
AT_ONCE_S = 3  # a second is the promise; the rest is for a busy machine

SQL = {
    "pause": "update queue_controls set paused = true where queue_name = 'work'",
    "resume": "update queue_controls set paused = false where queue_name = 'work'",
    "cancel": "update processing_queue set status = 'cancelled' where id = '{}'",
    "retry": "update processing_queue set status = 'pending' where id = '{}'",
    "priority": "update processing_queue set priority = 1 where id = '{}'",
}
COMMANDS = {
    "pause": ("pause", "work"),
    "resume": ("resume", "work"),
    "cancel": ("cancel", "{}"),
    "retry": ("retry", "{}"),
    "priority": ("priority", "1", "{}"),
}

Steer = Callable[..., None]


@pytest.fixture
def told(story: Callable[[str], Story], db: psycopg.Connection) -> Iterator[Story]:
    told = story(HANDLER)
    db.execute("insert into queue_controls (queue_name) values ('work')")
    fill_queue(db, 5000)
    told.start_ready("--concurrency", "4")
    wait_until(lambda: len(told.told("began")) > 8)
    return told


@pytest.fixture(params=["from the command line", "from plain SQL"])
def steer(request: pytest.FixtureRequest, db: psycopg.Connection, dsn: str) -> Steer:
    def command(what: str, item_id: UUID | None = None) -> None:
        done = run_emailq(*(word.format(item_id) for word in COMMANDS[what]), env={"EMAILQ_DSN": dsn})
        assert done.returncode == 0, done.stderr

    def sql(what: str, item_id: UUID | None = None) -> None:
        db.execute(SQL[what].format(item_id))

    return sql if "SQL" in request.param else command


def begun(told: Story, item_id: UUID) -> bool:
    return any(line.item == str(item_id) for line in told.told("began"))


def test_a_paused_queue_stands_still_and_a_resumed_one_flows(told: Story, steer: Steer, db: psycopg.Connection) -> None:
    steer("pause")
    wait_until(lambda: "processing" not in statuses(db), AT_ONCE_S)
    count = len(told.told("began"))
    time.sleep(0.5)
    assert len(told.told("began")) == count

    steer("resume")

    wait_until(lambda: len(told.told("began")) > count, AT_ONCE_S)


def test_a_new_priority_a_cancelled_and_a_requeued_item(told: Story, steer: Steer, db: psycopg.Connection) -> None:
    urgent, unwanted = add_items(db, 2, priority=10)
    failed = add_item(db, priority=2, status="failed", completed_at="now", failed_at="now")

    steer("priority", urgent)
    wait_until(lambda: begun(told, urgent), AT_ONCE_S)
    steer("retry", failed)
    wait_until(lambda: begun(told, failed), AT_ONCE_S)
    steer("cancel", unwanted)
    steer("priority", unwanted)

    add_item(db, priority=1)
    wait_until(lambda: statuses(db).get("completed", 0) > 60, 20)
    assert not begun(told, unwanted)
    assert item(db, unwanted)["status"] == "cancelled"


ONE_AT_A_TIME = """
async def handle(job, app):
    tell("began", job)
    try:
        await asyncio.sleep(60)
    finally:
        tell("ended", job)
"""


@pytest.mark.parametrize(
    "end",
    [
        "update processing_queue set status = 'cancelled' where id = '{}'",
        "update processing_queue set status = 'pending', scheduled_at = now() + interval '1 hour' where id = '{}'",
        "delete from processing_queue where id = '{}'",
        "delete from emails where id = (select email_id from processing_queue where id = '{}')",
    ],
    ids=["cancelled", "pending", "deleted", "the mail deleted"],
)
def test_a_handler_whose_item_is_taken_away_is_stopped(
    story: Callable[[str], Story], db: psycopg.Connection, end: str
) -> None:
    told = story(ONE_AT_A_TIME)
    worker = told.start_ready()
    first, second = add_items(db, 2)
    wait_until(lambda: len(told.told("began")) == 2)

    db.execute(end.format(first).encode())

    wait_until(lambda: [line.item for line in told.told("ended")] == [str(first)], AT_ONCE_S)
    assert item(db, second)["status"] == "processing"
    worker.terminate()
