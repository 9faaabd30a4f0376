"""How queues and mail stand, from the database into the metrics, while a process exposes them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg_pool import PoolTimeout

from emailq import log, metrics
from emailq.app import App
from emailq.db import Connection, Pool, brief, fetch_rows
from emailq.errors import Unavailable
from emailq.queue import jobs

_INTERVAL_S = 10.0
_QUEUES = 50  # names of queues come from anybody who can insert a row: so many become labels


@asynccontextmanager
async def exposed_metrics(app: App) -> AsyncIterator[None]:
    """Expose this process's metrics, and how the database stands, where the settings name a port."""
    settings = app.settings
    if settings.metrics_port is None:
        yield
        return
    try:
        port = metrics.serve(settings.metrics_port, settings.metrics_host)
    except OSError as error:
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        hint = "each process needs a port of its own (0 = any)"
        raise Unavailable(f"EMAILQ_METRICS_PORT: can't listen on {where}: {error.strerror}; {hint}") from None
    log.event("metrics.exposed", host=settings.metrics_host, port=port)
    task = asyncio.create_task(keep_standing(app.pool))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def keep_standing(pool: Pool) -> None:
    """Read it again every ten seconds until cancelled; while the database is away the gauges keep their last values."""
    while True:
        try:
            async with pool.connection() as conn:
                await read_standing(conn)
        except (psycopg.Error, PoolTimeout) as error:
            log.warn("metrics.stale", reason=brief(error))
        await asyncio.sleep(_INTERVAL_S)


async def read_standing(conn: Connection) -> None:
    """Set all gauges that describe the database."""
    queues = (await jobs.status(conn))[:_QUEUES]
    work = await fetch_rows(conn, "select kind, status, n from open_work")
    for gauge in (metrics.QUEUE_ITEMS, metrics.QUEUE_OLDEST, metrics.QUEUE_WORKERS, metrics.QUEUE_HELD):
        gauge.clear()  # a queue that is gone takes its lines along
    for row in queues:
        name = row["queue_name"]
        for state, column in (("due", "pending"), *((c, c) for c in ("scheduled", "processing", "failed"))):
            metrics.QUEUE_ITEMS.labels(name, state).set(row[column])
        metrics.QUEUE_OLDEST.labels(name).set(row["oldest_s"] or 0)
        metrics.QUEUE_WORKERS.labels(name).set(row["workers"])
        metrics.QUEUE_HELD.labels(name, "pause").set(row["paused"])
        metrics.QUEUE_HELD.labels(name, "dependency").set(row["waiting_for_dependency"])
    metrics.EMAILS_TO_REVIEW.set(next(row["n"] for row in work if row["kind"] == "review"))
    metrics.ERP_ACTIONS_OPEN.clear()
    for row in work:
        if row["kind"] == "erp_action":
            metrics.ERP_ACTIONS_OPEN.labels(row["status"]).set(row["n"])
    metrics.STANDING_AGE.set_to_current_time()
