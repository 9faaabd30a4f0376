"""A loop of two statements. Arguments: which table (lean, same), batch size."""

import os
import sys
import time

import psycopg

IDLE_S = 0.005
STATEMENTS = {
    "lean": (
        "update jobs set status = 'processing', started_at = clock_timestamp() where id = any (array("
        "select id from jobs where status = 'pending' order by id limit %s for update skip locked))"
        " returning id, payload",
        "update jobs set status = 'completed', completed_at = clock_timestamp() where id = any (%s)",
    ),
    "same": (
        "update processing_queue set status = 'processing', attempts = attempts + 1, started_at = clock_timestamp()"
        " where id = any (array(select id from processing_queue"
        " where queue_name = 'noop' and completed_at is null and status = 'pending' and scheduled_at <= now()"
        " order by priority, scheduled_at, id limit %s for update skip locked))"
        " returning id, email_id, priority, attempts",
        "update processing_queue set status = 'completed', completed_at = clock_timestamp() where id = any (%s)",
    ),
}


def run(dsn: str, claim: str, complete: str, batch: int) -> None:
    with psycopg.connect(dsn, autocommit=True, options="-c enable_seqscan=off") as conn:
        while True:
            jobs = conn.cursor(binary=True).execute(claim, (batch,), prepare=True).fetchall()
            if jobs:
                conn.execute(complete, ([job[0] for job in jobs],), prepare=True)
            else:
                time.sleep(IDLE_S)


if __name__ == "__main__":
    run(os.environ["BENCH_DSN"], *STATEMENTS[sys.argv[1]], int(sys.argv[2]))
