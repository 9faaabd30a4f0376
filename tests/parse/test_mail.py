"""Messages of own making: mail/NAME.eml, and in mail/NAME.json what `emailq parse --json` must say of it.

A .json holds what its message is about; what it leaves out may be anything. Lists have their full length, each defect
that is named must be there. A bug report becomes two files.
"""

import json
import mimetypes
from pathlib import Path
from typing import Any

import pytest

from emailq.parse.attachments import type_of_name
from emailq.parse.digest import digest_message
from emailq.parse.jmap import to_jmap
from emailq.parse.message import parse_message

MAIL = Path(__file__).parents[1] / "mail"
CASES = sorted(path.stem for path in MAIL.glob("*.eml"))


@pytest.mark.parametrize("name", CASES)
def test_a_message_is_read_as_its_json_says(name: str) -> None:
    expected = json.loads((MAIL / f"{name}.json").read_text("utf-8"))

    found = to_jmap(parse_message((MAIL / f"{name}.eml").read_bytes()))

    assert differences(expected, json.loads(json.dumps(found))) == []


@pytest.mark.parametrize("name", CASES)
def test_a_message_gives_the_rows_that_its_json_says(name: str) -> None:
    message = parse_message((MAIL / f"{name}.eml").read_bytes())

    digest = digest_message((MAIL / f"{name}.eml").read_bytes())

    assert digest.fields["subject"] == message.subject
    assert digest.fields["body_text"] == (message.body_text or None)
    assert digest.fields["to_addresses"] == [address.email.lower() for address in message.to]
    assert [(file.part_id, file.sha256) for file in digest.attachments] == [
        (part.part_id, part.sha256) for part in message.files
    ]


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Where `found` is not what is expected, one line each."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [one for key in expected for one in differences(expected[key], found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list):
        if path == ".defects":
            return [f"{path}: {code} is missing, found {found}" for code in expected if code not in found]
        if len(expected) == len(found):
            pairs = enumerate(zip(expected, found, strict=True))
            return [line for n, (one, other) in pairs for line in differences(one, other, f"{path}[{n}]")]
    return [] if expected == found else [f"{path}: expected {expected!r}, found {found!r}"]


def test_the_type_of_a_name_is_the_same_on_each_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("application/x-of-this-machine", None))

    assert [type_of_name(name) for name in ("a.docx", "a.PDF", "a.unheard-of", None)] == [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/pdf",
        "application/octet-stream",
        "application/octet-stream",
    ]
