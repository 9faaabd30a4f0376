"""An item's work done at once, for somebody who waits for the answer."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from emailq.app import App
from emailq.db import fetch_value
from emailq.errors import BadInput, Unavailable
from emailq.handlers import HANDLERS, load_handler
from emailq.models import Job
from emailq.outcomes import Reject, Release, Retry
from emailq.queue.commit import apply_done


async def work_now(app: App, queue_name: str, email_id: UUID, *, only_unclaimed: bool = False) -> bool:
    """Run the queue's handler for this e-mail and commit what it returns; an item that waits for it is then done.

    `only_unclaimed`: commit nothing when no item waits any more, because a worker was quicker; then False is returned.
    Raises Unavailable (later it may succeed), and BadInput when the handler refuses the e-mail.
    """
    now = datetime.now(UTC)
    job = Job(uuid4(), email_id, 1, 1, 1, now, now, queue_name, 0)
    try:
        async with asyncio.timeout(app.settings.job_timeout_s):
            outcome = await load_handler(HANDLERS[queue_name].target)(job, app)
    except TimeoutError:
        raise Unavailable(f"{queue_name} took longer than {app.settings.job_timeout_s:g} s") from None
    if isinstance(outcome, Retry | Release):
        raise Unavailable(outcome.reason)
    if isinstance(outcome, Reject):  # a worker will say so in the queue too
        raise BadInput(outcome.reason)
    async with app.pool.connection() as conn, conn.transaction():
        was_waiting = await fetch_value(conn, "select complete_unclaimed_job(%s, %s)", email_id, queue_name)
        if only_unclaimed and not was_waiting:
            return False
        await apply_done(conn, job, outcome)
    return True
