"""A worker of procrastinate, or its schema; runs in .bench. Argument: work or prepare."""

import asyncio
import os
import sys

from procrastinate import App, PsycopgConnector

from scripts.benchmark.workers.marks import mark

CONCURRENCY = 20
app = App(connector=PsycopgConnector(conninfo=os.environ["BENCH_DSN"], max_size=CONCURRENCY + 2))


@app.task(name="noop")
async def noop(key: str) -> None:
    pass


@app.task(name="wait")
async def wait(key: str) -> None:
    await asyncio.sleep(0.005)


@app.task(name="mark")
async def write_mark(key: str) -> None:
    mark(key)


async def run(what: str) -> None:
    async with app.open_async():
        if what == "prepare":
            await app.schema_manager.apply_schema_async()
        else:
            await app.run_worker_async(concurrency=CONCURRENCY, delete_jobs="successful")


asyncio.run(run(sys.argv[1]))
