"""An evaluation as lines for a terminal."""

from collections.abc import Iterator

from indexer.comparison import POPULATIONS, Comparison
from indexer.evaluation import ERROR_TITLES, FIGURES, Result, error_counts, figures
from indexer.evaluation_run import Run
from indexer.report import change, share
from indexer.risk_coverage import Point


def lines(run: Run) -> Iterator[str]:
    """Figures by mode and style, sources of error, and risk against coverage."""
    for mode, result in figures(run.results).items():
        yield _row(mode, result)
        for style, row in result["by_style"].items():
            yield _row(f"  {style}", row)
    counts = error_counts(run.results)
    yield "错误来源：" + "，".join(f"{ERROR_TITLES[source]}{count}" for source, count in counts.items())
    for name, risks in run.risk_coverage.items():
        yield f"{POPULATIONS[name]}：校准误差{share(risks.calibration_error)}，风险覆盖曲线下面积{share(risks.area)}"
        for limit, point in risks.at_limits.items():
            yield f"  风险不超过{float(limit):.0%}：{_point(point) if point else '没有这样的阈值'}"
        yield f"  现行{_point(risks.configured)}"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Then and now side by side, and the questions won and lost."""
    yield f"与{comparison.then.index['built_at']}建立的索引比较（以前 → 现在，差为百分点）："
    for figure in comparison.figures:
        yield f"  {figure.name}：{share(figure.then)} → {share(figure.now)}（{change(figure.difference)}）"
    won, lost = len(comparison.won), len(comparison.lost)
    yield f"做对了{won}个，做错了{lost}个，符号检验p={comparison.p_value:.3f}"
    for sign, pairs in (("+", comparison.won), ("-", comparison.lost)):
        for then, now in pairs:
            yield f"  {sign} {then.question.query}：{_first(then)} → {_first(now)}"


def _row(label: str, row: dict) -> str:
    cells = [f"{name} {row[name]:6.1%}" if row[name] is not None else f"{name}      -" for name in FIGURES]
    return f"{label:14}{row['questions']:5} 问  " + "  ".join(cells)


def _point(point: Point) -> str:
    outside = "" if point.outside is None else f"，范围外答复{share(point.outside)}"
    return f"阈值{point.threshold:.3f}，覆盖率{share(point.coverage)}，风险{share(point.risk)}{outside}"


def _first(result: Result) -> str:
    return result.hits[0].question if result.hits else "没有找到"
