"""LMTP (RFC 2033): a mail server hands messages over, and is told 250 only when they are durable."""

import asyncio
import logging
import os
from contextlib import suppress
from typing import Any

import psycopg
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session
from psycopg_pool import PoolTimeout

from emailq import log
from emailq.app import App
from emailq.db import brief
from emailq.errors import EmailqError, Unavailable, UsageError
from emailq.ingest.accept import Incoming, accept


async def serve_lmtp(app: App, listen: str, account: str | None) -> None:
    """Serve until cancelled, on HOST:PORT or the path of a socket.

    Raises UsageError where `listen` is neither, Unavailable when it is taken.
    `account` takes in all messages; None: each recipient's address is an account.
    """
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it would log addresses
    handler = _Handler(app, account)
    host, colon, port = listen.rpartition(":")
    loop = asyncio.get_running_loop()
    try:
        if "/" in listen:
            with suppress(FileNotFoundError):
                os.unlink(listen)  # of a process that was killed
            server: asyncio.Server = await loop.create_unix_server(lambda: _Lmtp(handler, app), listen)
        elif colon and port.isdecimal() and int(port) <= 65_535:
            server = await loop.create_server(lambda: _Lmtp(handler, app), host.strip("[]"), int(port))
        else:
            raise UsageError(f"can't listen on {listen!r}; write HOST:PORT or the path of a socket")
    except OSError as error:
        raise Unavailable(f"can't listen on {listen}: {error.strerror}") from None
    log.event("lmtp.listening", on=listen)
    async with server:
        await server.serve_forever()


class _Lmtp(LMTP):
    """Lines of any length are mail too, and every recipient gets an answer to the data (RFC 2033 §4.2)."""

    def __init__(self, handler: "_Handler", app: App) -> None:
        self.line_length_limit = app.settings.max_message_bytes
        super().__init__(
            handler,
            data_size_limit=app.settings.max_message_bytes,
            enable_SMTPUTF8=True,
            ident="emailq LMTP",
            hostname="emailq",
            loop=asyncio.get_running_loop(),
        )

    async def push(self, status: Any) -> None:
        is_verdict = isinstance(status, str) and status.startswith(("552 Error: Too much mail", "500 Line too long"))
        if is_verdict and self.envelope and self.envelope.rcpt_tos:
            status = _for_each(self.envelope, "552 5.3.4 message too large")
        await super().push(status)


class _Handler:
    def __init__(self, app: App, account: str | None) -> None:
        self._app = app
        self._account = account

    async def handle_DATA(self, server: LMTP, session: Session, envelope: Envelope) -> str:
        raw = bytes(envelope.original_content or b"")
        if not raw.strip():
            return _for_each(envelope, "554 5.6.0 the message is empty")
        accounts = dict.fromkeys(self._account or address.lower() for address in envelope.rcpt_tos)
        try:
            accepted = await accept(self._app.pool, self._app.blobs, [Incoming(raw, one, "lmtp") for one in accounts])
        except (EmailqError, psycopg.Error, PoolTimeout, OSError) as error:
            log.warn("lmtp.deferred", reason=brief(error))
            return _for_each(envelope, "451 4.3.0 can't be stored now, try again later")
        log.event("lmtp.accepted", email=accepted[0].email_id, recipients=len(envelope.rcpt_tos))
        return _for_each(envelope, f"250 2.0.0 accepted as {accepted[0].email_id or 'erased'}")

    async def handle_exception(self, error: Exception) -> str:
        log.warn("lmtp.error", reason=f"{type(error).__name__}: {brief(error)}")
        return "451 4.3.0 something went wrong here, try again later"


def _for_each(envelope: Envelope, status: str) -> str:
    return "\r\n".join([status] * len(envelope.rcpt_tos))
