"""Joins what both retrievers found into one order, by evidence for the entry itself and for its matter.

A question often matches several entries of one matter a little and none of them much, so each candidate carries, beside
its own two scores, those of all found entries of its matter. The weights are learned when the index is built
(:mod:`indexer.judgement`), not guessed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from haystack import Document, component, default_to_dict

EVIDENCE = ("lexical", "dense", "matter_lexical", "matter_dense")
# Used when a knowledge base has no variants to learn from; learned on the starter city, rounded.
DEFAULT_WEIGHTS = (6.0, 6.0, 0.5, 0.5)
# Smaller than any difference that matters: orders the entries for one place among themselves.
_NUDGE = 1e-3


def evidence(lexical: Sequence[Document], dense: Sequence[Document]) -> tuple[list[Document], np.ndarray]:
    """All candidates and their evidence, shape (candidates, len(EVIDENCE)).

    A candidate that only one retriever found is given the other's lowest score: it was no better than that.
    """
    candidates = list({d.id: d for d in (*lexical, *dense)}.values())
    own = np.array([_column(candidates, lexical), _column(candidates, dense)]).T.reshape(len(candidates), 2)
    matters = np.array([_matter_column(candidates, lexical), _matter_column(candidates, dense)]).T
    return candidates, np.hstack([own, matters.reshape(len(candidates), 2)])


def _column(candidates: Sequence[Document], found: Sequence[Document]) -> list[float]:
    scores = {d.id: d.score or 0.0 for d in found}
    least = min(scores.values(), default=0.0)
    return [scores.get(d.id, least) for d in candidates]


def _matter_column(candidates: Sequence[Document], found: Sequence[Document]) -> list[float]:
    total: dict[str, float] = defaultdict(float)
    for document in found:
        total[_matter(document)] += max(document.score or 0.0, 0.0)
    return [total[_matter(d)] for d in candidates]


def _matter(document: Document) -> str:
    return document.meta.get("matter") or f"#{document.id}"


@component
class EvidenceJoiner:
    """Haystack component: candidates of both retrievers in one order; ``score`` is the weighted evidence."""

    def __init__(self, weights: Sequence[float] = DEFAULT_WEIGHTS, top_k: int = 20) -> None:
        self.weights = list(weights)
        self.top_k = top_k

    def to_dict(self) -> dict[str, Any]:
        """What a saved pipeline keeps."""
        return default_to_dict(self, weights=self.weights, top_k=self.top_k)

    @component.output_types(documents=list[Document])
    def run(
        self, lexical: list[Document], dense: list[Document], top_k: int | None = None
    ) -> dict[str, list[Document]]:
        """Order the candidates; each document's meta gets its ``evidence`` by name."""
        candidates, found = evidence(lexical, dense)
        if not candidates:
            return {"documents": []}
        scores = prefer_local(candidates, found @ np.array(self.weights))
        order = np.argsort(-scores, kind="stable")[: top_k or self.top_k]
        return {"documents": [_judged(candidates[i], float(scores[i]), found[i]) for i in order]}


def prefer_local(candidates: Sequence[Document], scores: np.ndarray) -> np.ndarray:
    """Scores in which the entry for the caller's place comes just before the city's entry of that matter and aspect.

    The filter has left only places that hold for this caller, so the local entry says the same, and the address too.
    """
    scores = scores.copy()
    groups: dict[tuple, list[int]] = defaultdict(list)
    for number, document in enumerate(candidates):
        if document.meta.get("matter"):
            groups[document.meta["matter"], document.meta.get("aspect")].append(number)
    for members in groups.values():
        best = max(scores[m] for m in members)
        for m in members:
            if candidates[m].meta.get("local"):
                depth = len(candidates[m].meta["region"])
                scores[m] = best + _NUDGE * depth + _NUDGE * _NUDGE * scores[m]
    return scores


def _judged(document: Document, score: float, found: np.ndarray) -> Document:
    named = dict(zip(EVIDENCE, (round(float(value), 4) for value in found), strict=True))
    return replace(document, score=score, meta=document.meta | {"evidence": named})
