"""The specification's own way, repaired so that it runs: mail_specified.py FOLDER BLOBS, $DSN.

policy.default, each attachment to the store as it is found, one transaction a message with its row, attachments, the
sender's contact and the next item of the queue.
"""

import email.policy
import hashlib
import os
import sys
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

SCHEMA = """
create table emails (
    id uuid primary key, message_id text not null unique, from_address text, from_name text, to_addresses text[],
    cc_addresses text[], subject text, body_text text, body_html text, received_at timestamptz, in_reply_to text,
    "references" text[]);
create index on emails (from_address);
create index on emails (received_at desc);
create index on emails using gin (to_tsvector('english', coalesce(left(body_text, 100000), '')));
create table attachments (
    id uuid primary key, email_id uuid not null references emails, filename text not null, content_type text,
    size_bytes bigint, md5_hash text, s3_key text not null);
create table contacts (id uuid primary key, email text not null unique, name text, emails_sent_count integer);
create table processing_queue (
    id uuid primary key, email_id uuid not null references emails, queue_name text, status text, priority integer);
"""


def main(folder: str, blobs: str) -> None:
    with psycopg.connect(os.environ["DSN"], autocommit=True) as conn:
        conn.execute(SCHEMA)
        for path in sorted(Path(folder).iterdir()):
            try:
                with conn.transaction():
                    _store(conn, path.read_bytes(), Path(blobs))
            except Exception:  # such messages are lost here
                continue


def _store(conn: psycopg.Connection, raw: bytes, blobs: Path) -> None:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    identity = uuid4()
    from_name, from_address = (getaddresses([str(message.get("from", ""))]) or [("", "")])[0]
    _write(blobs, f"raw/{identity}", raw)
    conn.execute(
        "insert into emails values (%s, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s, %s) on conflict do nothing",
        (
            identity,
            str(message.get("message-id") or uuid4()),
            from_address,
            from_name,
            [address for _, address in getaddresses([str(message.get("to", ""))])],
            [address for _, address in getaddresses([str(message.get("cc", ""))])],
            message.get("subject"),
            _body(message, "plain"),
            _body(message, "html"),
            message.get("in-reply-to"),
            str(message.get("references", "")).split(),
        ),
    )
    for part in message.walk():
        if part.get_content_disposition() in ("attachment", "inline") and not part.is_multipart():
            _attach(conn, blobs, identity, part)
    conn.execute(
        "insert into contacts values (%s, %s, %s, 1)"
        " on conflict (email) do update set emails_sent_count = contacts.emails_sent_count + 1",
        (uuid4(), from_address, from_name),
    )
    conn.execute(
        "insert into processing_queue values (%s, %s, 'classification', 'pending', 5)",
        (uuid4(), identity),
    )


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return part.get_content().replace("\0", "") if part else None


def _attach(conn: psycopg.Connection, blobs: Path, identity: Any, part: Any) -> None:
    content = part.get_payload(decode=True) or b""
    name = part.get_filename() or "attachment"
    key = f"{identity}/{uuid4()}"
    _write(blobs, key, content)
    conn.execute(
        "insert into attachments values (%s, %s, %s, %s, %s, %s, %s)",
        (
            uuid4(),
            identity,
            name,
            part.get_content_type(),
            len(content),
            hashlib.md5(content, usedforsecurity=False).hexdigest(),
            key,
        ),
    )


def _write(blobs: Path, key: str, content: bytes) -> None:
    path = blobs / key
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
