"""What :mod:`bench.retrieval` found, as a Markdown table and as a plot."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from bench.engines import ENGINES

NOTES = """\
recall and entry: right matter among the first 1 or 5, right entry first, as `hotline index eval` judges. Below the size
of the knowledge base local entries are drawn by lot, so that the right one may be missing; above it, a copy counts as
the entry it was made from. p50 and p95: one question after the other on one core. q/s: one process, two threads, two
cores. build: without reading the texts and without embedding, which is the same for all. memory: resident after build
and questions, files mapped included. filter: how entries of other places are kept out. hotline also embeds the
question, filters by validity and returns whole answers; the others are handed the question's vector, haystack returns
documents and the rest ids.
"""
_HEAD = (
    "engine", "entries", "questions", "recall@1", "recall@5", "entry@1",
    "p50 ms", "p95 ms", "q/s", "build s", "memory MB", "filter",
)  # fmt: skip


def table(rows: Sequence[dict]) -> str:
    """Markdown of the rows as :func:`bench.retrieval.figures` makes them."""
    lines = ["| " + " | ".join(_HEAD) + " |", "|" + " --- |" * len(_HEAD)]
    for row in rows:
        cells = [row["engine"], f"{row['size']:,}", *(_figures(row) if "p50_ms" in row else [row["skipped"]])]
        cells += [""] * (len(_HEAD) - len(cells))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n\n" + NOTES


def _figures(row: dict) -> list[str]:
    shares = ["" if row[f] is None else f"{row[f]:.1%}" for f in ("recall@1", "recall@5", "entry@1")]
    times = [f"{row['p50_ms']:.1f}", f"{row['p95_ms']:.1f}", f"{row['questions_a_second']:.1f}"]
    return [str(row["questions"]), *shares, *times, f"{row['build_s']:.0f}", f"{row['memory_mb']:,.0f}", row["filter"]]


def plot(rows: Sequence[dict], file: Path) -> None:
    """Latency and memory of each engine over the size, both axes logarithmic, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    measured = defaultdict(list)
    for row in rows:
        if "p50_ms" in row:
            measured[row["engine"]].append(row)
    if not measured:
        return
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for axis, field, label in zip(
        axes, ("p95_ms", "memory_mb"), ("p95 latency, ms", "resident memory, MB"), strict=True
    ):
        for number, engine in enumerate(ENGINES):
            points = sorted((row["size"], row[field]) for row in measured.get(engine, ()))
            if points:
                axis.plot(*zip(*points, strict=True), marker="o", label=engine, color=f"C{number}")
        axis.set(xscale="log", yscale="log", xlabel="entries", ylabel=label)
        axis.grid(True, which="both", alpha=0.2)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper")
    figure.savefig(file)
    pyplot.close(figure)
