"""What only the README shows works as printed; tests/test_docs.py runs its commands."""

import re
from pathlib import Path

import psycopg

from tests.commands import run_emailq

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_of_a_handler_serves_its_queue(env: dict[str, str], tmp_path: Path, db: psycopg.Connection) -> None:
    [example] = re.findall(r"```python\n(# archive.py\n.*?)```", README, re.DOTALL)
    [command] = re.findall(r"^emailq (worker --queue archive .*)$", README, re.MULTILINE)
    (tmp_path / "archive.py").write_text(example)
    (tmp_path / "a.eml").write_bytes(b"From: a@example.com\nSubject: keep me\n\nhi\n")
    db.execute("create table archived (email_id uuid, subject text)")
    db.execute(
        "create function note_archived(p_id uuid, p_subject text) returns void language sql"
        " as 'insert into archived values (p_id, p_subject)'"
    )
    run_emailq("ingest", tmp_path / "a.eml", env=env)
    db.execute("insert into processing_queue (email_id, queue_name) select id, 'archive' from emails")

    done = run_emailq(*command.split(), "--drain", env=env, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert db.execute("select subject from archived").fetchall() == [("keep me",)]
    assert db.execute("select status from processing_queue where queue_name = 'archive'").fetchall() == [("completed",)]


def test_the_tree_of_the_table_is_the_tree_of_the_project() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", README.split("## Where each thing lives")[1].split("## ")[0], re.MULTILINE)
    named = re.findall(r"`([^`]+)`", " ".join(rows))

    for name in named:
        place = name if "/" in name and (ROOT / name).exists() else f"emailq/{name}"
        assert (ROOT / place).exists(), name
