"""How ERP actions and the policy look in the terminal."""

from collections.abc import Sequence
from typing import Any

from emailq.erp.summary import fields_text
from emailq.render import console, intent_text, percent, safe, table

_COLOURS = {
    "needs_review": "yellow",
    "failed": "red",
    "retrying": "cyan",
    "pending": "white",
    "success": "green",
    "cancelled": "bright_black",
}


def print_rules(rows: Sequence[dict[str, Any]]) -> None:
    rules = table("intent", "rule", "confidence", "sender", "attachments", "amount", "then", "adapter", "a person")
    for column in rules.columns:
        column.no_wrap = True
    for row in rows:
        style = None if row["enabled"] else "bright_black"
        limit = f"≤ {row['max_amount']} {row['currency']}" if row["max_amount"] is not None else "any"
        rules.add_row(
            intent_text(row["intent"]),
            safe(row["rule"], 40) + ("" if row["enabled"] else " (off)"),
            f"≥ {percent(row['min_confidence'])}" if row["min_confidence"] else "any",
            ", ".join(row["sender_trust"]),
            row["attachments"].replace("_", " "),
            limit,
            row["action_type"],
            row["adapter"] or "(setting)",
            {"always": "[yellow]always[/]", "first": "first time", "never": "[green]never[/]"}[row["approval"]],
            style=style,
        )
    console().print(rules)
    console().print(
        "\n[bright_black]The rules of an intent are tried from the top; the first that fits decides."
        " Change them with SQL: UPDATE erp_policy SET …[/]"
    )


def print_policy_test(found: dict[str, Any]) -> None:
    out = console()
    label = f"{intent_text(found['intent'])} {percent(found['confidence'])}" if found["intent"] else "not labelled yet"
    out.print(f"[bold]{safe(found['subject'] or '(no subject)', 100)}[/]  {label}")
    if found["review_reason"]:
        out.print(f"  [yellow]waits for a person: {safe(found['review_reason'], 300)}[/]", soft_wrap=True)
    for number, request in enumerate(found["requests"], start=1):
        if len(found["requests"]) > 1:
            out.print(f"  request {number} of {len(found['requests'])}")
        _print_request(request)


def _print_request(request: dict[str, Any]) -> None:
    out = console()
    plan = request["plan"]
    for rule in request["rules"]:
        chosen = plan is not None and rule["rule"] == plan["rule"]
        if chosen:
            out.print(f"  [green]✓ {safe(rule['rule'], 40)}[/] decides: {plan['action_type']}")
        elif rule["misfits"]:
            misfits = "; ".join(safe(one, 200) for one in rule["misfits"])
            out.print(f"  [red]✗ {safe(rule['rule'], 40)}[/] does not fit: {misfits}", soft_wrap=True)
        else:
            out.print(f"  [bright_black]· {safe(rule['rule'], 40)} fits too, but comes later[/]")
    if plan is None:
        out.print("  nothing follows: no rule is for such a message")
    elif plan["refusal"]:
        out.print("  no rule fits: a person decides")
    elif plan["questions"]:
        for question in plan["questions"]:
            out.print(f"  [yellow]? {safe(question, 200)}[/]", soft_wrap=True)
        out.print("  so a person says yes before it is sent")
    else:
        out.print("  it is sent without a person")


def print_actions(rows: Sequence[dict[str, Any]], *, waiting_only: bool) -> None:
    out = console()
    if not rows:
        out.print("no action waits for a person" if waiting_only else "no action is there")
        return
    for row in rows:
        state = f"[{_COLOURS[row['status']]}]{row['status'].replace('_', ' ')}[/]"
        entity = f" → {safe(row['entity_id'], 60)}" if row["entity_id"] and row["status"] == "success" else ""
        who = safe(row["from_name"] or row["from_address"] or "(no sender)", 40)
        out.print(
            f"{str(row['id'])[:8]}  [bold]{row['action_type']}[/] via {safe(row['adapter'], 20)}  {state}{entity}"
            f"  {who}: {safe(row['subject'] or '(no subject)', 60)}",
            soft_wrap=True,
        )
        if summary := fields_text(row["request_payload"].get("fields") or {}):
            out.print(f"          {safe(summary, 160)}", soft_wrap=True)
        for question in (row["error_message"] or "").split("; "):
            if question:
                out.print(f"          [yellow]? {safe(question, 200)}[/]", soft_wrap=True)
    if waiting_only:
        first = str(rows[0]["id"])[:8]
        out.print(
            f"\n[bright_black]emailq approve {first} · emailq approve {first} --set fields.NAME=VALUE ·"
            f" emailq reject {first} · emailq show {str(rows[0]['email_id'])[:8]}[/]"
        )


def print_changes(changes: Sequence[dict[str, Any]]) -> None:
    for one in changes:
        before, after = (safe("null" if one[side] is None else str(one[side]), 200) for side in ("before", "after"))
        console().print(f"  {safe(one['path'], 100)}: [red]{before}[/] → [green]{after}[/]", soft_wrap=True)
