"""Reads heldout*.txt: whole messages that no model is trained on or tuned by, each with its labels.

Those of heldout-2.txt are the newer and harder ones.

`== language | intent | sentiment | priority` opens a message: headers, an empty line, text. `File:` is an attachment.
"""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

from emailq.classify.handler import mail_text
from emailq.models import MailText
from emailq.parse.digest import digest_message

HELD_OUT = (Path(__file__).with_name("heldout.txt"), Path(__file__).with_name("heldout-2.txt"))


class HeldOut(NamedTuple):
    mail: MailText
    language: str
    intent: str
    sentiment: str
    priority: str


def read_held_out(*paths: Path) -> list[HeldOut]:
    texts = [path.read_text("utf-8") for path in paths or HELD_OUT]
    return [_read(block) for text in texts for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]]


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
