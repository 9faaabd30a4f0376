"""One parser over a folder of messages: mail_parsers.py NAME FOLDER SECONDS → JSON. Runs in any Python that has it.

Each gives what a pipeline needs: addresses, subject, date, ids, text (made from the HTML where there is no other, as
far as the library does that), attachments decoded and hashed.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def emailq() -> Callable[[bytes], object]:
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from emailq.parse.digest import digest_message

    return digest_message


def emailq_bare() -> Callable[[bytes], object]:
    """Without replies, language, the gate and sniffed types, which none of the others has."""
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from emailq.parse.message import parse_message

    def parse(raw: bytes) -> object:
        message = parse_message(raw)
        return message, message.body_text, [part.sha256 for part in message.attachments]

    return parse


def policy_default() -> Callable[[bytes], object]:
    import email.policy
    from email.utils import getaddresses

    def parse(raw: bytes) -> object:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        heads = [str(message.get(name)) for name in ("subject", "date", "message-id", "in-reply-to", "references")]
        people = getaddresses([str(message.get(name, "")) for name in ("from", "to", "cc")])
        body = message.get_body(("plain", "html"))
        text = body.get_content() if body else None
        files = []
        for part in message.walk():
            if not part.is_multipart() and part is not body:
                content = part.get_payload(decode=True) or b""
                files.append((part.get_content_type(), part.get_filename(), hashlib.sha256(content).hexdigest()))
        return heads, people, text, files

    return parse


def compat32() -> Callable[[bytes], object]:
    import email
    from email.header import decode_header
    from email.utils import getaddresses, parsedate_to_datetime

    def text_of(value: object) -> str:
        data = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        try:
            pieces = decode_header(data)
        except Exception:
            return data
        return "".join(_decoded(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)

    def parse(raw: bytes) -> object:
        message = email.message_from_bytes(raw)
        heads = [text_of(message.get(name)) for name in ("subject", "message-id", "in-reply-to", "references")]
        people = getaddresses([text_of(message.get(name, "")) for name in ("from", "to", "cc")])
        try:
            date = parsedate_to_datetime(str(message.get("date")))
        except Exception:
            date = None
        texts, files = [], []
        for part in message.walk():
            if part.is_multipart():
                continue
            content = part.get_payload(decode=True) or b""
            if part.get_content_maintype() == "text" and not part.get_filename():
                texts.append(_decoded(content, part.get_content_charset()))
            else:
                files.append((part.get_content_type(), part.get_filename(), hashlib.sha256(content).hexdigest()))
        return heads, people, date, texts, files

    return parse


def _decoded(data: bytes, charset: str | None) -> str:
    for codec in (charset, "utf-8"):
        try:
            return data.decode(codec or "ascii")
        except (UnicodeError, LookupError):
            pass
    return data.decode("cp1252", "replace")


def fast_mail_parser() -> Callable[[bytes], object]:
    from fast_mail_parser import parse_email

    def parse(raw: bytes) -> object:
        message = parse_email(raw)
        files = [(one.mimetype, one.filename, hashlib.sha256(one.content).hexdigest()) for one in message.attachments]
        return message.subject, message.date, message.headers, message.text_plain, message.text_html, files

    return parse


def mail_parser() -> Callable[[bytes], object]:
    import mailparser

    def parse(raw: bytes) -> object:
        mail = mailparser.parse_from_bytes(raw)
        return mail.subject, mail.date, mail.from_, mail.to, mail.message_id, mail.text_plain, mail.attachments

    return parse


PARSERS = {
    "emailq": emailq,
    "emailq, compiled": emailq,  # of a copy that is: this file's own
    "emailq, without what is derived": emailq_bare,
    "email, policy.default": policy_default,
    "email, compat32 hardened": compat32,
    "fast-mail-parser": fast_mail_parser,
    "mail-parser": mail_parser,
}


def main(name: str, folder: str, seconds: str) -> None:
    parse = PARSERS[name]()
    raws = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    for raw in raws[:100]:
        _tried(parse, raw)
    done = raised = size = 0
    began = time.process_time()
    while time.process_time() - began < float(seconds) or done % len(raws):
        raw = raws[done % len(raws)]
        raised += _tried(parse, raw)
        done, size = done + 1, size + len(raw)
    cpu_s = time.process_time() - began
    passes = done // len(raws)
    sys.stdout.write(json.dumps({"messages": done, "bytes": size, "cpu_s": cpu_s, "raised": raised // passes}))


def _tried(parse: Callable[[bytes], object], raw: bytes) -> bool:
    """Whether it raised."""
    try:
        parse(raw)
    except Exception:
        return True
    return False


if __name__ == "__main__":
    import logging
    import warnings

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    main(*sys.argv[1:])
