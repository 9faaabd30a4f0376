"""One folder of an IMAP mailbox: what is on the server and not here is fetched, stored and marked."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from emailq import log
from emailq.app import App
from emailq.db import is_temporary
from emailq.ingest.accept import Incoming, accept
from emailq.ingest.imap_client import Imap, Selected
from emailq.ingest.imap_syntax import Fetched, ImapFailed, ImapRefused, uid_set
from emailq.settings import ImapAccount

_WINDOW = 50_000  # messages listed at once
_CHUNK = 500  # UIDs in one command, so that its line stays short
_BATCH = 250  # messages fetched and accepted at once
_BATCH_BYTES = 16_000_000
_IDLE_S = 120.0  # then the folder is looked at even if the server said nothing
_TRIES = 5  # of a message that breaks the connection each time


@dataclass(slots=True)
class Progress:
    """What came in from the mailboxes; `found`: how many there are to fetch, as far as is known. `changed` is told."""

    found: int = 0
    done: int = 0
    new: int = 0
    known: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    changed: Callable[["Progress"], None] = lambda progress: None

    def counts(self) -> dict[str, object]:
        return {"new": self.new, "known": self.known, "left_out": dict(self.left_out)}

    def summary(self) -> str:
        left_out = "".join(f", {count} {reason}" for reason, count in sorted(self.left_out.items()))
        return f"{self.new} new, {self.known} known{left_out}"


class FolderReader:
    """One folder on one connection. `troubles` outlives it: how often a message took the connection down."""

    def __init__(
        self,
        app: App,
        imap: Imap,
        name: str,
        account: ImapAccount,
        folder: str,
        selected: Selected,
        progress: Progress,
        troubles: Counter[int],
    ) -> None:
        self._app = app
        self._imap = imap
        self._account = account
        self._folder = folder
        self._place = (name, folder, selected.uidvalidity)
        self._selected = selected
        self._progress = progress
        self._troubles = troubles
        self._high = 0  # new mail has UIDs above this one
        self._being_stored: tuple[asyncio.Task[None], list[int]] | None = None

    async def catch_up(self) -> None:
        """Fetch what is on the server and not here: newest first, with new mail in between."""
        await self._finish_marks()
        low, high = await self._range_read()
        top = 0
        async for window in self._windows():
            is_first, top = not top, top or window[-1]
            self._high = max(self._high, top)
            # the newest are compared one by one: a server may show a message late
            unsure = [uid for uid in reversed(window) if is_first or not low <= uid <= high]
            unknown = await self._unknown(unsure)
            self._progress.found += len(unknown)
            for chunk in _chunks(unknown, _CHUNK):
                await self.take(chunk)
                await self._fetch_new()
            if not high or window[0] <= high + 1:
                await self._advance(window[0], top)
        await self._advance(1, self._high)
        await self._fetch_new()

    async def follow(self) -> None:
        """Fetch new mail as it arrives, until the connection breaks or the folder is numbered anew."""
        idles = "IDLE" in self._imap.capabilities
        looked_at = time.monotonic()
        while True:
            if idles:
                try:
                    await self._imap.idle(_IDLE_S)
                except ImapRefused:
                    idles = False
                    continue
            else:
                await asyncio.sleep(self._account.poll_s)
                await self._imap.noop()
            if time.monotonic() - looked_at >= _IDLE_S:
                looked_at = time.monotonic()
                selected = await self._imap.select(self._folder, read_only=self._account.after == "nothing")
                if selected.uidvalidity != self._selected.uidvalidity:
                    return
            await self._fetch_new()

    async def _windows(self) -> AsyncIterator[list[int]]:
        """All UIDs, from the newest down, in lists that ascend. A deletion shifts numbers down, so none is missed."""
        end = self._selected.exists
        while end > 0:
            begin = max(end - _WINDOW + 1, 1)
            end = min(end, self._imap.exists)
            if begin <= end and (uids := await self._imap.search(f"{begin}:{end}")):
                yield uids
            end = begin - 1

    async def _fetch_new(self) -> None:
        self._imap.has_news = False
        uids = [uid for uid in await self._imap.search(f"UID {self._high + 1}:*") if uid > self._high]
        unknown = await self._unknown(uids)
        self._progress.found += len(unknown)
        await self.take(unknown)
        if uids:
            if (await self._range_read())[1] >= self._high:
                await self._advance(self._high + 1, uids[-1])
            self._high = uids[-1]

    # ------------------------------------------------------------------------------------------ fetch, store, mark

    async def take(self, uids: Sequence[int]) -> None:
        """Fetch these messages and store them; what can't be taken is left out, with a reason.

        While one batch is stored the next is fetched; when this returns, all are stored.
        """
        try:
            for chunk in _chunks(uids, _CHUNK):
                for batch in self._batches(await self._sizes(chunk)):
                    fetched = await self._fetch(batch)
                    await self._settle()
                    storing = asyncio.create_task(self._store(fetched))
                    self._being_stored = storing, [one.uid for one in fetched]
            await self._settle()
        except ImapFailed:
            if self._being_stored:  # what has arrived is kept
                await self._being_stored[0]
            raise
        finally:
            if self._being_stored:
                self._being_stored[0].cancel()
                self._being_stored = None

    async def _sizes(self, uids: Sequence[int]) -> list[tuple[int, int]]:
        """(uid, bytes) of those that may come in."""
        found = {one.uid: one.size_bytes or 0 for one in await self._imap.fetch(uids, body=False)}
        limit = self._app.settings.max_message_bytes
        for uid, size_bytes in found.items():
            if size_bytes > limit:
                await self._leave_out(uid, "too large", size_bytes)
            elif self._troubles[uid] >= _TRIES:
                await self._leave_out(uid, "unreadable", size_bytes)
        await self._explain([uid for uid in uids if uid not in found])
        return [(uid, size) for uid, size in found.items() if size <= limit and self._troubles[uid] < _TRIES]

    def _batches(self, sizes: list[tuple[int, int]]) -> Iterator[list[int]]:
        batch: list[int] = []
        total = 0
        for uid, size_bytes in sizes:
            is_suspect = self._troubles[uid] > 0
            if batch and (len(batch) >= _BATCH or total + size_bytes > _BATCH_BYTES or is_suspect):
                yield batch
                batch, total = [], 0
            batch.append(uid)
            total += size_bytes if not is_suspect else _BATCH_BYTES
        if batch:
            yield batch

    async def _fetch(self, uids: list[int]) -> list[Fetched]:
        try:
            fetched = await self._imap.fetch(uids, body=True)
        except ImapFailed:
            self._troubles.update(uids)
            raise
        whole = [one for one in fetched if one.raw and one.raw.strip()]
        for one in fetched:
            if one.raw is not None and not one.raw.strip():
                await self._leave_out(one.uid, "empty", len(one.raw))
        answered = {one.uid for one in fetched if one.raw is not None}
        await self._explain([uid for uid in uids if uid not in answered])
        return whole

    async def _explain(self, uids: list[int]) -> None:
        """The server told nothing of these: deleted meanwhile, or it lists what it does not give."""
        if uids:
            await self._imap.noop()
            listed = set(await self._imap.search(f"UID {uid_set(uids).decode()}"))
            for uid in uids:
                if uid in listed:
                    await self._leave_out(uid, "unreadable", None)
                else:
                    self._count(1)

    async def _store(self, fetched: list[Fetched]) -> None:
        name, folder, uidvalidity = self._place
        messages = [
            Incoming(
                one.raw or b"",
                name,
                f"imap {self._account.host}",
                folder,
                uidvalidity,
                one.uid,
                tuple(sorted(flag.lstrip("\\").lower() for flag in one.flags if flag.lower() != "\\recent")),
                one.received_at,
            )
            for one in fetched
        ]
        try:
            results = await accept(self._app.pool, self._app.blobs, messages) if messages else []
        except psycopg.Error as error:
            if not is_temporary(error):
                self._troubles.update(one.uid for one in fetched)
            raise
        for one, result in zip(fetched, results, strict=True):
            if result.email_id is None:
                await self._leave_out(one.uid, "erased", None)
                continue
            self._progress.new += result.is_new
            self._progress.known += not result.is_new
            self._count(1)

    async def _settle(self) -> None:
        """Wait until the batch is stored; only then may the server hear of it."""
        if self._being_stored:
            (task, uids), self._being_stored = self._being_stored, None
            await task
            await self._mark(uids)

    async def _mark(self, uids: list[int]) -> None:
        try:
            for chunk in _chunks(uids, _CHUNK):
                if self._account.after == "flag":
                    await self._imap.add_flag(chunk, self._account.flag)
                elif self._account.after == "move":
                    await self._imap.create(self._account.move_to)
                    await self._imap.move(chunk, self._account.move_to)
        except ImapRefused as error:  # the messages are safe here, so nothing waits for it
            log.warn("imap.mark_refused", account=self._place[0], folder=self._folder, reason=error)

    async def _finish_marks(self) -> None:
        """Mark what came in before a crash or a cut and was not marked any more."""
        if self._account.after == "nothing" or not self._selected.exists:
            return
        criteria = "ALL" if self._account.after == "move" else unflagged(self._account.flag)
        for chunk in _chunks(await self._imap.search(criteria), 10 * _CHUNK):
            rows = await self._rows("select stored_imap_uids(%s, %s, %s, %s)", *self._place, list(chunk))
            await self._mark([uid for (uid,) in rows])

    # ------------------------------------------------------------------------------------------ what is known here

    async def missing(self) -> list[int]:
        """UIDs that the server lists and that are not here, whatever the reason; those erased here don't count."""
        found: list[int] = []
        async for window in self._windows():
            rows = await self._rows(
                "select u from unnest(%(uids)s::bigint[]) u"
                " except select stored_imap_uids(%(account)s, %(folder)s, %(uidvalidity)s, %(uids)s)"
                " except select o.uid from imap_left_out o where (o.account, o.folder, o.uidvalidity) ="
                " (%(account)s, %(folder)s, %(uidvalidity)s) and o.reason in ('empty', 'erased')",
                **dict(zip(("account", "folder", "uidvalidity"), self._place, strict=True)),
                uids=window,
            )
            found += [uid for (uid,) in rows]
        return sorted(found)

    async def reasons(self, uids: list[int]) -> dict[int, str]:
        """Why some of these were left out."""
        rows = await self._rows(
            "select uid, reason from imap_left_out where (account, folder, uidvalidity) = (%s, %s, %s)"
            " and uid = any (%s)",
            *self._place,
            uids,
        )
        return dict(rows)

    async def _range_read(self) -> tuple[int, int]:
        rows = await self._rows(
            "select low_uid, high_uid from imap_folders where (account, folder, uidvalidity) = (%s, %s, %s)",
            *self._place,
        )
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    async def _unknown(self, uids: list[int]) -> list[int]:
        if not uids:
            return []
        return [uid for (uid,) in await self._rows("select unknown_imap_uids(%s, %s, %s, %s)", *self._place, uids)]

    async def _advance(self, low: int, high: int) -> None:
        await self._rows("select advance_imap_folder(%s, %s, %s, %s, %s)", *self._place, low, high)

    async def _leave_out(self, uid: int, reason: str, size_bytes: int | None) -> None:
        log.warn("imap.left_out", account=self._place[0], folder=self._folder, uid=uid, reason=reason)
        await self._rows("select leave_out_imap_message(%s, %s, %s, %s, %s, %s)", *self._place, uid, reason, size_bytes)
        self._progress.left_out[reason] += 1
        self._count(1)

    def _count(self, count: int) -> None:
        self._progress.done += count
        self._progress.changed(self._progress)

    async def _rows(self, statement: LiteralString, *args: Any, **named: Any) -> list[tuple[Any, ...]]:
        async with self._app.pool.connection() as conn:
            return await (await conn.execute(statement, named or args)).fetchall()


def unflagged(flag: str) -> str:
    """The search key for messages without a flag (RFC 3501 §6.4.4)."""
    system = {"\\seen": "UNSEEN", "\\answered": "UNANSWERED", "\\flagged": "UNFLAGGED", "\\deleted": "UNDELETED"}
    return system.get(flag.lower(), f"UNKEYWORD {flag}")


def _chunks(uids: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(uids), size):
        yield list(uids[start : start + size])
