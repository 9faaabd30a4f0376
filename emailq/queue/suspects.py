"""The child process of `isolation`: runs the suspects of one queue, as told on standard input."""

import asyncio
import json
import sys

from emailq import log
from emailq.app import open_app
from emailq.handlers import Served
from emailq.process import die_with_parent
from emailq.queue.worker import run_worker
from emailq.settings import Settings


async def main() -> None:
    order = json.loads(sys.stdin.buffer.read())
    settings = Settings(**order["settings"])
    log.configure(settings.log_level, settings.log_format)
    async with open_app(settings) as app:
        served = {order["queue"]: Served(order["target"])}
        await run_worker(app, served, concurrency=1, drain=True, suspects=True)


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(main())
