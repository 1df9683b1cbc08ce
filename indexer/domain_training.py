"""Learns what a question to a hotline sounds like: ``python -m indexer.domain_training DATA``, a minute.

DATA is a folder of public data as JSON lines (.jsonl.gz): ``pairs`` (a, b, set: general knowledge, small talk to a
phone, a payment company's customers), ``messages`` and ``letters`` to city governments (title, message or letter).
Questions to a hotline are the starter city's. Texts of the files named after DATA (JSON lines with ``query``), on which
an index is measured, are left out.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from indexer.domain import keep
from indexer.general import general_tokens
from indexer.learning import frames
from indexer.linear import table
from indexer.pretraining import rows_of, unmasked
from kb.starter.builder import Starter

# Sets of pairs: general knowledge and small talk; a payment company's customers. Of each so many questions.
GENERAL = {"lcqmc": 30_000, "oppo_xiaobu": 15_000}
PAYMENT = {"bq": 3_000, "atec": 3_000, "afqmc": 3_000}
# Letters begin with what they are about.
BEGINNING = 60
INVERSE_STRENGTH = 1.0


def questions_to_hotlines() -> list[str]:
    """The starter city's questions and variants."""
    return [text for m in Starter.read().matters for faq in m["faqs"] for text in (faq["question"], *faq["variants"])]


def other_texts(data: Path) -> list[list[str]]:
    """What is no question to a hotline, in groups: general ones, a payment company's, reports of single events."""
    letters = [*rows_of(data, "messages"), *rows_of(data, "letters")]
    reports = [row["title"] for row in letters]
    reports += [unmasked(row.get("message") or row["letter"])[:BEGINNING] for row in letters]
    return [_questions_of(data, GENERAL), _questions_of(data, PAYMENT), reports]


def _questions_of(data: Path, most: dict[str, int]) -> list[str]:
    random = np.random.default_rng(0)
    sets: dict[str, dict[str, None]] = {name: {} for name in most}
    for row in rows_of(data, "pairs"):
        if row["set"] in sets:
            sets[row["set"]] |= {row["a"]: None, row["b"]: None}
    chosen = []
    for name, texts in sets.items():
        known = list(texts)
        chosen += [known[n] for n in random.permutation(len(known))[: most[name]]]
    return chosen


def learn(inside: Sequence[str], groups: Sequence[Sequence[str]], rows: dict[str, int]) -> tuple[np.ndarray, float]:
    """Weights of shape (tokens,) and bias; each group of other texts counts the same, all together as much as one side.

    Logistic regression over texts as unit vectors of the tokens that occur in them.
    """
    texts = [*inside, *(text for group in groups for text in group)]
    labels = np.array([True] * len(inside) + [False] * (len(texts) - len(inside)))
    counts = [1 / len(inside)] * len(inside)
    counts += [1 / len(groups) / len(group) for group in groups for _ in group]
    model = LogisticRegression(C=INVERSE_STRENGTH, max_iter=500)
    model.fit(table(texts, rows), labels, np.array(counts) * len(texts) / 2)
    return model.coef_[0], float(model.intercept_[0])


def _in_frames(texts: Sequence[str]) -> list[str]:
    """Every second text with a story told around it; on both sides, or the story itself would tell them apart."""
    framed = zip(texts, cycle(frames()), strict=False)
    return [frame.format(text) if number % 2 else text for number, (text, frame) in enumerate(framed)]


def _without(texts: Iterable[str], left_out: set[str]) -> list[str]:
    return [clean for text in texts if (clean := unmasked(text)) not in left_out]


def main(data: Path, measured_on: Sequence[Path]) -> None:
    """Learn and keep."""
    lines = [line for file in measured_on for line in file.read_text("utf-8").splitlines()]
    left_out = {unmasked(json.loads(line)["query"]) for line in lines}
    others = [_without(texts, left_out) for texts in other_texts(data)]
    keep(*learn(_in_frames(questions_to_hotlines()), [_in_frames(texts) for texts in others], general_tokens()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
