"""Trains the words of the gate (emailq/parse/wording.py) from its tests' messages, gate.txt and the pieces in corpus/.

    .venv-train/bin/python scripts/train/gate.py

scripts/train/run makes that environment. The same messages, the same file.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from compose import compose
from pieces import read_languages
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from emailq.parse import wording
from emailq.parse.addresses import Address
from emailq.parse.message import parse_message
from emailq.parse.patterns import lower
from emailq.parse.replies import SplitText, split_reply

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests/parse"
TAUGHT = ("auto_reply", "auto_generated")  # kinds
PER_INTENT = 40  # messages made of the pieces, in each language
STRENGTH = 100.0  # inverse of the regularisation
KEPT = 1500  # signs


class Example(NamedTuple):
    kind: str
    signs: dict[str, float]


def main() -> None:
    examples = [*read_tests(), *read_letters(), *made_of_pieces()]
    examples = [one for one in examples if one.kind in (*TAUGHT, "person")]
    counts = Counter(sign for one in examples for sign in one.signs)
    index = {sign: at for at, sign in enumerate(sorted(sign for sign, count in counts.items() if count > 1))}
    answers = [one for one in examples if one.kind in TAUGHT]
    automatic = _fit(examples, index, [one.kind != "person" for one in examples])
    generated = _fit(answers, index, [one.kind == "auto_generated" for one in answers])
    weights = automatic.coef_[0]
    kept = np.sort(np.argsort(-np.abs(weights), kind="stable")[:KEPT])
    names = list(index)
    rows = [("", automatic.intercept_[0], generated.intercept_[0])]
    rows += [(names[at], weights[at], generated.coef_[0][at]) for at in kept]
    text = "".join(f"{name}\t{round(a * wording.UNIT)}\t{round(b * wording.UNIT)}\n" for name, a, b in rows)
    (ROOT / "emailq/parse" / wording.WEIGHTS).write_text(text, "utf-8")


def read_tests() -> Iterator[Example]:
    """Messages of the gate's tests, each with the kind that is expected."""
    for path in sorted(TESTS.glob("notices/*.txt")):
        for section in re.split("(?m)^=== ", path.read_text("utf-8", "surrogateescape"))[1:]:
            title, _, raw = section.partition("\n")
            yield example(title.split()[1], raw.encode("utf-8", "surrogateescape"))
    for path in sorted(TESTS.glob("automation/*/*.eml")):
        yield example(path.parent.name, path.read_bytes())


def read_letters() -> Iterator[Example]:
    """Lines "kind | sender | subject | text" of gate.txt: notes, and what people write of such things."""
    for line in Path(__file__).with_name("gate.txt").read_text("utf-8").splitlines():
        kind, sender, subject, text = line.split(" | ", 3)
        answers = "In-Reply-To: <1@example.com>\n" if subject.startswith("Re:") else ""
        yield example(kind, f"From: {sender}\nSubject: {subject}\n{answers}\n{text}".encode())


def example(kind: str, raw: bytes) -> Example:
    message = parse_message(raw)
    sender = message.from_[0] if message.from_ else Address(None, "@")
    reply = split_reply(message.body_text or "", sender.name or sender.email)
    names = {name.lower() for name, _ in message.headers}
    subject = lower((message.subject or "").lstrip(" \t*!-")[:200])
    names_message = not names.isdisjoint(("in-reply-to", "references"))
    return Example(kind, wording.signs_of(sender, subject, reply, names_message=names_message) if reply.new else {})


def made_of_pieces() -> Iterator[Example]:
    """Mail of people: their orders, questions, complaints and frauds."""
    for language in read_languages():
        traits = {section.kind: section.traits for section in language.sections}
        for sample in compose(language, PER_INTENT, seed=1):
            if sample.intent == "newsletter" or traits[sample.kind] & {"auto", "bounce", "machine", "list", "nogreet"}:
                continue
            mail = sample.mail
            sender = Address(mail.from_name, mail.from_address or "@")
            reply = split_reply(mail.text, mail.from_name)
            reply = SplitText(reply.new, reply.quoted or mail.quoted, reply.signature)
            names_message = "in-reply-to" in mail.headers
            signs = wording.signs_of(sender, lower(mail.subject), reply, names_message=names_message)
            yield Example("person", signs)


def _fit(examples: Sequence[Example], index: dict[str, int], labels: Sequence[bool]) -> Any:
    model = LogisticRegression(C=STRENGTH, max_iter=500)
    return model.fit(_matrix(examples, index), np.array(labels))


def _matrix(examples: Sequence[Example], index: dict[str, int]) -> csr_matrix:
    ends, columns, values = [0], [], []
    for one in examples:
        known = [(index[sign], voice) for sign, voice in one.signs.items() if sign in index]
        columns += [at for at, _ in known]
        values += [voice for _, voice in known]
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(examples), len(index)))


if __name__ == "__main__":
    main()
