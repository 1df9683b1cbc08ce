"""tantivy or bm25s: ``python -m bench.lexical``, on all published entries (``HOTLINE_DATA``).

Both get the same grams of the same texts and the same questions, in one process, one after the other.
"""

import tempfile
from itertools import islice
from time import perf_counter

import bm25s
import numpy as np
from haystack import Document
from tqdm import tqdm

from hotline.settings import Settings
from hotline.wiring import open_knowledge
from indexer.documents import to_document
from indexer.lexical import LexicalIndex
from indexer.tokens import grams

QUESTIONS = 300
TOP_K = 30


def main() -> None:
    """Measure and print."""
    knowledge = open_knowledge(Settings())
    entries = tqdm(knowledge.published(), total=knowledge.count_published(), desc="entries")
    documents = [to_document(entry, knowledge.regions) for entry in entries]
    if not documents:
        raise SystemExit("知识库里还没有已发布的词条，请先运行 hotline kb build。")
    step = max(1, len(documents) // QUESTIONS)
    questions = [d.meta["question"] for d in islice(documents, 0, None, step)][:QUESTIONS]
    print(f"{len(documents):,} entries, {len(questions)} of their own questions, top {TOP_K}")
    tantivy_build, tantivy_times = measure_tantivy(documents, questions)
    bm25s_build, bm25s_times = measure_bm25s(documents, questions)
    for name, build, times in (("tantivy", tantivy_build, tantivy_times), ("bm25s", bm25s_build, bm25s_times)):
        p50, p95 = np.percentile(np.array(times) * 1000, [50, 95])
        print(f"{name:8} build {build:6.1f} s   question p50 {p50:6.2f} ms, p95 {p95:6.2f} ms")
    ratio = np.median(bm25s_times) / np.median(tantivy_times)
    print(f"bm25s / tantivy: build {bm25s_build / tantivy_build:.2f}, question {ratio:.2f}")


def measure_tantivy(documents: list[Document], questions: list[str]) -> tuple[float, list[float]]:
    """Seconds to build, and of each question; the index lies in a folder, as in use."""
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        index = LexicalIndex(folder)
        index.write(documents)
        built = perf_counter() - started
        return built, [_timed(lambda text=text: index.search(text, None, TOP_K)) for text in questions]


def measure_bm25s(documents: list[Document], questions: list[str]) -> tuple[float, list[float]]:
    """Seconds to build, and of each question; bm25s keeps its matrix in memory and takes no single changes."""
    started = perf_counter()
    index = bm25s.BM25()
    index.index([grams(d.content) for d in documents], show_progress=False)
    built = perf_counter() - started

    def ask(text: str) -> None:
        index.retrieve([grams(text)], k=TOP_K, show_progress=False)

    return built, [_timed(lambda text=text: ask(text)) for text in questions]


def _timed(call) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started


if __name__ == "__main__":
    main()
