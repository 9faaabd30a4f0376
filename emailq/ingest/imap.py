"""Mailboxes on IMAP servers: every message of a folder comes in once, new mail at once, old mail newest first.

What is on the server and not here is what has to be fetched: that alone decides, so a lost connection, a crash or a
folder numbered anew costs a second look and no message. `imap_folders` only says which part needs no second look.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from psycopg_pool import PoolTimeout

from emailq import log
from emailq.app import App
from emailq.db import brief
from emailq.errors import ConfigError, EmailqError, NotFound
from emailq.ingest.imap_client import Imap, LoginRefused, NoSuchFolder
from emailq.ingest.imap_folder import FolderReader, Progress
from emailq.ingest.oauth import access_token, forget_token
from emailq.settings import ImapAccount, Settings, load_settings

_ARRIVING_S = 2.0  # what reached the server so long ago should be here
_FIRST_PAUSE_S = 0.2  # before a new connection; doubles with each failure in a row
_FAILURES = 6  # in a row that `once` bears: a message that breaks the connection five times is left out at the sixth


def chosen_accounts(settings: Settings, names: Sequence[str]) -> dict[str, ImapAccount]:
    """The accounts of these names, or all. Raises NotFound."""
    if not settings.imap:
        raise NotFound("no mailboxes: add a table [imap.NAME] with host, user and password_file to emailq.toml")
    for name in names:
        if name not in settings.imap:
            raise NotFound(f"no account {name!r}; there are {', '.join(sorted(settings.imap))}")
    return {name: settings.imap[name] for name in names or settings.imap}


async def read_mailboxes(app: App, accounts: dict[str, ImapAccount], progress: Progress, *, once: bool) -> None:
    """Read every folder of the accounts; with `once` until all that is there has come in, else for ever.

    Whatever fails is tried again; with `once` it is raised when nothing came in between six failures.
    """
    readers = [
        _read_folder(app, name, account, folder, progress, once=once)
        for name, account in accounts.items()
        for folder in account.folders
    ]
    for ended in await asyncio.gather(*readers, return_exceptions=once):
        if ended:  # one mailbox that can't be read does not keep the others from being read to their end
            raise ended


async def _read_folder(
    app: App, name: str, account: ImapAccount, folder: str, progress: Progress, *, once: bool
) -> None:
    troubles: Counter[int] = Counter()
    failures = 0
    while True:
        done = progress.done
        try:
            async with opened(app, account) as imap:
                selected = await imap.select(folder, read_only=account.after == "nothing")
                reader = FolderReader(app, imap, name, account, folder, selected, progress, troubles)
                log.event("imap.reading", account=name, folder=folder, messages=selected.exists)
                await reader.catch_up()
                if once:
                    return
                log.event("imap.waiting", account=name, folder=folder, idle="IDLE" in imap.capabilities)
                await reader.follow()
        except (EmailqError, psycopg.Error, PoolTimeout) as error:
            failures = 0 if progress.done > done else failures + 1
            if once and (failures >= _FAILURES or isinstance(error, LoginRefused | NoSuchFolder)):
                raise
            log.warn("imap.retry", account=name, folder=folder, reason=brief(error))
            longest_s = 60
            if isinstance(error, LoginRefused):
                longest_s = 300
                account = _as_it_is_now(name, account)
            await asyncio.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE_S * 2.0 ** min(failures, 20), longest_s))


def _as_it_is_now(name: str, account: ImapAccount) -> ImapAccount:
    """The account as the settings have it by now: its password may have been replaced, here and on the server."""
    try:
        return load_settings().imap.get(name, account)
    except ConfigError as error:
        log.warn("imap.settings_refused", account=name, reason=error)
        return account


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of a folder that are not here; `reasons` of those that were left out. `fetched`: here now."""

    folder: str
    uidvalidity: int
    listed: int
    missing: list[int]
    reasons: dict[int, str]
    fetched: list[int]


async def reconcile(app: App, name: str, account: ImapAccount, *, fetch: bool) -> list[Gap]:
    """Compare each folder with what is here, message by message; with `fetch` get what is missing.

    A message that arrives just now is given two seconds to come in. Raises Unavailable, ImapRefused.
    """
    gaps = []
    async with opened(app, account) as imap:
        for folder in account.folders:
            selected = await imap.select(folder, read_only=True)
            reader = FolderReader(app, imap, name, account, folder, selected, Progress(), Counter())
            if missing := await reader.missing():
                await asyncio.sleep(_ARRIVING_S)
                selected = await imap.select(folder, read_only=True)
                reader = FolderReader(app, imap, name, account, folder, selected, Progress(), Counter())
                missing = sorted(set(missing) & set(await reader.missing()))
            fetched: list[int] = []
            if fetch and missing:
                await reader.take(missing)
                fetched = sorted(set(missing) - set(await reader.missing()))
            missing = [uid for uid in missing if uid not in fetched]
            reasons = await reader.reasons(missing)
            gaps.append(Gap(folder, selected.uidvalidity, selected.exists, missing, reasons, fetched))
    return gaps


@asynccontextmanager
async def opened(app: App, account: ImapAccount) -> AsyncIterator[Imap]:
    """A connection that is logged in. Raises ImapFailed, LoginRefused or Unavailable."""
    imap = Imap(account, app.settings.max_message_bytes + 1)
    token = await access_token(app, account) if account.oauth_refresh_token else None
    try:
        await imap.connect()
        password = account.password.get_secret_value() if account.password else None
        try:
            await imap.login(password=password, token=token)
        except LoginRefused:
            forget_token(app, account)
            raise
        yield imap
        await imap.logout()
    finally:
        await imap.close()
