"""What the demo shows: its steps, one line a message, what became of all of them, and what to try next."""

import os
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from emailq.erp.summary import fields_text
from emailq.render import INTENT_COLOURS, percent, safe


def print_step(out: Console, name: str, text: str, seconds: float) -> None:
    out.print(f"  [green]✓[/] {name:11} {escape(text)}  [bright_black]{seconds:.1f} s[/]")


def mailbox_table(rows: list[dict[str, Any]]) -> Table:
    """One line a message, threads together, each thread at the place of its first message."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold bright_black", expand=True)
    for name in ("id", "sent", "from", "subject", "intent"):
        table.add_column(name, no_wrap=True, overflow="ellipsis", ratio=1 if name == "subject" else None)
    table.add_column("conf", justify="right", no_wrap=True)
    table.add_column("priority", no_wrap=True)
    table.add_column("becomes", no_wrap=True)
    for row in rows:
        in_thread = "  └ " if row["thread_position"] > 1 else ""
        colour = INTENT_COLOURS.get(row["intent"], "white")
        table.add_row(
            f"[bright_black]{str(row['id'])[:8]}[/]",
            row["at"].strftime("%H:%M"),
            safe(row["from_name"] or row["from_address"] or "(no sender)", 20),
            f"[bright_black]{in_thread}[/]{safe(row['subject'] or '(no subject)', 80)}",
            f"[{colour}]{row['intent'] or '-'}[/]",
            percent(row["confidence_score"]),
            {"urgent": "[bold red]urgent[/]", "high": "[red]high[/]"}.get(row["priority"], row["priority"] or "-"),
            _becomes(row),
        )
    return table


def _becomes(row: dict[str, Any]) -> str:
    if row["failure"]:
        return "[red]failed[/]"
    if row["action_type"]:
        colour = {"needs_review": "yellow", "failed": "red"}.get(row["action_status"], "green")
        made = f" {safe(row['entity_id'], 20)}" if row["action_status"] == "success" and row["entity_id"] else ""
        return f"[{colour}]{row['action_type']}{made}[/]"
    if row["review_reason"]:
        return "[yellow]a person decides[/]"
    return f"[bright_black]{(row['automation'] or '').replace('_', ' ')}[/]"


def print_sections(out: Console, rows: list[dict[str, Any]]) -> None:
    """What was booked, proposed, left to people, failed, delivered twice or broken."""
    booked = [
        f"{_id(row)}  [green]{row['action_type']} → {safe(row['entity_id'] or '', 30)}[/]  {safe(_summary(row), 100)}"
        for row in rows
        if row["action_status"] == "success"
    ]
    proposed = [
        f"{_id(row)}  [green]{row['action_type']}[/]  {safe(_summary(row), 100)}"
        for row in rows
        if row["action_status"] == "pending"
    ]
    waiting = [
        f"{str(row['action_id'])[:8]}  [yellow]{row['action_type']}[/]  {safe(_summary(row), 80)}"
        f"  [yellow]{safe(row['error_message'], 90)}[/]"
        for row in rows
        if row["action_status"] == "needs_review"
    ]
    people = [
        f"{_id(row)}  {safe(row['subject'] or '(no subject)', 40)}: [yellow]{safe(row['review_reason'], 70)}[/]"
        for row in rows
        if row["review_reason"] and row["action_status"] != "needs_review"
    ]
    failures = [
        f"{_id(row)}  {safe(row['subject'] or '(no subject)', 40)}: [red]{safe(row['failure'], 80)}[/]"
        for row in rows
        if row["failure"]
    ]
    twice = [
        f"{_id(row)}  {safe(row['subject'], 60)}: came {row['deliveries']} times, kept once"
        for row in rows
        if row["deliveries"] > 1
    ]
    broken = [
        f"{_id(row)}  {safe(row['subject'] or '(no subject)', 40)}: {safe(', '.join(row['defects']), 80)}"
        for row in rows
        if len(row["defects"]) > 2
    ]
    for title, lines in (
        ("Booked in the ERP", booked),
        ("Proposed to the ERP (a dry run: nothing was sent)", proposed),
        ("Proposed to the ERP, if a person says yes", waiting),
        ("A person decides", people),
        ("Failed", failures or ["nothing"]),
        ("Delivered twice", twice),
        ("Broken, and read all the same", broken),
    ):
        if lines:
            out.print(f"\n[bold]{title}[/]")
            for line in lines:
                out.print(f"  {line}", soft_wrap=True)


def _summary(row: dict[str, Any]) -> str:
    """What the ERP would get, in a few words: the sender and the values that were found."""
    found = fields_text((row["request_payload"] or {}).get("fields") or {})
    who = row["from_name"] or row["from_address"] or ""
    return f"{who}: {found}" if found else who


def print_next_steps(out: Console, rows: list[dict[str, Any]], *, is_running: bool) -> None:
    chosen = next(
        (row for row in rows if row["thread_position"] > 1 and row["action_type"]), rows[-1] if rows else None
    )
    again = os.environ.get("EMAILQ_DEMO_COMMAND", "emailq demo")
    stopped = "  (the server has stopped; these start it again)" if not is_running else "  (in another terminal)"
    out.print(f"\n[bold]Next[/]{stopped}")
    for command, meaning in (
        (f"{again} show {str(chosen['id'])[:8] if chosen else 'ID'}", "one message with its thread and decisions"),
        (f"{again} actions", "what waits for a yes: emailq approve, emailq reject"),
        *(
            ()
            if is_running
            else [(f"{again} --erp", "the same with a small ERP that takes the actions, for the browser")]
        ),
        (f"{again} psql -c 'table queue_status'", "the queues are a table: ask in SQL"),
        (f"{again} token create me --scope admin", "prints a token for the page and the API, once"),
        (f"{again} serve", "the page: http://127.0.0.1:8025/"),
    ):
        out.print(f"  [bold cyan]{escape(command)}[/]  [bright_black]{meaning}[/]", soft_wrap=True)


def _id(row: dict[str, Any]) -> str:
    return f"[bright_black]{str(row['id'])[:8]}[/]"
