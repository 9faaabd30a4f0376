"""The queue by hand: what somebody with psql types works as well as what emailq does."""

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
import pytest

from tests.items import (
    add_emails,
    add_item,
    add_items,
    claim,
    claim_one,
    complete,
    fail,
    item,
    register,
    release,
    retry,
    statuses,
    value,
)


def test_a_queue_name_and_an_email_are_a_complete_request(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db)

    db.execute("insert into processing_queue (email_id, queue_name) values (%s, 'work')", (email_id,))

    job = claim_one(db, register(db))
    assert (job.email_id, job.priority, job.max_attempts) == (email_id, 5, 3)


def test_ids_begin_with_the_time_and_their_first_eight_digits_tell_them_apart(db: psycopg.Connection) -> None:
    add_item(db)
    db.execute("select enqueue_jobs(array(select id from emails), '{other}')")

    made = db.execute("select id from emails union all select id from processing_queue").fetchall()

    now = value(db, "select (date_part('epoch', now()) * 4)::bigint")
    assert len({made_id.int >> 96 for (made_id,) in made}) == 3
    for (made_id,) in made:
        assert (now - (made_id.int >> 112)) % 65536 < 240
    assert [made_id.int >> 96 for (made_id,) in made] == sorted(made_id.int >> 96 for (made_id,) in made)


def test_all_messages_of_a_kind_are_enqueued_by_one_statement(db: psycopg.Connection) -> None:
    add_emails(db, 20)

    db.execute(
        "insert into processing_queue (email_id, queue_name) select id, 'work' from emails on conflict do nothing"
    )

    assert len(claim(db, register(db), 100)) == 20


def test_a_message_has_one_live_item_in_a_queue(db: psycopg.Connection) -> None:
    [email_id] = add_emails(db)
    insert = "insert into processing_queue (email_id, queue_name) values (%s, 'work')"
    db.execute(insert, (email_id,))

    with pytest.raises(psycopg.errors.UniqueViolation):
        db.execute(insert, (email_id,))
    complete(db, claim_one(db, register(db)))
    db.execute(insert, (email_id,))

    assert statuses(db) == {"completed": 1, "pending": 1}


@pytest.mark.parametrize(
    "columns",
    [
        {"priority": 0},
        {"priority": 11},
        {"queue": ""},
        {"queue": "x" * 51},
        {"max_attempts": 0},
        {"attempts": -1},
        {"status": "done"},
        {"slot": 1},
    ],
)
def test_what_makes_no_sense_is_refused(db: psycopg.Connection, columns: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        add_item(db, **columns)


def test_an_item_needs_a_message(db: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        db.execute("insert into processing_queue (email_id, queue_name) values (gen_random_uuid(), 'work')")


def test_an_unknown_queue_name_waits_for_somebody_to_serve_it(db: psycopg.Connection) -> None:
    add_item(db, "translate")

    assert claim(db, register(db, "parsing"), queue="parsing") == []
    assert statuses(db, "translate") == {"pending": 1}


def test_deleting_a_message_takes_its_items_along(db: psycopg.Connection) -> None:
    add_item(db)

    db.execute("delete from emails")

    assert statuses(db) == {}


@pytest.mark.parametrize(("ended", "column"), [("failed", "failed_at"), ("cancelled", "completed_at")])
def test_an_update_back_to_pending_starts_an_item_again(db: psycopg.Connection, ended: str, column: str) -> None:
    item_id = add_item(db)
    db.execute("update processing_queue set status = %s", (ended,))
    assert item(db, item_id)[column] is not None

    db.execute("update processing_queue set status = 'pending', attempts = 0 where status = %s", (ended,))

    row = item(db, item_id)
    assert (row["completed_at"], row["failed_at"], row["worker_id"]) == (None, None, None)
    assert claim_one(db, register(db)).id == item_id


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "pending"])
@pytest.mark.parametrize("end", [complete, fail, retry, release])
def test_a_running_job_whose_status_was_changed_by_hand_is_not_the_workers_any_more(
    db: psycopg.Connection, status: str, end: Callable[..., Any]
) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))

    db.execute("update processing_queue set status = %s", (status,))

    before = item(db, item_id)
    assert end(db, job) == {item_id}
    assert item(db, item_id) == before


def test_a_status_set_by_hand_has_its_times(db: psycopg.Connection) -> None:
    item_id = add_item(db)

    db.execute("update processing_queue set status = 'failed', last_error = 'not wanted'")
    failed = item(db, item_id)
    db.execute("update processing_queue set status = 'completed'")
    completed = item(db, item_id)

    assert failed["failed_at"] == failed["completed_at"] is not None
    assert completed["completed_at"] is not None
    assert completed["failed_at"] is None


def test_a_slot_is_given_back_whatever_status_is_set(db: psycopg.Connection) -> None:
    db.execute("insert into queue_controls (queue_name, max_running) values ('work', 1)")
    add_items(db, 2)
    worker = register(db)
    job = claim_one(db, worker)

    db.execute(
        "update processing_queue set status = 'pending', scheduled_at = now() + interval '1 day' where id = %s",
        (job.id,),
    )

    assert len(claim(db, worker)) == 1


def test_a_new_priority_holds_for_the_next_claim(db: psycopg.Connection) -> None:
    _, second = add_items(db, 2)

    db.execute("update processing_queue set priority = 1 where id = %s", (second,))

    assert claim_one(db, register(db)).id == second


def test_an_item_is_put_off_and_brought_forward(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    worker = register(db)

    db.execute("update processing_queue set scheduled_at = now() + interval '1 hour'")
    put_off = claim(db, worker)
    db.execute("update processing_queue set scheduled_at = now()")

    assert put_off == []
    assert claim_one(db, worker).id == item_id


def test_deleting_a_running_item_is_like_cancelling_it(db: psycopg.Connection) -> None:
    item_id = add_item(db)
    job = claim_one(db, register(db))

    db.execute("delete from processing_queue where id = %s", (item_id,))

    assert complete(db, job) == {item_id}


# ------------------------------------------------------------------------------------------ the functions for it


def test_failed_and_cancelled_items_start_again_with_all_attempts(db: psycopg.Connection) -> None:
    items = add_items(db, 3)
    worker = register(db)
    for job in claim(db, worker, 2):
        fail(db, job)
    db.execute("select cancel_jobs(%s)", (items,))

    again = {row[0] for row in db.execute("select requeue_jobs(%s)", (items,))}

    assert again == set(items)
    assert {job.attempt for job in claim(db, worker)} == {1}


def test_completed_and_live_items_are_not_requeued(db: psycopg.Connection) -> None:
    done, live = add_items(db, 2)
    worker = register(db)
    complete(db, claim_one(db, worker))

    assert db.execute("select requeue_jobs(%s)", ([done, live],)).fetchall() == []


def test_an_old_failure_is_not_requeued_beside_a_live_item(db: psycopg.Connection) -> None:
    old = add_item(db)
    db.execute("update processing_queue set status = 'failed'")
    db.execute("insert into processing_queue (email_id, queue_name) values (%s, 'work')", (item(db, old)["email_id"],))

    assert db.execute("select requeue_jobs(%s)", ([old],)).fetchall() == []


def test_of_several_failures_of_a_message_the_last_is_requeued(db: psycopg.Connection) -> None:
    old = add_item(db)
    db.execute("update processing_queue set status = 'failed'")
    [(new,)] = db.execute(
        "insert into processing_queue (email_id, queue_name) select email_id, 'work' from processing_queue returning id"
    ).fetchall()
    db.execute("update processing_queue set status = 'failed'")

    assert db.execute("select requeue_jobs(%s)", ([old, new],)).fetchall() == [(new,)]


def test_cancelling_ends_live_items_and_leaves_finished_ones(db: psycopg.Connection) -> None:
    done, running, waiting = add_items(db, 3)
    worker = register(db)
    complete(db, claim_one(db, worker))
    job = claim_one(db, worker)

    cancelled = {row[0] for row in db.execute("select cancel_jobs(%s)", ([done, running, waiting],))}

    assert cancelled == {running, waiting}
    assert complete(db, job) == {running}
    assert statuses(db) == {"completed": 1, "cancelled": 2}


def test_names_of_queues_are_data(db: psycopg.Connection) -> None:
    name = """'; drop table emails; -- "$$" %s \\"""
    add_item(db, name)
    worker = register(db, name)

    complete(db, claim_one(db, worker, name))

    assert value(db, "select completed_at is not null from processing_queue where queue_name = %s", name)


@pytest.mark.parametrize(
    "change",
    [
        "update processing_queue set scheduled_at = '-infinity'",
        "update processing_queue set created_at = '-infinity'",
        "update processing_queue set scheduled_at = '0044-03-15 12:00:00 BC'",
    ],
)
def test_a_time_that_no_program_can_read_is_refused(db: psycopg.Connection, change: LiteralString) -> None:
    add_item(db)

    with pytest.raises(psycopg.errors.CheckViolation, match="processing_queue_times"):
        db.execute(change)


def test_a_count_of_attempts_as_high_as_can_be_is_claimed_and_stops_nobody(db: psycopg.Connection) -> None:
    add_item(db, attempts=2**31 - 1, priority=1)
    add_item(db)

    assert [job.attempt for job in claim(db, register(db), 2)] == [2**31 - 1, 1]


def test_what_is_kept_for_less_than_no_time_is_refused(db: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="queue_retention_keep"):
        db.execute("update queue_retention set keep = '-1 day'")
