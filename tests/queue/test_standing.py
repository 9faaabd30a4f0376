"""What a worker exposes for Prometheus."""

import os
import re
import signal
import urllib.request
from pathlib import Path

import psycopg

from tests.commands import start_emailq
from tests.items import add_items
from tests.waiting import wait_until


def test_a_worker_exposes_its_work_and_how_the_queues_stand(dsn: str, db: psycopg.Connection, tmp_path: Path) -> None:
    add_items(db, 3, queue="later", scheduled_at="2100-01-01")
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path), "EMAILQ_METRICS_PORT": "0", "EMAILQ_LOG_LEVEL": "info"}

    with start_emailq("worker", "--queue", "classification", env=env) as worker:
        assert worker.stderr is not None
        port = next(re.findall(r"port=(\d+)", line)[0] for line in worker.stderr if "metrics.exposed" in line)

        def metrics() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text: str = answer.read().decode()
                return text

        wait_until(lambda: 'emailq_queue_workers{queue="classification"} 1.0' in metrics(), 25)
        found = metrics()
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=30)

    assert 'emailq_queue_items{queue="later",state="scheduled"} 3.0' in found
    assert 'emailq_jobs_running{queue="classification"} 0.0' in found
    assert "emailq_emails_to_review 0.0" in found
    assert worker.returncode == os.EX_OK
