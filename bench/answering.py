"""How soon questions are answered: ``python -m bench.answering``, on the index in force (``HOTLINE_DATA``).

Measured are a new process up to its first answer, and the search of one open process, one question after the other.
"""

import subprocess
import sys
from itertools import islice
from time import perf_counter

import numpy as np

from hotline.settings import Settings
from hotline.wiring import open_knowledge
from indexer.search import Searcher

QUESTIONS = 300
PROCESSES = 3


def main() -> None:
    """Measure and print."""
    knowledge = open_knowledge(Settings())
    variants = (variant for entry in knowledge.published() for variant in entry.draft.variants)
    questions = list(islice(variants, QUESTIONS)) or ["社保卡丢了怎么补办"]
    opening = [_process_seconds(questions[0]) for _ in range(PROCESSES)]
    print(f"new process to first answer: {min(opening):.2f} to {max(opening):.2f} s, of {PROCESSES}")
    started = perf_counter()
    searcher = Searcher(Settings().index_folder, knowledge.regions)
    searcher.ask(questions[0])
    print(f"opening the index and the first question, once Python has its libraries: {perf_counter() - started:.2f} s")
    times = []
    for question in questions:
        started = perf_counter()
        searcher.ask(question)
        times.append((perf_counter() - started) * 1000)
    p50, p95 = np.percentile(times, [50, 95])
    print(f"{len(questions)} questions: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def _process_seconds(question: str) -> float:
    command = [sys.executable, "-m", "hotline.cli", "ask", question]
    started = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - started


if __name__ == "__main__":
    main()
