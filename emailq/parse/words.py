"""Encoded words in headers (RFC 2047), as strict as they must be and as tolerant as mail is."""

import binascii
import re
from functools import lru_cache
from typing import NamedTuple

from emailq.parse import charset, transfer
from emailq.parse.charset_labels import REFUSED, codec_for

_START = re.compile(  # it may be folded inside of its charset
    r"=\?\s?([^?\s]{1,80}(?:\s[^?\s]{1,20})?)\s?\?\s?([bBqQ])\s?\?"
)
_WHITE = " \t\r\n"  # RFC 2047 §6.2; no other blank between two words is dropped
_Q_SIGN = re.compile(r"=[0-9A-Fa-f]{2}|_|\?\Z")
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
    for word in _find_words(value):
        encoded = value[word.begin : word.end]
        gap = value[done : word.at]
        joins = run_charset != "" and not gap.strip(_WHITE)
        if word.is_base64:
            digits = _NOT_BASE64.sub("", encoded)
            is_rest = joins and (open_base64 != "" or not digits)  # of what was cut anywhere, perhaps the last "="
            if len(digits) < 2 and encoded and not is_rest:  # no word: "=?a?b?="
                continue
            is_whole = (len(digits) + len(encoded) - len(encoded.rstrip("="))) % 4 == 0
            is_open = joins and open_base64 and word.charset == run_charset and not is_whole
            if is_open and not (run_charset == "utf_8" and _are_unpadded(open_base64, digits)):
                del run[len(run) - (len(open_base64) * 6 // 8) :]
                digits = open_base64 + digits
            is_padded = encoded.endswith("=")
            open_base64 = "" if is_padded or len(digits) % 4 == 0 else digits[len(digits) - len(digits) % 4 :]
            is_several = "=" in encoded.rstrip("= ")  # "YQ==Yg=="
            data = b"".join(map(_from_base64, encoded.split("="))) if is_several else _from_base64(digits)
        else:
            data = transfer.decode_q(_bytes_of(encoded, word.charset))
            open_base64 = ""
        if not (joins and word.charset == run_charset):
            if run_charset:
                out.append(_text(run, run_charset, value[run_at:done]))
            if not joins:
                out.append(gap)
            run, run_charset, run_at = bytearray(), word.charset, word.at
        run += data
        done = word.behind
    if run_charset:
        out.append(_text(run, run_charset, value[run_at:done]))
    out.append(value[done:])
    return "".join(out)


def _bytes_of(encoded: str, label: str) -> bytes:
    """8-bit letters among encoded ones, which were read by now, are bytes of the word's charset."""
    if not encoded.isascii():
        try:
            return encoded.encode(label)
        except (LookupError, UnicodeError):
            pass
    return encoded.encode("utf-8", "replace")


class _Word(NamedTuple):
    """value[at:behind] is an encoded word, and value[begin:end] the encoded text in it."""

    at: int
    begin: int
    end: int
    behind: int
    charset: str
    is_base64: bool


def _find_words(value: str) -> list[_Word]:
    """What looks like encoded words; one that is not closed ends where the next one begins, or its digits end."""
    words: list[_Word] = []
    at = value.find("=?")
    close = 0  # where the next "?=" is
    while at >= 0:
        start = _START.match(value, at)
        if start is None:
            at = value.find("=?", at + 2)
            continue
        begin, is_base64 = start.end(), start[2] in "bB"
        if close < begin:
            close = value.find("?=", begin)
            close = len(value) if close < 0 else close
        end = value.find("=?", begin, close)
        while end >= 0 and not _START.match(value, end):
            end = value.find("=?", end + 2, close)
        if end < 0 and close < len(value):
            end, behind = close, close + 2
        elif end < 0 and not is_base64 and not _Q_SIGN.search(value, begin):  # nothing says that this is encoded
            break
        else:
            end = end if end >= 0 else len(value.removesuffix("?"))
            if is_base64 and (digits := _DIGITS.match(value, begin, end)):
                end = digits.end()
            behind = end + value.startswith("?", end)
        words.append(_Word(at, begin, end, behind, _charset(start[1]), is_base64))
        at = value.find("=?", behind - 1 if value.startswith("?=?", behind - 2) else behind)  # "?=?": one "=" for both
    return words


@lru_cache(maxsize=256)
def _charset(label: str) -> str:
    """One name for each charset, without the language (RFC 2231 §5), so that neighbours can be compared."""
    label = "".join(label.partition("*")[0].lower().split())
    codec = codec_for(label)
    return label if codec in (None, REFUSED) else codec


def _text(data: bytearray, label: str, words: str) -> str:
    """What `words` say; they themselves where their bytes are no text in any charset."""
    text = _text_of(bytes(data), label) if len(data) <= _REMEMBERED_BYTES else _read(bytes(data), label)
    return words if text is None else text


def _read(data: bytes, label: str) -> str | None:
    text, _, defect = charset.decode(data, label)
    if "\ufeff" in text:  # some programs begin each word with a byte order mark
        text = text.replace("\ufeff", "")
    return None if defect and _CONTROL.search(text) else text


# Each field is read at least twice, as it is and for what it means; names come again in the next messages.
_text_of = lru_cache(maxsize=256)(_read)
_REMEMBERED_BYTES = 500


def _are_unpadded(open_digits: str, following: str) -> bool:
    """Whether a word only lacks its "=", and was not cut: its last bits say so, and the next is UTF-8 by itself."""
    if binascii.b2a_base64(_from_base64(open_digits)).rstrip(b"=\n").decode() != open_digits:
        return False
    try:
        return bool(_from_base64(following).decode("utf_8"))
    except UnicodeDecodeError:
        return False


def _from_base64(digits: str) -> bytes:
    digits = _NOT_BASE64.sub("", digits)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
