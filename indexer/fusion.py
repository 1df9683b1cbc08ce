"""Joins what both retrievers found into one order, by evidence for the entry itself and for its matter.

A question often matches several entries of one matter a little and none of them much, so each candidate carries, beside
its own two scores, the lexical score of its whole matter, how likely the question is after its aspect, and how close
its own question comes. The weights are learned when the index is built (:mod:`indexer.judgement`), not guessed.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from haystack import Document, component

from indexer.messages import Scores

EVIDENCE = ("lexical", "dense", "matter", "aspect", "closeness")
# Used when a knowledge base has no variants to learn from. Its embedding has little to learn from either, so words come
# first: of whole letters 80% find their title among 132,800, with weights like those that the starter city learns 36%.
DEFAULT_WEIGHTS = (12.0, 3.0, 24.0, 0.5, 15.0)
# Less likely than this an aspect cannot be: one odd word must not outweigh all other evidence.
LEAST_ASPECT = -4.0
# Measured on callers' questions: with two, the right matter is among the first five for 87% and the right entry for
# 74%; with one 90% and 59%, with three 85% and 74%, without a limit 75% and 69%.
MOST_OF_A_MATTER = 2
# Smaller than any difference that matters: orders the entries for one place among themselves.
_NUDGE = 1e-3


def evidence(
    lexical: Sequence[Document],
    dense: Sequence[Document],
    matters: Mapping[str, float],
    aspects: Mapping[str, float],
    closeness: Mapping[str, float],
) -> tuple[list[Document], np.ndarray]:
    """All candidates and their evidence, shape (candidates, len(EVIDENCE)).

    A candidate that only one retriever found is given the other's lowest score: it was no better than that. One that
    belongs to no matter is a matter of its own; one whose aspect is unknown is as likely as any.
    """
    candidates = list({d.id: d for d in (*lexical, *dense)}.values())
    own = _column(candidates, lexical)
    of_matter = [
        matters.get(d.meta["matter"], 0.0) if d.meta.get("matter") else score
        for d, score in zip(candidates, own, strict=True)
    ]
    unknown = -math.log(len(aspects)) if aspects else 0.0
    of_aspect = [max(aspects.get(d.meta.get("aspect"), unknown), LEAST_ASPECT) for d in candidates]
    close = [closeness.get(d.id, 0.0) for d in candidates]
    columns = [own, _column(candidates, dense), of_matter, of_aspect, close]
    return candidates, np.array(columns).T.reshape(len(candidates), len(EVIDENCE))


def _column(candidates: Sequence[Document], found: Sequence[Document]) -> list[float]:
    scores = {d.id: d.score or 0.0 for d in found}
    least = min(scores.values(), default=0.0)
    return [scores.get(d.id, least) for d in candidates]


@component
class EvidenceJoiner:
    """Haystack component: candidates of both retrievers in one order; ``score`` is the weighted evidence."""

    def __init__(self, weights: Sequence[float] = DEFAULT_WEIGHTS, top_k: int = 20) -> None:
        self.weights = list(weights)
        self.top_k = top_k

    @component.output_types(documents=list[Document])
    def run(
        self,
        lexical: list[Document],
        dense: list[Document],
        matters: Scores,
        aspects: Scores,
        closeness: Scores,
        top_k: int | None = None,
    ) -> dict[str, list[Document]]:
        """Order the candidates; each document's meta gets its ``evidence`` by name."""
        candidates, found = evidence(lexical, dense, matters, aspects, closeness)
        if not candidates:
            return {"documents": []}
        scores = prefer_local(candidates, found @ np.array(self.weights))
        order = spread(candidates, np.argsort(-scores, kind="stable"))[: top_k or self.top_k]
        return {"documents": [_judged(candidates[i], float(scores[i]), found[i]) for i in order]}


def spread(candidates: Sequence[Document], order: Sequence[int]) -> list[int]:
    """The same order, but no more than :data:`MOST_OF_A_MATTER` of one matter before others had their turn.

    A matter's entries resemble each other: where its best two are wrong, the next are seldom right. Of entries that
    differ only in their place, the first takes the turn.
    """
    spread_out: list[int] = []
    waiting = list(order)
    while waiting:
        taken: dict[str, set] = defaultdict(set)
        left = []
        for number in waiting:
            meta = candidates[number].meta
            turns = taken[meta.get("matter") or f"#{number}"]
            aspect = meta.get("aspect") or number
            if aspect in turns or len(turns) == MOST_OF_A_MATTER:
                left.append(number)
            else:
                turns.add(aspect)
                spread_out.append(number)
        waiting = left
    return spread_out


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
