"""A worker inside the test, with handlers that are functions of the test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import ModuleType
from typing import Any

import psycopg
import pytest

from emailq.app import App
from emailq.handlers import Handler, Served
from emailq.queue.worker import Worker
from tests.items import QUEUE

MODULE = "handlers_of_this_test"

Serve = Callable[..., Mapping[str, Served]]
Running = Callable[..., AbstractAsyncContextManager[Worker]]
Drain = Callable[..., Any]


@pytest.fixture
def settings_given() -> dict[str, Any]:
    """Settings of the worker; a test may change them before it asks for the worker."""
    return {"retry_base_s": 0.0, "poll_interval_s": 0.2, "grace_s": 5, "pool_size": 4}


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """serve(handler, other=handler2): the first one for the queue `work`, the others for theirs."""
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)

    def served(handler: Handler, *, concurrency: int = 10, **others: Handler) -> dict[str, Served]:
        handlers = {QUEUE: handler} | others
        for name, function in handlers.items():
            setattr(module, name, function)
        return {name: Served(f"{MODULE}:{name}", concurrency) for name in handlers}

    return served


@pytest.fixture
def running(app: App, serve: Serve) -> Running:
    """A worker that runs for the length of an `async with`, and is stopped politely at its end."""

    @asynccontextmanager
    async def run(handler: Handler, **options: Any) -> AsyncIterator[Worker]:
        worker = Worker(app, serve(handler, **options))
        task = asyncio.create_task(worker.run())
        await asyncio.wait([task, asyncio.create_task(worker.session.registered.wait())], return_when="FIRST_COMPLETED")
        try:
            yield worker
        finally:
            worker.stop()
            async with asyncio.timeout(20):
                await task

    return run


@pytest.fixture
def drain(app: App, serve: Serve) -> Drain:
    """Works until nothing is due."""

    async def run(handler: Handler, **options: Any) -> None:
        async with asyncio.timeout(30):
            await Worker(app, serve(handler, **options)).run(drain=True)

    return run


@pytest.fixture
def notes(db: psycopg.Connection) -> Callable[[], list[str]]:
    """What effects wrote: Effect("note", (text,)) writes a text, Effect("refuse", ()) fails."""
    db.execute("create table notes (n integer generated always as identity, text text)")
    db.execute("create function note(p text) returns void language sql as 'insert into notes (text) values (p)'")
    db.execute(
        "create function refuse() returns void language plpgsql as"
        " 'begin raise exception ''no, %'', ''never'' using errcode = ''23514''; end'"
    )
    return lambda: [text for (text,) in db.execute("select text from notes order by n").fetchall()]
