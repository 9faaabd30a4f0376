"""Who may do what, how often and how much; what is recorded about it."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from emailq.api import connection
from emailq.api.app import create_api
from emailq.settings import load_settings
from tests.commands import run_emailq, start_emailq
from tests.waiting import wait_until


def client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=60)


def test_only_healthz_answers_without_a_token(url: str) -> None:
    assert httpx.get(f"{url}/healthz").text == "ok\n"
    for path in ("/emails", "/health", "/metrics", "/stats", "/queues"):
        answer = httpx.get(url + path)
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_does_what_its_scopes_say_until_it_is_revoked(url: str, env: dict[str, str]) -> None:
    token = run_emailq("token", "create", "reader", "--scope", "read", env=env).stdout.strip()

    with client(url, token) as reader:
        assert reader.get("/emails").status_code == 200
        assert reader.post("/parse", content=b"From: a@example.com\n\nx").status_code == 403
        assert run_emailq("token", "revoke", "reader", env=env).returncode == 0
        wait_until(lambda: reader.get("/emails").status_code == 401, 5)


def test_a_token_is_kept_as_a_hash_and_listed_without_it(
    env: dict[str, str], token: str, db: psycopg.Connection
) -> None:
    [(stored,)] = db.execute("select t::text from api_tokens t").fetchall()

    listed = run_emailq("token", "list", env=env)

    assert token not in stored
    assert listed.stdout.startswith("tests")
    assert token not in listed.stdout


def test_a_token_has_its_rate(env: dict[str, str], token: str) -> None:
    from tests.api.conftest import address_of

    with start_emailq("serve", env=env | {"EMAILQ_API_RATE_PER_S": "5"}) as server:
        with client(address_of(server), token) as api:
            answers = [api.get("/queues") for _ in range(30)]
        server.terminate()
        server.communicate(timeout=20)

    limited = [answer for answer in answers if answer.status_code == 429]
    assert 10 <= len(limited) <= 21
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in limited)


def test_a_body_above_the_limit_is_refused_as_it_arrives(env: dict[str, str], token: str) -> None:
    from tests.api.conftest import address_of

    with start_emailq("serve", env=env | {"EMAILQ_MAX_MESSAGE_BYTES": "2000"}) as server:
        with client(address_of(server), token) as api:
            declared = api.post("/parse", content=b"x" * 1_000_000)
            chunked = api.post("/parse", content=(b"x" * 10_000 for _ in range(100)))
            message = api.post("/parse", content=b"From: a@example.com\r\n\r\n" + b"x" * 3000)
        server.terminate()
        server.communicate(timeout=20)

    assert [declared.status_code, chunked.status_code, message.status_code] == [413, 413, 413]


def test_others_are_let_in_only_when_there_is_a_token(env: dict[str, str]) -> None:
    refused = run_emailq("serve", "--host", "0.0.0.0", env=env)

    assert refused.returncode == 78
    assert "emailq token create" in refused.stderr


def test_requests_are_recorded_without_a_persons_address(api: httpx.Client, db: psycopg.Connection) -> None:
    api.get("/emails?search=secret")
    api.get("/nowhere")

    rows = wait_until(lambda: len(found := _recorded(db)) >= 2 and found, 10)

    assert ("/emails", "GET", 200, "127.0.0.0") in rows
    assert ("(none)", "GET", 404, "127.0.0.0") in rows


def _recorded(db: psycopg.Connection) -> list[tuple[object, ...]]:
    return db.execute("select endpoint, method, status_code, host(client_ip) from api_metrics").fetchall()


def test_headers_do_not_tell_what_serves_and_forbid_what_is_not_needed(api: httpx.Client) -> None:
    answer = api.get("/emails")

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_a_slow_client_holds_up_nobody(api: httpx.Client, url: str) -> None:
    address = urlsplit(url)
    slow = [socket.create_connection((address.hostname, address.port)) for _ in range(50)]
    for one in slow:
        one.sendall(b"POST /parse HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")

    assert api.get("/emails").status_code == 200
    for one in slow:
        one.close()


def _answer(url: str, *pieces: bytes, then: Callable[[socket.socket], None] = lambda _: None) -> bytes:
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as client:
        for piece in pieces:
            client.sendall(piece)
        then(client)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_a_head_has_to_come_in_time_however_steadily_it_trickles(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.5)

    def trickle(client: socket.socket) -> None:
        with suppress(OSError):
            while not select.select([client], [], [], 0.05)[0]:
                client.sendall(b"X-A: b\r\n")

    silent = _answer(url)
    slow = _answer(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n", then=trickle)
    second = _answer(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HT", then=trickle)

    assert silent.startswith(b"HTTP/1.1 408 ")
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in slow
    assert second.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in second


def test_a_request_that_takes_longer_than_its_head_may_is_answered(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.2)

    def slow_body() -> Iterator[bytes]:
        yield b"From: a@example.com\r\n"
        time.sleep(0.5)
        yield b"\r\nHello"

    assert api.post("/parse", content=slow_body(), headers={"content-type": "message/rfc822"}).status_code == 200


def test_what_is_refused_before_a_route_is_a_problem_too(url: str) -> None:
    large = _answer(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * 33_000)
    whole = _answer(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + b"x" * 33_000 + b"\r\n\r\n")
    broken = _answer(url, b"GET / / HTTP\r\n\r\n")

    assert large.startswith(b"HTTP/1.1 431 ")
    assert whole.startswith(b"HTTP/1.1 431 ")
    assert broken.startswith(b"HTTP/1.1 400 ")
    assert all(b"application/problem+json" in answer for answer in (large, whole, broken))


def test_the_description_is_shown_only_where_a_setting_says_so() -> None:
    def paths(env: dict[str, str]) -> set[str]:
        return {getattr(route, "path", "") for route in create_api(load_settings(env)).routes}

    assert paths({"EMAILQ_API_DOCS": "true"}) - paths({}) >= {"/docs", "/openapi.json"}
