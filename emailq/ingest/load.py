"""Bulk loading of files: batches of messages, each batch stored and accepted together."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from emailq.app import App, open_app
from emailq.ingest.accept import Incoming, accept
from emailq.ingest.files import Found, find_messages
from emailq.settings import Settings

_BATCH = 256  # messages in one transaction
_BATCH_BYTES = 32_000_000


@dataclass(slots=True)
class Report:
    """What became of the files. `known`: the content is here already."""

    new: int = 0
    known: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # (source, reason)
    skipped: list[str] = field(default_factory=list)
    email_ids: list[str] = field(default_factory=list)  # of the new ones

    def summary(self) -> str:
        return f"{self.new} new, {self.known} known, {len(self.refused)} refused"

    def counts(self) -> dict[str, object]:
        refused = [{"source": source, "reason": reason} for source, reason in self.refused]
        return {"new": self.new, "known": self.known, "refused": refused, "email_ids": self.email_ids}


async def load(settings: Settings, paths: Iterable[str], advance: Callable[[int], None] = lambda n: None) -> Report:
    """Take in all messages below these paths. `advance` is told how many files or messages were dealt with.

    What was accepted before an error (Unavailable) stays accepted; calling again takes in only the rest.
    """
    async with open_app(settings) as app:
        await app.blobs.check()
        return await load_into(app, paths, advance)


async def load_into(app: App, paths: Iterable[str], advance: Callable[[int], None] = lambda n: None) -> Report:
    report = Report()
    found = chain.from_iterable(find_messages(path, app.settings.max_message_bytes) for path in paths)
    batches = _batches(found)
    while batch := await asyncio.to_thread(next, batches, None):
        for one in batch:
            if one.skipped:
                report.skipped.append(one.source)
            elif one.refusal:
                report.refused.append((one.source, one.refusal))
        messages = [
            Incoming(one.raw, app.settings.account, one.source, one.folder, flags=one.flags)
            for one in batch
            if one.raw is not None
        ]
        for result in await accept(app.pool, app.blobs, messages) if messages else []:
            if result.is_new:
                report.new += 1
                report.email_ids.append(str(result.email_id))
            else:
                report.known += 1
        advance(len(batch))
    return report


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
