"""Clusters of vectors: a search among very many rows looks only at those that lie near the question.

Measured on 1.3 million vectors, the city's ten times with noise: for 322 callers' questions 32 of 1,024 clusters hold
99.8% of the ten most similar vectors and 64 hold all; with 48 a search takes 5.5 ms, a look at every vector 54 ms.
"""

from collections.abc import Mapping, Sequence

import faiss
import numpy as np

MOST_CLUSTERS = 1_024
PROBED = 48
# More vectors in a cluster than this teach nothing about its centre.
_SAMPLE_EACH = 60
_ROUNDS = 8
_BATCH = 50_000


class Clusters:
    """Which cluster each row is in. Whoever shares it between threads guards it with a lock."""

    def __init__(self, centres: np.ndarray, of_row: np.ndarray) -> None:
        """``centres`` has shape (clusters, dimensions), float32; ``of_row`` shape (rows,), int32."""
        self._centres = centres
        self._of_row = of_row

    @classmethod
    def learn(cls, vectors: np.ndarray, present: np.ndarray) -> "Clusters":
        """Clusters of the ``present`` (rows,) of ``vectors`` (rows, dimensions), float32."""
        rows = np.flatnonzero(present)
        count = min(MOST_CLUSTERS, max(1, len(rows) // _SAMPLE_EACH))
        sample = rows[:: max(1, len(rows) // (count * _SAMPLE_EACH))]
        means = faiss.Kmeans(
            vectors.shape[1], count, niter=_ROUNDS, spherical=True, max_points_per_centroid=_SAMPLE_EACH
        )
        means.train(vectors[sample])
        clusters = cls(means.centroids, np.zeros(0, dtype=np.int32))
        for start in range(0, len(vectors), _BATCH):
            batch = vectors[start : start + _BATCH]
            clusters.put(np.arange(start, start + len(batch)), batch)
        return clusters

    def put(self, rows: Sequence[int], vectors: np.ndarray) -> None:
        """Take in or replace rows; ``vectors`` has shape (len(rows), dimensions)."""
        if (missing := max(rows) + 1 - len(self._of_row)) > 0:
            self._of_row = np.pad(self._of_row, (0, missing))
        self._of_row[rows] = (vectors @ self._centres.T).argmax(axis=1)

    def near(self, query: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
        """Those of the rows (all if None) in the clusters nearest to a vector, shape (dimensions,); int64."""
        order = np.argsort(-(self._centres @ query))
        chosen = np.zeros(len(order), dtype=bool)
        chosen[order[:PROBED]] = True
        if rows is None:
            return np.flatnonzero(chosen[self._of_row])
        return rows[chosen[self._of_row[rows]]]

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for :func:`numpy.savez`."""
        return {"centres": self._centres, "cluster": self._of_row}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Clusters":
        """What :meth:`arrays` gave."""
        return cls(arrays["centres"], arrays["cluster"])
