"""The queue's SQL functions, one Python function each."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from emailq import __version__
from emailq.db import Connection, fetch_rows, fetch_value
from emailq.models import Job
from emailq.outcomes import Next

Marks = dict[int, tuple[datetime, UUID]]  # priority → (scheduled_at, id): up to here nothing waits, as far as we know

_LANES = range(1, 11)
_FIRST = UUID(int=0)


async def register_worker(conn: Connection, queues: Sequence[str]) -> int:
    """A new worker id that lives as long as this connection's session."""
    place = (platform.node(), os.getpid(), list(queues), __version__)
    return int(await fetch_value(conn, "select register_worker(%s, %s, %s, %s)", *place))


async def register_leased_worker(conn: Connection, queues: Sequence[str], lease_s: float) -> int:
    """A new worker id that lives as long as its lease is renewed."""
    place = (platform.node(), os.getpid(), list(queues), __version__)
    return int(await fetch_value(conn, "select register_leased_worker(%s, %s, %s, %s, %s)", *place, lease_s))


async def renew_lease(conn: Connection, worker_id: int, lease_s: float) -> bool:
    """Whether the worker is still known; if not, its jobs have been given to others."""
    return bool(await fetch_value(conn, "select renew_lease(%s, %s)", worker_id, lease_s))


async def unregister_worker(conn: Connection, worker_id: int) -> None:
    await conn.execute("select unregister_worker(%s)", (worker_id,))


async def claim(
    conn: Connection, queue: str, worker_id: int, limit: int, marks: Marks, *, fair: bool, suspects: bool = False
) -> list[Job]:
    """Up to `limit` due jobs, now held by the worker. Reads on from `marks` and moves them along.

    `fair` starts at the priority that has waited longest; `suspects` claims one job that took workers down.
    """
    cursor = conn.cursor(binary=True)
    await cursor.execute(
        "select id, email_id, priority, attempt, max_attempts, scheduled_at, created_at"
        " from claim_jobs(%s, %s, %s, %s::timestamptz[], %s::uuid[], %s, %s)",
        (queue, worker_id, limit, *_low(marks), fair, suspects),
        prepare=True,
    )
    jobs = [Job._make((*row, queue, worker_id)) for row in await cursor.fetchall()]
    for job in jobs:
        mark = (job.scheduled_at, job.id)
        if job.priority not in marks or mark > marks[job.priority]:
            marks[job.priority] = mark
    return jobs


async def claim_limits(conn: Connection, queue: str) -> tuple[bool, float | None]:
    """Whether the end of a job makes a place, and the seconds until the limit of rate lets the next one start."""
    cursor = await conn.execute("select * from claim_limits(%s)", (queue,), prepare=True)
    return await cursor.fetchone() or (False, None)


async def look_behind(conn: Connection, queue: str, marks: Marks) -> Marks:
    """The marks that are to move, and where to: jobs may have come to stand behind them."""
    cursor = conn.cursor(binary=True)
    await cursor.execute(
        "select priority, mark_at from look_behind(%s, %s::timestamptz[], %s::uuid[])",
        (queue, *_low(marks)),
        prepare=True,
    )
    return {lane: (at, _FIRST) for lane, at in await cursor.fetchall()}


async def complete(conn: Connection, jobs: Sequence[Job]) -> set[UUID]:
    """Marks jobs as completed; returns the ids of those that belong to somebody else by now (so do the next three)."""
    return await _lost(conn, "select * from complete_jobs(%b, %b, %b)", *_fences(jobs))


async def retry(conn: Connection, jobs: Sequence[Job], delays_s: list[float], reasons: list[str]) -> set[UUID]:
    return await _lost(conn, "select * from retry_jobs(%b, %b, %b, %b, %b)", *_fences(jobs), delays_s, reasons)


async def fail(conn: Connection, jobs: Sequence[Job], reasons: list[str]) -> set[UUID]:
    return await _lost(conn, "select * from fail_jobs(%b, %b, %b, %b)", *_fences(jobs), reasons)


async def release(conn: Connection, jobs: Sequence[Job], delays_s: list[float], reasons: list[str]) -> set[UUID]:
    """As retry, with their attempt; those without a delay have their old place."""
    return await _lost(conn, "select * from release_jobs(%b, %b, %b, %b, %b)", *_fences(jobs), reasons, delays_s)


async def enqueue(conn: Connection, items: Sequence[tuple[UUID, Next]]) -> list[int]:
    """Adds items; returns the positions (from 0) of those that are new, the others are live already."""
    cursor = await conn.execute(
        "select enqueue_jobs(%s, %s, %s::integer[], %s::double precision[])",
        (
            [email_id for email_id, _ in items],
            [item.queue_name for _, item in items],
            [item.priority for _, item in items],
            [item.delay.total_seconds() for _, item in items],
        ),
    )
    return [n - 1 for (n,) in await cursor.fetchall()]


async def enqueue_at(
    conn: Connection, queue: str, email_ids: Sequence[UUID], priority: int, at: datetime | None
) -> list[tuple[UUID, UUID]]:
    """Adds an item for each e-mail, due at `at` (None: now); returns (item id, e-mail id) of the new ones."""
    cursor = await conn.execute(
        "insert into processing_queue (email_id, queue_name, priority, scheduled_at)"
        " select email_id, %s, %s, greatest(coalesce(%s, queue_now()), 'epoch') from unnest(%s::uuid[]) email_id"
        " on conflict do nothing returning id, email_id",
        (queue, priority, at, list(email_ids)),
    )
    return await cursor.fetchall()


async def requeue(conn: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Starts failed and cancelled items again; returns those that were."""
    return await _ids(conn, "select requeue_jobs(%s)", list(ids))


async def cancel(conn: Connection, ids: Sequence[UUID]) -> list[UUID]:
    """Cancels live items, running ones too; returns those that were."""
    return await _ids(conn, "select cancel_jobs(%s)", list(ids))


async def set_priority(conn: Connection, ids: Sequence[UUID], priority: int) -> list[UUID]:
    """Gives live items another priority; returns those that have it now."""
    return await _ids(
        conn,
        "update processing_queue set priority = %s where id = any (%s) and completed_at is null returning id",
        priority,
        list(ids),
    )


async def failed_ids(conn: Connection, queue: str | None) -> list[UUID]:
    """All failed items (of one queue)."""
    return await _ids(
        conn,
        "select id from processing_queue where failed_at is not null and (%s::text is null or queue_name = %s)",
        queue,
        queue,
    )


async def pause(conn: Connection, queue: str, reason: str | None) -> None:
    await conn.execute("select pause_queue(%s, %s)", (queue, reason))


async def resume(conn: Connection, queue: str) -> None:
    await conn.execute("select resume_queue(%s)", (queue,))


async def why(conn: Connection, item_id: UUID) -> str | None:
    """Why an item is where it is; None if there is no such item."""
    reason: str | None = await fetch_value(conn, "select queue_why(%s)", item_id)
    return reason


async def status(conn: Connection) -> list[dict[str, Any]]:
    """The view queue_status: a row a queue."""
    return await fetch_rows(conn, "select * from queue_status order by queue_name")


async def workers(conn: Connection) -> list[dict[str, Any]]:
    """The view queue_workers: those that are connected."""
    return await fetch_rows(conn, "select * from queue_workers where alive order by host, pid, id")


async def host_troubles(conn: Connection, host: str, patience_s: float) -> list[str]:
    """What is wrong with the workers of a host: not connected, or nothing completed for `patience_s`."""
    cursor = await conn.execute("select host_troubles(%s, make_interval(secs => %s))", (host, patience_s))
    return [text for (text,) in await cursor.fetchall()]


async def set_asleep(conn: Connection, queue: str, worker_id: int, asleep: bool) -> None:
    await conn.execute("select set_asleep(%s, %s, %s)", (queue, worker_id, asleep), prepare=True)


async def release_lost(conn: Connection, *, look_at_all: bool = False) -> int:
    """Gives back the jobs of workers that are gone; returns how many."""
    return int(await fetch_value(conn, "select release_lost_jobs(%s)", look_at_all))


async def lost(conn: Connection, jobs: Sequence[Job]) -> set[UUID]:
    """Which of these are not their workers' any more."""
    return await _lost(conn, "select lost_jobs(%s::uuid[], %s::integer[], %s::integer[])", *_fences(jobs))


async def my_turn_to_look(conn: Connection) -> bool:
    """Whether this worker is to look at all jobs, of those that ask once a minute."""
    return bool(await fetch_value(conn, "select my_turn_to_look()"))


async def trip(conn: Connection, queue: str, wait_s: float, reason: str) -> None:
    await conn.execute("select trip_queue(%s, %s, %s)", (queue, wait_s, reason))


async def cleanup(conn: Connection) -> int:
    return int(await fetch_value(conn, "select cleanup_old_queue_items()"))


async def queues_with_suspects(conn: Connection, queues: Sequence[str]) -> list[str]:
    """Those of these queues that have suspects to run."""
    cursor = await conn.execute("select queues_with_suspects(%s)", (list(queues),), prepare=True)
    return [row[0] for row in await cursor.fetchall()]


async def has_due(conn: Connection, queues: Sequence[str]) -> bool:
    """Whether a job of these queues could be claimed right now."""
    return bool(await fetch_value(conn, "select has_due_jobs(%s)", list(queues)))


def _low(marks: Marks) -> tuple[list[datetime | None], list[UUID | None]]:
    low = [marks.get(lane, (None, None)) for lane in _LANES]
    return [at for at, _ in low], [job_id for _, job_id in low]


def _fences(jobs: Sequence[Job]) -> tuple[list[UUID], list[int], list[int]]:
    return [job.id for job in jobs], [job.worker_id for job in jobs], [job.attempt for job in jobs]


async def _lost(conn: Connection, query: LiteralString, *args: object) -> set[UUID]:
    cursor = conn.cursor(binary=True)
    await cursor.execute(query, args, prepare=True)
    return {row[0] for row in await cursor.fetchall()}


async def _ids(conn: Connection, query: LiteralString, *args: object) -> list[UUID]:
    cursor = await conn.execute(query, args)
    return [row[0] for row in await cursor.fetchall()]
