"""How well the index finds what callers mean, on questions with known answers.

A question file is JSON lines: ``query`` with ``code`` (matter), ``aspect``, ``district`` and ``style`` of the right
entry, each but the query may be absent or null; or with ``relevant``, the keys of the right entries. A question without
``code`` and ``relevant`` is one that no entry answers.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from indexer.errors import IndexerError
from indexer.messages import Hit
from indexer.pipeline import CANDIDATES
from indexer.scope import caller_place, without_place
from indexer.search import Searcher

MODES = ("lexical", "dense", "fused")
FIGURES = ("matter@1", "matter@5", "matter@10", "entry@1", "entry@5", "MRR")
DEPTH = 20
SHOWN = 5  #: hits that are kept of each question


class ErrorSource(StrEnum):
    """What put a wrong entry first."""

    RECALL = "recall"  #: neither retriever had the right entry among its candidates
    RANKING = "ranking"  #: a retriever had it, but another matter came first
    ASPECT = "aspect"  #: the right matter, but another side of it
    PLACE = "place"  #: the right matter and aspect, but for another place


ERROR_TITLES = {
    ErrorSource.RECALL: "召回缺失",
    ErrorSource.RANKING: "排序",
    ErrorSource.ASPECT: "方面",
    ErrorSource.PLACE: "地点",
}


@dataclass(frozen=True)
class Question:
    """One question with what is right for it."""

    query: str
    code: str | None = None
    aspect: str | None = None
    district: str | None = None
    style: str = ""
    relevant: frozenset[str] = frozenset()

    @property
    def answerable(self) -> bool:
        """Whether some entry is right for it."""
        return self.code is not None or bool(self.relevant)

    def matter_right(self, hit: Hit) -> bool:
        """Whether the hit is of the right matter, or is one of the relevant entries."""
        if self.relevant:
            return hit.key in self.relevant
        return self.answerable and hit.matter == self.code

    def entry_right(self, hit: Hit) -> bool:
        """Whether matter, aspect and, where one is named, district are right."""
        if self.relevant:
            return hit.key in self.relevant
        aspect = self.aspect in (None, hit.aspect)
        return self.matter_right(hit) and aspect and (not self.district or self.district in hit.region_name)


@dataclass(frozen=True)
class Found:
    """What is kept of one hit; the fields are those of :class:`Hit`."""

    entry_id: int
    matter: str | None
    matter_name: str | None
    aspect: str | None
    region_name: str
    question: str
    score: float
    probability: float


@dataclass(frozen=True)
class Rank:
    """Where the first right hit of one mode stands, from 1; None where it was not found."""

    matter: int | None
    entry: int | None


@dataclass(frozen=True)
class Result:
    """What the index made of one question."""

    question: Question
    place: str | None  #: name of the place understood
    hits: tuple[Found, ...]  #: first :data:`SHOWN` fused hits
    ranks: dict[str, Rank]  #: by mode; empty for a question that no entry answers
    error: ErrorSource | None = None

    @property
    def matter_right(self) -> bool:
        """Whether the first fused hit is of the right matter."""
        return "fused" in self.ranks and self.ranks["fused"].matter == 1

    @property
    def entry_right(self) -> bool:
        """Whether the first fused hit is the right entry; where no aspect is named, the matter decides."""
        return "fused" in self.ranks and self.ranks["fused"].entry == 1

    @property
    def probability(self) -> float:
        """Of the first fused hit being right; 0 where nothing was found."""
        return self.hits[0].probability if self.hits else 0.0


def read_questions(file: Path) -> list[Question]:
    """Questions of a file. :class:`IndexerError` tells the line that cannot be read."""
    questions = []
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IndexerError(f"无法读取{file}，请检查路径，文件应为UTF-8编码的JSONL。") from error
    for number, line in enumerate(lines, 1):
        try:
            questions.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexerError(f"{file}第{number}行不是有效的评测问题，需要JSON对象且含query。") from error
    return questions


def read_outside(file: Path) -> list[Question]:
    """Questions of a file that no entry answers, their ``kind`` as style. Errors as in :func:`read_questions`."""
    return [Question(question.query, style=question.style) for question in read_questions(file)]


def _question(row: dict) -> Question:
    return Question(
        query=row["query"],
        code=row.get("code"),
        aspect=row.get("aspect"),
        district=row.get("district"),
        style=row.get("style") or row.get("kind") or "",
        relevant=frozenset(row.get("relevant") or ()),
    )


def evaluate(
    searcher: Searcher, questions: Sequence[Question], each: Callable[[Iterable], Iterable] = iter
) -> dict[str, dict]:
    """:func:`figures` of the questions, asked now."""
    return figures(ask(searcher, questions, each))


def ask(searcher: Searcher, questions: Sequence[Question], each: Callable[[Iterable], Iterable] = iter) -> list[Result]:
    """Results in the order of the questions; ``each`` may show progress."""
    return [_ask(searcher, question) for question in each(questions)]


def _ask(searcher: Searcher, question: Question) -> Result:
    place = caller_place(searcher.regions, question.query)
    text = without_place(searcher.regions, question.query, place)
    region = place.code if place else None
    fused = searcher.search(text, region=region, top_k=DEPTH)
    found = tuple(Found(**{field.name: getattr(hit, field.name) for field in fields(Found)}) for hit in fused[:SHOWN])
    name = place.name if place else None
    if not question.answerable:
        return Result(question, name, found, {})
    candidates = {
        mode: searcher.search(text, region=region, top_k=CANDIDATES, mode=mode) for mode in ("lexical", "dense")
    }
    ranks = {mode: _rank(question, hits[:DEPTH]) for mode, hits in (candidates | {"fused": fused}).items()}
    among = any(question.entry_right(hit) for hits in candidates.values() for hit in hits)
    return Result(question, name, found, ranks, error_source(question, fused, among))


def error_source(question: Question, hits: Sequence[Hit], among: bool) -> ErrorSource | None:
    """Why the first of the fused hits is wrong, None if it is right.

    ``among`` says whether the right entry is among the candidates of either retriever. Once the right matter is first,
    what is wrong with the entry tells more than where the right one was lost.
    """
    if hits and question.entry_right(hits[0]):
        return None
    if hits and question.matter_right(hits[0]):
        return ErrorSource.PLACE if question.aspect in (None, hits[0].aspect) else ErrorSource.ASPECT
    return ErrorSource.RANKING if among else ErrorSource.RECALL


def _rank(question: Question, hits: Sequence[Hit]) -> Rank:
    matter = next((rank for rank, hit in enumerate(hits, 1) if question.matter_right(hit)), None)
    entry = next((rank for rank, hit in enumerate(hits, 1) if question.entry_right(hit)), None)
    return Rank(matter, entry)


def error_counts(results: Sequence[Result]) -> dict[ErrorSource, int]:
    """How many wrong first hits each source accounts for."""
    return {source: sum(result.error is source for result in results) for source in ErrorSource}


def figures(results: Sequence[Result]) -> dict[str, dict]:
    """Figures of every mode, each over all answerable questions and, under ``by_style``, for each style.

    Positions count hits, not distinct matters. Entry figures are over the questions that name an aspect (or relevant
    entries); MRR is of the first hit of the right matter within :data:`DEPTH`.
    """
    summaries = {}
    for mode in MODES:
        groups = defaultdict(list)
        for result in results:
            if result.question.answerable:
                for group in ("", result.question.style):
                    groups[group].append(_judge(result.question, result.ranks[mode]))
        summaries[mode] = _summary(groups)
    return summaries


def _judge(question: Question, rank: Rank) -> dict[str, float | None]:
    matter, entry = rank.matter, rank.entry
    exact = bool(question.aspect or question.relevant)
    figures: dict[str, float | None] = {f"matter@{k}": float(matter is not None and matter <= k) for k in (1, 5, 10)}
    figures |= {f"entry@{k}": float(entry is not None and entry <= k) if exact else None for k in (1, 5)}
    return figures | {"MRR": 1 / matter if matter else 0.0}


def _summary(groups: dict[str, list[dict]]) -> dict:
    total = _mean(groups.get("", []))
    styles = {style: _mean(rows) for style, rows in sorted(groups.items()) if style}
    return total | {"by_style": styles}


def _mean(rows: Sequence[dict]) -> dict[str, float | int | None]:
    means: dict[str, float | int | None] = {"questions": len(rows)}
    for figure in FIGURES:
        known = [row[figure] for row in rows if row[figure] is not None]
        means[figure] = round(sum(known) / len(known), 4) if known else None
    return means
