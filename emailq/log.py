"""Log lines: events with fields. Ids, never addresses, subjects or bodies."""

import json
import logging
import select
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

_LOGGER = logging.getLogger("emailq")
_FIELD_LIMIT = 1000  # characters
_PATIENCE_MS = 100  # with a reader that is slow


def event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one event, for example event("job.failed", job=job.id, attempt=2, reason="…")."""
    if _LOGGER.isEnabledFor(level):
        _LOGGER.log(level, name, extra={"fields": fields})


def warn(name: str, **fields: Any) -> None:
    event(name, level=logging.WARNING, **fields)


def configure(level: str, form: str) -> None:
    """Send events to stderr as text or JSON lines."""
    handler = _Stderr(sys.stderr) if sys.stderr else logging.NullHandler()  # none: it was closed
    handler.setFormatter(_Json() if form == "json" else _Text())
    _LOGGER.handlers = [handler]
    _LOGGER.propagate = False
    _LOGGER.setLevel(level.upper())


class _Stderr(logging.StreamHandler[TextIO]):
    """A terminal that was stopped, or a pipe that nobody reads, holds up no job: lines are dropped, and counted."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._dropped = 0
        self._room = select.poll()
        self._room.register(stream, select.POLLOUT)

    def emit(self, record: logging.LogRecord) -> None:
        if not self._room.poll(0 if self._dropped else _PATIENCE_MS):
            self._dropped += 1
            return
        if self._dropped:
            fields = {"fields": {"lines": self._dropped, "reason": "nobody reads the log"}}
            self._dropped = 0
            super().emit(logging.makeLogRecord({"levelname": "WARNING", "msg": "log.dropped", **fields}))
        super().emit(record)


def _fields(record: logging.LogRecord) -> dict[str, str | int | float]:
    fields: dict[str, Any] = getattr(record, "fields", {})
    return {k: v if isinstance(v, int | float) else _one_line(str(v)) for k, v in fields.items()}


def _one_line(text: str) -> str:
    cut = text if len(text) <= _FIELD_LIMIT else text[: _FIELD_LIMIT - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        fields = " ".join(f"{key}={_quoted(value)}" for key, value in _fields(record).items())
        return f"{at} {record.levelname.lower():7} {record.getMessage()} {fields}".rstrip()


def _quoted(value: str | float) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps(
            {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **_fields(record)},
            ensure_ascii=False,
        )
