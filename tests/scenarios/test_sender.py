"""Who a message is from: from the settings, over what a mail server wrote and what a sender forged, to the row."""

from pathlib import Path

import psycopg

from tests.commands import run_emailq

SETTINGS = {"EMAILQ_OWN_ADDRESSES": "shop@example.org, example.org", "EMAILQ_AUTHSERV_IDS": "mx.example.org"}


def letter(number: int, sender: str, results: str = "", forged: str = "", to: str = "shop@example.org") -> bytes:
    """As it leaves our own server: the fields that it added stand on top, what the sender wrote below."""
    above = f"Authentication-Results: {results}\r\n" if results else ""
    below = f"Authentication-Results: {forged}\r\n" if forged else ""
    return (
        f"Received: from mx by inside; Tue, 10 Nov 2026 08:{number:02}:00 +0000\r\n{above}"
        f"Received: from somewhere by mx; Tue, 10 Nov 2026 08:{number:02}:00 +0000\r\n{below}"
        f"From: {sender}\r\nTo: {to}\r\nSubject: Letter {number}\r\nMessage-ID: <{number}@x.example>\r\n\r\nhello\r\n"
    ).encode()


def test_senders_are_judged_by_what_our_own_servers_say(dsn: str, db: psycopg.Connection, tmp_path: Path) -> None:
    env = {"EMAILQ_DSN": dsn, "EMAILQ_BLOB_DIR": str(tmp_path / "blobs"), **SETTINGS}
    passed = "mx.example.org; dkim=pass header.d=brightline.example; dmarc=pass header.from=brightline.example"
    failed = "mx.example.org; dmarc=fail header.from=brightline.example"
    forged = "mx.example.org; dmarc=pass header.from=example.org"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (tmp_path / "Maildir" / folder).mkdir(parents=True)

    def take_in(folder: str, *letters: bytes) -> None:
        for number, raw in enumerate(letters):
            (tmp_path / "Maildir" / folder / f"{number}.a:2,").write_bytes(raw)
        run_emailq("ingest", tmp_path / "Maildir", env=env)
        run_emailq("worker", "--queue", "parsing", "--drain", env=env)

    take_in(".Sent/cur", letter(1, "Shop <shop@example.org>", to="ann@brightline.example"))
    take_in("cur", letter(2, "Ann <ann@brightline.example>", passed))
    take_in(
        "new",
        letter(3, "Ann <ann@brightline.example>", failed, forged=passed),
        letter(4, "Eve <eve@brightl1ne.example>"),
        letter(5, "Boss <boss@example.org>", "mx.example.org; spf=none; dkim=none", forged=forged),
        letter(6, "New <new@mail.example>", "mx.evil.example; dmarc=pass header.from=mail.example"),
    )

    found = db.execute(
        "select subject, sender_trust, trust_reasons, automation, authentication ->> 'dmarc' from emails order by 1"
    ).fetchall()
    assert found == [
        ("Letter 1", "known", ["colleague", "first-contact"], "own_mail", None),
        ("Letter 2", "trusted", ["dmarc-pass", "dkim-aligned", "correspondent", "first-contact"], None, "pass"),
        ("Letter 3", "suspicious", ["dmarc-fail", "correspondent", "unconfirmed", "earlier-mail"], None, "fail"),
        ("Letter 4", "suspicious", ["first-contact", "look-alike-domain"], None, None),
        ("Letter 5", "suspicious", ["own-domain-unverified", "colleague", "first-contact"], None, None),
        ("Letter 6", "new", ["first-contact"], None, None),
    ]
