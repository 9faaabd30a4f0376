"""What the docs show works as printed: each SQL block runs, each command, setting and link exists."""

import re
from pathlib import Path

import psycopg
import pytest

from emailq.cli import cli
from emailq.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCS}


def blocks(text: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if blocks(text)])
def test_each_sql_block_runs(name: str, db: psycopg.Connection) -> None:
    for block in blocks(TEXTS[name]):
        for statement in re.sub(r"--.*", "", block).split(";"):
            if statement.strip():
                db.execute(statement)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TEXTS)
def test_each_command_exists(name: str) -> None:
    named = set(re.findall(r"(?:^    |`)emailq ([a-z][a-z-]*)", TEXTS[name], re.MULTILINE))

    assert named - {"unix"} <= cli.commands.keys()  # a line of Postfix's master.cf


@pytest.mark.parametrize("name", TEXTS)
def test_each_setting_exists(name: str) -> None:
    named = {one.lower().removesuffix("_file") for one in re.findall(r"\bEMAILQ_([A-Z0-9_]+)\b", TEXTS[name])}

    assert {one for one in named if not one.startswith("imap_")} - {
        "config",
        "demo_command",
    } <= Settings.model_fields.keys()


@pytest.mark.parametrize("name", TEXTS)
def test_each_link_leads_somewhere(name: str) -> None:
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXTS[name]) if "://" not in link]

    assert [link for link in links if link and not (ROOT / "docs" / link).exists()] == []
