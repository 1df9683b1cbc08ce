"""One whole evaluation of an index: every result with what follows from it, kept as a JSON file."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from indexer.errors import IndexerError
from indexer.evaluation import ErrorSource, Found, Question, Rank, Result, ask, error_counts, figures
from indexer.risk_coverage import RiskCoverage, risk_coverage
from indexer.search import Searcher

RUN_FILE = "run.json"
INDEX_FACTS = ("built_at", "entries", "model", "rounds")  #: kept of the index's manifest


@dataclass(frozen=True)
class Run:
    """The results of all questions and what they were asked of."""

    index: dict[str, Any]  #: INDEX_FACTS by name
    answer_threshold: float  #: probability from which the bot answers
    results: tuple[Result, ...]

    @property
    def answerable(self) -> list[Result]:
        """Of the questions that some entry answers, in the order asked."""
        return [result for result in self.results if result.question.answerable]

    @property
    def outside(self) -> list[Result]:
        """Of the questions that no entry answers, in the order asked."""
        return [result for result in self.results if not result.question.answerable]

    @cached_property
    def risk_coverage(self) -> dict[str, RiskCoverage]:
        """``answerable`` over the answerable questions and, if any were asked, ``with_outside`` over all."""
        right = [result.entry_right for result in self.answerable]
        sure = [result.probability for result in self.answerable]
        beyond = [result.probability for result in self.outside]
        names = {"answerable": False, "with_outside": True} if beyond else {"answerable": False}
        return {
            name: risk_coverage(right, sure, beyond, self.answer_threshold, count_outside=counted)
            for name, counted in names.items()
        }

    def summary(self) -> dict[str, Any]:
        """Every figure: of each mode by its name, ``errors`` by source, ``risk_coverage``; without single results."""
        risks = {name: asdict(one) for name, one in self.risk_coverage.items()}
        return figures(self.results) | {"errors": error_counts(self.results), "risk_coverage": risks}

    def save(self, folder: Path) -> None:
        """Write it into a folder as :data:`RUN_FILE`."""
        rows = [
            asdict(one) | {"matter_right": one.matter_right, "entry_right": one.entry_right} for one in self.results
        ]
        facts = {"index": self.index, "answer_threshold": self.answer_threshold}
        written = json.dumps(facts | self.summary() | {"results": rows}, ensure_ascii=False, indent=1, default=sorted)
        (folder / RUN_FILE).write_text(written, "utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read what :meth:`save` wrote. :class:`IndexerError` if it cannot be read."""
        try:
            values = json.loads((folder / RUN_FILE).read_text("utf-8"))
            results = tuple(_result(row) for row in values["results"])
            return cls(values["index"], values["answer_threshold"], results)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexerError(f"{folder}里没有可读的{RUN_FILE}，请指定用 --save 保存的文件夹。") from error


def _result(row: dict[str, Any]) -> Result:
    return Result(
        question=Question(**row["question"] | {"relevant": frozenset(row["question"]["relevant"])}),
        place=row["place"],
        hits=tuple(Found(**hit) for hit in row["hits"]),
        ranks={mode: Rank(**rank) for mode, rank in row["ranks"].items()},
        error=row["error"] and ErrorSource(row["error"]),
    )


def measure(
    searcher: Searcher,
    questions: Sequence[Question],
    answer_threshold: float,
    each: Callable[[Iterable], Iterable] = iter,
) -> Run:
    """Ask all questions, with or without answer. :class:`IndexerError` if none of them can be answered."""
    if not any(question.answerable for question in questions):
        raise IndexerError("评测文件里没有一个问题注明正确答案（code或relevant）。")
    index = {name: getattr(searcher.manifest, name) for name in INDEX_FACTS}
    return Run(index, answer_threshold, tuple(ask(searcher, questions, each)))
