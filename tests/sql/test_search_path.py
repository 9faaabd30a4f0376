"""An application with a search_path of its own enqueues, looks and steers by qualified names."""

import psycopg
import pytest

from tests.items import add_items


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.processing_queue (email_id, queue_name) select id, 'archive' from public.emails",
        "update public.processing_queue set status = 'cancelled'",
        "update public.processing_queue set status = 'failed'",
        "update public.processing_queue set status = 'processing'",
        "update public.processing_queue set scheduled_at = 'epoch'",
        "delete from public.processing_queue",
        "delete from public.emails",
        "select public.requeue_jobs(array_agg(id)) from public.processing_queue",
        "select public.cancel_jobs(array_agg(id)) from public.processing_queue",
        "update public.processing_queue set acknowledged_at = now()",
        "select public.pause_queue('work', 'month end')",
        "select public.resume_queue('work')",
        "select public.cleanup_old_queue_items()",
        "select public.queue_why(id) from public.processing_queue",
        "insert into public.queue_controls (queue_name, max_running, max_per_s) values ('work', 4, 10)",
        "select * from public.queue_status",
        "select * from public.queue_workers",
        "select * from public.email_stats_by_sender",
        "select * from public.email_volume_daily",
        "select * from public.erp_action_stats",
        "select * from public.open_work",
    ],
)
def test_what_others_do_works_under_any_search_path(db: psycopg.Connection, statement: str) -> None:
    add_items(db, 2)
    db.execute("insert into queue_sleepers values ('work', 1, true), ('archive', 1, true)")
    db.execute("set search_path = pg_catalog")

    db.execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", ["infinity", "NaN", "1e12", "0"])
def test_a_limit_of_rate_is_a_number_that_workers_can_reckon_with(db: psycopg.Connection, limit: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("insert into queue_controls (queue_name, max_per_s) values ('work', %s)", (limit,))


def test_an_item_was_made_at_a_time_that_programs_can_read(db: psycopg.Connection) -> None:
    [one] = add_items(db, 1, scheduled_at="infinity")

    with pytest.raises(psycopg.errors.CheckViolation):
        add_items(db, 1, created_at="infinity")
    assert db.execute("select queue_why(%s)", (one,)).fetchone() == ("scheduled for infinity",)
