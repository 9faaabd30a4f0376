"""Runs the image as compose.yaml does, on a real PostgreSQL, for scripts/image: python -m tests.image RUN…

RUN… is the start of a command line that runs a command in the image.
"""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from tests.servers import free_ports, postgresql_installations, start_postgresql
from tests.waiting import wait_until

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
HEALTH_OF_A_WORKER: list[str] = json.loads(re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[0])
HEALTH_OF_THE_API: list[str] = COMPOSE["services"]["api"]["healthcheck"]["test"][1:]
MAIL = "From: Ann <ann@example.com>\nSubject: Order\n\nWe order 12 boxes of candles, please.\n"


def main(run: list[str]) -> None:
    with start_postgresql(postgresql_installations()[0]) as server:
        command = [*run[:-1], "--env", f"EMAILQ_DSN={server.dsn()}", run[-1], "--"]
        [port] = free_ports(1)

        def ends(*args: str, input: str = "") -> int:
            return subprocess.run([*command, *args], input=input, text=True, capture_output=True).returncode

        def labelled() -> bool:
            listed = subprocess.run([*command, "emailq", "list", "--json"], text=True, capture_output=True)
            return '"intent": "order"' in listed.stdout

        @contextmanager
        def running(*args: str) -> Iterator[None]:
            process = subprocess.Popen([*command, *args], start_new_session=True, stderr=subprocess.DEVNULL)
            try:
                yield
            finally:
                subprocess.run(["kill", "--", f"-{process.pid}"])
                process.wait(40)

        assert ends("emailq", "migrate") == 0
        assert ends("emailq", "ingest", "-", input=MAIL) == 0
        assert ends(*HEALTH_OF_A_WORKER) == 69, "there is no worker yet"
        with running("emailq", "worker"):
            wait_until(labelled, 60)
            assert ends(*HEALTH_OF_A_WORKER) == 0
        health = [word.replace("8025", str(port)) for word in HEALTH_OF_THE_API]
        with running("emailq", "serve", "--host", "127.0.0.1", "--port", str(port)):
            wait_until(lambda: ends(*health) == 0, 60)
        assert ends(*health) != 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(sys.argv[1:])
