"""The pages of the small ERP. All that comes from mail is escaped; no script but ours runs, and nothing is loaded."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from emailq.erp.sim.ledger import Document, Ledger

_SHOWN = 200  # documents on the page

_KINDS = {"order": "Orders", "invoice": "Bills", "complaint": "Complaints", "lead": "Leads"}

_SWITCHES = {
    "lose_answers": ("Lose answers", "booked, but the connection breaks before the answer"),
    "lose_requests": ("Lose requests", "the connection breaks before anything is booked"),
    "answer_twice": ("Answer twice", "the same answer two times in a row"),
    "conflict": ("409 Conflict", "“an earlier try is still running”"),
    "error_before": ("500, not booked", "an internal error before the booking"),
    "error_after": ("500, booked", "an internal error after it"),
    "unavailable": ("503 Unavailable", "with Retry-After: 1"),
    "garbage": ("200 with a web page", "booked, and no JSON comes back"),
    "refuse": ("422 Refused", "what was sent can't be booked"),
    "unauthorized": ("401 Unauthorized", "as if the token had expired"),
}

_SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src '{_hash(_SCRIPT)}'; style-src '{_hash(_STYLE)}'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def overview(ledger: Ledger, faults: Mapping[str, float], figures: Mapping[str, int], url: str) -> str:
    """All documents, newest first, beside the switches."""
    kind = parse_qs(urlsplit(url).query).get("kind", [""])[0]
    counts = {name: sum(one.kind == name for one in ledger.recent()) for name in _KINDS}
    tabs = [("", "All", len(ledger.documents)), *((name, title, counts[name]) for name, title in _KINDS.items())]
    nav = "".join(
        f'<a href="/{"?kind=" + name if name else ""}"{" class=here" * (name == kind)}>{title} {count or ""}</a>'
        for name, title, count in tabs
    )
    shown = ledger.recent(kind or None)[:_SHOWN]
    rows = "".join(_row(one) for one in shown) or _EMPTY
    return _page(
        f"<main><section><nav>{nav}</nav><div class=card id=documents>{rows}</div></section>{_faults(faults)}</main>"
        f"<script>{_SCRIPT}</script>",
        figures,
    )


def document(one: Document) -> str:
    body, email = one.body, one.body.get("email") or {}
    facts = {
        "From": f"{email.get('from_name') or ''} <{email.get('from') or 'nobody'}>",
        "Subject": email.get("subject"),
        "Order number": _value(body, "order_number"),
        "Invoice number": _value(body, "invoice_number"),
        "Amounts": _amounts(body),
        "Bank account": ", ".join(str(a.get("value")) for a in _list(body, "bank_accounts")),
        "Documents": ", ".join(
            f"{d.get('filename')} ({len(str(d.get('content_base64', ''))) * 3 // 4:,} bytes)"
            for d in body.get("documents") or []
        ),
        "Booked": f"{one.made_at:%Y-%m-%d %H:%M:%S} UTC, after {_times(one.requests)}",
        "Changed": _times(one.revisions) if one.revisions else None,
        "Key": one.key,
    }
    listed = "".join(f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in facts.items() if text)
    lines = "".join(
        f"<tr><td>{_cell(line, 'item')}</td><td class=n>{_cell(line, 'quantity')}</td><td>{_cell(line, 'unit')}</td>"
        f"<td class=n>{_cell(line, 'price')}</td></tr>"
        for line in _list(body, "lines")
    )
    table = f"<h2>Lines</h2><table><tr><th>Item<th>Quantity<th>Unit<th>Price</tr>{lines}</table>" if lines else ""
    text = f"<h2>Message</h2><pre>{escape(str(email['text']))}</pre>" if email.get("text") else ""
    raw = escape(json.dumps(_without_content(body), indent=2, ensure_ascii=False))
    return _page(
        f'<main><section><nav><a href="/">← All documents</a></nav><article class=card>'
        f"<span class='kind {escape(one.kind)}'>{escape(one.kind)}</span><h1>{escape(one.id)}</h1>"
        f"<dl>{listed}</dl>{table}{text}<h2>As it came</h2><pre>{raw}</pre></article></section></main>"
    )


def missing() -> str:
    return _page('<main><div class="card empty">There is no such document. <a href="/">All documents</a></div></main>')


def as_json(one: Document) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.kind,
        "key": one.key,
        "requests": one.requests,
        "revisions": one.revisions,
        "made_at": one.made_at.isoformat(),
        "body": one.body,
    }


def _page(content: str, figures: Mapping[str, int] | None = None) -> str:
    shown = ""
    if figures is not None:
        cells = "".join(
            f"<div{' class=bad' * (name == 'doubled' and count > 0)}><b>{count:,}</b>{name}</div>"
            for name, count in figures.items()
        )
        shown = f"<div id=figures>{cells}</div>"
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>ERP simulator</title><style>{_STYLE}</style><header><h1><a href='/'>ERP simulator</a>"
        f"<small>takes what emailq sends, keeps nothing secret, breaks on request</small></h1>{shown}</header>{content}"
    )


def _row(one: Document) -> str:
    email = one.body.get("email") or {}
    who = email.get("from_name") or email.get("from") or "(unknown)"
    tries = f" <span class=tries>{_times(one.requests)}</span>" if one.requests > 1 else ""
    return (
        f"<a class=row href='/documents/{escape(one.id)}'><span class=id>{escape(one.id)}</span>"
        f"<span class=who>{escape(str(who))}{tries}</span><span class=when>{_time(one.made_at)}</span>"
        f"<span class='kind {escape(one.kind)}'>{escape(one.kind)}</span>"
        f"<span class=what>{escape(_summary(one))}</span></a>"
    )


def _summary(one: Document) -> str:
    body = one.body
    numbers = [str(number) for name in ("order_number", "invoice_number") if (number := _value(body, name))]
    lines = [
        f"{line.get('quantity') or '?'} {line.get('unit') or ''} {line.get('item')}" for line in _list(body, "lines")
    ]
    found = [*numbers, _amounts(body), ", ".join(" ".join(line.split()) for line in lines[:6])]
    return " · ".join(part for part in found if part) or str((body.get("email") or {}).get("subject") or "")


def _amounts(body: Mapping[str, Any]) -> str:
    amounts = _list(body, "amounts")
    chosen = [one for one in amounts if one.get("kind") == "total"] or amounts
    return ", ".join(f"{one.get('value')} {one.get('currency') or ''}".strip() for one in chosen[:3])


def _value(body: Mapping[str, Any], name: str) -> Any:
    value = (body.get("fields") or {}).get(name)
    return value.get("value") if isinstance(value, dict) else value


def _list(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = (body.get("fields") or {}).get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _cell(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    return "" if value is None else escape(str(value))


def _without_content(body: dict[str, Any]) -> dict[str, Any]:
    documents = [{k: v for k, v in one.items() if k != "content_base64"} for one in body.get("documents") or []]
    return {**body, "documents": documents} if documents else body


def _faults(faults: Mapping[str, float]) -> str:
    shares = "".join(
        f"<label><span>{title}</span><small>{meaning}</small><input type=range name={name} min=0 max=1 step=0.01"
        f" value={faults[name]}><output>{faults[name]:.0%}</output></label>"
        for name, (title, meaning) in _SWITCHES.items()
    )
    return (
        "<form class='faults card' method=post action=/faults><h2>Faults</h2>"
        "<p>The share of requests that go wrong. However they go wrong, no action becomes two documents.</p>"
        f"{shares}<label><span>Slow</span><small>time before each answer</small>"
        f"<input type=range name=slow_s min=0 max=60 step=0.5 value={faults['slow_s']}>"
        f"<output>{faults['slow_s']:g} s</output></label>"
        "<button>Set</button><button name=forget_keys value=1>Forget all keys</button></form>"
    )


def _times(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}"


_EMPTY = (
    "<div class=empty>Nothing was booked yet.<br><br>Point emailq here with<br><br>"
    "<code>EMAILQ_ERP_ADAPTER=http EMAILQ_ERP_URL=http://127.0.0.1:PORT/actions</code></div>"
)
