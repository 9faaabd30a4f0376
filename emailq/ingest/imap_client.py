"""A small IMAP4rev1 client (RFC 3501) on asyncio streams: what reading mailboxes needs, with bounds on everything.

Of the libraries, aioimaplib is GPL and holds pushes back, and IMAPClient waits in threads and does not see a push that
came in the same packet as the answer to IDLE; neither bounds what a server may send.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from emailq.errors import EmailqError
from emailq.ingest.imap_syntax import (
    Fetched,
    ImapFailed,
    ImapRefused,
    Token,
    fetch_item,
    mailbox_name,
    number,
    quoted,
    size_of,
    text_of,
    tokens,
    uid_set,
)
from emailq.settings import ImapAccount

_LINE_LIMIT = 4 << 20  # bytes; a SEARCH over 50,000 messages answers in one line
_SILENCE_S = 60.0  # without a byte from the server while it owes an answer
_COMMAND_S = 900.0
_LITERAL = re.compile(rb"\{(\d{1,20})\+?\}$")


class LoginRefused(ImapRefused):
    """The server does not accept user and password or token."""

    exit_code = 78


class NoSuchFolder(ImapRefused):
    exit_code = 78


class Selected(NamedTuple):
    """A folder as the server describes it (RFC 3501 §6.3.1)."""

    uidvalidity: int
    exists: int


class Imap:
    """One connection. Any error but ImapRefused leaves it unusable: close it and make another."""

    def __init__(self, account: ImapAccount, literal_limit: int) -> None:
        self._account = account
        self._literal_limit = literal_limit
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._tag = 0
        self.capabilities: frozenset[str] = frozenset()
        self.exists = 0
        self.has_news = False  # the server told another count of messages since somebody last set this to False

    # ------------------------------------------------------------------------------------------ connection

    async def connect(self) -> None:
        """Connect and encrypt as the account says. Raises ImapFailed."""
        account = self._account
        tls = tls_context(account)
        try:
            async with asyncio.timeout(20):
                self._reader, self._writer = await asyncio.open_connection(
                    account.host, account.actual_port, limit=_LINE_LIMIT, ssl=tls if account.security == "tls" else None
                )
                greeting = await self._read_response()
                if account.security == "starttls":
                    if greeting[1:2] != [b"OK"]:  # PREAUTH would keep us from asking for TLS
                        raise ImapFailed(f"{account.where}: the server offers no login after STARTTLS")
                    await self._command(b"STARTTLS")
                    if self._reader._buffer:  # type: ignore[attr-defined]  # sent by somebody before the encryption began
                        raise ImapFailed(f"{account.where}: plain bytes after STARTTLS")
                    await self._writer.start_tls(tls, server_hostname=account.host)
                elif greeting[1:2] not in ([b"OK"], [b"PREAUTH"]):
                    raise ImapFailed(f"{account.where}: the server does not greet as IMAP does")
                await self._learn_capabilities()
        except ssl.SSLCertVerificationError as error:
            raise ImapFailed(f"{account.where}: its certificate is not trusted: {error.verify_message}") from None
        except ssl.SSLError as error:
            hint = f"no TLS answers there; is security = {account.security} right, and the port?"
            raise ImapFailed(f"{account.where}: {hint} ({_short(error)})") from None
        except (OSError, TimeoutError) as error:
            raise ImapFailed(f"{account.where}: can't connect: {_short(error)}") from None
        except ImapRefused as error:
            raise ImapFailed(f"{account.where}: {error}") from None

    async def login(self, *, password: str | None = None, token: str | None = None) -> None:
        """Raises LoginRefused; `token`: an OAuth2 access token, for XOAUTH2."""
        user = self._account.user
        try:
            if token is not None:
                await self._authenticate(b"XOAUTH2", f"user={user}\1auth=Bearer {token}\1\1".encode())
            elif "AUTH=PLAIN" in self.capabilities:
                await self._authenticate(b"PLAIN", f"\0{user}\0{password}".encode())
            elif "LOGINDISABLED" in self.capabilities:
                raise LoginRefused(f"{self._account.where} takes no password on this connection; use security = tls")
            else:
                await self._command(b"LOGIN", quoted(user), quoted(password or ""))
        except ImapRefused as error:
            raise LoginRefused(f"{self._account.where} refuses the login of {user}: {error}") from None
        await self._learn_capabilities()

    async def close(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        with suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def logout(self) -> None:
        """Say goodbye; never raises for what the server does."""
        with suppress(EmailqError, TimeoutError):
            async with asyncio.timeout(2):
                await self._command(b"LOGOUT")
        await self.close()

    async def _authenticate(self, mechanism: bytes, answer: bytes) -> None:
        encoded = base64.b64encode(answer)
        if "SASL-IR" in self.capabilities:
            await self._command(b"AUTHENTICATE", mechanism, encoded, continuations=[b""])
        else:
            await self._command(b"AUTHENTICATE", mechanism, continuations=[encoded, b""])

    async def _learn_capabilities(self) -> None:
        for response in await self._command(b"CAPABILITY"):
            if response[1:2] == [b"CAPABILITY"]:
                self.capabilities = frozenset(text_of(token).upper() for token in response[2:])

    # ------------------------------------------------------------------------------------------ folders, messages

    async def select(self, folder: str, *, read_only: bool) -> Selected:
        """Raises NoSuchFolder where the server refuses it."""
        uidvalidity = 0
        try:
            responses = await self._command(b"EXAMINE" if read_only else b"SELECT", mailbox_name(folder))
        except ImapRefused as error:
            raise NoSuchFolder(f"{self._account.where} refuses the folder {folder!r}: {error}") from None
        for response in responses:
            if response[1:2] == [b"OK"] and len(response) > 3:
                code = text_of(response[2]).upper()
                if code == "[UIDVALIDITY":
                    uidvalidity = number(text_of(response[3]).rstrip("]"))
        if not uidvalidity:
            raise ImapFailed(f"{self._account.where}: the server gives {folder} no UIDVALIDITY")
        return Selected(uidvalidity, self.exists)

    async def search(self, criteria: str) -> list[int]:
        """UIDs in ascending order, each once."""
        found: set[int] = set()
        for response in await self._command(b"UID SEARCH", criteria.encode("ascii")):
            if response[1:2] == [b"SEARCH"]:
                found.update(number(text_of(token)) for token in response[2:] if not isinstance(token, list))
        found.discard(0)
        return sorted(found)

    async def fetch(self, uids: Sequence[int], *, body: bool) -> list[Fetched]:
        """What the server has of these messages: size, flags and date, or with `body` the bytes too. Marks nothing."""
        wanted = set(uids)
        items = b"(UID FLAGS INTERNALDATE BODY.PEEK[])" if body else b"(UID RFC822.SIZE)"
        found: dict[int, Fetched] = {}
        for response in await self._command(b"UID FETCH", uid_set(uids), items):
            if response[2:3] == [b"FETCH"] and len(response) == 4 and isinstance(response[3], list):
                fetched = fetch_item(response[3])
                if fetched.uid in wanted and (fetched.raw is not None or fetched.size_bytes is not None or not body):
                    found[fetched.uid] = fetched
        return [found[uid] for uid in uids if uid in found]

    async def add_flag(self, uids: Sequence[int], flag: str) -> None:
        await self._command(b"UID STORE", uid_set(uids), b"+FLAGS.SILENT", f"({flag})".encode("ascii"))

    async def move(self, uids: Sequence[int], folder: str) -> None:
        """MOVE (RFC 6851), or a copy and the removal of exactly these (UIDPLUS); else they stay, marked as deleted."""
        if "MOVE" in self.capabilities:
            await self._command(b"UID MOVE", uid_set(uids), mailbox_name(folder))
            return
        await self._command(b"UID COPY", uid_set(uids), mailbox_name(folder))
        await self.add_flag(uids, "\\Deleted")
        if "UIDPLUS" in self.capabilities:
            await self._command(b"UID EXPUNGE", uid_set(uids))

    async def create(self, folder: str) -> None:
        """Make a folder unless it is there."""
        with suppress(ImapRefused):
            await self._command(b"CREATE", mailbox_name(folder))

    async def noop(self) -> None:
        await self._command(b"NOOP")

    async def idle(self, timeout_s: float) -> None:
        """Wait until there is news, in the answer to whatever command, or time is up (RFC 2177)."""
        if self.has_news:
            return
        tag = await self._send(b"IDLE")
        while (response := await self._read_response())[:1] != [b"+"]:
            if response[:1] == [tag]:
                raise ImapRefused("the server refuses IDLE")
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.has_news:
                    await self._read_response(silence_s=timeout_s + 1)
        # an interrupted read loses nothing: StreamReader takes a line out of its buffer when it is whole
        await self._write(b"DONE\r\n")
        await self._finish(tag, [])

    # ------------------------------------------------------------------------------------------ protocol

    async def _command(self, *parts: bytes, continuations: Sequence[bytes] = ()) -> list[list[Token]]:
        """The untagged responses to a command. Raises ImapRefused for NO and BAD, ImapFailed for anything worse."""
        try:
            async with asyncio.timeout(_COMMAND_S):
                return await self._finish(await self._send(*parts), list(continuations))
        except TimeoutError:
            raise ImapFailed(f"{self._account.where}: the server takes too long") from None

    async def _send(self, *parts: bytes) -> bytes:
        self._tag += 1
        tag = b"a%d" % self._tag
        await self._write(b" ".join((tag, *parts)) + b"\r\n")
        return tag

    async def _write(self, line: bytes) -> None:
        assert self._writer is not None
        try:
            self._writer.write(line)
            await self._writer.drain()
        except OSError:
            raise ImapFailed(f"{self._account.where}: the connection was cut") from None

    async def _finish(self, tag: bytes, continuations: list[bytes]) -> list[list[Token]]:
        untagged: list[list[Token]] = []
        size = 0
        while True:
            response = await self._read_response()
            if response[:1] == [b"+"]:
                await self._write((continuations.pop(0) if continuations else b"") + b"\r\n")
            elif response[:1] == [tag]:
                if response[1:2] == [b"OK"]:
                    return untagged
                raise ImapRefused(" ".join(text_of(token) for token in response[1:])[:300])
            elif response[:1] == [b"*"]:
                untagged.append(response)
                size += size_of(response)
                if size > 2 * self._literal_limit + _LINE_LIMIT:
                    raise ImapFailed(f"{self._account.where}: the server sends more than it was asked for")
            else:
                raise ImapFailed(f"{self._account.where}: the server does not speak IMAP")

    async def _read_response(self, silence_s: float = _SILENCE_S) -> list[Token]:
        """One response with its literals, as tokens; notes what every response may say (EXISTS, BYE)."""
        text: list[bytes] = []
        literals: list[bytes] = []
        while True:
            line = await self._read_line(silence_s)
            text.append(line)
            literal = _LITERAL.search(line)
            if literal is None:
                break
            size = int(literal[1])
            if size > self._literal_limit or len(literals) > 1000:
                raise ImapFailed(f"{self._account.where}: the server announces {size} bytes, more than was asked for")
            text[-1] = line[: literal.start()]
            literals.append(await self._read_exactly(size))
        response = tokens(text, literals)
        if response[:2] == [b"*", b"BYE"]:
            with suppress(ImapFailed):  # the answer to LOGOUT may follow
                return await self._read_response(silence_s=1)
            raise ImapFailed(f"{self._account.where}: the server closed the connection")
        if response[2:3] == [b"EXISTS"]:
            count = number(text_of(response[1]))
            self.has_news = self.has_news or count != self.exists
            self.exists = count
        elif response[2:3] == [b"EXPUNGE"]:
            self.exists = max(self.exists - 1, 0)
        return response

    async def _read_line(self, silence_s: float) -> bytes:
        try:
            async with asyncio.timeout(silence_s):
                return (await self._reader.readuntil(b"\r\n"))[:-2]
        except TimeoutError:
            raise self._is_silent() from None
        except (asyncio.IncompleteReadError, OSError):
            raise ImapFailed(f"{self._account.where}: the connection was cut") from None
        except asyncio.LimitOverrunError:
            raise ImapFailed(f"{self._account.where}: the server sends a line without end") from None

    async def _read_exactly(self, size: int) -> bytes:
        """With the silence bounded, not the time in all: 25 MB may take long."""
        content = bytearray()
        while len(content) < size:
            try:
                async with asyncio.timeout(_SILENCE_S):
                    part = await self._reader.read(min(size - len(content), 1 << 18))
            except TimeoutError:
                raise self._is_silent() from None
            except OSError:
                part = b""
            if not part:
                raise ImapFailed(f"{self._account.where}: the connection was cut")
            content += part
        return bytes(content)

    def _is_silent(self) -> ImapFailed:
        return ImapFailed(f"{self._account.where}: the server has fallen silent")


def tls_context(account: ImapAccount) -> ssl.SSLContext:
    """Verifies name and certificate; `ca_file` names a certificate authority of one's own."""
    return ssl.create_default_context(cafile=str(account.ca_file) if account.ca_file else None)


def _short(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
