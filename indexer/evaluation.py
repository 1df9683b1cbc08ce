"""How well the index finds what callers mean, on questions with known answers.

A question file is JSON lines: ``query`` with ``code`` (matter), ``aspect``, ``district`` and ``style`` of the right
entry, each but the query may be absent or null; or with ``relevant``, the keys of the right entries.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import IndexerError
from indexer.messages import Hit
from indexer.scope import caller_place, without_place
from indexer.search import Searcher

MODES = ("lexical", "dense", "fused")
FIGURES = ("matter@1", "matter@5", "matter@10", "entry@1", "entry@5", "MRR")
DEPTH = 20


@dataclass(frozen=True)
class Question:
    """One question with what is right for it."""

    query: str
    code: str | None = None
    aspect: str | None = None
    district: str | None = None
    style: str = ""
    relevant: frozenset[str] = frozenset()

    def matter_right(self, hit: Hit) -> bool:
        """Whether the hit is of the right matter, or is one of the relevant entries."""
        return hit.key in self.relevant if self.relevant else hit.matter == self.code

    def entry_right(self, hit: Hit) -> bool:
        """Whether matter, aspect and, where one is named, district are right."""
        if self.relevant:
            return hit.key in self.relevant
        aspect = self.aspect in (None, hit.aspect)
        return self.matter_right(hit) and aspect and (not self.district or self.district in hit.region_name)


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
    """Figures of every mode, each over all questions and, under ``by_style``, for each style.

    Positions count hits, not distinct matters. Entry figures are over the questions that name an aspect (or relevant
    entries); MRR is of the first hit of the right matter within :data:`DEPTH`.
    """
    results = {mode: defaultdict(list) for mode in MODES}
    for question in each(questions):
        place = caller_place(searcher.regions, question.query)
        text = without_place(searcher.regions, question.query, place)
        for mode in MODES:
            hits = searcher.search(text, region=place.code if place else None, top_k=DEPTH, mode=mode)
            for group in ("", question.style):
                results[mode][group].append(_judge(question, hits))
    return {mode: _summary(groups) for mode, groups in results.items()}


def _judge(question: Question, hits: Sequence[Hit]) -> dict[str, float | None]:
    matter = next((rank for rank, hit in enumerate(hits, 1) if question.matter_right(hit)), None)
    entry = next((rank for rank, hit in enumerate(hits, 1) if question.entry_right(hit)), None)
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
