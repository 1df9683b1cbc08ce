"""Learns how sure the index may be, from questions that the index has not seen.

The questions are variants held back (three folds of entries: the embedding is trained and the lexical index made
without every second of their variants), asked twice: once as they are, and once with their own matter taken out of the
search, when nothing can be right; each time also in a frame, as callers tell a story around what they ask. What no city
answers is asked too (``outside.txt``), and the entries' own questions, as some callers word them.

Weights are fitted listwise (softmax over the candidates of one question, Cao et al. 2007) and drawn towards a balance,
which holds better for callers who word things unlike the entries' authors (Dawes 1979); the probability by logistic
regression (Platt 1999) on the shape of the result and on whether the question sounds like one to a hotline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from haystack import Document
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression

from indexer.fusion import EvidenceJoiner, evidence
from indexer.judgement import FEATURES, Judgement, features
from indexer.messages import Scores

# Of the questions that can be answered, the share whose entry comes first. Held-back variants are harder than callers,
# since they miss every second variant: 53% of them find their entry, 70% of callers' questions written by others.
RIGHT_SHARE = 0.7
# Callers word things less like the entry than held-back variants do; the matter is then what can be found. Finding the
# entry itself counts this much beside finding its matter when the weights are fitted.
ENTRY_SHARE = 0.5
# What the weights are drawn towards, in steps of usual size, in the order of the evidence: mostly what the embedding
# says. The words of an entry count again in its matter's and, a little, in its question's.
BALANCE = np.array([0.5, 1.5, 0.5, 0.4, 0.2])
# How strongly. Measured before aspect and closeness were evidence: weights fitted freely find the right matter for
# 75.2% of held-back variants and 62.5% of callers' questions, drawn so 74.8% and 65.3%, and the same from here to 1.
BALANCE_STRENGTH = 0.3
# In which probabilities are compared with what came true.
BINS = 10
# Fewer questions than this teach nothing; the defaults stay.
FEWEST_QUESTIONS = 100


def outside() -> list[str]:
    """Hand-written things people say that no knowledge base of a city answers.

    Small talk, general knowledge, medicine, and reports of single events that somebody has to look into.
    """
    return (Path(__file__).parent / "outside.txt").read_text("utf-8").splitlines()


def frames() -> list[str]:
    """Hand-written beginnings and ends that callers put around a question, ``{}`` standing for it."""
    return (Path(__file__).parent / "frames.txt").read_text("utf-8").split("\n")[:-1]


class Kind(StrEnum):
    """What kind of question is put to the index while it learns to judge itself."""

    NEW = "new"  #: a variant held back
    KNOWN = "known"  #: worded as the entry itself
    REMOVED = "removed"  #: a variant held back, its matter taken out of the search
    OUTSIDE = "outside"  #: what no city answers


# How much the questions of each kind count, all together, as a hotline may expect them.
SHARES = {Kind.NEW: 0.6, Kind.KNOWN: 0.15, Kind.REMOVED: 0.05, Kind.OUTSIDE: 0.2}


@dataclass(frozen=True)
class Asked:
    """One question put to the index while it learns to judge itself."""

    kind: Kind
    text: str
    lexical: list[Document]
    dense: list[Document]
    matters: Scores  #: lexical scores of whole matters
    aspects: Scores  #: log probabilities of aspects
    closeness: Scores  #: by id, how close the entry's question comes
    right: str | None = None  #: id of the right document; None when nothing is right


def learn(asked: Sequence[Asked]) -> Judgement:
    """Fit the weights on the held-back variants and the probability on all questions."""
    new = [a for a in asked if a.kind is Kind.NEW]
    if len(new) < FEWEST_QUESTIONS:
        return Judgement()
    weights = _fit_weights(new)
    shapes, labels = _results(asked, weights)
    certainty = _certainty(asked, labels)
    model = _fit_probability(shapes, labels, certainty)
    return Judgement(
        weights=tuple(float(w) for w in weights),
        intercept=float(model.intercept_[0]),
        coefficients=tuple(float(c) for c in model.coef_[0]),
        questions=len(asked),
        calibration_error=_cross_validated_error(shapes, labels, certainty),
    )


def _fit_weights(asked: Sequence[Asked]) -> np.ndarray:
    lists = []
    for a in asked:
        candidates, found = evidence(a.lexical, a.dense, a.matters, a.aspects, a.closeness)
        right = np.array([d.id == a.right for d in candidates])
        if right.any():
            matters = np.array([d.meta.get("matter") or d.id for d in candidates])
            lists.append((found, right, matters == matters[right][0]))

    # Each weight is the distance that one step of usual size in its evidence makes.
    usual = np.mean([found.std(axis=0) for found, _, _ in lists], axis=0) + 1e-9

    def loss(steps: np.ndarray) -> float:
        weights = steps / usual
        missed = 0.0
        for found, right, matter in lists:
            chances = log_softmax(found @ weights)
            missed -= logsumexp(chances[matter]) + ENTRY_SHARE * chances[right][0]
        aside = steps - BALANCE * (steps @ BALANCE) / (BALANCE @ BALANCE)
        return missed / len(lists) + BALANCE_STRENGTH * float(aside @ aside)

    # No evidence may count against an entry: a negative weight fits the folds and surprises everywhere else.
    return minimize(loss, BALANCE, bounds=[(0, None)] * len(BALANCE), method="L-BFGS-B").x / usual


def _results(asked: Sequence[Asked], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    joiner = EvidenceJoiner(list(weights))
    shapes, labels = [], []
    for a in asked:
        documents = joiner.run(a.lexical, a.dense, a.matters, a.aspects, a.closeness)["documents"]
        # Where nothing is found there is nothing to be sure of, and nothing to learn.
        shapes.append(features(documents, a.text) if documents else np.zeros(len(FEATURES)))
        labels.append(bool(documents) and documents[0].id == a.right)
    return np.array(shapes), np.array(labels)


def _certainty(asked: Sequence[Asked], labels: np.ndarray) -> np.ndarray:
    kinds = np.array([a.kind for a in asked])
    certainty = np.zeros(len(asked))
    for kind, share in SHARES.items():
        for right, part in ((True, RIGHT_SHARE), (False, 1 - RIGHT_SHARE)):
            group = (kinds == kind) & (labels == right if kind is Kind.NEW else True)
            if group.any():
                certainty[group] = share * (part if kind is Kind.NEW else 1) * len(asked) / group.sum()
    return certainty


def _fit_probability(shapes: np.ndarray, labels: np.ndarray, certainty: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=10.0, max_iter=1_000).fit(shapes, labels, certainty)


def _cross_validated_error(shapes: np.ndarray, labels: np.ndarray, certainty: np.ndarray) -> float:
    predicted = np.zeros(len(labels))
    fold = np.arange(len(labels)) % 5
    for k in range(5):
        model = _fit_probability(shapes[fold != k], labels[fold != k], certainty[fold != k])
        predicted[fold == k] = model.predict_proba(shapes[fold == k])[:, 1]
    return calibration_error(predicted, labels, certainty)


def bin_numbers(predicted: np.ndarray) -> np.ndarray:
    """Of :data:`BINS` bins of equal width, the number of the one that each probability lies in; 1 is in the last."""
    return np.minimum((predicted * BINS).astype(int), BINS - 1)


def calibration_error(predicted: np.ndarray, right: np.ndarray, certainty: np.ndarray | None = None) -> float:
    """Expected calibration error over :data:`BINS` bins of equal width (Guo et al. 2017)."""
    certainty = np.ones(len(predicted)) if certainty is None else certainty
    bins = bin_numbers(predicted)
    gap = 0.0
    for b in np.unique(bins):
        inside = bins == b
        weight = certainty[inside]
        gap += weight.sum() * abs(np.average(predicted[inside] - right[inside], weights=weight))
    return float(gap / certainty.sum())
