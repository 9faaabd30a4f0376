"""A worker of PgQueuer; runs in .bench. Argument: the handler."""

import asyncio
import os
import sys

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job

from scripts.benchmark.workers.marks import mark

BATCH = 1000


async def noop(job: Job) -> None:
    pass


async def wait(job: Job) -> None:
    await asyncio.sleep(0.005)


async def write_mark(job: Job) -> None:
    mark((job.payload or b"").decode())


async def run(handler: str) -> None:
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(os.environ["BENCH_DSN"])))
    queue.entrypoint(handler)({"noop": noop, "wait": wait, "mark": write_mark}[handler])
    await queue.run(batch_size=BATCH)


uvloop.run(run(sys.argv[1]))
