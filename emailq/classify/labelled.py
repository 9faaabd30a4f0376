"""Labelled mail, and what a classifier says of it.

Labels are lines of JSON: {"file", "intent"} and, where known, "sentiment", "priority", "language", "hard", "injection"
(the labels that text in the message tries to force) and "twin" (the same message without that text). Paths are relative
to the file of labels.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from emailq.classify import cascade
from emailq.classify.cascade import Calibrations
from emailq.classify.handler import mail_text
from emailq.errors import BadInput
from emailq.models import Classification, Intent, MailText, Priority, Sentiment
from emailq.parse.digest import digest_message
from emailq.settings import Settings

if TYPE_CHECKING:
    from emailq.classify.llm import Llm


class Label(BaseModel):
    """What a person says about one message."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    file: str
    intent: Intent
    sentiment: Sentiment | None = None
    priority: Priority | None = None
    language: str = "?"
    hard: bool = False
    injection: dict[str, str] | None = None
    twin: str | None = None


class Case(NamedTuple):
    """One labelled message, what the classifier said and how long it took; `twin`: what it said of the twin."""

    label: Label
    said: Classification
    seconds: float
    twin: Classification | None = None


def read_labels(path: Path) -> list[Label]:
    """Raises BadInput naming the line that is no label, or the message that can't be read."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"can't read labels from {path}: {error}") from None
    labels = [_read_label(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not labels:
        raise BadInput(f"{path}: no labels; each line is JSON such as {{'file': 'a.eml', 'intent': 'order'}}")
    for name in _files(labels):
        if not (path.parent / name).is_file():
            raise BadInput(f"{path}: names {name}, and there is no such file beside it")
    return labels


async def ask(path: Path, labels: Sequence[Label], settings: Settings, calibrations: Calibrations) -> list[Case]:
    """The classifier's word on each labelled message. Raises LlmUnavailable."""
    in_turn = asyncio.Semaphore(settings.llm_concurrency)  # a slow server's calls must not wait for a place in vain
    async with _llm(settings) as llm:

        async def one(name: str) -> tuple[Classification, float]:
            mail = _mail(path, name)
            async with in_turn:
                began = time.perf_counter()
                said = await _classify(mail, settings, calibrations, llm)
                return said, time.perf_counter() - began

        names = _files(labels)
        said = dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
    return [Case(label, *said[label.file], said[label.twin][0] if label.twin else None) for label in labels]


def _read_label(path: Path, number: int, line: str) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"{path}, line {number}: {where}{': ' if where else ''}{first['msg']}") from None


def _files(labels: Sequence[Label]) -> list[str]:
    return list(dict.fromkeys(name for label in labels for name in (label.file, label.twin) if name))


def _mail(path: Path, name: str) -> MailText:
    try:
        return mail_text(digest_message((path.parent / name).read_bytes()))
    except OSError as error:
        raise BadInput(f"can't read {path.parent / name}: {error}") from None


@asynccontextmanager
async def _llm(settings: Settings) -> "AsyncIterator[Llm | None]":
    if settings.classifier == "local":
        yield None
        return
    import httpx

    from emailq.classify.llm import open_llm

    async with httpx.AsyncClient(trust_env=False) as http:
        yield open_llm(settings, http)


async def _classify(
    mail: MailText, settings: Settings, calibrations: Calibrations, llm: "Llm | None"
) -> Classification:
    """As the handler does on a last attempt: a message that the LLM can't do is `other`, for a person."""
    if llm is None:
        return await cascade.classify(mail, settings, calibrations, None)
    from emailq.classify.llm import LlmFailed

    try:
        return await cascade.classify(mail, settings, calibrations, llm)
    except LlmFailed as error:
        return cascade.unlabelled(str(error), settings)
