"""An evaluation as a page to read: figures, where errors come from, risk against coverage, the worst answers.

The folder holds ``report.html``, which needs nothing else, ``risk-coverage.svg`` and ``run.json``.
"""

import os
import shutil
import warnings
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from indexer.comparison import POPULATIONS, Comparison
from indexer.errors import IndexerError
from indexer.evaluation import ERROR_TITLES, FIGURES, Result, error_counts, figures
from indexer.evaluation_run import RUN_FILE, Run
from indexer.risk_coverage import LIMITS

PAGE = "report.html"
PICTURE = "risk-coverage.svg"
WORST = 50
_MODES = {"lexical": "词面", "dense": "向量", "fused": "融合"}
_COLOURS = {"answerable": "#1f6feb", "with_outside": "#c2410c"}


def check_folder(folder: Path) -> None:
    """:class:`IndexerError` if a report cannot take this place: there is a file, or a folder of something else."""
    if folder.exists() and not folder.is_dir():
        raise IndexerError(f"{folder}是一个文件，请用 --save 指定一个文件夹。")
    if folder.exists() and {file.name for file in folder.iterdir()} - {RUN_FILE, PAGE, PICTURE}:
        raise IndexerError(f"{folder}里有别的文件，为免误删没有写入，请用 --save 指定一个新的文件夹。")


def save(folder: Path, run: Run, comparison: Comparison | None = None) -> None:
    """Put the whole report into a folder, in place of an earlier one; on failure the earlier one stays.

    Errors as in :func:`check_folder`.
    """
    check_folder(folder)
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{end}") for end in ("new", "old"))
    fresh.mkdir()
    try:
        run.save(fresh)
        picture = draw(run)
        (fresh / PICTURE).write_text(picture, "utf-8")
        (fresh / PAGE).write_text(render(run, picture, comparison), "utf-8")
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except BaseException:
        if old.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def worst(results: Sequence[Result]) -> list[Result]:
    """The :data:`WORST` wrong answers of which the index was most sure, surest first."""
    wrong = [result for result in results if result.hits and not result.entry_right]
    return sorted(wrong, key=lambda result: -result.probability)[:WORST]


def render(run: Run, picture: str, comparison: Comparison | None = None) -> str:
    """The page; ``picture`` is what :func:`draw` gave."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = share
    environment.filters["change"] = change
    return environment.get_template("report.html.jinja").render(
        run=run,
        comparison=comparison,
        # Inside a page the picture has no prolog of its own.
        picture=Markup(picture[picture.index("<svg") :]),
        figures=figures(run.results),
        names=FIGURES,
        modes=_MODES,
        errors=error_counts(run.results),
        titles=ERROR_TITLES,
        populations=POPULATIONS,
        worst=worst(run.answerable),
        worst_outside=worst(run.outside),
        matters={hit.matter: hit.matter_name for result in run.results for hit in result.hits},
    )


def share(value: float | None) -> str:
    """A share, 0 to 1, as it is shown; a dash for None."""
    return "–" if value is None else f"{value:.1%}"


def change(value: float | None) -> str:
    """A difference of two shares in percentage points with its sign, as it is shown; a dash for None."""
    return "–" if value is None else f"{100 * value:+.1f}"


def draw(run: Run) -> str:
    """The risk-coverage curves as SVG, with the limits and the threshold in force."""
    # Takes a second to import, which only those who want the picture should wait for.
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    # As text, Chinese needs no font here: whoever reads the page has one. The salt makes equal runs equal bytes.
    style = {"svg.fonttype": "none", "svg.hashsalt": "hotline", "font.size": 11}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(5.2, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for name, risks in run.risk_coverage.items():
            # Risk belongs to the whole step of coverage up to its point.
            coverage, risk = [0.0, *(p.coverage for p in risks.curve)], [p.risk for p in risks.curve]
            axes.plot(coverage, [risk[0], *risk], drawstyle="steps-pre", color=_COLOURS[name], label=POPULATIONS[name])
            if risks.configured.risk is not None:
                at = (risks.configured.coverage, risks.configured.risk)
                axes.plot(
                    *at,
                    "o",
                    clip_on=False,
                    zorder=3,
                    color=_COLOURS[name],
                    label=f"现行阈值 {risks.configured.threshold:g}",
                )
        for limit in LIMITS:
            axes.axhline(limit, color="#6b7280", linewidth=1, linestyle="--")
        # Linear, outside questions would press the risks that matter onto the axis.
        axes.set_yscale("function", functions=(np.sqrt, np.square))
        axes.set(xlim=(0, 1), ylim=(0, 1), yticks=[0, *LIMITS, 0.1, 0.2, 0.5, 1], xlabel="覆盖率", ylabel="风险")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(alpha=0.2)
        figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10)
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()
