"""The cleanup runs from a real pg_cron where there is one."""

import psycopg
import pytest

from emailq.migrate import migrate
from tests.waiting import wait_until

CRON_PERIOD_S = 60


@pytest.mark.cron
def test_pg_cron_deletes_old_finished_items_within_its_minute(cron_dsn: str) -> None:
    with psycopg.connect(cron_dsn, autocommit=True) as conn:
        wait_until(
            lambda: conn.execute("select from cron.job_run_details where status in ('succeeded', 'failed')").rowcount,
            CRON_PERIOD_S + 15,
        )

        left = conn.execute("select queue_name from processing_queue").fetchall()

    assert left == [("fresh",)]


@pytest.mark.cron
def test_migrating_again_keeps_one_cleanup_job(cron_dsn: str) -> None:
    migrate(cron_dsn)

    with psycopg.connect(cron_dsn) as conn:
        jobs = conn.execute("select command, active from cron.job").fetchall()
    assert jobs == [("select cleanup_old_queue_items()", True)]


def test_without_pg_cron_there_is_nothing_to_schedule(db: psycopg.Connection) -> None:
    assert db.execute("select schedule_cleanup()").fetchone() == (False,)
