"""Encoded words in headers (RFC 2047), as strict as they must be and as tolerant as mail is."""

import binascii
import re
from functools import lru_cache

from emailq.parse import charset, transfer
from emailq.parse.charset_labels import REFUSED, codec_for

_START = re.compile(r"=\?\s?([^?\s]{1,80}(?:\s[^?\s]{1,20})?)\s?\?([bBqQ])\?")  # it may be folded inside of its charset
_DIGITS = re.compile(r"[A-Za-z0-9+/=]*+")
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
_LINE_BREAKS = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x7f]")


def clean_line(text: str) -> str:
    """One line: everything that some program takes for a line break becomes a space, NUL and surrogates U+FFFD."""
    if text.isprintable():
        return text
    return _UNSTORABLE.sub("\ufffd", _LINE_BREAKS.sub(" ", text))


def decode_words(value: str) -> str:
    """`value` with its encoded words decoded wherever they stand, even in quotes or without white space around.

    Neighbours with one charset are joined before they are decoded, since many programs cut characters in two.
    What can't be decoded stays as it is. The cost is linear in the length of `value`.
    """
    if "=?" not in value:
        return value
    out: list[str] = []
    run = bytearray()  # decoded bytes of neighbours
    run_charset = ""
    run_at = 0
    open_base64 = ""  # base64 digits of the last word that do not fill a group of four
    done = 0
    at, last_end = value.find("=?"), value.rfind("?=")
    while at >= 0:
        start = _START.match(value, at)
        if start is None:
            at = value.find("=?", at + 2)
            continue
        end = value.find("?=", start.end()) if start.end() <= last_end else -1
        is_closed = end >= 0
        if not is_closed and start[2] in "bB" and (digits_only := _DIGITS.match(value, start.end())):
            end = digits_only.end()
        elif not is_closed:
            end = len(value.removesuffix("?"))
        label = _charset(start[1])
        gap = value[done:at]
        joins = run_charset != "" and (not gap or gap.isspace())
        if start[2] in "bB":
            encoded = value[start.end() : end]
            digits = _NOT_BASE64.sub("", encoded)
            if len(digits) < 2 and encoded and not open_base64:  # no word: "=?a?b?="
                at = value.find("=?", at + 2)
                continue
            is_whole = (len(digits) + len(encoded) - len(encoded.rstrip("="))) % 4 == 0
            if joins and open_base64 and label == run_charset and not is_whole:
                del run[len(run) - (len(open_base64) * 6 // 8) :]
                digits = open_base64 + digits
            padded = value.startswith("=", end - 1)
            open_base64 = "" if padded or len(digits) % 4 == 0 else digits[len(digits) - len(digits) % 4 :]
            is_several = "=" in encoded.rstrip("= ")  # "YQ==Yg=="
            data = b"".join(map(_from_base64, encoded.split("="))) if is_several else _from_base64(digits)
        else:
            data = transfer.decode_q(value[start.end() : end].encode("utf-8", "replace"))
            open_base64 = ""
        if not (joins and label == run_charset):
            if run_charset:
                out.append(_text(run, run_charset, value[run_at:done]))
            if not joins:
                out.append(gap)
            run, run_charset, run_at = bytearray(), label, at
        run += data
        done = end + (2 if is_closed else value.startswith("?", end))
        at = value.find("=?", done)
    if run_charset:
        out.append(_text(run, run_charset, value[run_at:done]))
    out.append(value[done:])
    return "".join(out)


@lru_cache(maxsize=256)
def _charset(label: str) -> str:
    """One name for each charset, without the language (RFC 2231 §5), so that neighbours can be compared."""
    label = "".join(label.partition("*")[0].lower().split())
    codec = codec_for(label)
    return label if codec in (None, REFUSED) else codec


def _text(data: bytearray, label: str, words: str) -> str:
    """What `words` say; they themselves where their bytes are no text in any charset."""
    text, _, defect = charset.decode(bytes(data), label)
    return words if defect and _CONTROL.search(text) else text


def _from_base64(digits: str) -> bytes:
    digits = _NOT_BASE64.sub("", digits)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
