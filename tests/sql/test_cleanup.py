"""cleanup_old_queue_items and what it keeps; the months of api_metrics."""

import threading
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.items import add_item, add_items, claim, fill_queue, register, set_time, statuses, value

NOW = datetime.fromisoformat("2030-06-15T12:00:00+00:00")


def finished(db: psycopg.Connection, status: str, age: timedelta, **columns: object) -> None:
    ended = NOW - age
    failed = {"failed_at": ended} if status == "failed" else {}
    add_item(db, status=status, completed_at=ended, **failed, **columns)


def cleanup(db: psycopg.Connection, limit: int = 10_000) -> int:
    return int(value(db, "select cleanup_old_queue_items(%s)", limit))


@pytest.mark.parametrize(
    ("status", "age", "stays"),
    [
        ("completed", timedelta(days=6, hours=23), True),
        ("completed", timedelta(days=7, hours=1), False),
        ("cancelled", timedelta(days=6, hours=23), True),
        ("cancelled", timedelta(days=7, hours=1), False),
        ("failed", timedelta(days=8), True),
        ("failed", timedelta(days=29, hours=23), True),
        ("failed", timedelta(days=30, hours=1), False),
    ],
)
def test_finished_items_stay_for_their_time(db: psycopg.Connection, status: str, age: timedelta, stays: bool) -> None:
    finished(db, status, age)
    set_time(db, NOW)

    assert cleanup(db) == (0 if stays else 1)
    assert statuses(db) == ({status: 1} if stays else {})


def test_a_failure_that_somebody_saw_stays_as_long_as_a_completed_item(db: psycopg.Connection) -> None:
    finished(db, "failed", timedelta(days=8), acknowledged_at=NOW)
    finished(db, "failed", timedelta(days=6), acknowledged_at=NOW)
    set_time(db, NOW)

    assert cleanup(db) == 1
    assert statuses(db) == {"failed": 1}


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_live_items_are_never_deleted(db: psycopg.Connection, status: str) -> None:
    add_items(db, 3, scheduled_at=NOW - timedelta(days=4000), created_at=NOW - timedelta(days=4000))
    if status == "processing":
        claim(db, register(db))
    set_time(db, NOW)

    assert cleanup(db) == 0
    assert statuses(db) == {status: 3}


def test_how_long_items_stay_is_a_row_to_change(db: psycopg.Connection) -> None:
    finished(db, "completed", timedelta(minutes=2))
    finished(db, "failed", timedelta(days=3650))
    set_time(db, NOW)

    db.execute("update queue_retention set keep = '1 minute' where status = 'completed'")
    db.execute("update queue_retention set keep = null where status = 'failed'")

    assert cleanup(db) == 1
    assert statuses(db) == {"failed": 1}


def test_with_no_time_set_everything_stays(db: psycopg.Connection) -> None:
    finished(db, "completed", timedelta(days=3650))
    db.execute("update queue_retention set keep = null")

    assert cleanup(db) == 0


def test_one_call_deletes_no_more_than_asked(db: psycopg.Connection) -> None:
    for _ in range(5):
        finished(db, "completed", timedelta(days=8))
    set_time(db, NOW)

    assert [cleanup(db, 2) for _ in range(4)] == [2, 2, 1, 0]


def test_two_cleanups_at_once_do_not_wait_for_each_other(dsn: str, db: psycopg.Connection) -> None:
    for _ in range(4):
        finished(db, "completed", timedelta(days=8))

    with psycopg.connect(dsn) as other:
        set_time(other, NOW)
        db.execute("set lock_timeout = '2s'")
        set_time(db, NOW)
        db.execute("select ensure_api_metrics_partitions()")
        assert value(other, "select cleanup_old_queue_items(2)") == 2
        assert cleanup(db) == 2
        other.commit()

    assert statuses(db) == {}


def test_the_cleanup_of_a_few_old_items_does_not_read_a_big_table(db: psycopg.Connection) -> None:
    fill_queue(db, 20_000)
    db.execute("update processing_queue set status = 'completed', completed_at = now()")
    db.execute("vacuum analyze processing_queue")
    db.execute("select brin_summarize_new_values('idx_queue_completed_at')")
    db.execute("select pg_stat_force_next_flush()")
    before = value(db, "select seq_scan from pg_stat_user_tables where relname = 'processing_queue'")

    cleanup(db)

    db.execute("select pg_stat_force_next_flush()")
    assert value(db, "select seq_scan from pg_stat_user_tables where relname = 'processing_queue'") == before


# ------------------------------------------------------------------------------------------ api_metrics


def add_metric(db: psycopg.Connection, moment: str) -> None:
    db.execute(
        "insert into api_metrics (endpoint, method, status_code, latency_ms, created_at)"
        " values ('/', 'GET', 200, 1, %s)",
        (moment,),
    )


def partitions(db: psycopg.Connection) -> dict[str, int]:
    """The partitions that hold rows, and how many."""
    return dict(db.execute("select tableoid::regclass::text, count(*) from api_metrics group by 1").fetchall())


def test_the_cleanup_makes_this_month_and_the_next_two(db: psycopg.Connection) -> None:
    set_time(db, NOW)

    cleanup(db)
    for moment in ("2030-06-30 23:59:59+00", "2030-07-01 00:00:00+00", "2030-08-31 12:00+00", "2030-09-01 00:00+00"):
        add_metric(db, moment)

    assert partitions(db) == {
        "api_metrics_2030_06": 1,
        "api_metrics_2030_07": 1,
        "api_metrics_2030_08": 1,
        "api_metrics_default": 1,
    }


def test_a_year_ends_in_december_wherever_the_session_is(db: psycopg.Connection) -> None:
    db.execute("set timezone = 'Pacific/Auckland'")
    set_time(db, "2030-12-15 12:00:00+00")

    cleanup(db)
    add_metric(db, "2030-12-31 23:59:59+00")
    add_metric(db, "2031-01-01 00:00:00+00")

    assert partitions(db) == {"api_metrics_2030_12": 1, "api_metrics_2031_01": 1}


def test_rows_that_came_while_nobody_made_months_move_to_theirs(db: psycopg.Connection) -> None:
    add_metric(db, "2031-03-03 03:03+00")
    add_metric(db, "2050-01-01 00:00+00")
    set_time(db, "2031-03-20 00:00:00+00")

    cleanup(db)

    assert partitions(db) == {"api_metrics_2031_03": 1, "api_metrics_default": 1}


def test_a_made_month_has_the_indexes_of_the_others(db: psycopg.Connection) -> None:
    set_time(db, NOW)
    cleanup(db)

    counts = db.execute(
        "select relid::regclass::text, (select count(*) from pg_index where indrelid = relid)"
        " from pg_partition_tree('api_metrics') where isleaf"
    ).fetchall()

    assert {count for _, count in counts} == {3}


def test_two_sessions_make_a_month_once(dsn: str, db: psycopg.Connection) -> None:
    errors: list[Exception] = []

    def make() -> None:
        try:
            with psycopg.connect(dsn, autocommit=True) as conn:
                set_time(conn, NOW)
                cleanup(conn)
        except psycopg.Error as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert value(db, "select to_regclass('api_metrics_2030_08') is not null")
