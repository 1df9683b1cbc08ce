"""Which aspect of a matter a question is after: what to bring, where, how long, how much.

An answer to another aspect of the right matter is a wrong answer, and how people ask for an aspect is much the same
from matter to matter. A linear model over tokens learns it from the knowledge base's own questions and variants each
time the index is built.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from haystack import component

from indexer.general import general_tokens
from indexer.lessons import Lesson
from indexer.linear import scores, table
from indexer.messages import Scores

ASPECTS_FILE = "aspects.npz"
INVERSE_STRENGTH = 3.0
# Closer than this the weights move, but no figure.
TOLERANCE = 5e-3
MOST_ROUNDS = 1_000


class Aspects:
    """A weight for each aspect and token; without aspects to tell apart it knows none."""

    def __init__(self, names: Sequence[str] = (), weights: np.ndarray | None = None, bias: np.ndarray | None = None):
        """``weights`` of shape (aspects, tokens) and ``bias`` of shape (aspects,)."""
        self.names = tuple(names)
        self._weights = weights
        self._bias = bias
        self._rows = general_tokens() if names else {}

    @classmethod
    def learn(cls, lessons: Sequence[Lesson]) -> "Aspects":
        """Logistic regression on the questions and variants of entries that have an aspect."""
        asked = [(text, le.aspect) for le in lessons if le.aspect for text in (le.question, *le.variants)]
        # Of two classes the regression keeps only one; a knowledge base with so few has nothing to tell apart.
        if len({aspect for _, aspect in asked}) < 3:
            return cls()
        from sklearn.linear_model import LogisticRegression

        rows = general_tokens()
        model = LogisticRegression(C=INVERSE_STRENGTH, max_iter=MOST_ROUNDS, tol=TOLERANCE)
        model.fit(table([text for text, _ in asked], rows), [aspect for _, aspect in asked])
        return cls(model.classes_.tolist(), model.coef_.astype(np.float32), model.intercept_.astype(np.float32))

    def log_probabilities(self, text: str) -> dict[str, float]:
        """Logarithm of each aspect's probability; empty where nothing is known of them or of the text."""
        found = scores(text, self._rows, self._weights) if self.names else None
        if found is None:
            return {}
        found = found + self._bias
        found -= found.max()
        found -= np.log(np.exp(found).sum())
        return dict(zip(self.names, found.tolist(), strict=True))

    def save(self, file: Path) -> None:
        """Write it."""
        known = {} if self._weights is None else {"weights": self._weights.astype(np.float16), "bias": self._bias}
        np.savez_compressed(file, names=np.array(self.names, dtype=str), **known)

    @classmethod
    def load(cls, file: Path) -> "Aspects":
        """What :meth:`save` wrote."""
        with np.load(file) as kept:
            if not len(kept["names"]):
                return cls()
            return cls(kept["names"].tolist(), kept["weights"].astype(np.float32), kept["bias"])


@component
class AspectReader:
    """Haystack component: log probabilities of the aspects that a question may be after."""

    def __init__(self, aspects_file: str = "") -> None:
        self.aspects_file = aspects_file
        self._aspects = Aspects.load(Path(aspects_file)) if aspects_file else Aspects()

    @component.output_types(aspects=Scores)
    def run(self, text: str) -> dict[str, Scores]:
        """Read the aspects of ``text``."""
        return {"aspects": Scores(self._aspects.log_probabilities(text))}
