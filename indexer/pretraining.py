"""Makes the general embedding: ``python -m indexer.pretraining DATA``, 5 minutes on two cores.

DATA is a folder of public data as JSON lines (.jsonl.gz): ``pairs`` (a, b, label 1 where both mean the same),
``messages`` to city governments (title, message), ``legal-advice``, ``policy-questions``, ``laws`` (question, answer)
and ``service-items`` (question). What an index is evaluated on is not among them.
"""

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize
from tqdm import trange

from indexer.contrast import Contrast
from indexer.general import keep
from indexer.latent import latent_semantics
from indexer.tokens import grams

VOCABULARY = 32_000
ROUNDS = 6
BATCH = 512
LEARNING_RATE = 0.005
TEMPERATURE = 0.05
TOKEN_DROPOUT = 0.3
# Longer letters and answers say the rest in other words; their beginning says what they are about.
LONGEST = 200
# More articles of law would drown everyday language.
MOST_LAWS = 30_000
# Enough to see which words go together.
MOST_ANALYSED = 80_000
# Places and people are masked as A1B2… in the public letters.
_MASKED = re.compile(r"[A-Z]\d+[区市县镇]?|\s+")


def read_pairs(data: Path) -> list[tuple[str, str]]:
    """Pairs of texts that mean the same, or ask and answer the same."""
    random = np.random.default_rng(1)
    pairs = [(row["a"], row["b"]) for row in rows_of(data, "pairs") if row["label"] == 1]
    pairs += [(row["title"], _cut(row["message"])) for row in rows_of(data, "messages")]
    for name in ("legal-advice", "policy-questions"):
        pairs += [(row["question"], _cut(row["answer"])) for row in rows_of(data, name)]
    laws = [(row["question"], _cut(row["answer"])) for row in rows_of(data, "laws")]
    return pairs + [laws[n] for n in random.permutation(len(laws))[:MOST_LAWS]]


def pretrain(pairs: Sequence[tuple[str, str]], others: Sequence[str] = ()) -> tuple[list[str], np.ndarray]:
    """Tokens, the most frequent first, and their vectors; ``others`` are texts that only count for the vocabulary."""
    random = np.random.default_rng(12345)
    texts: dict[str, int] = {}
    numbers = np.array([[texts.setdefault(text, len(texts)) for text in pair] for pair in pairs])
    spread = Counter(gram for text in (*texts, *others) for gram in set(grams(text)))
    vocabulary = {token: row for row, (token, _) in enumerate(spread.most_common(VOCABULARY))}
    rows = [np.array([vocabulary[g] for g in grams(text) if g in vocabulary], dtype=np.int64) for text in texts]
    rarity = np.log(len(texts) / np.array([spread[token] for token in vocabulary]))
    start = _analysed([rows[n] for n in random.permutation(len(rows))[:MOST_ANALYSED]], rarity)
    contrast = Contrast(start, rows, LEARNING_RATE, TEMPERATURE, TOKEN_DROPOUT, random)
    for number in range(ROUNDS):
        contrast.slow_down(LEARNING_RATE * (1 - number / ROUNDS))
        order = random.permutation(len(numbers))
        for first in trange(0, len(order) - BATCH + 1, BATCH, desc=f"{number + 1}/{ROUNDS}", mininterval=1):
            contrast.step(numbers[order[first : first + BATCH]])
    return list(vocabulary), contrast.weights()


def _analysed(rows: Sequence[np.ndarray], rarity: np.ndarray) -> np.ndarray:
    """Where learning begins: vectors of shape (tokens, DIMENSIONS) from texts given as rows of tokens."""
    present = [np.unique(row) for row in rows]
    ends = np.cumsum([0] + [len(row) for row in present])
    columns = np.concatenate(present)
    table = csr_matrix((rarity[columns], columns, ends), shape=(len(present), len(rarity)))
    return latent_semantics(normalize(table), rarity)


def rows_of(data: Path, name: str) -> Iterator[dict]:
    """The lines of one set of public data."""
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def unmasked(text: str) -> str:
    """A public letter without its masks for places and people, and without blanks."""
    return _MASKED.sub("", text)


def _cut(text: str) -> str:
    return unmasked(text)[:LONGEST]


if __name__ == "__main__":
    source = Path(sys.argv[1])
    keep(*pretrain(read_pairs(source), [row["question"] for row in rows_of(source, "service-items")]))
