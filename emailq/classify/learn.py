"""Teaches the local model what people decided: the weights of words in their messages move, nothing else does."""

import math
import random
from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from emailq.classify import local
from emailq.classify.features import Signs, key, signs_of
from emailq.classify.handler import load_mail
from emailq.classify.local import COLUMNS, HEADS, Model
from emailq.db import Connection

LEAST = 20  # decisions by people without which there is nothing to learn
_EPOCHS = 8
_RATE = 0.5
_PULL = 0.002  # back to where a weight came from, at each step
_FOLDS = 5

_Weights = dict[int, list[float]]  # sign → a number for each of COLUMNS


class Example(NamedTuple):
    """A message and what a person said of it: per head a label, where there is one."""

    signs: Signs
    labels: Mapping[str, str]


class Lesson(NamedTuple):
    """`model` learned from `examples`. `before`, `after`: of messages kept out of learning, how many intents were right
    with the old weights and with weights learned from the others.
    """

    model: Model
    examples: int
    before: int
    after: int


async def load_examples(conn: Connection) -> list[Example]:
    """The last word of a person on each message, oldest first; corrections and confirmations alike."""
    cursor = await conn.execute(
        "select email_id, intent, sentiment, priority from ("
        " select distinct on (email_id) * from classification_history where decided_by = 'person'"
        " order by email_id, classified_at desc) h order by classified_at, email_id"
    )
    examples = []
    for email_id, *labels in await cursor.fetchall():
        mail = await load_mail(conn, email_id)
        if mail is not None:
            said = zip(HEADS, labels, strict=True)
            examples.append(Example(signs_of(mail), {head: label for head, label in said if label is not None}))
    return examples


def learn(base: Model, examples: Sequence[Example]) -> Lesson:
    """The same examples in the same order give the same model."""
    before = after = 0
    for fold in range(_FOLDS):
        held = examples[fold::_FOLDS]
        moved = _moved(base, [one for i, one in enumerate(examples) if i % _FOLDS != fold])
        before += sum(_is_right(base, {}, one) for one in held)
        after += sum(_is_right(base, moved, one) for one in held)
    return Lesson(_with(base, _moved(base, examples), len(examples)), len(examples), before, after)


def _moved(base: Model, examples: Sequence[Example]) -> _Weights:
    """Gradient descent on the error of each example in turn, from the base's weights on."""
    inputs = [_inputs(one.signs) for one in examples]
    start = {sign: _base_weights(base, sign) for one in inputs for sign, _ in one}
    weights = {sign: list(row) for sign, row in start.items()}
    order = random.Random(1)
    for _ in range(_EPOCHS):
        for at in order.sample(range(len(examples)), len(examples)):
            wrong = _errors(_totals(base, weights, examples[at].signs), examples[at].labels)
            for sign, value in inputs[at]:
                row, origin = weights[sign], start[sign]
                for column, error in wrong.items():
                    row[column] -= _RATE * (error * value + _PULL * (row[column] - origin[column]))
    return weights


def _inputs(signs: Signs) -> list[tuple[int, float]]:
    """The signs that may learn, with their value in this message. Facts about the envelope stay as they are."""
    blocks = ((names, 1 / math.sqrt(len(names))) for names in (signs.words, signs.meanings) if names)
    return [(key(name), value) for names, value in blocks for name in names]


def _totals(base: Model, weights: _Weights, signs: Signs) -> list[float]:
    totals = list(base.bias)
    for sign, value in (*_inputs(signs), *((key(name), 1.0) for name in signs.facts)):
        row = weights[sign] if sign in weights else _base_weights(base, sign)
        totals = [total + value * weight for total, weight in zip(totals, row, strict=True)]
    return totals


def _errors(totals: Sequence[float], labels: Mapping[str, str]) -> dict[int, float]:
    """Per column how far its probability is from what the person said; only heads with a label."""
    wrong: dict[int, float] = {}
    for head, label in labels.items():
        columns = [i for i, (name, _) in enumerate(COLUMNS) if name == head]
        highest = max(totals[i] for i in columns)
        powers = [math.exp(totals[i] - highest) for i in columns]
        for i, power in zip(columns, powers, strict=True):
            wrong[i] = power / sum(powers) - (COLUMNS[i][1] == label)
    return wrong


def _is_right(base: Model, weights: _Weights, example: Example) -> bool:
    totals = _totals(base, weights, example.signs)
    best = max((total, label) for (head, label), total in zip(COLUMNS, totals, strict=True) if head == "intent")
    return best[1] == example.labels["intent"]


def _base_weights(base: Model, sign: int) -> list[float]:
    row = local.row(base, sign)
    return [w * scale for w, scale in zip(row, base.scales, strict=True)] if row else [0.0] * len(COLUMNS)


def _with(base: Model, weights: _Weights, count: int) -> Model:
    """`base` with the rows in `weights` replaced or added; the scale of a column grows where one of them needs it."""
    width = len(COLUMNS)
    scales = tuple(
        max([scale, *(abs(row[i]) / 127 for row in weights.values())]) for i, scale in enumerate(base.scales)
    )
    packed = array("b", base.weights)
    for i, (old, new) in enumerate(zip(base.scales, scales, strict=True)):
        if new != old:
            packed[i::width] = array("b", (round(w * old / new) for w in packed[i::width]))
    rows = {sign: packed[at * width : (at + 1) * width] for at, sign in enumerate(base.keys)}
    for sign, row in weights.items():
        rows[sign] = array("b", (round(w / scale) for w, scale in zip(row, scales, strict=True)))
    signs = sorted(rows)
    joined = array("b", b"".join(rows[sign] for sign in signs))
    return local.named(base._replace(keys=array("I", signs), weights=joined, scales=scales), f"+{count}")
