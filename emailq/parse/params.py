"""Values with parameters (Content-Type, Content-Disposition): RFC 2045 §5.1, RFC 2231, and broken forms of both."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from emailq.parse import charset, limits
from emailq.parse.charset_labels import codec_for
from emailq.parse.comments import A_COMMENT, COMMENT
from emailq.parse.words import clean_line, decode_words

_COMMENTS = re.compile(rf"(?:{A_COMMENT}\s*+)++")
_HEAD = re.compile(rf"(?:[^;(]++|{A_COMMENT})*+(?=;|$)")
_SEPARATORS = re.compile(r"[;\s]*+")
_NAME = re.compile(r"([^\s=;\"(]++(?:\s++\*[\d*]*+)?+)\s*+(?:" + A_COMMENT + r"\s*+)?=\s*+")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_AFTER_QUOTED = re.compile(r"[;,(\s]|$|[\w*-]+=")
_PIECES_OF_NAME = re.compile(r'"([^";]*)"(?:\s*"([^";]*)"|([^\s";=]+))\s*(?=;|$)')  # "=?…?=" "=?…?=", "Report".pdf
_QUOTES_INSIDE = re.compile(r'"([^;]*)"\s*(?=;|$)')  # "Report "final".pdf"
_EXTENDED = re.compile(r"([\w.:-]{2,40})'[\w-]{0,20}'(.*%[0-9A-Fa-f]{2}.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_IN_NAME = re.compile(r"\\([\"\\])")  # only these two: Windows paths come unescaped
_ENCODED_WORDS = re.compile(r"(?:=\?[^?\s]*+\?[bBqQ]\?[^?]*+\?=\s*+)+")
_MISSING_SEMICOLON = re.compile(
    r"[ \t]((?:charset|boundary|name|filename|format|delsp|type|start|report-type|protocol|micalg|size|method"
    r"|smime-type|x-unix-mode|x-mac-type|x-mac-creator)"
    r"(?:[ \t]?\*\d{0,3}\*?)?=)",
    re.IGNORECASE,
)
_TRAILING_COMMENT = re.compile(r"(?<=\s)\(.*")
_MORE_OF_A_NAME = re.compile(r"[^=;\"]++(?=;|$)")
_HAS_EXTENSION = re.compile(r"\.\w{1,5}$")
_CONTINUED = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?")
_TYPE = re.compile(
    r"[\s\"'<]*(?:content-type:\s*)?([\w!#$&^.+-]+)\s*[/\\]+\s*([\w!#$&^.+-]+)", re.ASCII | re.IGNORECASE
)
_MULTIPART = re.compile(r"\s*multipart\W*+([\w-]*)\W*", re.ASCII | re.IGNORECASE)


def parse_content_type(value: str | None) -> tuple[str, dict[str, str]]:
    """("type/subtype" in lower case, parameters by lower-case name). An unreadable type is "" (RFC 2045 §5.2)."""
    if not value:
        return "", {}
    if value.startswith("=?") or "; =?" in value:
        value = decode_words(value)
    head, params = _parse(value) if len(value) <= 300 else _parse.__wrapped__(value)
    return (_type_of(head) if len(head) <= 100 else _type_of.__wrapped__(head)), params


@lru_cache(maxsize=256)
def _type_of(head: str) -> str:
    match = _TYPE.match(COMMENT.sub(" ", head) if "(" in head else head)
    if match:
        return f"{match[1]}/{match[2]}".lower()
    multipart = _MULTIPART.fullmatch(head)
    return f"multipart/{multipart[1].lower() or 'mixed'}" if multipart else ""


def parse_disposition(value: str | None) -> tuple[str | None, dict[str, str]]:
    """(disposition in lower case or None, parameters by lower-case name)."""
    if not value:
        return None, {}
    if value.startswith("=?") or "; =?" in value:
        value = decode_words(value)
    head, params = _parse(value) if len(value) <= 300 else _parse.__wrapped__(value)
    words = head.partition("(")[0].strip(' "').lower().split()
    disposition = words[0].rstrip(",:") if words else None
    return ("attachment" if disposition and disposition.startswith("attach") else disposition), params


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
    params = {name: clean_line(text if name == "boundary" else _decode_plain(text)) for name, text in plain.items()}
    for name, numbered in pieces.items():
        params[name] = clean_line(_join_rfc2231([numbered[index] for index in sorted(numbered)]))
    return head, params


def _split(value: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the parameters, and (name, value) pairs as they stand, at most limits.PARAMETERS of them."""
    end = len(value)
    at = value.find(";")
    if "(" in value and (whole := _HEAD.match(value)):  # a ";" may stand in a comment
        at = whole.end() if whole.end() < end else -1
    head = value if at < 0 else value[:at]
    if "=" in head:  # "text/plain charset=x" and a bare "filename=x"
        missing = _MISSING_SEMICOLON.search(" " + head)
        if missing:
            head, at = head[: max(0, missing.start() - 1)], missing.start()
    pairs: list[tuple[str, str]] = []
    while 0 <= at < end and len(pairs) < limits.PARAMETERS:
        separators = _SEPARATORS.match(value, at)
        at = separators.end() if separators else at
        if value.startswith("(", at) and (comment := COMMENT.match(value, at)):
            at = comment.end()
            continue
        name = _NAME.match(value, at)
        if name is None:
            if pairs and (more := _MORE_OF_A_NAME.match(value, at)) and _is_unfinished(*pairs[-1]):
                before = value.rfind(";", 0, at)
                pairs[-1] = (pairs[-1][0], pairs[-1][1] + value[before : more.end()].rstrip())
            at = value.find(";", at)
            continue
        parameter = "".join(name[1].lower().partition("(")[0].split())  # without a comment, and blanks before "*"
        text, at = _read_value(value, name.end(), parameter)
        pairs.append((parameter, text))
    return head, pairs


def _is_name(parameter: str) -> bool:
    return parameter.startswith(("name", "filename"))


def _is_unfinished(parameter: str, text: str) -> bool:
    """Whether a file name without quotes may go on behind a ";"."""
    return _is_name(parameter) and len(text) < limits.FILE_NAME_BYTES and not _HAS_EXTENSION.search(text)


def _read_value(value: str, at: int, parameter: str) -> tuple[str, int]:
    """One parameter's value from `at`, and where the next parameter may begin."""
    is_name = _is_name(parameter)
    if value.startswith("(", at) and (comments := _COMMENTS.match(value, at)):
        is_comment = value.startswith('"', comments.end()) or not (is_name or parameter == "boundary")
        at = comments.end() if is_comment else at
    if value.startswith('"', at):
        quoted = _QUOTED.match(value, at)
        goes_on = is_name and quoted and not value.startswith(";", quoted.end()) and quoted.end() < len(value)
        if goes_on and (pieces := _PIECES_OF_NAME.match(value, at)):
            return _joined(pieces[1], pieces[2], pieces[3] or ""), pieces.end()
        if quoted and _AFTER_QUOTED.match(value, quoted.end()):
            text = quoted[1]
            if "\\" in text:
                text = (_ESCAPED_IN_NAME if is_name else _ESCAPED).sub(r"\1", text)
            return text, quoted.end()
        whole = _QUOTES_INSIDE.match(value, at) if is_name else None
        if whole:
            text = whole[1]
            return (text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text), whole.end()
        at += 1
    words = _ENCODED_WORDS.match(value, at) if value.startswith("=?", at) else None
    end = value.find(";", words.end() if words else at)
    end = len(value) if end < 0 else end
    if not is_name and parameter != "boundary" and (comment := value.find("(", at, end)) >= 0:
        return value[at:comment].strip(' \t"'), comment
    missing = _MISSING_SEMICOLON.search(value, at, end)
    if missing:
        end = missing.start()
    text = value[at:end].strip()
    if text.startswith('\\"'):
        text = text[2:].removesuffix('\\"')
    if len(text) > 2 and text[0] == text[-1] == "'" and parameter != "boundary":
        text = text[1:-1]
    if not is_name and "(" in text:
        text = (_TRAILING_COMMENT.sub("", text) if parameter == "boundary" else text.partition("(")[0]).rstrip()
    return (text.rstrip('"') if is_name else text.lstrip('"').rstrip('",')), end


def _joined(quoted: str, second: str | None, rest: str) -> str:
    """A name in two pieces; behind one that has its extension nothing belongs to it ("Report.pdf"x)."""
    if second:
        return f"{quoted} {second}"
    return quoted if rest[:1] != "." and _HAS_EXTENSION.search(quoted) else quoted + rest


def _decode_plain(text: str) -> str:
    """Encoded words (RFC 2047 §5 forbids them here), and a value that is encoded as only `name*` may be."""
    if "%" in text and "'" in text and (extended := _EXTENDED.fullmatch(text)) and codec_for(extended[1]):
        return charset.decode(unquote_to_bytes(extended[2]), extended[1]).text
    return decode_words(text)


def _join_rfc2231(pieces: list[tuple[str, bool]]) -> str:
    """RFC 2231 §3–4: percent-encoded pieces in the charset that the first one names, plain pieces as they are."""
    first, extended = pieces[0]
    label, mark, tail = first.partition("'")
    language, quote, rest = tail.partition("'")
    if extended and mark and not quote and codec_for(label):  # utf-8'name
        quote, language, rest = mark, "", tail
    rest = rest.removeprefix('"')
    declared = label if extended and quote and len(label) < 50 and len(language) < 50 else None
    if declared is not None:
        pieces = [(rest, True), *pieces[1:]]
    elif not any("%" in text for text, is_extended in pieces if is_extended):
        return _decode_plain("".join(text for text, _ in pieces))
    data = b"".join(
        unquote_to_bytes(text) if is_extended else text.encode("utf-8", "replace") for text, is_extended in pieces
    )
    text = charset.decode(data, declared or None).text
    return decode_words(text) if declared is None else text
