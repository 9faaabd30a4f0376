"""docs/guarantees.md names the tests that show each promise: they must be there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROMISES = (ROOT / "docs/guarantees.md").read_text(encoding="utf-8")
ROWS = [line for line in PROMISES.splitlines() if line.startswith("|") and not re.match(r"\|(-|\s*promise\s*\|)", line)]


def test_every_promise_names_what_shows_it() -> None:
    unshown = [row for row in ROWS if not re.search(r"`(test_\w+|tests/[\w/.]+)`[^|]*\|$", row)]

    assert len(ROWS) > 15
    assert not unshown


def test_every_test_that_is_named_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"def (test_\w+)\(", sources))

    named = set(re.findall(r"`(test_\w+)`", PROMISES))
    places = set(re.findall(r"`(tests/[\w/.]+)`", PROMISES))

    assert named - defined == set()
    assert [place for place in places if not (ROOT / place).exists()] == []
