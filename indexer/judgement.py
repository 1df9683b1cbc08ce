"""How sure the index may be: fusion weights and the probability that the first hit is right, learned from questions
that the index has not seen.

The questions are variants held back one at a time (three folds: the embedding is trained and the lexical index made
without them), asked twice: once as they are, and once with their own matter taken out of the search, when nothing can
be right. Hand-written small talk is asked too, and the entries' own questions, as some callers word them. Weights are
fitted listwise (softmax over the candidates of one question, Cao et al. 2007), the probability by logistic regression
(Platt 1999) on the shape of the result.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from haystack import Document
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from indexer.fusion import DEFAULT_WEIGHTS, EvidenceJoiner, evidence

# Of the calls a hotline gets, the share its knowledge base has no answer for; weighs the unanswerable questions.
OUTSIDE_SHARE = 0.3
# Of the questions that can be answered, the share worded nearly as an editor would.
KNOWN_SHARE = 0.2
# Fewer questions than this teach nothing; the defaults stay.
FEWEST_QUESTIONS = 100


def small_talk() -> list[str]:
    """Hand-written things people say to a bot that no knowledge base of a city answers."""
    return (Path(__file__).parent / "small_talk.txt").read_text("utf-8").split()


@dataclass(frozen=True)
class Asked:
    """One question put to the index while it learns to judge itself."""

    lexical: list[Document]
    dense: list[Document]
    right: str | None  #: id of the right document; None when nothing is right
    known: bool = False  #: whether it is worded as the entry itself


@dataclass(frozen=True)
class Judgement:
    """Fusion weights and the confidence model, as kept with an index."""

    weights: tuple[float, ...] = DEFAULT_WEIGHTS
    # Used without questions to learn from: high only where both retrievers agree on nearly all of the question.
    intercept: float = -7.0
    coefficients: tuple[float, ...] = (2.0, 2.0, 4.0, 3.0, 0.0)
    questions: int = 0  #: how many questions it was learned from; 0 for the defaults
    calibration_error: float | None = None  #: expected calibration error over 10 bins, on folds not fitted on

    def probabilities(self, documents: Sequence[Document]) -> list[float]:
        """Calibrated probability of being the right one for each of the ordered, judged documents of one search."""
        if not documents:
            return []
        first = float(expit(self.intercept + _features(documents) @ np.array(self.coefficients)))
        # Those after the first share what is left, and none is surer than the first.
        rest = softmax([d.score for d in documents[1:]]) if len(documents) > 1 else []
        return [first, *(float(min(first, (1 - first) * share)) for share in rest)]

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), indent=2), "utf-8")

    @classmethod
    def load(cls, file: Path) -> "Judgement":
        """Read what :meth:`save` wrote."""
        values = json.loads(file.read_text("utf-8"))
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def _features(documents: Sequence[Document]) -> np.ndarray:
    """Of the first document: its share, its matter's share, its lexical and its dense score, its lead.

    Shares are of a softmax over answers: entries of one matter and aspect, which differ by place, are one answer.
    """
    best: dict[tuple, tuple[float, str]] = {}
    for document in documents:
        matter = document.meta.get("matter") or f"#{document.id}"
        best.setdefault((matter, document.meta.get("aspect")), (document.score, matter))
    shares = softmax([score for score, _ in best.values()])
    matters = [matter for _, matter in best.values()]
    of_matter = sum(share for share, matter in zip(shares, matters, strict=True) if matter == matters[0])
    lead = shares[0] - shares[1] if len(shares) > 1 else shares[0]
    found = documents[0].meta["evidence"]
    return np.array([shares[0], of_matter, found["lexical"], found["dense"], lead])


def learn(asked: Sequence[Asked]) -> Judgement:
    """Fit the weights on the answerable questions and the probability on all of them."""
    answerable = [a for a in asked if a.right and not a.known]
    if len(answerable) < FEWEST_QUESTIONS:
        return Judgement()
    weights = _fit_weights(answerable)
    features, labels = _results(asked, weights)
    certainty = _certainty(asked)
    model = LogisticRegression(C=10.0).fit(features, labels, certainty)
    return Judgement(
        weights=tuple(float(w) for w in weights),
        intercept=float(model.intercept_[0]),
        coefficients=tuple(float(c) for c in model.coef_[0]),
        questions=len(asked),
        calibration_error=_cross_validated_error(features, labels, certainty),
    )


def _fit_weights(asked: Sequence[Asked]) -> np.ndarray:
    lists = []
    for a in asked:
        candidates, found = evidence(a.lexical, a.dense)
        right = np.array([d.id == a.right for d in candidates])
        if right.any():
            lists.append((found, right))

    def loss(weights: np.ndarray) -> float:
        missed = -sum(log_softmax(found @ weights)[right].sum() for found, right in lists) / len(lists)
        return missed + 1e-4 * float(weights @ weights)

    # No evidence may count against an entry: a negative weight fits the folds and surprises everywhere else.
    best = minimize(loss, np.array(DEFAULT_WEIGHTS), bounds=[(0, None)] * len(DEFAULT_WEIGHTS), method="L-BFGS-B")
    return best.x


def _results(asked: Sequence[Asked], weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    joiner = EvidenceJoiner(list(weights))
    features, labels = [], []
    for a in asked:
        documents = joiner.run(a.lexical, a.dense)["documents"]
        if not documents:
            features.append(np.zeros(5))
            labels.append(False)
            continue
        features.append(_features(documents))
        labels.append(documents[0].id == a.right)
    return np.array(features), np.array(labels)


def _certainty(asked: Sequence[Asked]) -> np.ndarray:
    kinds = np.array(["outside" if a.right is None else "known" if a.known else "new" for a in asked])
    wanted = {"outside": OUTSIDE_SHARE, "known": (1 - OUTSIDE_SHARE) * KNOWN_SHARE}
    wanted["new"] = 1 - sum(wanted.values())
    return np.array([wanted[kind] * len(asked) / (kinds == kind).sum() for kind in kinds])


def _cross_validated_error(features: np.ndarray, labels: np.ndarray, certainty: np.ndarray) -> float:
    predicted = np.zeros(len(labels))
    fold = np.arange(len(labels)) % 5
    for k in range(5):
        model = LogisticRegression(C=10.0).fit(features[fold != k], labels[fold != k], certainty[fold != k])
        predicted[fold == k] = model.predict_proba(features[fold == k])[:, 1]
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
