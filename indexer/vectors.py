"""Vectors in a flat FAISS index whose positions are the row numbers of the store.

So a vector is replaced in place and let go without moving another, and a search among some rows names them alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import faiss
import numpy as np

from indexer.clusters import Clusters

# Among more rows than this a search looks only at the clusters near the question; up to here it is exact.
MANY = 300_000


class Vectors:
    """Vectors by row number. Whoever shares it between threads guards it with a lock."""

    def __init__(self, many: int = MANY) -> None:
        self._many = many
        self._index: faiss.IndexFlatIP | None = None
        self._present = np.zeros(0, dtype=bool)
        self._clusters: Clusters | None = None

    def put(self, rows: Sequence[int], vectors: np.ndarray) -> None:
        """Take in or replace vectors, shape (len(rows), dimensions), float32."""
        if self._index is None:
            self._index = faiss.IndexFlatIP(vectors.shape[1])
        if (missing := max(rows) + 1 - self._index.ntotal) > 0:
            self._index.add(np.zeros((missing, self._index.d), dtype=np.float32))
            self._present = np.pad(self._present, (0, missing))
        self._stored()[rows] = vectors
        self._present[rows] = True
        if self._clusters is not None:
            self._clusters.put(rows, vectors)

    def drop(self, rows: Sequence[int]) -> None:
        """Let vectors go; rows without one are passed over."""
        self._present[[row for row in rows if row < len(self._present)]] = False

    def rows(self, mask: np.ndarray) -> np.ndarray | None:
        """Those rows of a mask, any length, that have a vector, int64; None if these are all there are."""
        size = min(len(mask), len(self._present))
        rows = np.flatnonzero(mask[:size] & self._present[:size])
        return None if len(rows) == len(self._present) else rows

    def search(self, query: np.ndarray, rows: np.ndarray | None, top_k: int) -> list[tuple[int, float]]:
        """Rows and inner products of the best vectors, best first, among ``rows`` of :meth:`rows`."""
        if self._index is None:
            return []
        if query.shape != (self._index.d,):
            raise ValueError(f"The vector has shape {query.shape}, not ({self._index.d},).")
        # One question leaves nothing to share out, and on a busy machine OpenMP's threads wait 10 ms for each other.
        faiss.omp_set_num_threads(1)
        if self._clusters is not None and (self._index.ntotal if rows is None else len(rows)) > self._many:
            rows = self._clusters.near(query, rows)
        if rows is None:
            scores, rows = self._index.search(query[None, :], top_k)
            return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]
        if not len(rows):
            return []
        scores = np.empty(len(rows), dtype=np.float32)
        # Measured from 3,000 to 130,000 rows of 132,800: never slower than a search with a selector.
        self._index.compute_distance_subset(
            1, faiss.swig_ptr(query), len(rows), faiss.swig_ptr(scores), faiss.swig_ptr(rows)
        )
        best = np.argpartition(-scores, top_k - 1)[:top_k] if top_k < len(rows) else np.arange(len(rows))
        best = best[np.argsort(-scores[best], kind="stable")]
        return [(int(rows[at]), float(scores[at])) for at in best]

    def prepare(self) -> None:
        """Learn the clusters, if there are many vectors and it was not done before; takes half a minute a million.

        Searches may go on meanwhile, but nothing may be put in.
        """
        if self._clusters is None and len(self._present) > self._many:
            self._clusters = Clusters.learn(self._stored(), self._present)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything but the vectors themselves, for :func:`numpy.savez`."""
        return {"present": self._present} | (self._clusters.arrays() if self._clusters is not None else {})

    def save(self, file: Path) -> None:
        """Write the vectors themselves."""
        faiss.write_index(self._index or faiss.IndexFlatIP(1), str(file))

    @classmethod
    def load(cls, file: Path, arrays: Mapping[str, np.ndarray]) -> "Vectors":
        """What :meth:`save` and :meth:`arrays` gave. :class:`RuntimeError` or :class:`ValueError` if not whole."""
        present = arrays["present"]
        index = faiss.read_index(str(file))
        if index.ntotal != len(present):
            raise ValueError(f"{file.name} holds {index.ntotal} vectors instead of {len(present)}")
        vectors = cls()
        vectors._index = index if index.ntotal else None
        vectors._present = present
        vectors._clusters = Clusters.from_arrays(arrays) if "centres" in arrays else None
        return vectors

    def _stored(self) -> np.ndarray:
        stored = faiss.rev_swig_ptr(self._index.get_xb(), self._index.ntotal * self._index.d)
        return stored.reshape(-1, self._index.d)
