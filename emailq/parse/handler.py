"""The queue `parsing`: raw bytes → rows. The parsing itself runs in a child process that may be killed."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from emailq.app import App
from emailq.errors import NotFound
from emailq.models import Job
from emailq.outcomes import Done, Effect, Next, Outcome, Reject, Retry
from emailq.parse.child import ChildPool, Crashed
from emailq.parse.exchange import Parsed, Site
from emailq.parse.values import address_key
from emailq.store.blobs import CorruptBlob

_BATCH = 16  # messages that are looked up, read, parsed and stored at once
_BATCH_BYTES = 8_000_000  # of these as much is in memory at once; a larger one is alone


async def handle(job: Job, app: App) -> Outcome:
    """Parse one message, store its attachments, and pass it on: to the virus scan, else to be labelled unless it is.

    A second run writes the same blobs under the same names and replaces the rows.
    """
    try:
        row, refusal, is_classified = await _parser(app).parse(job.email_id)
    except (Gone, CorruptBlob) as error:
        return Reject(str(error))
    except (NotFound, Crashed) as error:
        return Retry(str(error))
    effects = [Effect("store_parsed_emails", (job.email_id, *row), together=True)]
    if refusal:
        return Reject(refusal, effects)
    if app.settings.clamd:
        return Done(effects, [Next("virus_scan", job.priority)])
    return Done(effects, [] if is_classified else [Next("classification", job.priority)])


class Gone(Exception):
    """There is no such e-mail any more."""


class Source(NamedTuple):
    """A message that waits: the name of its raw blob, how large that is, and whether the message has its labels."""

    email_id: UUID
    raw_sha256: str
    size_bytes: int
    is_classified: bool


_SOURCES = """
select id, encode(raw_sha256, 'hex'), size_bytes, classified_at is not null from emails where id = any(%s)
"""
_Row = tuple[tuple[str, ...], str | None, bool]  # for store_parsed_emails; why it is refused; whether it has its labels
_Found = _Row | Exception


class Parser:
    """Parses what waits, many messages at once: looked up, read and handed over one by one, they took longer for that
    than for the parsing."""

    def __init__(self, app: App) -> None:
        settings = app.settings
        own = frozenset(map(address_key, settings.own))
        site = Site(own, tuple(settings.authserv_ids), bool(settings.clamd), app.blobs.bucket)
        self._app = app
        self._children = ChildPool(settings.parser_processes, "emailq.parse.stored:parse", site)
        self._waiting: deque[tuple[UUID, asyncio.Future[_Row]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._most_tasks = settings.parser_processes + 1  # one reads or stores while the children are busy

    async def parse(self, email_id: UUID) -> _Row:
        """What is to be stored; the attachments are safe in the blob store by then.

        Raises Gone, NotFound, CorruptBlob, Crashed or Unavailable.
        """
        result: asyncio.Future[_Row] = asyncio.get_running_loop().create_future()
        self._waiting.append((email_id, result))
        if len(self._tasks) < self._most_tasks:
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await result

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._children.close()

    async def _work(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                found = await self._parse([email_id for email_id, _ in batch])
            except Exception as error:  # of the database or the blob store, which is down for all of them
                found = dict.fromkeys((email_id for email_id, _ in batch), error)
            for email_id, result in batch:
                _tell(result, found.get(email_id, Gone("the e-mail is gone")))

    async def _parse(self, email_ids: list[UUID]) -> dict[UUID, _Found]:
        """What is found for each; those that are gone are left out."""
        async with self._app.pool.connection() as conn:
            cursor = await conn.execute(_SOURCES, (email_ids,), prepare=True)
            sources = [Source(*row) for row in await cursor.fetchall()]
        found: dict[UUID, _Found] = {}
        for group in _groups(sources):
            raws = await self._app.blobs.get_each([source.raw_sha256 for source in group])
            read = [raw for raw in raws if isinstance(raw, bytes)]
            answers = iter(await self._children.run_each(read))
            parsed = [next(answers) if isinstance(raw, bytes) else raw for raw in raws]
            await self._app.blobs.put([a for one in parsed if isinstance(one, Parsed) for a in one.attachments])
            for source, one in zip(group, parsed, strict=True):
                if isinstance(one, Parsed):
                    found[source.email_id] = one.row, one.refusal, source.is_classified
                else:
                    found[source.email_id] = one
        return found


def _groups(sources: Sequence[Source]) -> Iterator[list[Source]]:
    group: list[Source] = []
    size = 0
    for source in sources:
        if group and size + source.size_bytes > _BATCH_BYTES:
            yield group
            group, size = [], 0
        group.append(source)
        size += source.size_bytes
    if group:
        yield group


def _tell(result: asyncio.Future[_Row], found: _Found) -> None:
    if result.done():  # nobody waits any more
        return
    if isinstance(found, Exception):
        result.set_exception(found)
    else:
        result.set_result(found)


def _parser(app: App) -> Parser:
    return app.shared("parser", lambda: Parser(app), Parser.close)
