"""How commands print, who runs them, and how they read the messages in files."""

import json
import os
import pwd
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from emailq.errors import BadInput
from emailq.settings import load_settings

EX_OK, EX_USAGE, EX_DATAERR, EX_IOERR, EX_TEMPFAIL = 0, 64, 65, 74, 75  # sysexits.h

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
by = click.option(
    "--by",
    callback=lambda context, option, value: value or _whoami(),
    help="Who decides.  [default: the user who runs this]",
)


def print_row(data: dict[str, Any], as_json: bool, text: str) -> None:
    click.echo(to_json(data) if as_json else text)


def print_rows(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        click.echo(to_json(row))


def print_long_row(row: dict[str, Any]) -> None:
    """The same, piece by piece: as one text, a message would stand in memory twice more."""
    sys.stdout.writelines(_JSON.iterencode(row))
    click.echo()


def to_json(data: Any) -> str:
    return _JSON.encode(data)


def _plain(value: Any) -> str:
    """Times as in RFC 3339, bytes (hashes) as hexadecimal digits; ids and exact numbers as they are written."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


_JSON = json.JSONEncoder(ensure_ascii=False, default=_plain)


def _whoami() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user id without a name, as in containers
        return f"uid {os.getuid()}"


def printable_name(text: str) -> str:
    from emailq.printable import printable

    return printable(text.encode("utf-8", "backslashreplace").decode(), 200)


class MessageReader:
    """The messages in some files; a file that can't be taken is told on stderr and remembered in `exit_code`."""

    def __init__(self, files: tuple[str, ...]) -> None:
        self._files = files
        self.exit_code = EX_OK

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        from emailq.ingest.files import find_messages

        limit = load_settings().max_message_bytes
        for path in self._files:
            is_empty = True
            for found in find_messages(path, limit):
                is_empty = is_empty and found.skipped
                if found.raw is not None:
                    yield found.source, found.raw
                elif not found.skipped:
                    self._refuse(found.source, found.refusal or "")
            if is_empty:
                self._refuse(path, "no mail in this folder")

    def _refuse(self, source: str, reason: str) -> None:
        click.echo(f"emailq: {printable_name(source)}: {reason}", err=True)
        self.exit_code = BadInput.exit_code
