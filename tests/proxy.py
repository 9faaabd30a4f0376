"""A TCP proxy before a server, to have faults that a server does not make by itself: lost answers, silence."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Link:
    """One client and its connection to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.hello = b""  # the first bytes that the client sent
        self.loses: int | None = None  # the next answer that has a row of so many bytes
        self.is_silent = False

    def cut(self) -> None:
        for writer in (self.client, self.server):
            writer.close()


class Proxy:
    """Passes bytes on, both ways. The methods may be called from any thread."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._links: list[_Link] = []
        self._loop = asyncio.new_event_loop()
        self.cut_after: int | None = None  # new links end when so many bytes of answers have passed
        self.host = "127.0.0.1"
        self.port = 0

    def lose_an_answer(self, which: float, hello: str = "", *, row_bytes: int = 0) -> bool:
        """The next answer on one of the links (0 ≤ which < 1) is thrown away, and the link with it.

        `hello`: only links whose client said this at first; PostgreSQL's clients say their application_name.
        `row_bytes`: the next answer of PostgreSQL that has a row of so many bytes.
        """
        links = [link for link in self._links if hello.encode() in link.hello]
        if links:
            links[int(which * len(links))].loses = row_bytes
        return bool(links)

    def fall_silent(self) -> int:
        """No byte passes any more on the present links, which stay open; returns how many."""
        links = list(self._links)
        for link in links:
            link.is_silent = True
        return len(links)

    def cut_links(self) -> None:
        """End the present links."""
        for link in list(self._links):
            self._loop.call_soon_threadsafe(link.cut)

    async def _serve(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            server_reader, server = await asyncio.open_connection(*self._target)
        except OSError:
            client.close()
            return
        link = _Link(client, server)
        self._links.append(link)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(link, client_reader, server, is_answer=False))
                tasks.create_task(self._pass_on(link, server_reader, client, is_answer=True))
        finally:
            self._links.remove(link)

    async def _pass_on(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        left = self.cut_after if is_answer else None
        with suppress(OSError):
            while data := await reader.read(65536):
                if left is not None:
                    data, left = data[:left], left - len(data)
                    if left <= 0:
                        writer.write(data)
                        await writer.drain()
                        break
                if link.is_silent:
                    continue
                if is_answer and link.loses is not None and _longest_row(data) >= link.loses:
                    break
                if not is_answer and len(link.hello) <= 8:  # 8: PostgreSQL's question for TLS
                    link.hello = data
                writer.write(data)
                await writer.drain()
        link.cut()

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, self.host, 0))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        for link in list(self._links):
            link.cut()
        self._loop.run_until_complete(_end_all_tasks())
        self._loop.close()


def _longest_row(data: bytes) -> int:
    """Bytes of the longest DataRow among these messages of PostgreSQL; 0 if there is none."""
    at = longest = 0
    while at + 5 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 5], "big")
        if data[at : at + 1] == b"D":
            longest = max(longest, length)
        at += 1 + length
    return longest


async def _end_all_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(tasks, timeout=2) if tasks else None


@contextmanager
def start_proxy(host: str, port: int) -> Iterator[Proxy]:
    proxy = Proxy(host, port)
    started = threading.Event()
    thread = threading.Thread(target=proxy._run, args=(started,), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield proxy
    finally:
        proxy._loop.call_soon_threadsafe(proxy._loop.stop)
        thread.join(10)
