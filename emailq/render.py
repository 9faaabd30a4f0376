"""What people see in the terminal. Everything that comes from mail goes through `printable` first."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emailq.parse.text import printable

INTENT_COLOURS = {
    "order": "green",
    "invoice": "cyan",
    "complaint": "red",
    "inquiry": "yellow",
    "newsletter": "bright_black",
    "spam": "magenta",
    "other": "white",
}
TRUST_COLOURS = {"trusted": "green", "known": "white", "new": "yellow", "suspicious": "red"}


def console() -> Console:
    """Standard output; wide enough for a table where there is no terminal to ask."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=140)


def print_status(rows: Sequence[dict[str, Any]]) -> None:
    console().print(_status_table(rows))


def watch_status(
    read: Callable[[], tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]], interval_s: float
) -> None:
    """Queues and workers, anew each `interval_s` until Ctrl-C; on a terminal in place, else one after the other."""
    out = console()
    with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
        while True:
            queues, workers = read()
            live.update(_top(queues, workers), refresh=True)
            time.sleep(interval_s)


def _top(queues: Sequence[dict[str, Any]], workers: Sequence[dict[str, Any]]) -> Group:
    who = _table("worker", "host", "pid", "queues", "running", "up since")
    for row in workers:
        who.add_row(
            str(row["id"]),
            safe(row["host"], 40),
            str(row["pid"]),
            safe(", ".join(row["queues"]), 60),
            _count(row["processing"]),
            moment(row["started_at"]),
        )
    due, done = sum(row["pending"] for row in queues), sum(row["rate_per_s"] for row in queues)
    failed = sum(row["failed"] for row in queues)
    figures = f"{due:,} due, {_rate(done)} done, {failed:,} failed, {len(workers)} workers"
    head = f"[bold]emailq[/]  {figures}  [bright_black]Ctrl-C ends[/]"
    return Group(head, "", _status_table(queues), "", who if workers else "[yellow]no worker is connected[/]")


def _status_table(rows: Sequence[dict[str, Any]]) -> Table:
    table = _table(
        "queue", "pending", "scheduled", "running", "failed", "oldest", "rate", "drained in", "workers", "state"
    )
    for row in rows:
        table.add_row(
            safe(row["queue_name"], 50),
            *(_count(row[key]) for key in ("pending", "scheduled", "processing")),
            _count(row["failed"], "red"),
            _duration(row["oldest_s"]),
            _rate(row["rate_per_s"]),
            _duration(row["drain_s"]),
            _count(row["workers"]),
            _queue_state(row),
        )
    return table


def _queue_state(row: dict[str, Any]) -> str:
    reason = f": {safe(row['reason'], 60)}" if row["reason"] else ""
    if row["paused"]:
        return f"[yellow]paused{reason}[/]"
    if row["waiting_for_dependency"]:
        return f"[red]waits{reason}[/]"
    if row["pending"] and not row["workers"]:
        return "[yellow]no worker[/]"
    return "[green]ok[/]"


def print_emails(rows: Sequence[dict[str, Any]], *, has_filter: bool = False, may_have_more: bool = False) -> None:
    out = console()
    if not rows:
        out.print("no e-mail found" if has_filter else "no e-mail yet; take some in with: emailq ingest PATH")
        return
    table = _table("id", "received", "from", "subject", "intent", "conf", "priority", "note")
    for number, ratio in ((3, 3), (7, 2)):
        table.columns[number].ratio = ratio
        table.columns[number].no_wrap = True
        table.columns[number].overflow = "ellipsis"
    for row in rows:
        table.add_row(
            str(row["id"])[:8],
            moment(row["received_at"]),
            _person(row, 28),
            safe(row["subject"] or "(no subject)", 120),
            intent_text(row["intent"]),
            percent(row["confidence_score"]),
            row["priority"] or "-",
            note(row),
        )
    table.expand = True
    out.print(table)
    if may_have_more:
        out.print(f"[bright_black]more: the same with --before {str(rows[-1]['id'])[:8]}[/]")


def note(row: dict[str, Any]) -> str:
    """The one thing to know about an e-mail in a list."""
    if row["failure"]:
        return f"[red]failed[/] {safe(row['failure'], 60)}"
    if row["review_reason"]:
        return f"[yellow]review[/] {safe(row['review_reason'], 60)}"
    if row.get("sender_trust") == "suspicious":
        return "[red]suspicious sender[/]"
    if row["automation"]:
        return f"[bright_black]{escape(row['automation'].replace('_', ' '))}[/]"
    if row["erp_action_status"]:
        return f"[green]ERP {row['erp_action_status']}[/]"
    return "" if row["parsed"] else "[bright_black]not parsed yet[/]"


def print_email(found: dict[str, Any]) -> None:
    email = found["email"]
    out = console()
    out.print(f"[bold]{safe(email['subject'] or '(no subject)', 200)}[/]")
    facts = Table.grid(padding=(0, 2))
    people = {"from": [_name_and_address(email)], "to": email["to_addresses"], "cc": email["cc_addresses"]}
    for name, addresses in people.items():
        if addresses:
            facts.add_row(name, ", ".join(addresses if name == "from" else [safe(a, 80) for a in addresses[:10]]))
    facts.add_row("received", f"{moment(email['received_at'])} UTC" + _sent(email))
    facts.add_row("id", f"{email['id']}  [bright_black]{safe(email['message_id'], 80)}[/]")
    for delivery in found["deliveries"][1:]:
        facts.add_row("also", f"delivered to {safe(delivery['account'], 40)} at {moment(delivery['delivered_at'])} UTC")
    if email["intent"]:
        label = f"{intent_text(email['intent'])} {percent(email['confidence_score'])}"
        for other in email["requests"][1:]:
            label += f" and {intent_text(other['intent'])} {percent(other['confidence'])}"
        facts.add_row("label", f"{label}, {email['sentiment']}, priority {email['priority']}")
    if email["review_reason"]:
        facts.add_row("review", f"[yellow]{safe(email['review_reason'], 100)}[/]")
    if email["automation"]:
        facts.add_row("gate", _automation(email["automation"], email["automation_details"] or {}))
    if email["sender_trust"]:
        colour = TRUST_COLOURS[email["sender_trust"]]
        facts.add_row("sender", f"[{colour}]{email['sender_trust']}[/]  {safe(', '.join(email['trust_reasons']), 200)}")
    if email["defects"]:
        facts.add_row("defects", safe(", ".join(email["defects"]), 300))
    out.print(Padding(facts, (0, 0, 1, 0)))
    body = email["body_text"] or ""
    lines = [printable(line, 400) for line in body.splitlines()[:60]]
    out.print(Padding(Text("\n".join(lines) or "(no text)"), (0, 0, 1, 2)))
    _print_parts(out, found)


def _automation(kind: str, details: dict[str, Any]) -> str:
    status = f" {details['status']}" if details.get("status") else ""
    status += f" of {', '.join(details['recipients'][:3])}" if details.get("recipients") else ""
    about = f", about {details['original_message_id']}" if details.get("original_message_id") else ""
    why = ", ".join(details.get("reasons") or [])
    return f"{safe(kind.replace('_', ' ') + status + about, 200)}  [bright_black]{safe(why, 120)}[/]"


def _print_parts(out: Console, found: dict[str, Any]) -> None:
    for title, rows in (
        ("attachments", [_attachment(a) for a in found["attachments"]]),
        ("thread", _thread(found)),
        ("decisions", [_decision(h) for h in found["classification_history"]]),
        ("ERP actions", [line for a in found["erp_actions"] for line in (_action(a), *_tries(a))]),
        ("queue", [_item(q) for q in found["queue"]]),
    ):
        if rows:
            out.print(f"[bold]{title}[/]")
            for row in rows:
                out.print(f"  {row}", soft_wrap=True)


def _attachment(row: dict[str, Any]) -> str:
    inline = ", inline" if row["is_inline"] else ""
    kind = f"{safe(row['content_type'] or '?', 60)}, {size(row['size_bytes'])}{inline}"
    return f"{row['position']}  {safe(row['filename'], 80)}  [bright_black]{kind}[/]"


def _thread(found: dict[str, Any]) -> list[str]:
    thread = found["thread"]
    if not thread or thread["email_count"] < 2:
        return []
    return [
        f"{'▸' if one['id'] == found['email']['id'] else ' '} {str(one['id'])[:8]}"
        f"  {moment(one['sent_at'] or one['received_at'])}"
        f"  {safe(one['from_address'] or '-', 40)}  {safe(one['subject'] or '(no subject)', 60)}"
        for one in thread["emails"] or []
    ]


def _decision(row: dict[str, Any]) -> str:
    who = row["person"] or row["llm_model"] or row["decided_by"]
    note = f": {safe(row['note'], 200)}" if row["note"] else ""
    return (
        f"{moment(row['classified_at'])}  {intent_text(row['intent'])} {percent(row['confidence_score'])}"
        f"  by {safe(who, 60)}  [bright_black]{row['decision'].replace('_', ' ')}{note}[/]"
    )


def _action(row: dict[str, Any]) -> str:
    sent = "proposed, not sent" if row["adapter"] == "dry_run" else f"{row['status']} via {row['adapter']}"
    entity = f" → {safe(row['entity_type'] or '', 40)} {safe(row['entity_id'], 60)}" if row["entity_id"] else ""
    error = f"  [red]{safe(row['error_message'], 100)}[/]" if row["error_message"] else ""
    return f"{row['action_type']}: {sent}{entity}{error}  [bright_black]key {row['idempotency_key'][:16]}…[/]"


def _tries(row: dict[str, Any]) -> list[str]:
    """What was sent and answered, and what people decided, one line each."""
    tries = [
        f"  try {one['attempt']}: {one['outcome']}{' ' + str(one['http_status']) if one['http_status'] else ''}"
        f"  {safe(one['error_message'] or '', 100)}"
        for one in row["attempts"]
    ]
    decisions = [
        f"  {one['decision']} by {safe(one['decided_by'], 40)} {moment(one['created_at'])}"
        f"  {safe('; '.join(_change(change) for change in one['changes']) or one['reason'] or '', 200)}"
        for one in row["decisions"]
    ]
    return [f"[bright_black]{line.rstrip()}[/]" for line in (*tries, *decisions)]


def _change(change: dict[str, Any]) -> str:
    return f"{change['path']}: {change['before']} → {change['after']}"


def _item(row: dict[str, Any]) -> str:
    error = f"  [red]{safe(row['last_error'], 120)}[/]" if row["last_error"] else ""
    attempt = f"attempt {row['attempts']} of {row['max_attempts']}"
    return f"{str(row['id'])[:8]}  {safe(row['queue_name'], 50)}: {row['status']}, {attempt}{error}"


def print_parsed(email: dict[str, Any]) -> None:
    """A message from `emailq parse`, for people."""
    out = console()
    out.print(f"[bold]{safe(email['subject'] or '(no subject)', 200)}[/]  [bright_black]{safe(email['file'], 200)}[/]")
    for key in ("from", "to", "cc"):
        people = [f"{a['name'] or ''} <{a['email']}>".strip() for a in email[key] or []]
        if people:
            out.print(f"  {key}: {safe(', '.join(people), 300)}", soft_wrap=True)
    out.print(f"  sent: {email['sentAt'] or '-'}")
    parts = {part["partId"]: part for key in ("textBody", "htmlBody", "attachments") for part in email[key]}
    for part in (parts[part_id] for part_id in email["files"]):
        out.print(f"  attachment: {safe(part['name'] or '-', 100)} ({safe(part['type'], 60)}, {size(part['size'])})")
    if email["automation"]:
        out.print(f"  gate: {_automation(email['automation']['kind'], email['automation'])}", soft_wrap=True)
    if email["senderSigns"]:
        out.print(f"  sender: {', '.join(email['senderSigns'])}", soft_wrap=True)
    if email["defects"]:
        out.print(f"  [yellow]defects: {safe(', '.join(email['defects']), 300)}[/]")
    out.print(Padding(Text(printable(email["preview"] or "", 400)), (0, 0, 1, 2)))


def print_findings(findings: Iterable[Any]) -> None:
    out = console()
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}
    for finding in findings:
        out.print(f"{marks[finding.state]} {finding.check}: {escape(finding.text)}", soft_wrap=True)


def safe(text: str | None, limit: int) -> str:
    """Text from mail: nothing in it moves the cursor, or passes for our own markup."""
    return escape(printable(text or "", limit))


def intent_text(intent: str | None) -> str:
    return f"[{INTENT_COLOURS.get(intent, 'white')}]{intent}[/]" if intent else "-"


def percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def size(size_bytes: int) -> str:
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold bright_black", padding=(0, 2, 0, 0))
    numbers = {"pending", "scheduled", "running", "failed", "oldest", "rate", "drained in", "workers", "conf"}
    for name in names:
        table.add_column(
            name, justify="right" if name in numbers else "left", no_wrap=name in ("id", "received", "from")
        )
    return table


def _count(value: int, colour: str = "") -> str:
    text = f"{value:,}" if value else "-"
    return f"[{colour}]{text}[/]" if colour and value else text


def _rate(per_s: float) -> str:
    """A tenth a second is the least that one decimal shows; below, it is told by the minute."""
    if not per_s:
        return "-"
    return f"{per_s:.1f}/s" if per_s >= 0.1 else f"{per_s * 60:.0f}/min"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"


def moment(value: datetime | str | None) -> str:
    if value is None:
        return "-"
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.strftime("%Y-%m-%d %H:%M")


def _sent(email: dict[str, Any]) -> str:
    return f", sent {moment(email['sent_at'])} UTC" if email["sent_at"] else ""


def _person(row: dict[str, Any], limit: int) -> str:
    return safe(row["from_name"] or row["from_address"] or "(no sender)", limit)


def _name_and_address(row: dict[str, Any]) -> str:
    if not row["from_name"]:
        return safe(row["from_address"] or "(no sender)", 200)
    return f"{safe(row['from_name'], 100)} [bright_black]<{safe(row['from_address'] or '', 200)}>[/]"
