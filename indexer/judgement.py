"""How sure the index may be: fusion weights and the probability that the first hit is right.

Both are learned when the index is built (:mod:`indexer.learning`) and kept with it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from haystack import Document

from indexer.domain import shipped_domain
from indexer.fusion import DEFAULT_WEIGHTS

FEATURES = (
    "share",
    "share of its matter",
    "lexical score",
    "dense score",
    "lead",
    "log odds of a hotline's question",
    "distance to another matter",
    "distance to another entry of its matter",
)
# Farther ahead than this in score is alone.
_FAR = 6.0


@dataclass(frozen=True)
class Judgement:
    """Fusion weights and the confidence model, as kept with an index."""

    weights: tuple[float, ...] = DEFAULT_WEIGHTS
    # Used without questions to learn from: high only where both retrievers agree on nearly all of the question.
    intercept: float = -7.0
    coefficients: tuple[float, ...] = (2.0, 2.0, 4.0, 3.0, 0.0, 0.5, 0.0, 0.0)
    questions: int = 0  #: how many questions it was learned from; 0 for the defaults
    calibration_error: float | None = None  #: expected calibration error over 10 bins, on folds not fitted on

    def probabilities(self, documents: Sequence[Document], text: str) -> list[float]:
        """Calibrated probability of being right for each of the ordered, judged documents found for ``text``."""
        if not documents:
            return []
        first = float(1 / (1 + np.exp(-self.intercept - features(documents, text) @ np.array(self.coefficients))))
        # Those after the first share what is left, and none is surer than the first.
        rest = _softmax([d.score for d in documents[1:]]) if len(documents) > 1 else []
        return [first, *(float(min(first, (1 - first) * share)) for share in rest)]

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(asdict(self), indent=2), "utf-8")

    @classmethod
    def load(cls, file: Path) -> "Judgement":
        """Read what :meth:`save` wrote."""
        values = json.loads(file.read_text("utf-8"))
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def features(documents: Sequence[Document], text: str) -> np.ndarray:
    """:data:`FEATURES` of the first document: how well it stands, and whether ``text`` is a question to a hotline.

    Shares are of a softmax over answers: entries of one matter and aspect, which differ by place, are one answer.
    """
    best: dict[tuple, tuple[float, str]] = {}
    for document in documents:
        matter = document.meta.get("matter") or f"#{document.id}"
        best.setdefault((matter, document.meta.get("aspect")), (document.score, matter))
    shares = _softmax([score for score, _ in best.values()])
    matters = [matter for _, matter in best.values()]
    of_matter = sum(share for share, matter in zip(shares, matters, strict=True) if matter == matters[0])
    lead = shares[0] - shares[1] if len(shares) > 1 else shares[0]
    found = documents[0].meta["evidence"]
    hotline = shipped_domain().log_odds(text)
    score = documents[0].score
    others = max((s for s, matter in best.values() if matter != matters[0]), default=score - _FAR)
    own = max((s for s, matter in list(best.values())[1:] if matter == matters[0]), default=score - _FAR)
    distances = [min(score - s, _FAR) for s in (others, own)]
    return np.array([shares[0], of_matter, found["lexical"], found["dense"], lead, hotline, *distances])


def _softmax(scores: Sequence[float]) -> np.ndarray:
    # SciPy has it, but takes a fifth of a second to load, which the first answer would wait for.
    powers = np.exp(np.array(scores) - max(scores))
    return powers / powers.sum()
