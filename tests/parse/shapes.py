"""Messages that parsers have been slow on or have died of, in any size: hostile(name, size_bytes)."""

import base64
from collections.abc import Callable

HEAD = b"From: a@example.com\nTo: b@example.com\nDate: Mon, 2 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n"
_MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n"
_TEXT = b"Content-Type: text/plain; charset=utf-8\n\n"
_HTML = b"Content-Type: text/html; charset=utf-8\n\n"
_BINHEX = b"(This file must be converted with BinHex 4.0)\n"
_BINHEX_PART = b"Content-Type: application/mac-binhex40\n\n"
_RTF = b"Content-Type: application/rtf\n\n{\\rtf1\\ansi "
_ENRICHED = b"Content-Type: text/enriched\n\n"


def _filled(before: bytes, piece: bytes, after: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: HEAD + before + piece * (size // len(piece)) + after


def _field(name: bytes, piece: bytes, after: bytes = b"") -> Callable[[int], bytes]:
    return _filled(name + b": ", piece, after + b"\n\nhello\n")


def _encoded(encoding: bytes, piece: bytes) -> Callable[[int], bytes]:
    return _filled(b"Content-Type: application/pdf\nContent-Transfer-Encoding: " + encoding + b"\n\n", piece)


def _numbered(size: int, template: bytes) -> bytes:
    return b"".join(template % (number, number) for number in range(size // len(template)))


SHAPES: dict[str, Callable[[int], bytes]] = {
    # structure
    "empty-parts": _filled(_MIXED, b"--b\n\n", b"--b--\n"),
    "parts-without-break": _filled(_MIXED, b"--b\n"),
    "small-parts": _filled(_MIXED, b"--b\nContent-Type: text/plain\n\nhello\n", b"--b--\n"),
    "alternatives": _filled(_MIXED.replace(b"mixed", b"alternative"), b"--b\nContent-Type: text/html\n\n<p>hello\n"),
    "nested-multiparts": lambda size: HEAD + _numbered(size, b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"),
    "nested-with-one-boundary": _filled(b"", b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
    "nested-messages": _filled(b"", b"Content-Type: message/rfc822\n\n"),
    "boundaries-that-almost-match": _filled(_MIXED, b"--bx\n"),
    "boundaries-cut-short": _filled(_MIXED.replace(b"=b", b"=" + b"b" * 60), b"--" + b"b" * 59 + b"\n"),
    "boundaries-among-blanks": _filled(_MIXED.replace(b"=b", b"=q"), b"--a" + b"--" * 50 + b" " * 1000 + b"x\n"),
    "boundaries-to-guess": _filled(_MIXED, b"--x\nContent-Type: multipart/mixed; boundary=q\n\n"),
    # header
    "one-header": _field(b"X-A", b"a"),
    "folds": _field(b"X-A", b"a\n "),
    "headers": _filled(b"", b"X-A: a\n", b"\nhello\n"),
    "no-fields": _filled(b"", b"no field at all\n", b"Subject: x\n\nhello\n"),
    "received": _filled(b"", b"Received: from a by b; Mon, 2 Nov 2026 10:00:00 +0000\n", b"\nhello\n"),
    "addresses": _field(b"Cc", b"A B <x@example.com>,\n "),
    "bare-addresses": _field(b"Cc", b"x@example.com, "),
    "open-comments": _field(b"Cc", b"("),
    "nested-comments": lambda size: HEAD + b"Cc: " + b"(" * (size // 2) + b")" * (size // 2) + b"\n\nhello\n",
    "quotes": _field(b"Cc", b'"'),
    "escaped-quotes": _field(b"Cc", b'\\"'),
    "wide-commas": _field(b"Cc", "张；".encode()),
    "colons-behind-an-address": lambda size: _field(b"Cc: " + b"a " * (size // 4) + b"b@c", b":")(size // 2),
    "backslashes": _field(b'Cc: "', b"\\"),
    "angles": _field(b"Cc", b"<"),
    "dots": _field(b"Cc", b"a."),
    "ats": _field(b"Cc", b"@"),
    "semicolons": _field(b"Content-Type: text/plain", b";"),
    "parameters": _field(b"Content-Type: text/plain", b"; a=b"),
    "parameter-quotes": _field(b"Content-Type: text/plain", b' "'),
    "name-in-pieces": lambda size: (
        HEAD + b"Content-Disposition: attachment" + _numbered(size, b"; filename*%d=%d") + b"\n\nhello\n"
    ),
    "encoded-words": _field(b"Subject", b"=?utf-8?q?a?= "),
    "words-without-end": _field(b"Subject", b"=?a?b?"),
    "starts-of-words": _field(b"Subject", b"=?"),
    "re-re-re": _field(b"Subject", b"Re: "),
    "brackets": _field(b"Subject", b"["),
    "references": _field(b"References", b"<a@b> "),
    "open-references": _field(b"References", b"<"),
    "open-reply-to": _field(b"In-Reply-To", b"("),
    # transfer encodings
    "base64-on-one-line": lambda size: _encoded(b"base64", base64.b64encode(bytes(range(1, 256))))(size),
    "base64-junk": _encoded(b"base64", b"ab=!"),
    "base64-pads": _encoded(b"base64", b"QQ==\n"),
    "base64-short-lines": _encoded(b"base64", b"Q\n"),
    "soft-breaks": _encoded(b"quoted-printable", b"=\n"),
    "spaced-soft-breaks": _encoded(b"quoted-printable", b"= "),
    "uuencode-begins": _filled(_TEXT, b"begin 644 a\n"),
    "uuencoded-files": _filled(_TEXT, b"begin 644 a\n#0V%T\n`\nend\n"),
    "yenc-begins": _filled(_TEXT, b"=ybegin line=128 size=1 name=a\n"),
    "yenc-files": _filled(_TEXT, b"=ybegin line=128 size=1 name=a\n*\n=yend size=1\n"),
    "yenc-sizes": _filled(_TEXT, b"=ybegin " + b"size=1 " * 50 + b"\n"),
    "yenc-escapes": _filled(_TEXT + b"=ybegin line=128 size=9 name=a\n", b"=M", b"\n=yend size=9\n"),
    "binhex-begins": _filled(_TEXT, _BINHEX + b":\n"),
    "binhex-files": _filled(_TEXT, _BINHEX + b":!3aH!!!!:\n"),
    "binhex-runs": _filled(_BINHEX_PART + _BINHEX + b":!", b"j!rq"),
    "binhex-colons": _filled(_BINHEX_PART + _BINHEX, b":"),
    # charsets
    "high-bytes": _filled(b"\n", bytes(range(0x80, 0x100))),
    "cyrillic": _filled(b"\n", "Привет мир как дела\n".encode("cp1251")),
    "utf8-twice": _filled(_TEXT, "Привет мир ".encode().decode("latin-1").encode()),
    "escapes": _filled(b"\n", b"\x1b$B"),
    "broken-jis": _filled(_TEXT.replace(b"utf-8", b"iso-2022-jp"), b"\x1b$B!!\xff"),
    "nuls": _filled(b"\n", b"\0"),
    # text
    "one-line": _filled(_TEXT, b"a"),
    "one-line-of-words": _filled(_TEXT, b"ab "),
    "spaces": _filled(_TEXT + b"a", b" ", b"b"),
    "lines": _filled(_TEXT, b"hello world of words\n"),
    "quote-marks": _filled(_TEXT, b">"),
    "quoted-lines": _filled(_TEXT, b"> x\n"),
    "attributions": _filled(_TEXT, b"On Mon, 2 Nov 2026, John <j@example.com> wrote:\n"),
    "half-attributions": _filled(_TEXT, b"On "),
    "dashes": _filled(_TEXT, b"-"),
    "signatures": _filled(_TEXT, b"-- \n"),
    "header-blocks": _filled(_TEXT, b"From: a\nSent: b\nTo: c\nSubject: d\n"),
    "rules": _filled(_TEXT, b"________________________________\n"),
    "flowed": _filled(_TEXT.replace(b"utf-8", b"utf-8; format=flowed"), b"> a \n>> b \n"),
    "failures": _filled(b"Return-Path: <>\n" + _TEXT, b"host a said: 550 5.1.1 <a@example.com> "),
    # texts of other types
    "rtf-groups": _filled(_RTF, b"{"),
    "rtf-closed-groups": _filled(_RTF, b"{}"),
    "rtf-words": _filled(_RTF, b"\\par"),
    "rtf-escapes": _filled(_RTF, b"\\'cf\\par "),
    "rtf-fonts": _filled(_RTF, b"{\\f1\\fcharset204 A;}\\f1 \\'cf"),
    "rtf-unicode": _filled(_RTF, b"\\u1055?"),
    "rtf-skips": _filled(_RTF, b"\\uc999999\\u1055?"),
    "rtf-backslashes": _filled(_RTF, b"\\"),
    "enriched-commands": _filled(_ENRICHED, b"<bold>"),
    "enriched-excerpts": _filled(_ENRICHED, b"<excerpt>x"),
    "enriched-params": _filled(_ENRICHED, b"<param>x"),
    "enriched-less-than": _filled(_ENRICHED, b"<"),
    "enriched-lines": _filled(_ENRICHED, b"\n"),
    # HTML
    "divs": _filled(_HTML, b"<div>"),
    "blockquotes": _filled(_HTML, b"<blockquote>x"),
    "less-than": _filled(_HTML, b"<"),
    "open-tags": _filled(_HTML, b"<a"),
    "open-attributes": _filled(_HTML, b'<a b="'),
    "links": _filled(_HTML, b"<a href='x'>"),
    "tables": _filled(_HTML, b"<table><tr><td>"),
    "cells": _filled(_HTML, b"<td>"),
    "lists": _filled(_HTML, b"<ul><li>"),
    "open-comments-in-html": _filled(_HTML, b"<!--"),
    "open-scripts": _filled(_HTML, b"<script>"),
    "open-styles": _filled(_HTML, b"<style>"),
    "styles": _filled(_HTML, b"<style>.a{display:none}</style>"),
    "braces": _filled(_HTML + b"<style>", b"{", b"</style><p class=a>x"),
    "declarations": _filled(_HTML + b"<p style='", b"color:red;", b"'>x"),
    "attributes": _filled(_HTML + b"<p ", b"a=b ", b">x"),
    "classes": _filled(_HTML + b"<style>.x{display:none}</style><p class='", b"a ", b"'>x"),
    "entities": _filled(_HTML, b"&amp;"),
    "ampersands": _filled(_HTML, b"&#"),
    "formatting-left-open": _filled(_HTML, b"<b><p>x"),
    "line-breaks": _filled(_HTML, b"<br>"),
    # no mail
    "one-byte": lambda size: b"a" * size,
    "line-feeds": lambda size: b"\n" * size,
    "carriage-returns": lambda size: b"\r" * size,
    "colons": lambda size: b":" * size,
}
