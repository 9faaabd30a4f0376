"""monitoring/ against a real Prometheus: its metrics exist, and an alert fires on a real fault."""

import json
import re
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.commands import start_emailq
from tests.items import add_items
from tests.servers import free_ports
from tests.waiting import wait_until

pytestmark = pytest.mark.prometheus
MONITORING = Path(__file__).parents[2] / "monitoring"
METRIC = re.compile(r"\bemailq_[a-z_]+\b")


def names_in(text: str) -> set[str]:
    return set(METRIC.findall(text)) - {"emailq_standing"}


def exposed_names() -> set[str]:
    from prometheus_client import REGISTRY

    import emailq.metrics  # noqa: F401

    found: set[str] = set()
    for family in REGISTRY.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        found |= {family.name + suffix for suffix in suffixes}
    return found


@pytest.mark.parametrize("file", ["alerts.yml", "alerts_test.yml", "grafana/emailq.json"])
def test_every_metric_named_exists(file: str) -> None:
    named = names_in((MONITORING / file).read_text(encoding="utf-8"))

    assert named
    assert named <= exposed_names()


def test_the_rules_fire_on_the_faults_that_they_are_for() -> None:
    checked = subprocess.run(["promtool", "check", "config", MONITORING / "prometheus.yml"], capture_output=True)
    tested = subprocess.run(["promtool", "test", "rules", MONITORING / "alerts_test.yml"], capture_output=True)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_real_prometheus_scrapes_a_worker_and_sees_a_queue_that_nobody_serves(
    dsn: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    add_items(db, 2, queue="archive")
    worker_port, port = free_ports(2)
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path), "EMAILQ_METRICS_PORT": str(worker_port)}

    with (
        start_emailq("worker", "--queue", "classification", env=env | {"EMAILQ_LOG_LEVEL": "error"}) as worker,
        prometheus(tmp_path, worker_port, port),
    ):
        alerts = wait_until(lambda: firing(port), 60)
        wait_until(lambda: served(port, "classification") == ["1"], 30)
        worker.terminate()
        worker.communicate(timeout=30)

    assert alerts == {("EmailqNoWorker", "archive")}


@contextmanager
def prometheus(folder: Path, worker_port: int, port: int) -> Iterator[None]:
    """A Prometheus that scrapes one worker each second and needs to see a fault only once."""
    rules = (MONITORING / "alerts.yml").read_text(encoding="utf-8")
    (folder / "alerts.yml").write_text(re.sub(r"for: \w+", "for: 0s", rules))
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [alerts.yml]\nscrape_configs:\n"
        f"  - {{job_name: emailq, static_configs: [{{targets: ['127.0.0.1:{worker_port}']}}]}}\n"
    )
    program = shutil.which("prometheus")
    assert program
    process = subprocess.Popen(
        [
            *(program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def firing(port: int) -> set[tuple[str, str | None]]:
    """Names and queues of the alerts that fire, once the worker's first scrape is in."""
    try:
        if not ask(port, "query", query="emailq_standing_timestamp_seconds")["result"]:
            return set()
        alerts = ask(port, "alerts")["alerts"]
    except OSError:
        return set()
    found = {(a["labels"]["alertname"], a["labels"].get("queue")) for a in alerts if a["state"] == "firing"}
    return found - {("EmailqNothingScraped", None)}  # before the first scrape that is true


def served(port: int, queue: str) -> list[str]:
    """How many workers a queue has, as Prometheus knows it."""
    answer = ask(port, "query", query=f'max(emailq_queue_workers{{queue="{queue}"}})')
    return [sample["value"][1] for sample in answer["result"]]


def ask(port: int, path: str, **parameters: str) -> Any:
    url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]
