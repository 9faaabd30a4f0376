"""The description of the API and the API agree, whatever is sent: schemathesis."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.items import add_items


def fuzz(url: str, token: str, folder: Path, examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json", "--url", url),
            *("-H", f"Authorization: Bearer {token}", "--max-examples", str(examples), "--seed", str(seed)),
            *(
                "--workers",
                "2",
                "--no-color",
                "--phases",
                "examples,fuzzing,stateful",
                "--exclude-checks",
                "unsupported_method,positive_data_acceptance",
            ),
        ],
        capture_output=True,
        text=True,
        timeout=1200,
        cwd=folder,  # it writes down what it did
    )


def test_no_call_breaks_the_api_or_its_description(
    url: str, token: str, db: psycopg.Connection, tmp_path: Path
) -> None:
    add_items(db, 3, queue="archive")

    done = fuzz(url, token, tmp_path, examples=12, seed=1)

    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_thousands_of_calls_break_nothing(url: str, token: str, db: psycopg.Connection, tmp_path: Path) -> None:
    add_items(db, 3, queue="archive")

    done = fuzz(url, token, tmp_path, examples=200, seed=2)

    assert done.returncode == 0, done.stdout[-6000:]
