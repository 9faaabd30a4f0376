"""A real HTTP server on loopback that answers as the test says, faults included."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`then`: "close" ends the connection after the body, "hang" keeps it open and silent, "drop" sends nothing."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "close"
    promised_bytes: int | None = None  # Content-Length, where it is not that of the body

    @classmethod
    def of(cls, content: Any, status: int = 200, **headers: str) -> "Reply":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(content).encode(), {"content-type": "application/json", **named})


DROP = Reply(then="drop")
HANG = Reply(then="hang", promised_bytes=1000, body=b"{")

Answer = Callable[[Request], Reply]


class HttpServer:
    """`answer` may be changed at any time; `requests` are those that came, in order."""

    def __init__(self, answer: Answer, port: int = 0) -> None:
        self.answer = answer
        self.requests: list[Request] = []
        self.stopping = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._http.daemon_threads = False
        self.port = self._http.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def sent_to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body)
                server.requests.append(request)
                try:
                    self.send(server.answer(request))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client had enough

            do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

            def send(self, reply: Reply) -> None:
                if reply.then == "drop":
                    return
                self.send_response(reply.status)
                length = len(reply.body) if reply.promised_bytes is None else reply.promised_bytes
                for name, value in {"content-length": str(length), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
                self.wfile.flush()
                if reply.then == "hang":
                    server.stopping.wait()

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


@contextmanager
def serve(answer: Answer, port: int = 0) -> Iterator[HttpServer]:
    """A running server; `port` 0 is any that is free."""
    server = HttpServer(answer, port)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def in_turn(*replies: Reply) -> Answer:
    """One reply after the other, then the last one for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
