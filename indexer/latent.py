"""Latent semantic analysis (Deerwester et al. 1990): words that occur in the same texts get vectors close together."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

from indexer.general import DIMENSIONS


def latent_semantics(texts: csr_matrix, rarity: np.ndarray) -> np.ndarray:
    """Float32 vectors of shape (tokens, DIMENSIONS), of length 1 on average.

    ``texts`` has a row for each text and a column for each token; ``rarity`` weighs each token. Few texts or tokens
    fill only the first dimensions, the rest is zero.
    """
    size = min(DIMENSIONS, min(texts.shape) - 1)
    analysis = TruncatedSVD(size, n_iter=3, random_state=0).fit(texts)
    vectors = analysis.components_.T * rarity[:, None]
    vectors /= np.linalg.norm(vectors, axis=1).mean()
    return np.pad(vectors, ((0, 0), (0, DIMENSIONS - size))).astype(np.float32)
