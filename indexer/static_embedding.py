"""The static embedding's place in a sentence-transformers model: tokens in, mean of their vectors out."""

from typing import Self

import numpy as np
import torch
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from indexer.tokens import grams


class GramEmbedding(StaticEmbedding):
    """A :class:`StaticEmbedding` that cuts text with :func:`indexer.tokens.grams`, which overlap.

    The tokenizers library has no overlapping tokens, so its tokenizer here only keeps the vocabulary. Tokens outside
    the vocabulary are passed over; a text without a known token becomes the zero vector, similar to nothing.
    """

    def __init__(self, tokenizer: Tokenizer, embedding_weights: np.ndarray | torch.Tensor) -> None:
        super().__init__(tokenizer, embedding_weights=embedding_weights)
        self._vocabulary = tokenizer.get_vocab()

    @classmethod
    def from_vocabulary(cls, vocabulary: dict[str, int], weights: np.ndarray) -> Self:
        """Module of a token-to-row mapping and float32 weights of shape (tokens, dimensions)."""
        tokenizer = Tokenizer(WordLevel(vocabulary, unk_token=next(iter(vocabulary))))
        tokenizer.pre_tokenizer = WhitespaceSplit()
        return cls(tokenizer, weights)

    def preprocess(self, inputs: list[str], prompt: str | None = None, **_kwargs: object) -> dict[str, torch.Tensor]:
        """Token rows of all inputs in one flat tensor, with the offset at which each input begins."""
        known = self._vocabulary
        rows = [[known[g] for g in grams((prompt or "") + text) if g in known] for text in inputs]
        offsets = np.cumsum([0] + [len(r) for r in rows[:-1]])
        flat = [row for r in rows for row in r]
        return {"input_ids": torch.tensor(flat, dtype=torch.long), "offsets": torch.from_numpy(offsets)}

    @classmethod
    def load(cls, model_name_or_path: str, **kwargs: object) -> Self:
        """Module as saved in a model folder."""
        plain = StaticEmbedding.load(model_name_or_path, **kwargs)
        return cls(plain.tokenizer, plain.embedding.weight.detach())
