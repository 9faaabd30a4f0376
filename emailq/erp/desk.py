"""Where people decide about ERP actions: what waits, what policy says of a message, yes and no, what was changed."""

import copy
import difflib
import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from emailq.app import App
from emailq.db import Connection, fetch_rows, fetch_value
from emailq.erp import outbox
from emailq.erp.payload import canonical, sha256, with_cautions
from emailq.errors import NotFound, UsageError

STATUSES = ("needs_review", "failed", "retrying", "pending", "success", "cancelled")

_LIST = """
select a.id, a.email_id, a.action_type, a.adapter, a.rule, a.status, a.entity_type, a.entity_id, a.error_message,
       a.retry_count, a.request_payload, a.created_at, a.executed_at, a.completed_at,
       e.from_name, e.from_address, e.subject, e.received_at
from erp_actions a join emails e on e.id = a.email_id
where a.status = any (%s)
order by array_position(array['needs_review', 'failed', 'retrying', 'pending', 'success', 'cancelled'], a.status),
         a.created_at desc, a.id
limit %s
"""

_DECIDED = """
select coalesce((
    select format('%%s %%s this action %%s s ago', d.decided_by, d.decision,
                  round(extract(epoch from clock_timestamp() - d.created_at)))
    from erp_action_decisions d where d.action_id = a.id order by d.created_at desc limit 1
), 'the action is ' || a.status) as told
from erp_actions a where a.id = %s and a.status not in ('needs_review', 'failed')
for update
"""


async def list_rules(conn: Connection) -> list[dict[str, Any]]:
    return await fetch_rows(conn, "select * from erp_policy order by intent, position")


async def list_actions(conn: Connection, statuses: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Those that need a person first, then the newest."""
    return await fetch_rows(conn, _LIST, list(statuses), limit)


async def show_action(conn: Connection, action_id: UUID) -> dict[str, Any]:
    """Raises NotFound."""
    found = await fetch_rows(conn, "select * from erp_actions where id = %s", action_id)
    if not found:
        raise NotFound(f"no ERP action {action_id}")
    return found[0]


async def test_policy(app: App, email_id: UUID) -> dict[str, Any]:
    """What would follow from a message as it is now: {intent, confidence, requests: [{intent, plan, rules}]}."""
    # all that reads messages takes half a second to load, which a list of actions needs not wait for
    from emailq.erp.handler import load_mail
    from emailq.extract.read import read_requests

    async with app.pool.connection() as conn:
        mail = await load_mail(conn, email_id)
    if mail is None:
        raise NotFound(f"no e-mail {email_id}")
    requests = []
    found = await read_requests(app, email_id)
    async with app.pool.connection() as conn:
        for one in found:
            fields = with_cautions(one.fields, mail)
            asked = (email_id, one.intent, one.confidence, Jsonb(fields))
            rules = await fetch_rows(conn, "select * from check_erp_policy(%s, %s, %s, %s) order by position", *asked)
            plan = await outbox.plan(conn, email_id, one.intent, one.confidence, fields)
            requests.append({"intent": one.intent, "plan": plan and _plain(plan), "rules": rules})
    return {
        "email_id": str(email_id),
        "subject": mail["subject"],
        "intent": mail["intent"],
        "confidence": mail["confidence_score"],
        "review_reason": mail["review_reason"],
        "requests": requests,
    }


async def approve(
    conn: Connection,
    action: dict[str, Any],
    payload: dict[str, Any],
    changes: list[dict[str, Any]],
    by: str,
    reason: str | None,
) -> None:
    """Say yes to the action as it was read, with this payload. Raises UsageError with what stands in the way, as a line
    without a quantity does."""
    lines = payload.get("fields", {}).get("lines") or ()
    for number, line in enumerate(lines if action["action_type"] == "create_order" else ()):
        if not _is_quantity(line.get("quantity")):
            raise UsageError(
                f"line {number + 1} has no quantity that can be sent, but {line.get('quantity')!r}:"
                f" emailq approve {str(action['id'])[:8]} --set fields.lines.{number}.quantity=12"
            )
    digest = sha256(canonical(payload))
    await _decide(
        conn,
        "select approve_erp_action(%s, %s, %s, %s, %s, %s, %s)",
        *(action["id"], by, reason, action["payload_sha256"], Jsonb(payload), digest, Jsonb(changes)),
    )


async def decided(conn: Connection, action_id: UUID) -> str | None:
    """How the action was decided, or what it is by now; None while it waits for a person. Nobody else can decide until
    the transaction ends."""
    rows = await fetch_rows(conn, _DECIDED, action_id)
    return rows[0]["told"] if rows else None


async def approve_as_seen(conn: Connection, action_id: UUID, seen_sha256: bytes, by: str) -> None:
    """Say yes to the payload that was looked at. Raises NotFound, and UsageError if it is another one by now."""
    action = await show_action(conn, action_id)
    await approve(conn, {**action, "payload_sha256": seen_sha256}, action["request_payload"], [], by, None)


async def reject(conn: Connection, action_id: UUID, by: str, reason: str | None) -> None:
    """Say no. Raises UsageError with what stands in the way."""
    await _decide(conn, "select reject_erp_action(%s, %s, %s)", action_id, by, reason)


def changed(payload: dict[str, Any], given: Sequence[str]) -> dict[str, Any]:
    """The payload with "path=value" each set: the path has dots and numbers, the value is JSON or else text.

    Where `fields` hold {"value", "span"} or null, the path may stop at the name. Raises UsageError.
    """
    payload = copy.deepcopy(payload)
    for one in given:
        path, equals, text = one.partition("=")
        names = path.split(".")
        if not equals or names[0] not in ("fields", "email") or len(names) < 2:
            raise UsageError(f"--set {one}: write fields.NAME=VALUE, for example fields.order_number=PO-7741")
        if names[1] not in payload[names[0]]:  # all names that there are stand in it
            near = difflib.get_close_matches(names[1], payload[names[0]], n=1)
            raise UsageError(f"--set {one}: no such value{f'; did you mean {near[0]!r}?' if near else ''}")
        _set(payload, names, _parsed(text), one)
    return payload


def differences(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """What a person changed: [{"path", "before", "after"}], for each value that is another one."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        pairs = [(name, before.get(name), after.get(name)) for name in names]
    elif isinstance(before, list) and isinstance(after, list):
        longest = range(max(len(before), len(after)))
        pairs = [(str(n), _at(before, n), _at(after, n)) for n in longest]
    elif before == after and type(before) is type(after):
        return []
    else:
        return [{"path": path, "before": before, "after": after}]
    return [one for name, a, b in pairs for one in differences(a, b, f"{path}.{name}".lstrip("."))]


def _set(target: Any, names: Sequence[str], value: Any, given: str) -> None:
    for depth, name in enumerate(names):
        is_last = depth == len(names) - 1
        if isinstance(target, list) and name.isdecimal() and int(name) <= len(target):
            if int(name) == len(target):
                target.append({})
            key: Any = int(name)
        elif isinstance(target, dict):
            key = name
            if name not in target and not (is_last or isinstance(target.get(name), dict)):
                target[name] = {}
        else:
            raise UsageError(f"--set {given}: there is nothing at {'.'.join(names[: depth + 1])}")
        if is_last:
            is_found_value = isinstance(target, dict) and isinstance(target.get(key), dict) and "span" in target[key]
            if is_found_value and not isinstance(value, dict):
                target[key]["value"] = value
            elif (
                names[:1] == ["fields"]
                and depth == 1
                and target.get(key) is None
                and not isinstance(value, list | dict)
            ):
                target[key] = {"value": value, "span": None}
            else:
                target[key] = value
        elif target[key] is None:
            target[key] = {}
        target = target[key]


def _at(values: list[Any], position: int) -> Any:
    return values[position] if position < len(values) else None


def _parsed(text: str) -> Any:
    """Numbers stay texts, as all numbers of a payload are."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, int | float) and not isinstance(value, bool) else value


def _is_quantity(value: Any) -> bool:
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return False
    return number.is_finite() and number > 0


def _plain(plan: outbox.Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__slots__}


async def _decide(conn: Connection, statement: LiteralString, *args: Any) -> None:
    if refusal := await fetch_value(conn, statement, *args):
        raise UsageError(f"the action can't be decided: {refusal}")
