"""Learns how sure the index may be, from questions that the index has not seen.

The questions are variants held back (three folds of entries: the embedding is trained and the lexical index made
without every second of their variants), asked twice: once as they are, and once with their own matter taken out of the
search, when nothing can be right; each time also in a frame, as callers tell a story around what they ask. What no city
answers is asked too (``outside.txt``), and the entries' own questions, as some callers word them.

Weights are fitted listwise (softmax over the candidates of one question, Cao et al. 2007) and drawn towards a balance,
which holds better for callers who word things unlike the entries' authors (Dawes 1979); the probability by logistic
regression (Platt 1999) on the shape of the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from haystack import Document
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.linear_model import LogisticRegression

from indexer.fusion import EvidenceJoiner, evidence
from indexer.judgement import Judgement, features

# Of the calls a hotline gets, the share its knowledge base has no answer for; weighs the unanswerable questions.
OUTSIDE_SHARE = 0.3
# Of the questions that can be answered, the share worded nearly as an editor would.
KNOWN_SHARE = 0.2
# Callers word things less like the entry than held-back variants do; the matter is then what can be found. Finding the
# entry itself counts this much beside finding its matter when the weights are fitted.
ENTRY_SHARE = 0.2
# What the weights are drawn towards, in steps of usual size: the words of an entry count again in its matter's.
BALANCE = np.array([0.5, 1.0, 1.0])
# How strongly. Measured: dense search alone finds the right matter for 73.0% of held-back variants and 63.9% of
# callers' questions; weights fitted freely 75.2% and 62.5%, these 74.8% and 65.3%, and the same from here to 1.
BALANCE_STRENGTH = 0.3
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


@dataclass(frozen=True)
class Asked:
    """One question put to the index while it learns to judge itself."""

    text: str
    lexical: list[Document]
    dense: list[Document]
    matters: dict[str, float]  #: lexical scores of whole matters
    right: str | None  #: id of the right document; None when nothing is right
    known: bool = False  #: whether it is worded as the entry itself


def learn(asked: Sequence[Asked]) -> Judgement:
    """Fit the weights on the answerable questions and the probability on all of them."""
    answerable = [a for a in asked if a.right and not a.known]
    if len(answerable) < FEWEST_QUESTIONS:
        return Judgement()
    weights = _fit_weights(answerable)
    shapes, labels = _results(asked, weights)
    certainty = _certainty(asked)
    model = LogisticRegression(C=10.0).fit(shapes, labels, certainty)
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
        candidates, found = evidence(a.lexical, a.dense, a.matters)
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
        documents = joiner.run(a.lexical, a.dense, a.matters)["documents"]
        if not documents:
            shapes.append(np.zeros(5))
            labels.append(False)
            continue
        shapes.append(features(documents))
        labels.append(documents[0].id == a.right)
    return np.array(shapes), np.array(labels)


def _certainty(asked: Sequence[Asked]) -> np.ndarray:
    kinds = np.array(["outside" if a.right is None else "known" if a.known else "new" for a in asked])
    wanted = {"outside": OUTSIDE_SHARE, "known": (1 - OUTSIDE_SHARE) * KNOWN_SHARE}
    wanted["new"] = 1 - sum(wanted.values())
    return np.array([wanted[kind] * len(asked) / (kinds == kind).sum() for kind in kinds])


def _cross_validated_error(shapes: np.ndarray, labels: np.ndarray, certainty: np.ndarray) -> float:
    predicted = np.zeros(len(labels))
    fold = np.arange(len(labels)) % 5
    for k in range(5):
        model = LogisticRegression(C=10.0).fit(shapes[fold != k], labels[fold != k], certainty[fold != k])
        predicted[fold == k] = model.predict_proba(shapes[fold == k])[:, 1]
    return calibration_error(predicted, labels, certainty)


def calibration_error(predicted: np.ndarray, right: np.ndarray, certainty: np.ndarray | None = None) -> float:
    """Expected calibration error over ten bins of equal width (Guo et al. 2017)."""
    certainty = np.ones(len(predicted)) if certainty is None else certainty
    bins = np.minimum((predicted * 10).astype(int), 9)
    gap = 0.0
    for b in np.unique(bins):
        inside = bins == b
        weight = certainty[inside]
        gap += weight.sum() * abs(np.average(predicted[inside] - right[inside], weights=weight))
    return float(gap / certainty.sum())
