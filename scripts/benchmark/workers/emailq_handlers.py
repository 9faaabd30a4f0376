"""Handlers of emailq for the benchmarks."""

import asyncio
import os
import signal

from emailq.app import App
from emailq.models import Job
from emailq.outcomes import Done, Outcome
from scripts.benchmark.workers.marks import mark as write_mark


async def noop(job: Job, app: App) -> Outcome:
    return Done()


async def wait(job: Job, app: App) -> Outcome:
    await asyncio.sleep(0.005)
    return Done()


async def slow(job: Job, app: App) -> Outcome:
    await asyncio.sleep(0.05)
    return Done()


async def mark(job: Job, app: App) -> Outcome:
    write_mark(str(job.email_id))
    return Done()


async def hold(job: Job, app: App) -> Outcome:
    """Marks, then waits to be killed; a job that has been through this is done."""
    write_mark(str(job.email_id))
    async with app.pool.connection() as conn:
        row = await (await conn.execute("select crashes from processing_queue where id = %s", (job.id,))).fetchone()
    if row and row[0] == 0:
        await asyncio.sleep(60)
    return Done()


async def killer(job: Job, app: App) -> Outcome:
    if job.priority == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return await slow(job, app)


async def looper(job: Job, app: App) -> Outcome:
    while job.priority == 4:
        pass
    return await slow(job, app)


async def eater(job: Job, app: App) -> Outcome:
    """Takes memory until the kernel ends it, which it does as soon as there is none left."""
    if job.priority == 4:
        eaten = [bytearray(b"1") * (1 << 20) for _ in range(300)]
        os.kill(os.getpid(), signal.SIGKILL)
        del eaten
    return await slow(job, app)
