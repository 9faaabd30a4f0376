"""How e-mails look in the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emailq.printable import printable
from emailq.render import console, intent_text, moment, percent, safe, table

TRUST_COLOURS = {"trusted": "green", "known": "white", "new": "yellow", "suspicious": "red"}


def print_emails(rows: Sequence[dict[str, Any]], *, has_filter: bool = False, may_have_more: bool = False) -> None:
    out = console()
    if not rows:
        out.print("no e-mail found" if has_filter else "no e-mail yet; take some in with: emailq ingest PATH")
        return
    listed = table("id", "received", "from", "subject", "intent", "conf", "priority", "note")
    for number, ratio in ((3, 3), (7, 2)):
        listed.columns[number].ratio = ratio
        listed.columns[number].no_wrap = True
        listed.columns[number].overflow = "ellipsis"
    for row in rows:
        listed.add_row(
            str(row["id"])[:8],
            moment(row["received_at"]),
            _person(row, 28),
            safe(row["subject"] or "(no subject)", 120),
            intent_text(row["intent"]),
            percent(row["confidence_score"]),
            row["priority"] or "-",
            note(row),
        )
    listed.expand = True
    out.print(listed)
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


def size(size_bytes: int) -> str:
    if size_bytes < 1000:
        return f"{size_bytes} B"
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"


def _sent(email: dict[str, Any]) -> str:
    return f", sent {moment(email['sent_at'])} UTC" if email["sent_at"] else ""


def _person(row: dict[str, Any], limit: int) -> str:
    return safe(row["from_name"] or row["from_address"] or "(no sender)", limit)


def _name_and_address(row: dict[str, Any]) -> str:
    if not row["from_name"]:
        return safe(row["from_address"] or "(no sender)", 200)
    return f"{safe(row['from_name'], 100)} [bright_black]<{safe(row['from_address'] or '', 200)}>[/]"
