"""A real server on a fresh database, and clients with tokens."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from emailq.api.app import server
from emailq.settings import load_settings
from tests.commands import run_emailq
from tests.waiting import wait_until


@pytest.fixture
def env(dsn: str, tmp_path: Path) -> dict[str, str]:
    return {
        "EMAILQ_DSN": dsn,
        "EMAILQ_BLOB_DIR": str(tmp_path / "blobs"),
        "EMAILQ_API_PORT": "0",
        "EMAILQ_API_DOCS": "true",
        "EMAILQ_API_RATE_PER_S": "10000",
        "EMAILQ_LOG_LEVEL": "info",
    }


@pytest.fixture
def url(env: dict[str, str]) -> Iterator[str]:
    """Where the API listens: the server of `emailq serve`, in a thread of its own."""
    api = server(load_settings(env))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=api.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            wait_until(lambda: api.started, 20)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            api.should_exit = True
            thread.join(20)


def address_of(server: subprocess.Popen[str]) -> str:
    assert server.stderr is not None
    url: str = next(found[1] for line in server.stderr if (found := re.search(r"api\.listening url=(\S+)", line)))
    wait_until(lambda: _answers(url), 20)
    return url


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def token(env: dict[str, str]) -> str:
    return run_emailq("token", "create", "tests", "--scope", "admin", env=env).stdout.strip()


@pytest.fixture
def api(url: str, token: str) -> Iterator[httpx.Client]:
    """A client with all scopes."""
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client
