"""Items of the queue as tests make, claim and read them, through the SQL functions and nothing else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

QUEUE = "work"


class Claimed(NamedTuple):
    """A row of claim_jobs, and who claimed."""

    id: UUID
    email_id: UUID
    priority: int
    attempt: int
    max_attempts: int
    scheduled_at: datetime
    created_at: datetime
    worker: int


def add_emails(db: psycopg.Connection, count: int = 1) -> list[UUID]:
    """E-mails with nothing in them, for items to belong to."""
    return [
        row[0]
        for row in db.execute(
            "insert into emails (content_sha256, raw_sha256, message_id, size_bytes, received_at)"
            " select digest, digest, encode(digest, 'hex'), 1, now()"
            " from (select sha256(gen_random_uuid()::text::bytea) as digest from generate_series(1, %s)) s"
            " returning id",
            (count,),
        )
    ]


def add_items(db: psycopg.Connection, count: int = 1, queue: str = QUEUE, **columns: Any) -> list[UUID]:
    """Items for new e-mails, in the order in which they are due; `columns` are the same for each."""
    values = {"queue_name": queue} | columns
    statement = psycopg.sql.SQL("insert into processing_queue (email_id, {}) values (%s, {}) returning id").format(
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, values)),
        psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(values)),
    )
    rows = [db.execute(statement, (email_id, *values.values())).fetchone() for email_id in add_emails(db, count)]
    return [row[0] for row in rows if row]


def add_item(db: psycopg.Connection, queue: str = QUEUE, **columns: Any) -> UUID:
    return add_items(db, 1, queue, **columns)[0]


def fill_queue(db: psycopg.Connection, count: int, queue: str = QUEUE) -> None:
    """Many items, in two statements."""
    add_emails(db, count)
    db.execute("insert into processing_queue (email_id, queue_name) select id, %s from emails", (queue,))


def register(db: psycopg.Connection, *queues: str) -> int:
    """The id of a worker that lives as long as this connection."""
    return int(value(db, "select register_worker('here', 1, %s, '0')", list(queues or [QUEUE])))


@contextmanager
def worker_on(dsn: str, *queues: str) -> Iterator[tuple[psycopg.Connection, int]]:
    """A second connection with a worker of its own. Closing the connection is what a crash of that worker does."""
    with psycopg.connect(dsn, autocommit=True) as other:
        yield other, register(other, *queues)


def claim(
    db: psycopg.Connection,
    worker: int,
    limit: int = 10,
    queue: str = QUEUE,
    *,
    marks: dict[int, Claimed] | None = None,
    fair: bool = False,
    suspects: bool = False,
) -> list[Claimed]:
    """`marks` holds the last job claimed in a lane, as a worker remembers it."""
    low = [(marks or {}).get(lane) for lane in range(1, 11)]
    rows = db.execute(
        "select * from claim_jobs(%s, %s, %s, %s::timestamptz[], %s::uuid[], %s, %s)",
        (
            *(queue, worker, limit),
            *([one and one.scheduled_at for one in low], [one and one.id for one in low]),
            *(fair, suspects),
        ),
    ).fetchall()
    return [Claimed(*row, worker) for row in rows]


def claim_one(db: psycopg.Connection, worker: int, queue: str = QUEUE) -> Claimed:
    [job] = claim(db, worker, 1, queue)
    return job


def end(db: psycopg.Connection, function: str, jobs: Sequence[Claimed], *more: Any) -> set[UUID]:
    """Calls complete_jobs, retry_jobs … with `more` for each job; returns the ids that were not theirs any more."""
    arguments: list[Any] = [[job.id for job in jobs], [job.worker for job in jobs], [job.attempt for job in jobs]]
    arguments += [[one] * len(jobs) for one in more]
    call = psycopg.sql.SQL("select {}({})").format(
        psycopg.sql.Identifier(function), psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(arguments))
    )
    return {row[0] for row in db.execute(call, arguments)}


def complete(db: psycopg.Connection, *jobs: Claimed) -> set[UUID]:
    return end(db, "complete_jobs", jobs)


def fail(db: psycopg.Connection, *jobs: Claimed, reason: str = "broken") -> set[UUID]:
    return end(db, "fail_jobs", jobs, reason)


def retry(db: psycopg.Connection, *jobs: Claimed, delay_s: float = 0.0, reason: str = "later") -> set[UUID]:
    return end(db, "retry_jobs", jobs, delay_s, reason)


def release(db: psycopg.Connection, *jobs: Claimed, reason: str | None = None) -> set[UUID]:
    return end(db, "release_jobs", jobs, reason)


def item(db: psycopg.Connection, item_id: UUID) -> dict[str, Any]:
    """The row of processing_queue."""
    with db.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute("select * from processing_queue where id = %s", (item_id,)).fetchone()
    assert row is not None, f"item {item_id} is gone"
    return row


def statuses(db: psycopg.Connection, queue: str = QUEUE) -> dict[str, int]:
    """How many items of a queue have which status."""
    return dict(
        db.execute(
            "select status, count(*) from processing_queue where queue_name = %s group by 1", (queue,)
        ).fetchall()
    )


def set_time(db: psycopg.Connection, moment: datetime | str) -> None:
    """What the queue's functions take for now, on this connection."""
    db.execute("select set_config('emailq.now', %s, false)", (str(moment),))


def value(db: psycopg.Connection, query: str, *args: Any) -> Any:
    """The first column of the first row."""
    row = db.execute(query, args).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]
