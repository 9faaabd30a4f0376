"""Bulk loading of files: batches of messages, each batch stored and accepted together while the next one is read."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from emailq.app import App, open_app
from emailq.ingest.accept import Accepted, Incoming, accept
from emailq.ingest.files import Found, find_messages
from emailq.settings import Settings

_BATCH = 256  # messages in one transaction
_BATCH_BYTES = 32_000_000

Tell = Callable[[Found, Accepted | None], None]


@dataclass(slots=True)
class Report:
    """How many there were. `known`: the content is here already. `left_out`: files of a folder that are no mail."""

    new: int = 0
    known: int = 0
    refused: int = 0
    left_out: int = 0

    def summary(self) -> str:
        return f"{self.new} new, {self.known} known, {self.refused} refused"


async def load(settings: Settings, paths: Iterable[str], tell: Tell = lambda found, accepted: None) -> Report:
    """Take in all messages below these paths. `tell` hears what was found and what became of it (None: refused).

    What was accepted before an error (Unavailable) stays accepted; calling again takes in only the rest.
    """
    async with open_app(settings) as app:
        await app.blobs.check()
        return await load_into(app, paths, tell)


async def load_into(app: App, paths: Iterable[str], tell: Tell = lambda found, accepted: None) -> Report:
    """The same with what is open already."""
    report = Report()
    batches = _batches(chain.from_iterable(find_messages(path, app.settings.max_message_bytes) for path in paths))
    reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
    try:
        while batch := await reading:
            reading = asyncio.create_task(asyncio.to_thread(next, batches, None))
            for found, accepted in await _take(app, batch):
                _count(report, found, accepted)
                tell(found, accepted)
    finally:
        reading.cancel()
    return report


async def _take(app: App, batch: list[Found]) -> list[tuple[Found, Accepted | None]]:
    messages = [
        Incoming(one.raw, app.settings.account, one.source, one.folder, flags=one.flags)
        for one in batch
        if one.raw is not None
    ]
    accepted = iter(await accept(app.pool, app.blobs, messages) if messages else ())
    return [(found, None if found.raw is None else next(accepted)) for found in batch]


def _count(report: Report, found: Found, accepted: Accepted | None) -> None:
    if found.skipped:
        report.left_out += 1
    elif accepted is None:
        report.refused += 1
    elif accepted.is_new:
        report.new += 1
    else:
        report.known += 1


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    batch: list[Found] = []
    size = 0
    for one in found:
        batch.append(one)
        size += len(one.raw or b"")
        if len(batch) >= _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
