"""Content-Type and Content-Disposition with their parameters, well-formed and as real programs write them."""

import pytest

from emailq.parse.params import parse_content_type, parse_disposition


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ("(a; b) text/html; (c) charset=(d)utf-8 (e)", ("text/html", {"charset": "utf-8"})),
        ("text/html, charset=utf-8, format=flowed", ("text/html", {"charset": "utf-8", "format": "flowed"})),
        ("text//html", ("text/html", {})),
        ('"text/html"; charset="utf-8"', ("text/html", {"charset": "utf-8"})),
        ("Content-Type: text/html; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        ("multipart/; boundary=b", ("multipart/mixed", {"boundary": "b"})),
        ("multipart/'mixed*; boundary=b", ("multipart/mixed", {"boundary": "b"})),
        ("multipart alternative; boundary=b", ("multipart/alternative", {"boundary": "b"})),
        ("multipart/mixed; boundary=-(1)-b (c)", ("multipart/mixed", {"boundary": "-(1)-b"})),
        ('multipart/mixed; charset="utf-8; boundary="b"', ("multipart/mixed", {"charset": "utf-8", "boundary": "b"})),
        ('multipart/mixed; boundary=\\"--b\\"', ("multipart/mixed", {"boundary": "--b"})),
        ('text/html; charset(a)=""utf-8""', ("text/html", {"charset": "utf-8"})),
        ('text/html; charset="utf\\-8"', ("text/html", {"charset": "utf-8"})),
        ('multipart/mixed; boundary="=?utf-8?q?b?="', ("multipart/mixed", {"boundary": "=?utf-8?q?b?="})),
        ('multipart/mixed; boundary="<<b>>"', ("multipart/mixed", {"boundary": "<<b>>"})),
        ("text/html; (a) charset (b) = utf-8", ("text/html", {"charset": "utf-8"})),
        ("text/html; =?utf-8?q?charset=3D=22utf-8=22?=", ("text/html", {"charset": "utf-8"})),
        ("text (;a(\\)) ) /html (b); charset(=c)= (d;) utf-8 (e;f=g)", ("text/html", {"charset": "utf-8"})),
        ("text/html; charset='utf-8'", ("text/html", {"charset": "utf-8"})),
        ('multipart/mixed; boundary (a) = (b) "(c) d" (e)', ("multipart/mixed", {"boundary": "(c) d"})),
        ("nonsense", ("", {})),
    ],
)
def test_a_type_is_read_in_every_form_seen(value: str, expected: tuple[str, dict[str, str]]) -> None:
    assert parse_content_type(value) == expected


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('filename="a.pdf"', "a.pdf"),
        ('filename="Report "final".pdf"', 'Report "final".pdf'),
        ('filename=""a.pdf""', "a.pdf"),
        ('filename=\\"a.pdf\\"', "a.pdf"),
        ('filename="a.pdf"size=3', "a.pdf"),
        ('filename="=?utf-8?q?=C3=A9?=".pdf', "é.pdf"),
        ('filename="a.pdf"x', "a.pdf"),
        ("filename=utf-8'en'%C3%A9.pdf", "é.pdf"),
        ('filename="=?utf-8?q?=C3=A9?=" "=?utf-8?q?.pdf?="', "é.pdf"),
        ("filename *=utf-8'en'a%20b.pdf", "a b.pdf"),
        ('filename *0="a"; filename\t*1 = b.pdf', "ab.pdf"),
        ("filename=Q1; Q2.pdf; size=3", "Q1; Q2.pdf"),
        ("filename=a b.pdf x-unix-mode=0644", "a b.pdf"),
        ("filename=a.pdf; b.pdf", "a.pdf"),
        ("filename*=utf-8'en'%C3%A9.pdf", "é.pdf"),
        ("filename*=utf-8'%C3%A9.pdf", "é.pdf"),
        ("filename*=utf-8''\"%C3%A9.pdf\"", "é.pdf"),
        ("filename=\"utf-8''%C3%A9.pdf\"", "é.pdf"),
        ("filename*0=utf-8''%C3%A9; filename*1=.pdf", "é.pdf"),
        ("filename*0*=''a%2E; filename*1*=\"%70\"; filename*2=df", "a.pdf"),
        ("filename*1=df; filename*0=a.p", "a.pdf"),
        ('filename*0="=?utf-8?Q?=C3"; filename*1="=A9.pdf?="', "é.pdf"),
        ("filename=\"it''s 5%.pdf\"", "it''s 5%.pdf"),
        ('filename=(a) "b.pdf"', "b.pdf"),
        ("filename=(a) b.pdf", "(a) b.pdf"),
    ],
)
def test_a_file_name_is_read_in_every_form_seen(written: str, name: str) -> None:
    disposition, parameters = parse_disposition(f"attachment, {written}")

    assert (disposition, parameters["filename"]) == ("attachment", name)


def test_a_disposition_in_encoded_words_is_read() -> None:
    assert parse_disposition("=?utf-8?q?inline=3B_filename=3Da.pdf?=") == ("inline", {"filename": "a.pdf"})
