"""The shipped general embedding: how everyday Chinese and the language of government word the same things.

Made once by :mod:`indexer.pretraining` and kept in ``general/``; each index starts from it (:mod:`indexer.training`).
"""

from pathlib import Path

import numpy as np

DIMENSIONS = 256
FOLDER = Path(__file__).parent / "general"
_TOKENS, _VECTORS = "tokens.txt", "vectors.npz"


def general_tokens(folder: Path = FOLDER) -> dict[str, int]:
    """Row of each token."""
    return {token: row for row, token in enumerate((folder / _TOKENS).read_text("utf-8").split("\n"))}


def general_embedding(folder: Path = FOLDER) -> tuple[dict[str, int], np.ndarray]:
    """Row of each token, and the float32 vectors of shape (tokens, :data:`DIMENSIONS`), of length 1 on average."""
    with np.load(folder / _VECTORS) as kept:
        vectors = kept["steps"].astype(np.float32) * kept["scales"].astype(np.float32)[:, None]
    return general_tokens(folder), vectors


def keep(tokens: list[str], vectors: np.ndarray, folder: Path = FOLDER) -> None:
    """Write tokens and their vectors, in steps of 1/127 of each vector's largest value: a quarter of the size."""
    vectors = vectors / np.linalg.norm(vectors, axis=1).mean()
    scales = (np.abs(vectors).max(axis=1) / 127).astype(np.float16)
    steps = np.round(vectors / np.maximum(scales.astype(np.float32), 1e-8)[:, None])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _TOKENS).write_text("\n".join(tokens), "utf-8")
    np.savez_compressed(folder / _VECTORS, steps=np.clip(steps, -127, 127).astype(np.int8), scales=scales)
