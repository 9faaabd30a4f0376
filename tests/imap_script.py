"""A scripted IMAP server on loopback, for what a real one does not do: lie."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What the server says to a command: lines without their CRLF; "TAG" at the start of the last one is replaced.
Answer = Callable[[str], list[bytes]]

GREETING = b"* OK ready"


def honest(command: str, uids: dict[int, bytes]) -> list[bytes]:
    """Enough IMAP to read one folder; `uids` are its messages."""
    words = command.split()
    verb = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
    if verb == "CAPABILITY":
        return [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR", b"TAG OK done"]
    if verb in ("EXAMINE", "SELECT"):
        return [b"* %d EXISTS" % len(uids), b"* OK [UIDVALIDITY 7] valid", b"TAG OK [READ-ONLY] done"]
    if verb == "UID SEARCH":
        return [b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids), b"TAG OK done"]
    if verb == "UID FETCH":
        wanted = [(uid, raw) for uid, raw in uids.items() if is_in(uid, words[2])]
        lines = [fetch_line(number, uid, raw, "BODY" in command) for number, (uid, raw) in enumerate(wanted, 1)]
        return [*lines, b"TAG OK done"]
    return [b"TAG OK done"]


def is_in(uid: int, uids: str) -> bool:
    """Whether a sequence set such as 1:3,7 holds it."""
    ranges = [part.split(":") for part in uids.split(",") if part[:1].isdigit()]
    return any(int(one[0]) <= uid <= int(one[-1]) for one in ranges)


def fetch_line(number: int, uid: int, raw: bytes, with_body: bool) -> bytes:
    if not with_body:
        return b"* %d FETCH (UID %d RFC822.SIZE %d)" % (number, uid, len(raw))
    return b"* %d FETCH (UID %d FLAGS () BODY[] {%d}\r\n%s)" % (number, uid, len(raw), raw)


class ScriptedImap:
    """`answer` may be changed at any time; `commands` are those that came."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.greeting = GREETING
        self.commands: list[str] = []
        self.port = 0

    def settings(self, **changed: object) -> dict[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "user": "u", "password": "p", **changed}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self.greeting + b"\r\n")
            while line := (await reader.readline()).decode().rstrip():
                tag, _, command = line.partition(" ")
                self.commands.append(command)
                *said, last = self.answer(command)
                for part in said:
                    writer.write(part + b"\r\n")
                writer.write(last.replace(b"TAG", tag.encode(), 1) + b"\r\n")
                await writer.drain()
        except OSError:
            pass  # the client had enough
        finally:
            writer.close()


@contextmanager
def serve_script(answer: Answer) -> Iterator[ScriptedImap]:
    script = ScriptedImap(answer)
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def run() -> None:
        nonlocal stop
        server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
        script.port = server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        started.set()
        await stop.wait()
        server.close()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield script
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
