"""Whether a text sounds like a question to a city's hotline at all.

Small talk, general knowledge, medicine and reports of single events share words with entries, now and then many; what
sets them apart is how they speak. A linear model over the tokens of the general embedding tells the two: made once by
:mod:`indexer.domain_training` and kept beside it.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from indexer.general import FOLDER, general_tokens
from indexer.linear import scores

_FILE = "domain.npz"


class Domain:
    """A weight for each token of the general embedding."""

    def __init__(self, rows: dict[str, int], weights: np.ndarray, bias: float) -> None:
        self._rows = rows
        self.weights = weights
        self._bias = bias

    def log_odds(self, text: str) -> float:
        """Logarithm of the odds that ``text`` is a question to a hotline; 0 where none of its tokens is known."""
        found = scores(text, self._rows, self.weights[None, :])
        return 0.0 if found is None else float(found[0] + self._bias)


@lru_cache(maxsize=1)
def shipped_domain() -> Domain:
    """The model that is shipped, read once."""
    with np.load(FOLDER / _FILE) as kept:
        return Domain(general_tokens(), kept["weights"].astype(np.float32), float(kept["bias"]))


def keep(weights: np.ndarray, bias: float, folder: Path = FOLDER) -> None:
    """Write a model."""
    np.savez_compressed(folder / _FILE, weights=weights.astype(np.float16), bias=bias)
