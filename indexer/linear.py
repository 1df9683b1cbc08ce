"""Texts for linear models over the tokens of the general embedding: which occur, each once, as a unit vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from indexer.tokens import grams

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def present(text: str, rows: dict[str, int]) -> list[int]:
    """Rows of the tokens that occur in a text, each once."""
    return list({rows[gram]: None for gram in grams(text) if gram in rows})


def scores(text: str, rows: dict[str, int], weights: np.ndarray) -> np.ndarray | None:
    """Products of a text with ``weights`` of shape (classes, tokens), shape (classes,); None if no token is known."""
    known = present(text, rows)
    return weights[:, known].sum(axis=1) / np.sqrt(len(known)) if known else None


def table(texts: Sequence[str], rows: dict[str, int]) -> csr_matrix:
    """Texts to learn from, shape (texts, tokens)."""
    # SciPy takes a fifth of a second to load, which the first answer would wait for.
    from scipy.sparse import csr_matrix

    found = [np.array(present(text, rows), dtype=int) for text in texts]
    ends = np.cumsum([0, *map(len, found)])
    values = np.concatenate([np.full(len(f), max(len(f), 1) ** -0.5) for f in found])
    return csr_matrix((values, np.concatenate(found), ends), shape=(len(texts), len(rows)))
