"""Embeds questions with the index's own static model, without loading sentence-transformers.

The model is an ordinary sentence-transformers folder (:mod:`indexer.static_embedding` writes it), but to use it takes a
look-up and a mean: reading it here lets a process answer two seconds sooner.
"""

import json
from pathlib import Path

import numpy as np
from haystack import component
from safetensors.numpy import load_file

from indexer.tokens import grams


@component
class GramTextEmbedder:
    """Haystack component: the embedding of a text by a static model; a zero vector where no token is known."""

    def __init__(self, model: str, prefix: str = "") -> None:
        """Use the model in the folder ``model``, read at :meth:`warm_up`."""
        self.model = model
        self.prefix = prefix
        self._vocabulary: dict[str, int] = {}
        self._weights: np.ndarray | None = None

    def warm_up(self) -> None:
        """Read the model, once."""
        if self._weights is not None:
            return
        folder = Path(self.model)
        self._vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        self._weights = load_file(folder / "model.safetensors")["embedding.weight"]

    # An array, not a list as Haystack's own embedders give: the pipeline copies a list number by number, in 2 ms.
    @component.output_types(embedding=np.ndarray)
    def run(self, text: str) -> dict[str, np.ndarray]:
        """The unit vector of ``text``, shape (dimensions,), float32."""
        return {"embedding": self.vector(self.prefix + text)}

    def vector(self, text: str) -> np.ndarray:
        """The unit vector of a text as it stands, without the prefix, shape (dimensions,), float32."""
        self.warm_up()
        rows = [self._vocabulary[gram] for gram in grams(text) if gram in self._vocabulary]
        vector = self._weights[rows].mean(axis=0) if rows else np.zeros(self._weights.shape[1], np.float32)
        return vector / max(float(np.linalg.norm(vector)), 1e-12)
