"""Contrastive learning of token vectors whose mean stands for a text."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn


class Contrast:
    """Pulls the two texts of a pair together and pushes those of other pairs in the batch apart.

    In-batch negatives after Henderson et al. 2017, both ways, over the cosine divided by ``temperature``. Tokens are
    dropped at random, so that no single word carries a pair.
    """

    def __init__(
        self,
        weights: np.ndarray,
        texts: Sequence[np.ndarray],
        learning_rate: float,
        temperature: float,
        dropout: float,
        random: np.random.Generator,
    ) -> None:
        """Begin with float32 ``weights`` of shape (tokens, dimensions); ``texts`` are rows of it, one array each."""
        self._texts = texts
        self._temperature = temperature
        self._dropout = dropout
        self._random = random
        self._bag = nn.EmbeddingBag.from_pretrained(torch.from_numpy(weights), freeze=False, mode="sum", sparse=True)
        self._optimiser = torch.optim.SparseAdam(self._bag.parameters(), lr=learning_rate)

    def step(self, pairs: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Learn from pairs of text numbers, shape (batch, 2); pairs of one group are no negatives."""
        similar = self._embed(pairs[:, 0]) @ self._embed(pairs[:, 1]).T / self._temperature
        if groups is not None:
            known = torch.from_numpy(groups)
            same = (known[:, None] == known[None, :]) & ~torch.eye(len(pairs), dtype=torch.bool)
            similar = similar.masked_fill(same, -1e4)
        right = torch.arange(len(pairs))
        loss = (nn.functional.cross_entropy(similar, right) + nn.functional.cross_entropy(similar.T, right)) / 2
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()

    def slow_down(self, learning_rate: float) -> None:
        """Go on with another learning rate."""
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate

    def weights(self) -> np.ndarray:
        """The vectors as learned so far, a copy."""
        return self._bag.weight.detach().numpy().copy()

    def _embed(self, numbers: np.ndarray) -> torch.Tensor:
        rows = [self._texts[number] for number in numbers]
        offsets = np.cumsum([0] + [len(r) for r in rows[:-1]])
        flat = np.concatenate(rows)
        kept = (self._random.random(len(flat)) > self._dropout).astype(np.float32)
        bags = self._bag(torch.from_numpy(flat), torch.from_numpy(offsets), per_sample_weights=torch.from_numpy(kept))
        return nn.functional.normalize(bags, dim=1)
