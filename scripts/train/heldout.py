"""Reads heldout.txt: whole messages that no model is trained on or tuned by, each with its labels.

`== language | intent | sentiment | priority` opens a message: headers, an empty line, text. `File:` is an attachment.
"""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from emailq.classify.handler import mail_text
from emailq.models import MailText
from emailq.parse.digest import digest_message

HELD_OUT = Path(__file__).with_name("heldout.txt")


class HeldOut(NamedTuple):
    mail: MailText
    language: str
    intent: str
    sentiment: str
    priority: str


def read_held_out(path: Path = HELD_OUT) -> list[HeldOut]:
    blocks = re.split(r"^== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [_read(block) for block in blocks]


def _read(block: str) -> HeldOut:
    labels, _, message = block.partition("\n")
    head, _, text = message.partition("\n\n")
    made = EmailMessage()
    made.set_content(text.strip() + "\n")
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if name == "File":
            made.add_attachment(b"-", "application", "octet-stream", filename=value)
        else:
            made[name] = value
    language, intent, sentiment, priority = (label.strip() for label in labels.split("|"))
    return HeldOut(mail_text(digest_message(made.as_bytes())), language, intent, sentiment, priority)
