"""Content-Transfer-Encoding as real programs, list servers and scanners leave it; encoded words too."""

import base64

import pytest

from emailq.parse.transfer import decode
from emailq.parse.words import decode_words

DATA = bytes(range(256))
ENCODED = base64.b64encode(DATA)
LINES = base64.encodebytes(DATA)  # of 76 characters


@pytest.mark.parametrize(
    "encoded",
    [
        ENCODED,
        LINES.replace(b"\n", b"\r\n"),
        ENCODED.rstrip(b"="),
        ENCODED + b"==",
        base64.b64encode(DATA[:100]) + b"\n" + base64.b64encode(DATA[100:]),
        base64.urlsafe_b64encode(DATA),
        LINES.replace(b"\n", b"\n!\n", 1),
        LINES.replace(b"\n", b"-\n", 1),
        LINES.replace(b"=", b"=3D"),
        LINES.rstrip(b"=\n") + b"=\r\n" + b"_" * 47 + b"\r\n",
        ENCODED[:35] + b"\n\n" + ENCODED[35:50] + b" ! " + ENCODED[50:66] + b"*\n^" + ENCODED[66:].rstrip(b"="),
        LINES + b"\n-- \nlist footer\nhttp://lists.example.org\n",
        LINES + b"\n" + b"_" * 400 + b"\na footer that is longer than the text\n",
    ],
)
def test_base64_is_decoded_whatever_was_done_to_it(encoded: bytes) -> None:
    assert decode(encoded, "base64")[0] == DATA


@pytest.mark.parametrize("encoded", [b"Z GF 0YQ==", b"--\n\nZGF0YQ=="])
def test_a_short_base64_text_may_have_blanks_inside_and_a_rule_above(encoded: bytes) -> None:
    assert decode(encoded, "base64")[0] == b"data"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("=?utf-8?b?w6k=?= =?utf-8?b?w6k=?=", "éé"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?utf-8?b?ww==?= =?utf-8?b?qQ==?=", "é"),
        ("=?utf-8?b?w6==?= =?utf-8?b?qQ==?=", "é"),
        ("=?utf-8?b?YQ==Yg==?=", "ab"),
        ("=?utf-8?b?0J/R?= =?utf-8?b?gNC4?=", "При"),
        ("=?utf-8?b?0J/RgNC?= =?utf-8?b?40LI=?=", "Прив"),
        ("=?utf-8?b?YWI?= =?utf-8?b?=?=", "ab"),
        ("=?utf-8?b?w6kgw6k?= =?utf-8?b?IMOpw6k?=", "é é éé"),
        ("=?utf-16?b?//5HAHIA?= =?utf-16?b?//78AA==?=", "Grü"),
        ("=?utf-8?b?77u/YQ==?= =?utf-8?b?77u/Yg==?=", "ab"),
        ("=?utf-8?b?w6nDqQ?= =?utf-8?b?w6nDqQ?=", "éééé"),
        ("=?utf-8?q?1=3D1==?=", "1=1=="),
        ("=?utf-8?q?cut?", "cut"),
        ("=?utf-8?q?c=C3=BBt", "cût"),
        ("=?utf-8?q?open", "=?utf-8?q?open"),
        ("=?utf-8?b?w6k? or so", "é or so"),
        ("=?iso- 8859-1 ?q?=E9?= =? utf-8?q?=C3=A9?=", "éé"),
        ("=?utf8?q?=E2=82?= =?UTF-8?q?=AC?=", "€"),
        ("if a=?b?b?= c", "if a=?b?b?= c"),
        ("=?utf-8?q?a=?utf-8?q?b?= =?utf-8?b?w6k==?utf-8?b?w6k=?=", "abéé"),
        ("=?utf-8?q?=C3=A9?=?utf-8?q?t?=", "ét"),
        ("=?utf-8? q ?a?=\u3000=?utf-8?b?Yg?=", "a\u3000b"),
        ("=?iso-8859-1?q?\u00e9=E9?=", "éé"),
        ("=?iso-2022-jp?b?GyRCRnw?= =?iso-2022-jp?b?S1wbKEI=?=", "日本"),
    ],
)
def test_base64_in_an_encoded_word_is_joined_and_padded(header: str, text: str) -> None:
    assert decode_words(header) == text


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        (b"a \t\nb  \r\n  \nc=20\nd ", b"a\nb\r\n\nc \nd"),
        (b"a= \nb=\t\r\nc=", b"abc"),
        (b"a==3Db==\nc=4Zd=", b"a==b=c=4Zd"),
        (b"a=\rb\nc", b"ab\nc"),
    ],
)
def test_quoted_printable_is_decoded_whatever_was_done_to_it(encoded: bytes, decoded: bytes) -> None:
    assert decode(encoded, "quoted-printable")[0] == decoded
