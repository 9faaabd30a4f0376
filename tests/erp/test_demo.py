"""`emailq demo --erp`: the whole road, from raw mail to documents that a browser shows."""

import json
import re
import signal
import urllib.request
from pathlib import Path

from tests.commands import start_emailq


def test_the_demo_books_its_actions_in_an_erp_that_can_be_looked_at(tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with start_emailq("demo", "--erp", env=home) as process:
        assert process.stdout is not None
        shown = ""
        while not (found := re.search(r"The ERP is at (http://[\d.:]+)", shown)):
            line = process.stdout.readline()
            assert line, shown + (process.stderr.read() if process.stderr else "")
            shown += line
        with urllib.request.urlopen(f"{found[1]}/documents", timeout=5) as answer:
            ledger = json.load(answer)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        code = process.wait(30)

    assert code == 0
    assert ledger["documents"]
    assert ledger["doubled"] == 0
    assert {one["type"] for one in ledger["documents"]} >= {"complaint", "lead"}
    for document in ledger["documents"]:
        assert document["id"] in shown
