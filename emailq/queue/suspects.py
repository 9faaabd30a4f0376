"""The child process of `isolation`: runs the suspects of one queue, as told on standard input."""

import asyncio
import json
import sys

from emailq import log
from emailq.app import open_app
from emailq.errors import EmailqError
from emailq.handlers import Served
from emailq.process import die_with_parent
from emailq.queue.worker import run_worker
from emailq.settings import Settings


async def main() -> int:
    text = sys.stdin.buffer.read()
    if not text:  # our parent is gone already
        return 0
    order = json.loads(text)
    settings = Settings(**order["settings"])
    log.configure(settings.log_level, settings.log_format)
    served = {order["queue"]: Served(order["target"])}
    try:
        async with open_app(settings) as app:
            await run_worker(app, served, concurrency=1, drain=True, suspects=True)
    except EmailqError as error:  # our parent starts us again
        log.warn("suspects.failed", queue=order["queue"], reason=error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    die_with_parent()
    sys.exit(asyncio.run(main()))
