"""Trains the local model from the pieces in corpus/ and writes its weights. The same pieces and seed, the same file.

Needs numpy, scipy and scikit-learn beside emailq: scripts/train/run installs them apart and calls this.
"""

import argparse
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from compose import Sample, compose
from heldout import HELD_OUT, read_held_out
from pieces import read_languages
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from vectors import Vectors, read_vectors

from emailq.classify import local
from emailq.classify.features import Signs, key, signs_of
from emailq.models import Intent

PER_INTENT = {"en": 4500, "ru": 4500, "de": 1800, "fr": 1800, "es": 1800}  # messages made; others 800
WORD_VALUE, MEANING_VALUE, FACT_VALUE = 3.0, 1.2, 0.3  # length of all words, of all meanings, of each fact, as vectors
COMPANY_VALUE = 2.0  # the same of what the vectors of all words say
STRENGTH = 0.5  # inverse of the regularisation
RARE = 0.5  # how far rare sentiments and priorities count more: 0 as they occur, 1 as much as the frequent ones
CAUTION = 0.5  # taken from each score of spam: mail that is lost costs more than an advert that is read
LEAST_COUNT = 3  # messages in which a sign must occur
PARTS, FOLDS = 5, 3  # the kinds of messages are parted, and this many parts held out
UNREADABLE = 10  # each tenth message held out is asked a second time, in letters that mean nothing


class Heads(NamedTuple):
    """Weights (signs, then directions of the vectors, by columns) and bias of all heads."""

    weights: Any
    bias: Any


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(local.__file__).with_name(local.WEIGHTS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    samples = [s for one in read_languages() for s in compose(one, PER_INTENT.get(one.code, 800), options.seed)]
    signs = [signs_of(sample.mail) for sample in samples]
    vectors = read_vectors(Path(sys.prefix))
    _say(f"{len(samples)} messages from {len({s.source for s in samples})} pieces")
    trust = _learn_trust(samples, signs, vectors)
    index = _index(signs)
    heads = _fit(_matrix(signs, index, vectors), samples)
    model = _pack(index, vectors, heads, trust)
    options.out.write_bytes(local.to_bytes(model))
    _say(f"{model.name}: {len(model.keys)} signs, {options.out.stat().st_size:,} bytes")
    for path in HELD_OUT:
        held = read_held_out(path)
        hits = sum(local.classify(one.mail, options.out).intent == one.intent for one in held)
        _say(f"{path.name}: {hits} of {len(held)} whole messages right, none of which it was trained on")


def _learn_trust(samples: Sequence[Sample], signs: Sequence[Signs], vectors: Vectors) -> tuple[float, ...]:
    """How far to trust an intent, learned on messages of kinds that the model did not see."""
    rows, right = [], []
    intents = [intent.value for intent in Intent]
    for number, unseen in enumerate(_folds(samples)):
        seen = [i for i in range(len(samples)) if i not in unseen]
        index = _index([signs[i] for i in seen])
        heads = _fit(_matrix([signs[i] for i in seen], index, vectors), [samples[i] for i in seen], ("intent",))
        held = sorted(unseen)
        asked = [(signs[i], samples[i].intent) for i in held]
        asked += [(_unreadable(one), intent) for one, intent in asked[::UNREADABLE]]
        scores = _matrix([one for one, _ in asked], index, vectors) @ heads.weights + heads.bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = powers / powers.sum(axis=1, keepdims=True)
        hits = [intents[best] == intent for (_, intent), best in zip(asked, chances.argmax(axis=1), strict=True)]
        for (one, _), chance in zip(asked, chances, strict=True):
            n_known = sum(name in index or name in vectors.places for name in one.words)
            rows.append(local.doubts(dict(zip(intents, map(float, chance), strict=True)), one, n_known))
        right += hits
        _say(f"fold {number}: {len(held)} messages held out, {np.mean(hits):.3f} right")
    fit = LogisticRegression(C=100.0, fit_intercept=False, max_iter=1000).fit(np.array(rows), right)
    return tuple(round(float(x), 4) for x in fit.coef_[0])


def _folds(samples: Sequence[Sample]) -> list[set[int]]:
    """Whole kinds of messages by turns: mail of other people is unlike all that was seen, too."""
    kinds = [s.source if s.kind == s.intent else s.source.rsplit("/", 1)[0] for s in samples]
    return [{i for i, name in enumerate(kinds) if crc32(name.encode()) % PARTS == number} for number in range(FOLDS)]


def _unreadable(signs: Signs) -> Signs:
    """A message in a language that nobody here knows: what its words and meanings were is lost."""
    return Signs([f"?{name}" for name in signs.words], [], signs.facts)


def _index(signs: Sequence[Signs]) -> dict[str, int]:
    counts = Counter(name for one in signs for name in (*one.words, *one.meanings, *one.facts))
    return {name: place for place, name in enumerate(sorted(n for n, count in counts.items() if count >= LEAST_COUNT))}


def _matrix(signs: Sequence[Signs], index: dict[str, int], vectors: Vectors) -> csr_matrix:
    said = _table(
        signs,
        index,
        lambda one: (
            (one.words, WORD_VALUE / max(len(one.words), 1) ** 0.5),
            (one.meanings, MEANING_VALUE / max(len(one.meanings), 1) ** 0.5),
            (one.facts, FACT_VALUE),
        ),
    )
    company = _table(signs, vectors.places, lambda one: ((one.words, COMPANY_VALUE / max(len(one.words), 1) ** 0.5),))
    return hstack([said, csr_matrix(company @ vectors.matrix)]).tocsr()


def _table(
    signs: Sequence[Signs], index: dict[str, int], blocks: Callable[[Signs], Iterable[tuple[Sequence[str], float]]]
) -> csr_matrix:
    rows, columns, values = array("i"), array("i"), array("d")
    for row, one in enumerate(signs):
        for names, value in blocks(one):
            found = [index[name] for name in names if name in index]
            rows.extend([row] * len(found))
            columns.extend(found)
            values.extend([value] * len(found))
    return csr_matrix((np.array(values), (np.array(rows), np.array(columns))), shape=(len(signs), len(index)))


def _fit(matrix: csr_matrix, samples: Sequence[Sample], heads: Sequence[str] = tuple(local.HEADS)) -> Heads:
    weights, bias = [], []
    for head in heads:
        labels = [label.value for label in local.HEADS[head]]
        wanted = np.array([labels.index(getattr(sample, head)) for sample in samples])
        rarity = (np.bincount(wanted)[wanted] / len(wanted)) ** (0 if head == "intent" else -RARE)
        fit = LogisticRegression(C=STRENGTH, max_iter=150, tol=1e-3).fit(matrix, wanted, rarity / rarity.mean())
        weights.append(fit.coef_.T)
        bias.append(fit.intercept_ - CAUTION * np.array([label == Intent.SPAM for label in labels]))
    return Heads(np.hstack(weights), np.hstack(bias))


def _pack(index: dict[str, int], vectors: Vectors, heads: Heads, trust: tuple[float, ...]) -> local.Model:
    """As int8 with one scale a column; the reader divides words and meanings by the root of their number.

    What the vectors say is linear too: it becomes part of each word's own weights, and the reader needs no vectors.
    """
    order = sorted({*index, *vectors.places}, key=key)
    own, company = heads.weights[: len(index)], vectors.matrix @ heads.weights[len(index) :] * COMPANY_VALUE
    nothing = np.zeros(own.shape[1])
    weights = np.array(
        [
            (own[index[name]] * _value(name) if name in index else nothing)
            + (company[vectors.places[name]] if name in vectors.places else nothing)
            for name in order
        ]
    )
    scales = np.abs(weights).max(axis=0) / 127
    packed = np.rint(weights / scales).astype(np.int8)
    kept = np.abs(packed).max(axis=1) > 0
    keys = np.array([key(name) for name in order], dtype=np.uint32)[kept]
    return local.named(
        local.Model(
            "",
            array("I", keys.tobytes()),
            array("b", packed[kept].tobytes()),
            tuple(round(float(x), 8) for x in scales),
            tuple(round(float(x), 5) for x in heads.bias),
            trust,
        )
    )


def _value(name: str) -> float:
    if name.startswith(("@c:", "@cs:", "@cq:", "@cf:")):
        return MEANING_VALUE
    return FACT_VALUE if name.startswith("@") else WORD_VALUE


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
