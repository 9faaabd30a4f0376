"""Values with parameters (Content-Type, Content-Disposition): RFC 2045 §5.1, RFC 2231, and broken forms of both."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from emailq.parse import charset, limits
from emailq.parse.words import clean_line, decode_words

_SEPARATORS = re.compile(r"[;\s]*+")
_NAME = re.compile(r"([^\s=;\"]++)\s*+=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPED = re.compile(r"\\([\"\\])")  # only these two: Windows paths come unescaped
_ENCODED_WORDS = re.compile(r"(?:=\?[^?\s]*+\?[bBqQ]\?[^?]*+\?=\s*+)+")
_MISSING_SEMICOLON = re.compile(
    r"[ \t]((?:charset|boundary|name|filename|format|delsp|type|start|report-type|protocol|micalg|size|method)"
    r"(?:\*\d{0,3}\*?)?=)",
    re.IGNORECASE,
)
_CONTINUED = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?")
_TYPE = re.compile(r"\s*([\w!#$&^.+-]+)\s*/\s*([\w!#$&^.+-]+)", re.ASCII)


def parse_content_type(value: str | None) -> tuple[str, dict[str, str]]:
    """("type/subtype" in lower case, parameters by lower-case name). An unreadable type is "" (RFC 2045 §5.2)."""
    if not value:
        return "", {}
    head, params = _parse(value) if len(value) <= 300 else _parse.__wrapped__(value)
    match = _TYPE.match(head)
    if match:
        return f"{match[1]}/{match[2]}".lower(), params
    return ("multipart/mixed" if head.strip().lower() in ("multipart", "multipart/*") else ""), params


def parse_disposition(value: str | None) -> tuple[str | None, dict[str, str]]:
    """(disposition in lower case or None, parameters by lower-case name)."""
    if not value:
        return None, {}
    head, params = _parse(value) if len(value) <= 300 else _parse.__wrapped__(value)
    token = head.partition("(")[0].strip().strip('"').lower()
    return (token.split()[0] if token.split() else None), params


@lru_cache(maxsize=1024)
def _parse(value: str) -> tuple[str, dict[str, str]]:
    head, pairs = _split(value)
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in pairs:
        continued = _CONTINUED.fullmatch(name) if "*" in name else None
        if continued is None:
            plain.setdefault(name, text)
            continue
        index, extended = int(continued[2] or 0), continued[2] is None or continued[3] is not None
        pieces.setdefault(continued[1], {}).setdefault(index, (text, extended))
    params = {name: clean_line(decode_words(text)) for name, text in plain.items()}
    for name, numbered in pieces.items():
        params[name] = clean_line(_join_rfc2231([numbered[index] for index in sorted(numbered)]))
    return head, params


def _split(value: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the parameters, and (name, value) pairs as they stand, at most limits.PARAMETERS of them."""
    end = len(value)
    at = value.find(";")
    head = value if at < 0 else value[:at]
    if "=" in head:  # "text/plain charset=x" and a bare "filename=x"
        missing = _MISSING_SEMICOLON.search(" " + head)
        if missing:
            head, at = head[: max(0, missing.start() - 1)], missing.start()
    pairs: list[tuple[str, str]] = []
    while 0 <= at < end and len(pairs) < limits.PARAMETERS:
        separators = _SEPARATORS.match(value, at)
        at = separators.end() if separators else at
        name = _NAME.match(value, at)
        if name is None:
            at = value.find(";", at)
            continue
        text, at = _read_value(value, name.end(), is_name=name[1].lower().startswith(("name", "filename")))
        pairs.append((name[1].lower(), text))
    return head, pairs


def _read_value(value: str, at: int, *, is_name: bool) -> tuple[str, int]:
    """One parameter's value from `at`, and where the next parameter may begin."""
    if value.startswith('"', at):
        quoted = _QUOTED.match(value, at)
        if quoted:
            text = quoted[1]
            return (_ESCAPED.sub(r"\1", text) if "\\" in text else text), quoted.end()
        at += 1
    words = _ENCODED_WORDS.match(value, at) if value.startswith("=?", at) else None
    end = value.find(";", words.end() if words else at)
    end = len(value) if end < 0 else end
    missing = _MISSING_SEMICOLON.search(value, at, end)
    if missing:
        end = missing.start()
    text = value[at:end].strip()
    if not is_name and "(" in text:
        text = text.partition("(")[0].rstrip()
    if is_name and len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.rstrip('"'), end


def _join_rfc2231(pieces: list[tuple[str, bool]]) -> str:
    """RFC 2231 §3–4: percent-encoded pieces in the charset that the first one names, plain pieces as they are."""
    first, extended = pieces[0]
    label, _, tail = first.partition("'")
    language, quote, rest = tail.partition("'")
    declared = label if extended and quote and len(label) < 50 and len(language) < 50 else None
    if declared is not None:
        pieces = [(rest, True), *pieces[1:]]
    elif not any("%" in text for text, is_extended in pieces if is_extended):
        return decode_words("".join(text for text, _ in pieces))
    data = b"".join(
        unquote_to_bytes(text) if is_extended else text.encode("utf-8", "replace") for text, is_extended in pieces
    )
    text = charset.decode(data, declared or None).text
    return decode_words(text) if declared is None else text
