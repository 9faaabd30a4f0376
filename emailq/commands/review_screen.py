"""The screen of `emailq review`: one message, the evidence, one key a decision."""

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from emailq.classify.decisions import count_waiting, is_waiting, label_email, next_waiting
from emailq.db import Connection
from emailq.erp import desk
from emailq.erp.summary import fields_text
from emailq.errors import NotFound, UsageError
from emailq.models import Intent, Priority, Sentiment
from emailq.printable import printable
from emailq.render import INTENT_COLOURS, intent_text, moment, percent, safe

INTENT_KEYS = {
    "o": Intent.ORDER,
    "i": Intent.INVOICE,
    "c": Intent.COMPLAINT,
    "y": Intent.INQUIRY,
    "n": Intent.NEWSLETTER,
    "s": Intent.SPAM,
    "t": Intent.OTHER,
}
PRIORITY_KEYS = dict(zip("1234", Priority, strict=True))
SENTIMENT_KEYS = {"+": Sentiment.POSITIVE, "0": Sentiment.NEUTRAL, "-": Sentiment.NEGATIVE}
KEEP, DONE, APPROVE, REJECT, SKIP, UNDO, MORE, QUIT = "\r\n", "d", "a", "r", " ", "u", "m", "q"
LEAVE = "q\x04"  # and Ctrl-D
_CHROME = 14  # lines of the screen that are not the message's text


@dataclass
class Step:
    """One message as it was left: labelled, its action approved or rejected, or else skipped."""

    row: dict[str, Any]
    intent: str | None = None
    sentiment: str | None = None
    priority: str | None = None
    act: bool = True
    action: str | None = None  # APPROVE or REJECT
    is_written: bool = False


async def walk(conn: Connection, person: str, read_key: Callable[[], str]) -> int:
    """Show what waits, one message after the other, and write what is decided; returns how many were.

    A decision is written when the next one is made, or at the end: so `u` takes back one from which nothing followed.
    """
    out = Console(highlight=False, emoji=False)
    steps: list[Step] = []
    told = ""
    try:
        while row := await next_waiting(conn, [step.row["email_id"] for step in steps]):
            waiting = await count_waiting(conn) - sum(not step.is_written for step in steps)
            step = _choose(row, f"{waiting} waiting{told}", read_key, out)
            told = ""
            if step == QUIT:
                break
            if step == UNDO:
                told = _undo(steps)
                continue
            assert isinstance(step, Step)
            if steps:
                told = await _write(conn, steps[-1], person)
            steps.append(step)
    finally:
        if steps:
            await _write(conn, steps[-1], person)
    decided = sum(step.is_written for step in steps)
    waiting = await count_waiting(conn)
    out.print(f"{decided} decided, {waiting or 'nothing'} waiting")
    return decided


@contextmanager
def keys_of_terminal() -> Iterator[Callable[[], str]]:
    """Reads keys as they are pressed; one that comes while the screen is drawn is not lost."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd, termios.TCSADRAIN)
    try:
        yield lambda: _read_key(fd)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _read_key(fd: int) -> str:
    key = os.read(fd, 1)
    if key == b"\x1b" and select.select([fd], [], [], 0.02)[0]:  # an arrow or so: ESC [ … letter is no letter of ours
        more = os.read(fd, 1)
        while more in b"[O0123456789;" and more:
            more = os.read(fd, 1)
    return key.decode("latin-1") or QUIT  # nothing to read: the terminal is gone


def _undo(steps: list[Step]) -> str:
    """Takes the last step back, so that its message comes again; says so where that is too late."""
    if not steps or steps[-1].is_written:
        return "; nothing to undo, what was decided before is written"
    steps.pop()
    return "; taken back"


async def _write(conn: Connection, step: Step, person: str) -> str:
    """Commit a decision; what is to be told about it, "" for nothing."""
    if step.is_written or not (step.intent or step.action):
        return ""
    row, email_id = step.row, step.row["email_id"]
    try:
        if not await is_waiting(conn, email_id):
            raise UsageError("somebody else decided meanwhile")
        if step.action == APPROVE:
            await desk.approve_as_seen(conn, row["action_id"], row["payload_sha256"], person)
        elif step.action == REJECT:
            await desk.reject(conn, row["action_id"], person, None)
        else:
            await label_email(
                conn,
                email_id,
                intent=step.intent,
                sentiment=step.sentiment,
                priority=step.priority,
                person=person,
                act=step.act,
            )
    except (NotFound, UsageError) as error:
        return f"; {str(email_id)[:8]}: {error}"
    step.is_written = True
    return ""


def _choose(row: dict[str, Any], told: str, read_key: Callable[[], str], out: Console) -> Step | str:
    """The keys for one message, up to the one that leaves it: a Step, UNDO or QUIT."""
    step = Step(row)
    while True:
        _draw(row, step, told, out)
        key = read_key()
        if key in PRIORITY_KEYS:
            step.priority = PRIORITY_KEYS[key]
        elif key in SENTIMENT_KEYS:
            step.sentiment = SENTIMENT_KEYS[key]
        elif key.lower() in INTENT_KEYS:
            step.intent = INTENT_KEYS[key.lower()]
            return step
        elif row["action_id"] and key in (APPROVE, REJECT):
            step.action = key
            return step
        elif row["intent"] and not row["action_id"] and key in KEEP:
            step.intent = row["intent"]
            return step
        elif row["intent"] and not row["action_id"] and key == DONE:
            step.intent, step.act = row["intent"], False
            return step
        elif key == SKIP:
            return step
        elif key == UNDO:
            return UNDO
        elif key == MORE:
            click.echo_via_pager("\n".join(_text(row)))
        elif key in LEAVE:
            return QUIT


# ---------------------------------------------------------------------------------------------- what is drawn


def _draw(row: dict[str, Any], step: Step, told: str, out: Console) -> None:
    out.clear()
    out.print(Rule(f"review: {told}", align="left", style="bright_black"))
    out.print(Text(printable(row["subject"] or "(no subject)", 200), style="bold"))
    out.print(_facts(row, step))
    lines = [str(line) for line in Text("\n".join(_text(row))).wrap(out, out.width - 4)]
    room = max(out.height - _CHROME, 6)
    if len(lines) > room:
        lines[room - 1 :] = [f"… {len(lines) - room + 1} more lines: m"]
    out.print(Padding(Text("\n".join(lines)), (1, 0, 1, 2)))
    out.print(Rule(style="bright_black"))
    out.print(_keys(row))


def _facts(row: dict[str, Any], step: Step) -> Table:
    facts = Table.grid(padding=(0, 2))
    sender = f"{row['from_name'] or ''} <{row['from_address'] or 'no sender'}>".strip()
    facts.add_row("from", f"{safe(sender, 100)}  [bright_black]{moment(row['received_at'])} UTC[/]")
    facts.add_row("why", f"[yellow]{safe(row['review_reason'], 300)}[/]")
    facts.add_row("guess", _guess(row))
    chosen = [f"priority {step.priority}"] if step.priority else []
    chosen += [f"sentiment {step.sentiment}"] if step.sentiment else []
    if chosen:
        facts.add_row("yours", f"[bold]{', '.join(chosen)}[/]")
    if row["reasoning"]:
        facts.add_row("reason", f"[bright_black]{safe(row['reasoning'], 200)}[/]")
    if row["attachments"]:
        facts.add_row("files", safe(", ".join(row["attachments"]), 200))
    if row["action_id"]:
        values = fields_text(row["fields"] or {})
        waits = f"{row['action_type']} {str(row['action_id'])[:8]} waits"
        facts.add_row("action", f"{waits}: {safe(values, 200)}" if values else waits)
    return facts


def _guess(row: dict[str, Any]) -> str:
    """The model's label with its probabilities, the likely ones first."""
    if not row["intent"]:
        return "none"
    likely = sorted((row["probabilities"] or {}).items(), key=lambda pair: -pair[1])
    shown = [f"{intent_text(intent)} {percent(p)}" for intent, p in likely[:4] if p >= 0.005]
    first = ", ".join(shown) or f"{intent_text(row['intent'])} {percent(row['confidence_score'])}"
    if len(row["requests"]) > 1:
        first += f", in two requests: {' and '.join(row['requests'])}"
    return f"{first}  [bright_black]{row['sentiment']}, {row['priority']}; by {safe(row['model'] or '?', 40)}[/]"


def _text(row: dict[str, Any]) -> list[str]:
    return [printable(line, 2000) for line in (row["new_text"] or "(no text)").splitlines()]


def _keys(row: dict[str, Any]) -> str:
    names = []
    for key, intent in INTENT_KEYS.items():
        before, _, after = intent.partition(key)
        names.append(f"{before}[bold {INTENT_COLOURS[intent]} reverse]{key}[/]{after}")
    keep = ""
    if row["action_id"]:
        keep = "[bold green]a[/]pprove the action   [bold red]r[/]eject it   "
    elif row["intent"]:
        keep = f"[bold]Enter[/] {row['intent']}, as guessed   [bold]d[/] that, no action   "
    others = "[bold]space[/] skip  [bold]u[/]ndo  [bold]m[/]ore  [bold]q[/]uit"
    first = "  ".join(names)
    second = f"{keep}{others}"
    third = "[bright_black]before it: [bold]1[/]-[bold]4[/] priority low … urgent, [bold]+ 0 -[/] sentiment[/]"
    return f"{first}\n{second}\n{third}"
