"""Two evaluations on the same questions, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from indexer.errors import IndexerError
from indexer.evaluation import FIGURES, Question, Result, figures
from indexer.evaluation_run import Run
from indexer.risk_coverage import RiskCoverage

POPULATIONS = {"answerable": "可答问题", "with_outside": "连同范围外问题"}


@dataclass(frozen=True)
class Figure:
    """One figure then and now; None where a run has none. Shares, 0 to 1."""

    name: str  #: Chinese
    then: float | None
    now: float | None

    @property
    def difference(self) -> float | None:
        """Now less then."""
        return None if self.then is None or self.now is None else self.now - self.then


@dataclass(frozen=True)
class Comparison:
    """What changed from an earlier run to this one."""

    then: Run
    now: Run
    figures: tuple[Figure, ...]
    won: tuple[tuple[Result, Result], ...]  #: (then, now) of questions whose first fused hit has become right
    lost: tuple[tuple[Result, Result], ...]  #: and of those where it no longer is
    p_value: float  #: two-sided exact sign test of won against lost; 1 when none changed

    def summary(self) -> dict[str, Any]:
        """The comparison as ``--json`` gives it: figures, texts of the questions won and lost, and ``p_value``."""
        return {
            "figures": {figure.name: {"then": figure.then, "now": figure.now} for figure in self.figures},
            "won": [now.question.query for _, now in self.won],
            "lost": [now.question.query for _, now in self.lost],
            "p_value": self.p_value,
        }


def earlier_run(folder: Path, questions: Sequence[Question]) -> Run:
    """The run saved in a folder. :class:`IndexerError` if it cannot be read or other questions were asked."""
    run = Run.load(folder)
    if [result.question for result in run.results] != list(questions):
        raise IndexerError(f"{folder}里评测的问题与这次不同，不能比较；请用同样的问题文件（包括 --outside）重新评测。")
    return run


def compare(then: Run, now: Run) -> Comparison:
    """Compare two runs on the same questions in the same order."""
    pairs = list(zip(then.results, now.results, strict=True))
    won = tuple(pair for pair in pairs if pair[1].entry_right and not pair[0].entry_right)
    lost = tuple(pair for pair in pairs if pair[0].entry_right and not pair[1].entry_right)
    changed = len(won) + len(lost)
    before, after = _figures(then), _figures(now)
    return Comparison(
        then=then,
        now=now,
        figures=tuple(Figure(name, before[name], after[name]) for name in after),
        won=won,
        lost=lost,
        p_value=float(binomtest(len(won), changed).pvalue) if changed else 1.0,
    )


def _figures(run: Run) -> dict[str, float | None]:
    fused = figures(run.results)["fused"]
    named = {f"融合 {name}": fused[name] for name in FIGURES}
    for name, risks in run.risk_coverage.items():
        named |= {f"{POPULATIONS[name]} {figure}": value for figure, value in _risks(risks).items()}
    return named


def _risks(risks: RiskCoverage) -> dict[str, float | None]:
    named = {"校准误差": risks.calibration_error, "曲线下面积": risks.area}
    for limit, point in risks.at_limits.items():
        named[f"风险≤{float(limit):.0%}时覆盖率"] = point.coverage if point else 0.0
    now = risks.configured
    return named | {"现行阈值覆盖率": now.coverage, "现行阈值风险": now.risk, "现行阈值范围外答复": now.outside}
