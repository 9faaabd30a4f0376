"""A message as the signs that the local model has weights for: words, meanings, and what headers and files tell."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from emailq.classify.facts import HEAD, facts_of
from emailq.classify.instructions import without_instructions
from emailq.classify.lexicon import concepts
from emailq.classify.tokens import Token, plain, tokens
from emailq.models import MailText

TAIL = 700  # characters at the end of a long text that are read as well: its point stands at its ends
SHORT_TEXT = 14  # words; a reply as short as this is read together with what it quotes


class Signs(NamedTuple):
    """Names of signs, each once: what the text says, in words and in meanings, and what all else tells.

    Meanings and facts begin with @.
    """

    words: list[str]
    meanings: list[str]
    facts: list[str]


def key(name: str) -> int:
    """The number under which the model knows a sign."""
    return crc32(name.encode())


def signs_of(mail: MailText) -> Signs:
    """Everything the model may see of a message. Sentences addressed to a machine are taken out before."""
    subject = list(tokens(plain(without_instructions(mail.subject[:500]))))
    body = list(tokens(plain(without_instructions(_ends(mail.text)))))
    words: dict[str, None] = dict.fromkeys(_word_signs(body, ""))
    words.update(dict.fromkeys(_word_signs(subject, "s:")))
    words.update(dict.fromkeys(_word_signs(subject, "")))
    said = concepts(body)
    meanings = [f"@c:{name}" for name in sorted(said)] + [f"@cs:{name}" for name in sorted(concepts(subject))]
    if mail.quoted and (len(body) < SHORT_TEXT or "forwarded" in said):
        quoted = list(tokens(plain(without_instructions(mail.quoted[:HEAD]))))
        words.update(dict.fromkeys(_word_signs(quoted, "q:")))
        meanings += [f"@cq:{name}" for name in sorted(concepts(quoted))]
    names = list(tokens(plain(_file_words(mail.attachments))))
    words.update(dict.fromkeys(_word_signs(names, "f:")))
    meanings += [f"@cf:{name}" for name in sorted(concepts(names))]
    return Signs(list(words), meanings, [f"@{name}" for name in facts_of(mail, subject, body)])


def _ends(text: str) -> str:
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}\n{text[-TAIL:]}"


def _word_signs(found: list[Token], space: str) -> Iterator[str]:
    """Words, their beginnings (which stand for stems) and pairs of neighbours; `space` keeps subject and body apart."""
    stems: list[str] = []
    for kind, text in found:
        match kind:
            case "word":
                if not space:
                    yield text
                stem = text[:5] if len(text) > 5 else text
                yield f"{space}{stem}~"
            case "wide":
                stem = text
                yield f"{space}{text}"
            case "stop":
                stem = "."
            case "mark":
                stem = text[0]
                yield f"{space}{stem}"
            case _:
                stem = f"<{kind}>"
                yield f"{space}{stem}"
        stems.append(stem)
    for left, right in pairwise(stems):
        if left != "." and right != ".":
            yield f"{space}{left}_{right}"


def _file_words(attachments: Sequence[str]) -> str:
    """The names of files as text: "Bestellung_4711.pdf (application/pdf)" says "bestellung 4711"."""
    stems = (name.rsplit(" (", 1)[0].rpartition(".")[0][:80] for name in attachments[:5])
    return ".\n".join(without_instructions(re.sub(r"[_.+-]+", " ", stem)) for stem in stems)
