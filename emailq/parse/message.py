"""Raw bytes → ParsedMessage: the one entrance to the parser. Pure: no network, no clock, no settings."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from urllib.parse import unquote

from emailq.parse import enriched, limits, rtf, smime, tnef, transfer
from emailq.parse.addresses import Address
from emailq.parse.attachments import HiddenFile, take_out_files, type_of_name
from emailq.parse.body import Branch, select
from emailq.parse.headers import ParsedHeaders, interpret, message_start, parse_headers, sound_lines
from emailq.parse.parts import Part
from emailq.parse.structure import Budget, Node, read_structure
from emailq.parse.text import html_to_text

__all__ = ["Address", "ParsedHeaders", "ParsedMessage", "Part", "parse_headers", "parse_message"]


@dataclass(slots=True)
class ParsedMessage:
    """A message as RFC 8621 §4.1 sees it. Texts are without NUL and lone surrogates; ids have no brackets.

    `leaves` holds every MIME leaf once, in order, then the files found inside of others; each is in `text_body`,
    `html_body` or `attachments`. `sent_at` keeps the offset of the Date field, `received_at` is the date of the
    topmost Received field. `defects` are codes, sorted, each once: what was broken, guessed or cut.
    """

    size: int
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
    text_body: list[Part] = field(default_factory=list)
    html_body: list[Part] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    leaves: list[Part] = field(default_factory=list)
    own_defects: set[str] = field(default_factory=set)  # those of the message's header and structure
    _bodies: tuple[str | None, str | None] | None = None

    @property
    def body_text(self) -> str | None:
        """The text for people, made of the HTML where there is no other. Made on first use, as `body_html` is."""
        self._bodies = self._bodies or _derive_bodies(self)
        return self._bodies[0]

    @property
    def body_html(self) -> str | None:
        self._bodies = self._bodies or _derive_bodies(self)
        return self._bodies[1]

    @property
    def defects(self) -> list[str]:
        """Includes those of the parts, as far as they were decoded by now."""
        parts = {code for part in self.leaves for code in (part.transfer_defect, part.text_defect) if code}
        return sorted(self.own_defects | parts)

    @property
    def files(self) -> list[Part]:
        """Everything that is worth keeping as a file: the attachments, and media that stands in the body."""
        return [part for part in self.leaves if not (part.type in _BODY_TYPES and self._is_body(part))]

    def _is_body(self, part: Part) -> bool:
        return any(part is one for one in self.text_body) or any(part is one for one in self.html_body)


_BODY_TYPES = ("text/plain", "text/html")
_NESTED = ("message/rfc822", "message/global", "message/news")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_WRAPPED_SUFFIX = re.compile(r"\.p7[mz]$", re.IGNORECASE)
_BINHEX = ("application/mac-binhex40", "application/mac-binhex")
_RTF = ("application/rtf", "text/rtf", "application/x-rtf")
_ENRICHED = ("text/enriched", "text/richtext")
_NO_TEXTS = ("text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/css", "text/javascript", *_RTF)
_CID = re.compile(r"cid:([^\"'\s<>)]{1,300})", re.IGNORECASE)
_POINTS_TO_HTML = re.compile(r"\bhtml\b|browser\b|navigateur|navegador|браузер|przeglądar|ブラウザ", re.IGNORECASE)
_SHOWS = re.compile(  # "does not show HTML", "open it in your browser"; not "the plain part, without HTML"
    r"view|display|support|capable|enabl|\bshow|\bread\b|\bsee\b|open|click|anzeig|darstell|unterstütz|anseh|öffn|affich|voir"
    r"|lire|visuali|\bver\b|abr[ae]|показ|отобра|поддерж|просм|откр|wyświetl|obsług|otw[oó]r|表示|対応",
    re.IGNORECASE,
)
_LOOKS_LIKE_HTML = re.compile(r"\s{0,200}(?:<!doctype\s+html|<html[\s>]|<body[\s>])", re.IGNORECASE)


def parse_message(raw: bytes) -> ParsedMessage:
    """Parse a whole message. Never raises; any bytes give a result, and what was wrong is in its `defects`."""
    sound, defects = sound_lines(raw)
    message = _parse(sound, 0, len(sound), 0, Budget(), defects)
    message.size = len(raw)
    return message


def _parse(data: bytes, start: int, end: int, depth: int, budget: Budget, defects: set[str]) -> ParsedMessage:
    begin = start + message_start(data[start : start + 2000])
    root = read_structure(data, begin, end, depth=depth, budget=budget, defects=defects)
    head = interpret(root.block)
    defects.update(head.defects)
    leaves: list[Part] = []
    tree = _make_parts(root, data, leaves, depth, budget, defects)
    selection = select(tree)
    message = ParsedMessage(
        size=end - start,
        headers=head.headers,
        message_id=head.message_id,
        in_reply_to=head.in_reply_to,
        references=head.references,
        from_=head.from_,
        sender=head.sender,
        reply_to=head.reply_to,
        to=head.to,
        cc=head.cc,
        bcc=head.bcc,
        subject=head.subject,
        sent_at=head.sent_at,
        received_at=head.received_at,
        text_body=selection.text,
        html_body=selection.html,
        attachments=selection.attachments,
        leaves=leaves,
    )
    _open_containers(message, depth, budget)
    _mark_inline(message)
    message.own_defects = defects
    return message


def _make_parts(
    root: Node, data: bytes, leaves: list[Part], depth: int, budget: Budget, defects: set[str]
) -> "Branch[Part] | Part":
    """The tree of `root` as parts, numbered as IMAP does ("1", "2.1"); as deep as the tree, so at most limits.DEPTH.

    What was signed opaquely or compressed stands before the part that it came in, numbered "1.s".
    """

    def make(node: Node, data: bytes, number: str, level: int) -> "Branch[Part] | Part":
        if not node.type.startswith("multipart/"):
            if (encoded := _encoded_multipart(node, data)) and level < limits.DEPTH and budget.parts > 0:
                inner = read_structure(encoded, 0, len(encoded), depth=level, budget=budget, defects=defects)
                if inner.children:
                    return make(inner, encoded, number, level)
            part = Part(number or "1", node, data)
            leaves.append(part)
            if not _is_smime(part) or level >= limits.DEPTH or budget.parts <= 0:
                return part
            wrapped = _unwrap(part, budget)
            if wrapped is None or not smime.is_entity(wrapped):
                return part
            inner = read_structure(wrapped, 0, len(wrapped), depth=level + 1, budget=budget, defects=defects)
            return Branch("mixed", [make(inner, wrapped, part.part_id + ".s", level + 1), part])
        prefix = number + "." if number else ""
        children = [make(child, data, f"{prefix}{index}", level + 1) for index, child in enumerate(node.children, 1)]
        if len(children) > 1 and node.type == "multipart/related":
            children.insert(0, children.pop(_start_of(node)))
        return Branch(node.type.partition("/")[2], children)

    return make(root, data, "", depth)


def _is_smime(part: Part) -> bool:
    """By type, or by the name of a file without one (RFC 8551 §3.9)."""
    return part.type in smime.TYPES or (
        part.type == "application/octet-stream" and (part.name or "").lower().endswith(".p7m")
    )


def _start_of(node: Node) -> int:
    """The index of the part that a multipart/related calls its root by id, or else by type (RFC 2387 §3)."""
    start, type_ = node.params.get("start", "").strip("<> "), node.params.get("type", "").lower()
    ids = [(child.block.first("content-id") or "").strip("<> ") for child in node.children] if start else []
    if start in ids:
        return ids.index(start)
    return next((index for index, child in enumerate(node.children) if child.type == type_), 0)


def _encoded_multipart(node: Node, data: bytes) -> bytes | None:
    """A multipart that was encoded as a whole, which RFC 2045 §6.4 forbids, decoded; None for any other node."""
    declared = node.block.first("content-type") or ""
    if not declared[:10].lower().startswith("multipart/"):
        return None
    encoding = transfer.encoding_name(node.block.first("content-transfer-encoding"))
    if encoding not in ("base64", "quoted-printable"):
        return None
    body, _ = transfer.decode(data[node.start : node.end], encoding)
    return b"Content-Type: " + declared.encode("utf-8", "replace") + b"\n\n" + body


def _unwrap(part: Part, budget: Budget) -> bytes | None:
    wrapped = smime.wrapped_content(part.content, budget.inflated_bytes)
    if wrapped is not None:
        budget.inflated_bytes -= max(0, len(wrapped) - part.size)
    return wrapped


def _open_containers(message: ParsedMessage, depth: int, budget: Budget) -> None:
    """Nested messages, and files inside of texts and other files."""
    is_one = sum(part.type in _NESTED for part in message.leaves) == 1
    for part in list(message.leaves):
        if part.type in _NESTED:
            if depth + 1 >= limits.DEPTH or budget.parts <= 0:
                part.text_defect = "nesting-truncated"
                continue
            data, start, end = part.span or (part.content, 0, part.size)
            part.nest(partial(_parse, data, start, end, depth + 1, budget, set()))
            if not is_one:
                _ = part.message  # now, since it takes from the budget of the others
        elif part.type == "text/plain" and part.disposition != "attachment":
            _add_files(message, part, part.take_out_files(), "u")
        elif part.type in _TNEF or (part.name or "").lower().endswith(".dat") or _is_nameless(part):
            opened = tnef.open_tnef(part.content)
            if opened is not None:
                _add_files(message, part, opened.files, "t")
                _add_bodies(message, part, opened.bodies)
        elif part.type in _BINHEX:
            _add_files(message, part, take_out_files(part.content)[1], "h")
        elif part.type in smime.TYPES or (part.name or "").lower().endswith((".p7m", ".p7z")):
            _add_wrapped_file(message, part, budget)


def _is_nameless(part: Part) -> bool:
    return part.type == "application/octet-stream" and not part.name


def _add_files(message: ParsedMessage, container: Part, files: list[HiddenFile], mark: str) -> None:
    for index, file in enumerate(files, start=1):
        part = Part.of_file(f"{container.part_id}.{mark}{index}", file)
        message.leaves.append(part)
        message.attachments.append(part)


def _add_bodies(message: ParsedMessage, container: Part, bodies: list[HiddenFile]) -> None:
    """The texts of a container serve where the message has none of its own."""
    if not bodies or any(part.text.strip() for part in message.text_body if part.type in _BODY_TYPES):
        return
    parts = [Part.of_file(f"{container.part_id}.b{index}", body) for index, body in enumerate(bodies, start=1)]
    shown = [part for part in parts if part.type in _BODY_TYPES]
    for part in shown:
        part.disposition = "inline"
    message.leaves += shown or parts
    message.html_body += shown[:1]
    message.text_body += shown[-1:]
    message.attachments += [] if shown else parts


def _add_wrapped_file(message: ParsedMessage, part: Part, budget: Budget) -> None:
    """ "invoice.xml.p7m" is invoice.xml and its signature."""
    name = _WRAPPED_SUFFIX.sub("", part.name or "")
    wrapped = _unwrap(part, budget)
    if wrapped and not smime.is_entity(wrapped):
        _add_files(message, part, [HiddenFile(name, type_of_name(name), wrapped)], "s")


def _derive_bodies(message: ParsedMessage) -> tuple[str | None, str | None]:
    """(text, HTML)."""
    pages = [part.text for part in message.html_body if part.type == "text/html"]
    html = "\n".join(pages) if pages else None
    texts = []
    for part in message.text_body:
        if part.type == "text/html" or (part.type == "text/plain" and _LOOKS_LIKE_HTML.match(part.text)):
            texts.append(html_to_text(part.text))
        elif part.type == "text/plain":
            texts.append(part.text)
    text = "\n".join(filter(None, texts)) if texts else None
    if html:
        words = (text or "").strip()
        is_all_plain = all(part.type == "text/plain" for part in message.text_body)
        if not words or (is_all_plain and _points_to_html(words)):
            text = html_to_text(html) or words
    return text or _other_text(message) or text, html


def _points_to_html(text: str) -> bool:
    """Whether a program tells no more than that the HTML says it: "Your mail program does not show HTML"."""
    return len(text) < 500 and bool(_POINTS_TO_HTML.search(text) and _SHOWS.search(text))


def _other_text(message: ParsedMessage) -> str | None:
    """The text of a message that has it in another type only (RFC 2046 §4.1.4); the part stays an attachment."""
    is_whole = len(message.leaves) == 1
    for part in message.attachments:
        is_file = part.disposition == "attachment" or (part.name and not is_whole)
        if part.type in _RTF and ((is_whole and not is_file) or ".b" in part.part_id):
            return rtf.to_text(part.content) or None
        if is_file or part.type in _NO_TEXTS or not part.type.startswith(("text/", "application/xhtml")):
            continue
        if part.type in _ENRICHED:
            return enriched.to_text(part.text, is_richtext=part.type == "text/richtext") or None
        if "html" in part.type:  # text/x-amp-html, text/watch-html, application/xhtml+xml
            return html_to_text(part.text) or None
        if is_whole or part.type != "text/rfc822-headers":  # else a report quotes them
            return part.text or None
    return None


def _mark_inline(message: ParsedMessage) -> None:
    """A part is inline if it says so, or if the HTML shows it by its Content-ID."""
    with_cid = [part for part in message.leaves if part.cid and not part.is_inline]
    if not with_cid or not message.body_html or "cid:" not in message.body_html.lower():
        return
    shown = {unquote(cid) for cid in _CID.findall(message.body_html)}
    for part in with_cid:
        part.is_inline = part.cid in shown
