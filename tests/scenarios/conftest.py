"""Workers as processes of their own, and a log outside the database that their handlers write."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from emailq.process import die_with_parent
from tests.commands import EMAILQ
from tests.items import QUEUE, value
from tests.namespaces import Host
from tests.waiting import wait_until

# What handlers of these stories have in common: `tell` writes a line that survives whatever happens next.
STORY = """
import asyncio, os, sys, time
from pathlib import Path
from emailq.outcomes import Done, Effect, Next, Reject, Release, Retry

HERE = Path(__file__).parent

def tell(word, job):
    line = os.open(HERE / "story.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(line, f"{word} {job.id} {os.getpid()} {time.monotonic()}\\n".encode())
    os.close(line)

def said(name):
    return (HERE / name).exists()

def note(job):
    return Effect("note", (job.id,))
"""


class Line(NamedTuple):
    word: str
    item: str
    pid: int
    at: float  # time.monotonic(), which all processes share


class Story:
    """One folder, the handlers in it, what they told, and the workers that run them."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        self.workers: list[subprocess.Popen[bytes]] = []

    def write(self, handlers: str) -> None:
        """The handlers: `handle` serves the queue `work`."""
        (self.folder / "story.py").write_text(STORY + handlers)

    def say(self, word: str) -> None:
        """Handlers that wait for said(word) go on."""
        (self.folder / word).touch()

    def told(self, word: str) -> list[Line]:
        log = self.folder / "story.log"
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        return [Line(name, item, int(pid), float(at)) for name, item, pid, at in lines if name == word]

    def start(self, *args: str, on: Host | None = None, **settings: str) -> subprocess.Popen[bytes]:
        """A worker of the queue `work`; settings go to its environment, as EMAILQ_NAME or, if capital, as they are."""
        environment = os.environ | {
            "EMAILQ_DSN": self.dsn,
            "EMAILQ_BLOB_DIR": str(self.folder / "blobs"),
            "EMAILQ_RETRY_BASE_S": "0.01",
        }
        environment |= {name if name.isupper() else f"EMAILQ_{name.upper()}": text for name, text in settings.items()}
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *(on.prefix() if on else []),
                    EMAILQ,
                    "worker",
                    "--queue",
                    QUEUE,
                    "--handler",
                    f"{QUEUE}=story:handle",
                    *args,
                ],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        self.workers.append(process)
        return process

    def start_ready(self, *args: str, on: Host | None = None, **settings: str) -> subprocess.Popen[bytes]:
        """The same, once it has registered."""
        process = self.start(*args, on=on, **settings)
        with psycopg.connect(self.dsn, autocommit=True, prepare_threshold=None) as conn:
            wait_until(
                lambda: (
                    process.poll() is not None
                    or value(conn, "select count(*) from workers where pid = %s", process.pid)
                ),
                20,
            )
        assert process.poll() is None, self.log_of(process)
        return process

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"worker-{self.workers.index(process)}.log").read_text()

    def end(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.wait()


Tell = Callable[..., Story]


@pytest.fixture
def tell_story(tmp_path: Path) -> Iterator[Tell]:
    """tell_story(dsn, handlers) prepares a database and a folder; its workers end with the test."""
    with ExitStack() as stack:

        def tell(dsn: str, handlers: str) -> Story:
            story = Story(tmp_path, dsn)
            stack.callback(story.end)
            story.write(handlers)
            with psycopg.connect(dsn, autocommit=True) as conn:
                conn.execute("create table notes (item uuid, at timestamptz default clock_timestamp())")
                conn.execute(
                    "create function note(p uuid) returns void language sql as 'insert into notes (item) values (p)'"
                )
            return story

        yield tell


@pytest.fixture
def story(dsn: str, tell_story: Tell) -> Callable[[str], Story]:
    """The same on the database of the fixture `dsn`."""
    return lambda handlers: tell_story(dsn, handlers)
