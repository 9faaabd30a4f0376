"""The small ERP on HTTP: takes actions as the adapter `http` sends them, and misbehaves as its switches say.

POST /actions              one action, with an Idempotency-Key → 201 {"id": …}; the same again → the same answer, 200
GET  /actions/KEY          the document of a key, or 404 (for EMAILQ_ERP_LOOKUP=/actions/{key})
GET  /documents            all of them as JSON;   GET /  the page;   GET /documents/ID  one document's page
POST /faults               the switches, as a form or JSON
"""

import hmac
import json
import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from emailq.erp.http import signature
from emailq.erp.sim import page
from emailq.erp.sim.ledger import Document, Ledger, messages_with_several

_BODY_LIMIT = 64_000_000  # bytes
_WINDOW_S = 300  # how far off a signature's timestamp may be


@dataclass(frozen=True)
class Faults:
    """Shares from 0 to 1 of the requests that go wrong, one way each; `slow_s` in seconds."""

    lose_answers: float = 0.0  # the document is made, the connection breaks before the answer
    lose_requests: float = 0.0  # the connection breaks before anything is done
    answer_twice: float = 0.0  # the same answer comes two times in a row
    conflict: float = 0.0  # 409: an earlier try is still running
    error_before: float = 0.0  # 500, nothing was done
    error_after: float = 0.0  # 500, and the document was made
    unavailable: float = 0.0  # 503 with Retry-After
    garbage: float = 0.0  # 200 with a page instead of JSON, and the document was made
    refuse: float = 0.0  # 422
    unauthorized: float = 0.0  # 401
    slow_s: float = 0.0

    @classmethod
    def parse(cls, given: dict[str, Any]) -> "Faults":
        """Raises ValueError for what is no switch or no number."""
        known = {one.name for one in fields(cls)}
        if unknown := set(given) - known:
            raise ValueError(f"no switch is named {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        values = {name: float(value) for name, value in given.items()}
        if wrong := [name for name, v in values.items() if not 0 <= v <= (60 if name == "slow_s" else 1)]:
            raise ValueError(f"{wrong[0]}: a share is between 0 and 1, slow_s between 0 and 60")
        return cls(**values)


class Sim:
    """The running ERP: `ledger` and `faults` may be looked at and changed at any time."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        hmac_key: str | None = None,
        faults: Faults = Faults(),
        seed: int | None = None,
    ) -> None:
        self.ledger = ledger
        self.faults = faults
        self.token = token
        self.hmac_key = hmac_key
        self.chance = random.Random(seed)
        self.requests = 0
        self._http = _Server((host, port), self)
        self.url = f"http://{host}:{self._http.server_port}"

    def serve_forever(self) -> None:
        self._http.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def start(self) -> None:
        """Serve in a thread; stop() ends it."""
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def happens(self, fault: str) -> bool:
        share: float = getattr(self.faults, fault)
        return share > 0 and self.chance.random() < share

    def figures(self) -> dict[str, Any]:
        return {
            "documents": len(self.ledger.documents),
            "requests": self.requests,
            "doubled": len(messages_with_several(self.ledger.documents)),
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sim: Sim) -> None:
        super().__init__(address, _Handler)
        self.sim = sim

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that go away are everyday life here


class _Broken(Exception):
    """The connection is to be cut without an answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "emailq-erp-sim"
    sys_version = ""

    @property
    def sim(self) -> Sim:
        return self.server.sim

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self.show(page.overview(self.sim.ledger, asdict(self.sim.faults), self.sim.figures(), self.path))
        elif path == "/documents":
            found = [page.as_json(one) for one in self.sim.ledger.recent()]
            self.say(200, {**self.sim.figures(), "documents": found})
        elif path.startswith("/documents/"):
            document = self.sim.ledger.documents.get(unquote(path.removeprefix("/documents/")))
            self.show(page.document(document) if document else page.missing(), 200 if document else 404)
        elif path.startswith("/actions/"):
            self.look_up(unquote(path.removeprefix("/actions/")))
        else:
            self.say(404, {"error": "there is nothing here"})

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _BODY_LIMIT:
            self.close_connection = True
            self.say(413 if length.isdigit() else 411, {"error": "a body of at most 64 MB is needed"})
            return
        body = self.rfile.read(int(length))
        if self.path == "/faults":
            self.change_faults(body)
            return
        self.sim.requests += 1
        if self.sim.faults.slow_s:
            time.sleep(self.sim.faults.slow_s)
        try:
            self.take(body)
        except _Broken:
            self.cut()

    do_PUT = do_PATCH = do_POST

    def take(self, body: bytes) -> None:
        """One action."""
        if self.sim.happens("lose_requests"):
            raise _Broken
        if problem := self.refusal(body):
            self.say(*problem)
            return
        key = self.headers["idempotency-key"]
        if self.sim.happens("conflict") or not self.sim.ledger.enter(key):
            self.say(409, {"error": "a request with this key is still running"}, retry_after="1")
            return
        try:
            document, is_other = self.sim.ledger.known(key, body)
            if is_other:
                self.say(422, {"error": "this key came with another body before"})
                return
            is_new = document is None
            if document is None:
                if self.sim.happens("error_before"):
                    self.say(500, {"error": "internal error"})
                    return
                document = self.sim.ledger.commit(key, body, json.loads(body))
        finally:
            self.sim.ledger.leave(key)
        self.answer(document, is_new)

    def refusal(self, body: bytes) -> tuple[int, dict[str, Any]] | None:
        if self.sim.happens("unauthorized") or not self.is_authorized(body):
            return 401, {"error": "the credential is wrong"}
        if self.sim.happens("unavailable"):
            return 503, {"error": "try again later"}
        if not self.headers.get("idempotency-key"):
            return 400, {"error": "an Idempotency-Key is needed"}
        try:
            is_object = isinstance(json.loads(body), dict)
        except ValueError:
            is_object = False
        if not is_object or self.sim.happens("refuse"):
            return 422, {"error": "this is no action that can be booked"}
        return None

    def answer(self, document: Document, is_new: bool) -> None:
        if self.sim.happens("lose_answers"):
            raise _Broken
        if self.sim.happens("error_after"):
            self.say(500, {"error": "internal error"})
            return
        if self.sim.happens("garbage"):
            self.show("<html>OK</html>")
            return
        content = {"id": document.id, "type": document.kind, "url": f"{self.sim.url}/documents/{document.id}"}
        self.say(201 if is_new else 200, content)
        if self.sim.happens("answer_twice"):
            self.say(201 if is_new else 200, content)

    def is_authorized(self, body: bytes) -> bool:
        """Bearer token and signature, compared in constant time; a signature is good for five minutes."""
        given = self.headers.get("authorization", "")
        if self.sim.token and not hmac.compare_digest(given.encode(), f"Bearer {self.sim.token}".encode()):
            return False
        if not self.sim.hmac_key:
            return True
        key, stamp = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit()) or abs(time.time() - int(stamp[:12])) > _WINDOW_S:
            return False
        expected = signature(self.sim.hmac_key, key, int(stamp), body)
        return hmac.compare_digest(self.headers.get("webhook-signature", "").encode(), expected.encode())

    def look_up(self, key: str) -> None:
        if not self.is_authorized(b""):
            self.say(401, {"error": "the credential is wrong"})
            return
        document = self.sim.ledger.find(key)
        if document is None:
            self.say(404, {"error": "no document has this key"})
            return
        self.say(200, {"id": document.id, "type": document.kind})

    def change_faults(self, body: bytes) -> None:
        is_form = not self.headers.get("content-type", "").startswith("application/json")
        try:
            given = {k: v[-1] for k, v in parse_qs(body.decode()).items()} if is_form else json.loads(body or b"{}")
            if given.pop("forget_keys", None):
                self.sim.ledger.forget_keys()
            self.sim.faults = Faults.parse(given)
        except (ValueError, AttributeError, TypeError) as error:
            self.say(422, {"error": str(error)})
            return
        if is_form:
            self.send_response(303)
            self.send_header("location", "/")
            self.send_header("content-length", "0")
            self.end_headers()
        else:
            self.say(200, asdict(self.sim.faults))

    def say(self, status: int, content: dict[str, Any], retry_after: str | None = None) -> None:
        headers = {"content-type": "application/json"}
        if retry_after or status == 503:
            headers["retry-after"] = retry_after or "1"
        self.write(status, json.dumps(content, ensure_ascii=False).encode(), headers)

    def show(self, html: str, status: int = 200) -> None:
        headers = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": page.CONTENT_SECURITY_POLICY,
            "x-content-type-options": "nosniff",
        }
        self.write(status, html.encode(), headers)

    def write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args: Any) -> None:
        pass
