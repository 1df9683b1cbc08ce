"""Our retrieval beside its peers: ``python -m bench.retrieval QUESTIONS [--sizes N,N] [--engines A,B] [--out FOLDER]``.

On the knowledge base and the index in force (``HOTLINE_DATA``), with questions as ``hotline index eval`` reads them.
Peers come with ``pip install -r bench/requirements.txt``; one that is missing is left out. Results go to the folder:
``results.md``, ``results.json`` and, where matplotlib is installed, ``results.svg``.
"""

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
from tqdm import tqdm

from bench.corpus import SEED, Corpus, prepare
from bench.engines import ENGINES
from bench.measuring import Job, command, environment, resident
from bench.report import plot, table
from hotline.settings import Settings
from hotline.wiring import open_knowledge
from indexer.build import embed
from indexer.documents import to_document, to_hit
from indexer.evaluation import Question, read_questions
from indexer.manifest import Manifest, current_folder
from kb.knowledge import KnowledgeBase

SIZES = (13_000, 132_800, 1_328_000)
_POLL = 0.2


@dataclass(frozen=True)
class Limits:
    """When an engine is given up at a size."""

    build: float = 1200  #: seconds
    memory: float = 12e9  #: bytes
    questions: float = 120  #: seconds for questions one after the other; then those answered are what counts


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    limits = Limits(arguments.build_minutes * 60, arguments.memory_gb * 1e9, arguments.seconds)
    questions = read_questions(arguments.questions)
    if arguments.limit:
        questions = questions[:: max(1, len(questions) // arguments.limit)][: arguments.limit]
    # Where time runs out, those asked so far are a fair sample.
    random.Random(SEED).shuffle(questions)
    arguments.out.mkdir(parents=True, exist_ok=True)
    origin = current_folder(Settings().index_folder).resolve()
    rows: list[dict] = []
    with tempfile.TemporaryDirectory(dir=arguments.out) as work:
        corpus_folder = Path(work) / "corpus"
        corpus_folder.mkdir()
        corpus, seconds = write_corpus(corpus_folder, open_knowledge(Settings()), origin, questions)
        print(f"{corpus.entries:,} entries embedded in {seconds:.0f} s")
        wanted = [(size, engine) for size in arguments.sizes for engine in arguments.engines]
        for size, engine in tqdm(wanted, desc="engines"):
            with tempfile.TemporaryDirectory(dir=work) as own:
                job = Job(engine, size, str(corpus_folder), str(origin), own, limits.questions)
                rows.append({"engine": engine, "size": size} | figures(engine, run(job, limits), corpus, questions))
            tqdm.write(table(rows[-1:]).splitlines()[2])
            write(rows, arguments.out)
    print(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--sizes", type=lambda text: [int(n) for n in text.split(",")], default=list(SIZES))
    parser.add_argument("--engines", type=_engines, default=list(ENGINES), help=",".join(ENGINES))
    parser.add_argument("--limit", type=int, help="ask so many of the questions")
    parser.add_argument("--seconds", type=float, default=Limits.questions, help="for the questions of one engine")
    parser.add_argument("--build-minutes", type=float, default=Limits.build / 60)
    parser.add_argument("--memory-gb", type=float, default=Limits.memory / 1e9)
    parser.add_argument("--out", type=Path, default=Path("build/retrieval"))
    return parser.parse_args()


def _engines(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(ENGINES):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return names


def write_corpus(
    folder: Path, knowledge: KnowledgeBase, origin: Path, questions: Sequence[Question]
) -> tuple[Corpus, float]:
    """All published entries, embedded with the model of the index in ``origin``, and the seconds embedding took."""
    from sentence_transformers import SentenceTransformer

    manifest = Manifest.load(origin)
    name = str(origin / manifest.model) if manifest.own_model else manifest.model
    # The code to trust is our own class in indexer.static_embedding; a foreign model brings none.
    model = SentenceTransformer(name, device="cpu", local_files_only=True, trust_remote_code=manifest.own_model)
    entries = tqdm(knowledge.published(), total=knowledge.count_published(), desc="entries")
    documents = [to_document(entry, knowledge.regions) for entry in entries]
    started = perf_counter()
    vectors = embed(model, documents, manifest.document_prompt)
    seconds = perf_counter() - started

    def embed_questions(texts: list[str]) -> np.ndarray:
        return model.encode([manifest.prompt + t for t in texts], normalize_embeddings=True, show_progress_bar=False)

    asked = prepare(questions, knowledge.regions, embed_questions)
    return Corpus.write(folder, documents, vectors, knowledge.regions, asked), seconds


def run(job: Job, limits: Limits) -> dict:
    """What a process of its own measured, with the most bytes it held; or ``skipped`` with the reason."""
    process = subprocess.Popen(command(job), env=environment())
    started, most = perf_counter(), 0
    try:
        while process.poll() is None:
            sleep(_POLL)
            most = max(most, resident(process.pid))
            if most > limits.memory:
                return {"skipped": f"more than {limits.memory / 1e9:.0f} GB"}
            if perf_counter() - started > limits.build and not job.built_mark.exists():
                return {"skipped": f"not built within {limits.build / 60:.0f} minutes"}
    finally:
        process.kill()
        process.wait()
    if process.returncode or not job.result.exists():
        return {"skipped": f"failed with exit code {process.returncode}"}
    return json.loads(job.result.read_text("utf-8")) | {"peak": most}


def figures(engine: str, measured: dict, corpus: Corpus, questions: Sequence[Question]) -> dict:
    """One row of results: shares from 0 to 1 (None where no question tells), milliseconds, seconds and megabytes."""
    if "skipped" in measured:
        return measured
    found = [[int(i) for i in ids] for ids in measured["found"]]
    originals = corpus.originals(n for numbers in found for n in numbers)
    hits = [[to_hit(originals[n], 0.0) for n in numbers] for numbers in found]
    pairs = list(zip(questions, hits, strict=False))
    p50, p95 = np.percentile(np.array(measured["times_s"]) * 1000, [50, 95])
    return {
        "questions": len(pairs),
        "recall@1": _share([any(q.matter_right(h) for h in some[:1]) for q, some in pairs]),
        "recall@5": _share([any(q.matter_right(h) for h in some[:5]) for q, some in pairs]),
        "entry@1": _share([any(q.entry_right(h) for h in some[:1]) for q, some in pairs if q.aspect or q.relevant]),
        "p50_ms": float(p50),
        "p95_ms": float(p95),
        "questions_a_second": measured["questions_a_second"],
        "build_s": measured["build_s"],
        "memory_mb": measured["resident"] / 1e6,
        "peak_mb": measured["peak"] / 1e6,
        "filter": ENGINES[engine].filters,
    }


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def write(rows: Sequence[dict], folder: Path) -> None:
    """Results so far: a run that is stopped keeps what it measured."""
    (folder / "results.md").write_text(table(rows), "utf-8")
    (folder / "results.json").write_text(json.dumps(rows, ensure_ascii=False, indent=2), "utf-8")
    try:
        plot(rows, folder / "results.svg")
    except ImportError:
        print("no plot: matplotlib is not installed (pip install -r bench/requirements.txt)")


if __name__ == "__main__":
    main()
