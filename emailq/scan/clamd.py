"""clamd, the ClamAV daemon: bytes go over a socket, a verdict comes back (clamd(8), INSTREAM)."""

import asyncio
import io
import re
import socket
import struct
import zipfile
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from emailq.errors import EmailqError, Unavailable

_CHUNK = 1 << 18
_ANSWER_LIMIT = 10_000  # bytes
# clamd calls these FOUND, but they say that it could not look (AlertExceedsMax, AlertEncrypted, AlertOLE2Macros)
_NOT_LOOKED_INTO = re.compile(r"Heuristics\.(Limits\.Exceeded|Encrypted|OLE2\.ContainsMacros)")
_NESTED = 30  # zips in each other: more than any sensible MaxRecursion


class ScanFailed(EmailqError):
    """No verdict: the scanner took too long or broke off. The same bytes may do better later."""


class Verdict(NamedTuple):
    """`failed`: it could not look into all of it. `detail`: the signature's name, or why it failed."""

    status: Literal["clean", "infected", "failed"]
    detail: str | None = None


async def scan(address: str, content: bytes, *, timeout_s: float) -> Verdict:
    """`address`: host:port or the path of a socket. Raises Unavailable (clamd is down), ScanFailed (no verdict)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            with await _connect(address) as clamd:
                with suppress(ConnectionError):  # over its limit clamd answers and closes while we still write
                    await loop.sock_sendall(clamd, b"zINSTREAM\0")
                    for start in range(0, len(content), _CHUNK):
                        chunk = content[start : start + _CHUNK]
                        await loop.sock_sendall(clamd, struct.pack("!L", len(chunk)) + chunk)
                    await loop.sock_sendall(clamd, struct.pack("!L", 0))
                answer = await _answer(clamd)
    except TimeoutError:
        raise ScanFailed(f"the scanner gave no verdict within {timeout_s:g} s") from None
    return _verdict(answer)


async def version(address: str) -> str:
    """Program, number of the signatures and their date, as "ClamAV 1.4.6/27800/Sat Nov 28 …". Raises Unavailable."""
    try:
        async with asyncio.timeout(10):
            with await _connect(address) as clamd:
                await asyncio.get_running_loop().sock_sendall(clamd, b"zVERSION\0")
                return await _answer(clamd)
    except (TimeoutError, ConnectionError, ScanFailed):
        raise Unavailable(f"clamd at {address} does not answer") from None


def numbers_its_signatures(text: str) -> bool:
    """Whether a version changes with the signatures: without a database of ClamAV's own it does not."""
    number = text.split("/")[1:2]
    return number != [] and number[0].isdigit() and number[0] != "0"


async def admits_its_limits(address: str) -> bool:
    """Whether clamd tells when it stops at a limit; by default it calls such files clean (AlertExceedsMax)."""
    content = b"x"
    for _ in range(_NESTED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("x.zip", content)
        content = packed.getvalue()
    return (await scan(address, content, timeout_s=30)).status != "clean"


async def _connect(address: str) -> socket.socket:
    """A plain socket: asyncio's streams drop what has been received when a write fails."""
    refusal: Exception | None = None
    try:
        for family, place in await _places(address):
            clamd = socket.socket(family, socket.SOCK_STREAM)
            clamd.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(clamd, place)
                return clamd
            except OSError as error:
                clamd.close()
                refusal = error
            except BaseException:
                clamd.close()
                raise
    except (OSError, ValueError) as error:
        refusal = error
    reason = getattr(refusal, "strerror", None) or str(refusal)
    raise Unavailable(f"can't reach clamd at {address}: {reason}") from None


async def _places(address: str) -> list[tuple[int, Any]]:
    """(family, address) of each place where it may listen. Raises OSError and ValueError."""
    if "/" in address:
        return [(socket.AF_UNIX, address)]
    host, _, port = address.rpartition(":")
    found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    return [(family, place) for family, _, _, _, place in found]


async def _answer(clamd: socket.socket) -> str:
    answer = b""
    with suppress(ConnectionError):
        while not answer.endswith(b"\0") and len(answer) < _ANSWER_LIMIT:
            part = await asyncio.get_running_loop().sock_recv(clamd, 4096)
            if not part:
                break
            answer += part
    if not answer.endswith(b"\0"):
        raise ScanFailed("the scanner broke off without a verdict")
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()


def _verdict(answer: str) -> Verdict:
    text = answer.removeprefix("stream: ")
    if text == "OK":
        return Verdict("clean")
    if text.endswith(" FOUND"):
        name = text.removesuffix(" FOUND")[:200]
        return Verdict("failed" if _NOT_LOOKED_INTO.match(name) else "infected", name)
    if "size limit exceeded" in text:
        return Verdict("failed", "larger than the scanner takes (StreamMaxLength)")
    raise ScanFailed(f"the scanner says: {text[:200]}")
