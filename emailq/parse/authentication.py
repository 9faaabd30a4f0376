"""What our own servers found out about a sender: SPF, DKIM and DMARC from Authentication-Results (RFC 8601)."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from emailq.parse.domains import registrable

WITHOUT_ID = "-"  # stands for fields that name no server, as Microsoft 365 writes them

_FIELDS = 50  # Authentication-Results fields that are looked at
_FIELD_CHARS = 10_000
_RESULTS = 100  # in one field
_PAIR = re.compile(r'([\w.-]{1,60})(?:\s*/\s*\d+)?\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)')
_TOKEN = re.compile(r'\\.|"(?:[^"\\]|\\.)*"|[();]|[^\\"();]+|.', re.DOTALL)
_METHODS = frozenset(
    ("spf", "dkim", "dmarc", "arc", "auth", "iprev", "bimi", "domainkeys", "sender-id", "dkim-adsp", "compauth")
)


def read_field(value: str) -> tuple[str | None, list[dict[str, Any]]]:
    """The authserv-id (None where there is none) and the results: {method, result, properties: {name: value}}.

    Takes what servers write: results without an id, without semicolons, with comments anywhere. Linear time.
    """
    segments = _segments(value[:_FIELD_CHARS])
    first = segments[0].split(None, 1)
    authserv_id = None
    if first and "=" not in first[0]:
        authserv_id = first[0].strip('"').lower()
        segments[0] = first[1] if len(first) > 1 else ""
    results: list[dict[str, Any]] = []
    for segment in segments:
        current: dict[str, Any] | None = None
        for name, text in _PAIR.findall(segment):
            name, text = name.lower(), text.strip('"')
            if name in _METHODS and len(results) < _RESULTS:
                current = {"method": name, "result": text.lower(), "properties": {}}
                results.append(current)
            elif current is not None:
                current["properties"].setdefault(name, text[:300])
    return authserv_id, results


def believed(headers: Iterable[Sequence[str]], authserv_ids: Sequence[str]) -> dict[str, Any] | None:
    """The results of our own servers: {authserv_id, spf, dkim, dmarc, results}; None if there are none.

    Only the topmost fields that bear one of `authserv_ids` count, down to the next Received field: below it stands what
    the sender may have written (RFC 8601 §5).
    """
    wanted = {one.lower() for one in authserv_ids}
    found_id: str | None = None
    results: list[dict[str, Any]] = []
    seen = 0
    for name, value in headers if wanted else ():
        lower = name.lower()
        if lower == "received" and found_id:
            break
        if lower == "authentication-results" and (seen := seen + 1) <= _FIELDS:
            authserv_id, more = read_field(value)
            if (authserv_id or WITHOUT_ID) in wanted:
                found_id = found_id or authserv_id or WITHOUT_ID
                results += more
    if found_id is None:
        return None
    return {"authserv_id": found_id} | {m: _result(results, m) for m in ("spf", "dkim", "dmarc")} | {"results": results}


def aligned(authentication: dict[str, Any], from_address: str | None) -> list[str]:
    """Which checks passed for the very domain that the reader sees in From: of dmarc, dkim, spf (RFC 7489 §3.1)."""
    domain = registrable(from_address or "")
    if domain is None or authentication["dmarc"] == "fail":
        return []
    passed = [one for one in authentication["results"] if one["result"] == "pass"]
    return [
        method
        for method, properties in (
            ("dmarc", ("header.from",)),
            ("dkim", ("header.d", "header.i")),
            ("spf", ("smtp.mailfrom", "smtp.mfrom")),
        )
        if any(one["method"] == method and _identity(one["properties"], properties) == domain for one in passed)
    ]


def _identity(properties: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((registrable(properties[name]) for name in names if properties.get(name)), None)


def _result(results: list[dict[str, Any]], method: str) -> str | None:
    """One result for a method; of several signatures a pass counts, of several DMARC results a failure does."""
    found = [one["result"] for one in results if one["method"] == method]
    decisive = "fail" if method == "dmarc" else "pass"
    return decisive if decisive in found else next(iter(found), None)


def _segments(value: str) -> list[str]:
    """Cut at semicolons outside of quotes, without (comments), which nest. What is never closed is text."""
    kept: list[str] = []
    opened: list[int] = []  # length of `kept` at each open parenthesis
    for token in _TOKEN.findall(value):
        if token == "(":
            opened.append(len(kept))
        elif token == ")" and opened:
            del kept[opened.pop() :]
            token = " "
        kept.append(token)
    segments: list[list[str]] = [[]]
    for token in kept:
        if token == ";":
            segments.append([])
        else:
            segments[-1].append(token)
    return ["".join(tokens) for tokens in segments]
