"""Words by which a message takes an order back, puts it off, or makes it depend on something: then it is none yet.

Shipped all the same, it would have to be fetched back. The words are in `words`. A needless
question costs a person one key, so in doubt there is one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emailq.erp import words
from emailq.erp.words import any_of
from emailq.extract.fields import TEXT_LIMIT
from emailq.extract.parts import in_one_row, span_of

_WRAPPED_FROM = 45  # a row this long without an end goes on in the next one

# wherever these stand, the whole message is in doubt
_ANYWHERE = any_of(words.NOT_YET, words.ONLY_TOLD, words.SENT_AGAIN, words.TRIALS_AND_SLIPS)
# these count in a sentence that orders something
_WHERE_IT_ORDERS = any_of(words.NEGATIONS, words.CONDITIONS, words.PLANS, words.CHOICES, words.PAST)
_ELSEWHERE = any_of(words.ELSEWHERE)
_ORDERS = any_of(words.ORDERS)
_ORDER = re.compile(
    r"(?<![^\W_])(?:(?:re-?)?order|purchase|p\.?o\.?|buy\w*|\w*bestell\w*|auftrag\w*|abruf\w*|bedarf"
    r"|заказ\w*|заявк\w*|закуп\w*|commande\w*|pedido\w*|compra\w*|zamówieni\w*|zamawia\w*|ordin[eia]\w*|замовл\w*)(?![^\W_])",
    re.IGNORECASE,
)
# above a message that is passed on or answered
_QUOTED = re.compile(
    r"^[ \t]*(?:>|[-_=*]{3,20}[ ]?[^\W_][^\n]{2,60}?[-_=*]{3,20}[ ]*$"
    r"|(?:from|von|от|de|da|expéditeur|отправитель|absender)\s?:[^\n@]{1,100}@)",
    re.IGNORECASE | re.MULTILINE,
)
_ASKED_FOR = re.compile(r"\b(?:please|bitte|s['’]il|svp|por favor|пожалуйста)\b", re.IGNORECASE)
_LEAD_IN = re.compile(r".{2,150}:\s*\Z")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[^\W\d_a-zа-яё]|¿|¡)")
_WORD = re.compile(r"[^\W\d_]{3,}")
_WORDS_OF_A_ROW = 2  # besides the items: "dazu", "and also"


def speaks_of_a_doubt(subject: str, text: str, lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The words for which an order with these lines may be none, in the subject or the newest text; None: it is one.

    They put it in doubt, tell of the items and do not order them, or stand above a message that was only passed on.
    """
    text = text[:TEXT_LIMIT]
    match = _ANYWHERE.search(in_one_row(subject)) or _ANYWHERE.search(in_one_row(text))
    if match:
        return span_of(match[0])
    spans = [line["span"] for line in lines if line["source"] == "text"]
    passed_on = _QUOTED.search(text)
    if passed_on and any(span in in_one_row(text[passed_on.end() :]) for span in spans):
        return span_of(passed_on[0])
    says_so = bool(_ORDER.search(subject)) or not spans
    unplaced = {span for span in spans if " | " not in span}  # that of a row of a table does not stand there so
    for sentence in _sentences(text, spans):
        named = [span for span in spans if span in sentence]
        unplaced.difference_update(named)
        orders = _ORDERS.search(sentence)
        says_so = says_so or bool(orders or _ORDER.search(sentence))
        if not (named or orders or _LEAD_IN.fullmatch(sentence)):
            continue
        if match := _WHERE_IT_ORDERS.search(sentence):
            return span_of(match[0])
        if named and (match := _ELSEWHERE.search(sentence)):
            return span_of(match[0])
        if named and sentence.endswith("?") and not _ASKED_FOR.search(sentence):
            return span_of(sentence)
        if named and not orders and len(_WORD.findall(_without(named, sentence))) > _WORDS_OF_A_ROW:
            return span_of(sentence)
    return None if says_so and not unplaced else span_of(min(unplaced, default=spans[0]))


def _without(spans: Sequence[str], sentence: str) -> str:
    for span in spans:
        sentence = sentence.replace(span, " ")
    return sentence


def _sentences(text: str, spans: Sequence[str]) -> Iterator[str]:
    """Sentences, and rows of lists; a sentence that was wrapped is whole, and so is a line such as "20 шт. КШ-150"."""
    whole = ""
    for row in (*text.splitlines(), ""):
        row = " ".join(row.split())
        goes_on = len(whole) >= _WRAPPED_FROM and whole[-1] not in ".!?:;" and row and not re.match(r"[-*•–—\d]", row)
        if goes_on:
            whole = f"{whole} {row}"
            continue
        before = ""
        for piece in _SENTENCE_END.split(whole):
            both = f"{before} {piece}" if before else piece
            if before and not any(span in both and span not in before and span not in piece for span in spans):
                yield before
                both = piece
            before = both
        yield before
        whole = row
