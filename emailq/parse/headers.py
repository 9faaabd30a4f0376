"""The header block of a message or part: fields out of bytes, and the typed values of a message's header."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from emailq.parse import charset, limits
from emailq.parse.addresses import Address, parse_addresses
from emailq.parse.comments import A_COMMENT, COMMENT
from emailq.parse.dates import parse_date
from emailq.parse.params import parse_content_type
from emailq.parse.words import clean_line, decode_words


@dataclass(slots=True)
class ParsedHeaders:
    """What the header of a message says, cheaply: nothing of the body is read.

    `headers` holds every field in order: name as written, value unfolded and decoded. Ids have no brackets.
    `body_offset` is the index in the bytes, as sound_lines() gives them, where the body begins. `defects` is sorted and
    has each code once.
    """

    headers: list[tuple[str, str]]
    message_id: str | None
    in_reply_to: list[str]
    references: list[str]
    from_: list[Address]
    sender: list[Address]
    reply_to: list[Address]
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    subject: str | None
    sent_at: datetime | None
    received_at: datetime | None
    body_offset: int
    defects: list[str]


class HeaderBlock:  # there are many, and a dataclass takes three times as long to make where the parser is compiled
    """Fields as (name, lower-case name, unfolded value with encoded words still encoded); the body is at `end`."""

    __slots__ = ("defects", "end", "fields")

    def __init__(self, fields: list[tuple[str, str, str]], end: int) -> None:
        self.fields = fields
        self.end = end
        self.defects: set[str] = set()

    def first(self, name: str) -> str | None:
        for _, lower, value in self.fields:
            if lower == name:
                return value
        return None

    def all(self, name: str) -> list[str]:
        return [value for _, lower, value in self.fields if lower == name]

    def decoded(self) -> list[tuple[str, str]]:
        return [(name, _decode(value) if "=?" in value else value) for name, _, value in self.fields]


_BLANK_LINE = re.compile(rb"\n\r*\n")
# No name begins with a parenthesis, or has <>: that is a comment whose indentation is lost, or HTML; none begins like a
# boundary, in which there may be a colon.
_FIELD = re.compile(r"^(?!--)([!-'*-9;=?-~][!-9;=?-~]*+)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
_FOLDED_NAME = re.compile(r"([!-'*-9;=?-~]+)[ \t]*\n[ \t]+:")  # its colon stands in the next line
_FIELD_START = re.compile(r"(?!--)[!-'*-9;=?-~][!-9;=?-~]*[ \t]*:")
_CHARSET = re.compile(rb"\ncontent-type:[^\n]{0,200}\n?[ \t][^\n]{0,100}charset=\"?([\w-]{2,40})", re.IGNORECASE)
_INDENTED = re.compile(rb"([ \t]+)[\w-]+:[^\n]*\n(?:\1[^\n]*\n)+?[ \t\r]*\n")  # all of the header
_START_BYTES = 4000  # in which other line ends than CRLF and LF show
_PARTS_BYTES = 8000  # in which the charset of a part is looked for
_WITHOUT_COLON = re.compile(r"(?:to|cc|bcc|subject|date|sender|reply-to|message-id)[ \t]", re.IGNORECASE)
_LONG_WORD = re.compile(r"\S{40,}+\s*+")  # no text begins so: it is a value whose indentation is lost
_PARAMETER = re.compile(r"[\w*-]{1,40}\s?=")
_CONTROL = b"\0\t\x0b\x0c\x1c\x1d\x1e"
_WELL_KNOWN = re.compile(
    r"\n(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|received|return-path|mime-version|references"
    r"|in-reply-to|content-[a-z-]+|x-[\w-]+|dkim-signature|list-[a-z-]+|arc-[a-z-]+|resent-[a-z-]+|delivered-to"
    r"|auto-submitted|authentication-results|user-agent|thread-(?:topic|index)|disposition-notification-to)[ \t]*:",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:>?From (?![ \t]*:)[^\r\n]*\r*\n)?")
_ONCE = frozenset(
    ("from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references")
)
_NO_TEXTS = _ONCE - {"subject"}
_BLANKS = " \t\n\r\v\f"  # and no 8-bit character, which is a letter in some charset
_ID = re.compile(rf"{A_COMMENT}|<([^<>]*)>")  # or a comment, in which an id counts for nothing
_AUTHOR = re.compile(  # "Message from Ann <ann@x> of Monday", 'Ann <ann@x> "Re: prices"'
    r"(?<!\S)(?!(?:message|mail|article)\s)[^\s<>]++\s+<[^<>]*>(?=\s*(?:\"|(?:'s|of|on|wrote)(?!\w)))"
    r"|(?<=\sfrom )[^\s<>]++(?=\s+of\b)",
    re.IGNORECASE,
)
_OPEN_ID = re.compile(r"<([^<>\s]+@[^<>\s]+)$")
_SPACE = re.compile(r"\s+")
_SPACE_UNQUOTED = re.compile(r'("(?:[^"\\]|\\.)*+")(?=\s*@)|\s+')  # in a quoted local part it counts
_LAST_DATE = re.compile(r"(?<=\s)\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d:\d\d\s.*$")


def parse_headers(raw: bytes) -> ParsedHeaders:
    """The header of a whole message; never raises. Past the budgets in limits it stops and says so in `defects`."""
    raw, _ = sound_lines(raw)
    return interpret(read_header_block(raw, message_start(raw), len(raw)))


def _wide_codec(raw: bytes) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf_16"
    return "utf_16_le" if raw[1:4:2] == b"\0\0" else "utf_16_be" if raw[:3:2] == b"\0\0" else None


def sound_lines(raw: bytes) -> tuple[bytes, set[str]]:
    """A whole message with line ends that can be parsed, and defect codes; nearly all messages are as they should be.

    Some programs write CR alone or behind LF, some make CRCRLF out of CRLF, some save a message as UTF-16, some indent
    it. Servers may have put fields with other line ends above it.
    """
    start = raw[:_START_BYTES]
    if b"\0" in raw[:4] and (codec := _wide_codec(raw)):
        return raw.decode(codec, "replace").encode("utf_8"), {"message-utf16"}
    if raw.startswith((b" ", b"\t")) and (indent := _INDENTED.match(start)):
        return raw.replace(b"\n" + indent[1], b"\n").removeprefix(indent[1]), {"header-malformed"}
    if start.count(b"\r") == start.count(b"\r\n"):
        return raw, set()
    if raw.count(b"\n\r") * 2 > raw.count(b"\n") > raw.count(b"\r\n") * 2:
        return raw.replace(b"\n\r", b"\n"), {"line-ends-cr"}
    if raw.count(b"\r\r\n") * 2 > raw.count(b"\n"):
        return raw.replace(b"\r\r\n", b"\r\n"), {"line-ends-crcrlf"}
    if raw.count(b"\r") > raw.count(b"\n") * 4:
        return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), {"line-ends-cr"}
    return raw, set()


def lf_lines(data: bytes) -> bytes:
    """CRLF → LF. Split and joined in half the time of `replace`, where there are not millions of lines to keep."""
    if len(data) > 1_000_000:
        return data.replace(b"\r\n", b"\n")
    return b"\n".join(data.split(b"\r\n"))


def message_start(raw: bytes) -> int:
    """Where the header begins: past a byte order mark, blank lines and the "From " line of an mbox."""
    match = _PREAMBLE.match(raw)
    return match.end() if match else 0


def read_header_block(raw: bytes, start: int, end: int) -> HeaderBlock:
    """Cut raw[start:end] into fields. 8-bit values are UTF-8, or what their bytes look like taken together."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return HeaderBlock([], start + (1 if raw[start] == 10 else 2))
    blank = _BLANK_LINE.search(raw, start, end)
    head_end, body = (blank.start(), blank.end()) if blank else (end, end)
    block = HeaderBlock([], body)
    if head_end - start > limits.HEADER_BLOCK_BYTES:
        block.defects.add("headers-truncated")
        head_end = raw.rfind(b"\n", start, start + limits.HEADER_BLOCK_BYTES)
        head_end = head_end if head_end > start else start + limits.HEADER_BLOCK_BYTES
    data = raw[start:head_end].removesuffix(b"\r")
    is_ascii = data.isascii()
    text = data.decode("ascii" if is_ascii else "latin-1")
    if "\r" in text:  # one character is looked for in a tenth of the time that two take
        text = text.replace("\r\n", "\n")
    if "\r" in text:
        text = text.rstrip("\r").replace("\r\n", "\n").replace("\n\r", "\n").replace("\r", " ")
    pairs: list[tuple[str, str]] = _FIELD.findall(text)
    folds = "".join([value for _, value in pairs]).count("\n")
    if text.count("\n") + 1 - text.endswith("\n") != len(pairs) + folds:
        pairs, text_end = _read_malformed(text, block.defects)
        if text_end < len(text):
            block.end = _byte_offset(raw, start, text, text_end)
            block.defects.add("header-end-missing")
    elif blank is None:
        block.defects.add("body-missing")
    if len(pairs) > limits.HEADERS:
        rest = [
            pair for pair in pairs[limits.HEADERS :] if pair[0].lower() in _ONCE
        ]  # a thousand hops stand above these
        pairs[limits.HEADERS :] = rest[: limits.HEADERS]
        block.defects.add("headers-truncated")
    is_clean = len(data.translate(None, _CONTROL)) == len(data)
    for name, value in pairs:
        if len(value) > limits.HEADER_BYTES:
            value = value[: limits.HEADER_BYTES]
            block.defects.add("header-truncated")
        if "\n" in value:
            value = " ".join([line.strip(" \t") for line in value.split("\n")])
        value = value.strip(_BLANKS)
        block.fields.append((name, name.lower(), value if is_clean or not value.isascii() else clean_line(value)))
    if not is_ascii:
        _decode_8bit(block, raw)
    if ("\x1b" in text and "\x1b$" in text) or ("~" in text and "~{" in text):  # ISO-2022, HZ
        block.fields = [(name, lower, _decode_escapes(value)) for name, lower, value in block.fields]
        block.defects.add("header-charset-guessed")
    return block


def _decode_escapes(value: str) -> str:
    return clean_line(charset.decode(value.encode()).text) if "\x1b$" in value or "~{" in value else value


def _read_malformed(text: str, defects: set[str]) -> tuple[list[tuple[str, str]], int]:
    """Fields line by line, and the index where the body begins although no blank line says so.

    A line that is no field continues the one before it if well-known fields still follow, else the body has begun.
    """
    dashes = text.find("\n--") + 1  # no field begins like a boundary: here the body has begun for certain
    limit = dashes or len(text)
    last_known = max((match.start() for match in _WELL_KNOWN.finditer("\n" + text[:limit])), default=-1)
    pairs: list[tuple[str, list[str]]] = []
    at = 0
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        if not pairs and _WELL_KNOWN.match("\n" + line.lstrip(" \t")):  # the first field is indented
            line = line.lstrip(" \t")
        start = _FIELD_START.match(line)
        if start is None and at < limit and (folded := _FOLDED_NAME.match(text, at)):
            defects.add("header-malformed")
            stop = text.find("\n", folded.end())
            stop = len(text) if stop < 0 else stop
            pairs.append((folded[1], [text[folded.end() : stop].lstrip(_BLANKS)]))
        elif line[:1] in (" ", "\t") and pairs:
            pairs[-1][1].append(line)
        elif pairs and at < limit and _lost_its_indent(pairs[-1][1], line, is_field=start is not None):
            defects.add("header-malformed")
            pairs[-1][1].append(" " + line)
        elif start and at < limit:
            pairs.append((start[0][:-1].rstrip(), [line[start.end() :].lstrip(_BLANKS)]))
        elif at > last_known and not line.startswith(("From ", ">From ")):
            return [(name, "\n".join(value)) for name, value in pairs], at
        else:
            defects.add("header-malformed")
            if pairs and ":" not in line[:1] and _goes_on(pairs[-1], line):
                pairs[-1][1].append(" " + line)
        at = stop + 1
    return [(name, "\n".join(value)) for name, value in pairs], len(text)


def _lost_its_indent(value: list[str], line: str, *, is_field: bool) -> bool:
    """Whether `line` must belong to the field above: a parameter below a ";", or a long word below nothing."""
    is_parameter = value[-1].rstrip().endswith(";") and _PARAMETER.match(line)
    return bool(is_parameter or (value == [""] and not is_field and _LONG_WORD.fullmatch(line)))


def _goes_on(pair: tuple[str, list[str]], line: str) -> bool:
    """Whether `line` may belong to the field above it: in one with addresses, dates or ids text alone is junk."""
    is_text = pair[0].lower() not in _NO_TEXTS
    if line.startswith(("From ", ">From ")) or (not is_text and _WITHOUT_COLON.match(line)):
        return False
    return is_text or "@" in line or pair[1][-1].rstrip().endswith((",", ";"))


def _byte_offset(raw: bytes, start: int, text: str, text_end: int) -> int:
    """Index in `raw` of the line at text_end, whose CRLFs were made LF."""
    at = start
    for _ in range(text.count("\n", 0, text_end)):
        at = raw.find(b"\n", at) + 1
    return at


def _decode_8bit(block: HeaderBlock, raw: bytes) -> None:
    block.defects.add("header-8bit")
    undecided: list[int] = []
    for index, (name, lower, value) in enumerate(block.fields):
        if value.isascii() or "\ufffd" in value:  # this stands for a NUL, in a value that was ASCII
            continue
        try:
            block.fields[index] = (name, lower, clean_line(charset.decode_utf8(value.encode("latin-1"))))
        except UnicodeDecodeError:
            undecided.append(index)
    if not undecided:
        return
    block.defects.add("header-charset-guessed")
    data = b"\n".join(block.fields[index][2].encode("latin-1") for index in undecided)
    declared = parse_content_type(block.first("content-type"))[1].get("charset")
    if not declared and (of_a_part := _CHARSET.search(raw, block.end, block.end + _PARTS_BYTES)):
        declared = of_a_part[1].decode("ascii")
    codec = charset.fitting(data, declared) or "cp1252"  # else each field would be looked at once more
    for index in undecided:
        name, lower, value = block.fields[index]
        block.fields[index] = (name, lower, clean_line(charset.decode(value.encode("latin-1"), codec).text))


def _decode(value: str) -> str:
    return clean_line(decode_words(value)) if "=?" in value else value


def interpret(block: HeaderBlock) -> ParsedHeaders:
    """The typed values of a message's header. Of a field that may stand once the first instance counts."""
    defects = set(block.defects)
    values: dict[str, list[str]] = {}
    for _, lower, value in block.fields:
        values.setdefault(lower, []).append(value)
    if any(name in _ONCE and len(instances) > 1 for name, instances in values.items()):
        defects.add("header-duplicate")
    headers = block.decoded()
    sent_at = parse_date(_decode(values["date"][0]).strip()) if "date" in values else None
    if "date" in values and sent_at is None:
        defects.add("date-invalid")
    from_ = _mailboxes(values.get("from", ()), defects, most=1)
    if len(from_) > 1 or len(values.get("from", ())) > 1:
        defects.add("from-multiple")
    elif not (from_ and from_[0].email):
        defects.add("from-missing")
    message_id = read_message_id(block)
    if not message_id:
        defects.add("message-id-missing")
    return ParsedHeaders(
        headers=headers,
        message_id=message_id,
        in_reply_to=parse_ids(values.get("in-reply-to", ()))[: limits.REFERENCES],
        references=_references(values.get("references", ()), defects),
        from_=from_,
        sender=_mailboxes(values.get("sender", ()), defects, most=1),
        reply_to=[one for one in _mailboxes(values.get("reply-to", ()), defects, most=1) if one.email],
        to=_mailboxes(values.get("to", ()), defects),
        cc=_mailboxes(values.get("cc", ()), defects),
        bcc=_mailboxes(values.get("bcc", ()), defects),
        subject=next((value for name, value in headers if name.lower() == "subject"), None),
        sent_at=sent_at,
        received_at=_received_at(values.get("received", ())),
        body_offset=block.end,
        defects=sorted(defects),
    )


def _mailboxes(values: Iterable[str], defects: set[str], *, most: int = limits.HEADERS) -> list[Address]:
    """Those of `most` fields that have any."""
    found: list[Address] = []
    for value in values:
        addresses, codes = parse_addresses(value)
        defects.update(codes)
        found += addresses
        most -= bool(addresses)
        if not most:
            break
    return found[: limits.ADDRESSES]


def _references(values: Iterable[str], defects: set[str]) -> list[str]:
    """The first and the last ones, where there are more than can be used."""
    references = parse_ids(values)
    if len(references) <= limits.REFERENCES:
        return references
    defects.add("references-truncated")
    half = limits.REFERENCES // 2
    return references[:half] + references[-half:]


def read_message_id(block: HeaderBlock) -> str | None:
    """Without brackets; of several fields the first one counts."""
    value = block.first("message-id")
    ids = parse_ids([value]) if value is not None else ()
    return ids[0] if ids else None


def parse_ids(values: Iterable[str]) -> list[str]:
    """Message ids without brackets and inner white space, in order (RFC 5322 §3.6.4).

    Prose around `<…>` is dropped, and so is an author's address in it; without any brackets, words that hold "@" count.
    """
    ids: list[str] = []
    for value in values:
        if "=?" in value:
            value = clean_line(decode_words(value))
        if "&lt;" in value:
            value = value.replace("&lt;", "<").replace("&gt;", ">")
        if " " in value and not value.startswith("<"):
            value = _AUTHOR.sub(" ", value)
        in_brackets = [token for token in _ID.findall(value) if token] or _OPEN_ID.findall(value)
        found = [_squeezed_id(token) for token in in_brackets]
        if not found and "<" not in value.strip().rstrip("<>"):
            words = COMMENT.sub(" ", value).replace(",", " ").split()
            found = [word.strip("<>") for word in words if "@" in word or len(words) == 1]
        ids += [one for one in found if one]
    return ids


def _squeezed_id(token: str) -> str:
    """What stands between the brackets of an id, without white space and without the comments of its domain."""
    if "(" in token:
        local, at, domain = token.rpartition("@")
        token = local + at + COMMENT.sub("", domain)
    return (_SPACE_UNQUOTED.sub(r"\1", token) if '"' in token else _SPACE.sub("", token)).strip("\\")


def _received_at(values: Sequence[str]) -> datetime | None:
    """The date of the topmost Received field: behind its last ";", which a comment may hold too, or forgotten."""
    if not values:
        return None
    if ";" not in values[0]:
        last = _LAST_DATE.search(values[0][-100:])
        return parse_date(last[0]) if last else None
    date = values[0].rpartition(";")[2].strip()
    return parse_date(date) or parse_date(COMMENT.sub(" ", values[0][-1000:]).rpartition(";")[2].strip())
