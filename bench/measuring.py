"""One engine at one size in a process of its own: ``python -m bench.measuring JOB``, started by :mod:`bench.retrieval`.

A process of its own, so that memory, threads and whatever the packages leave behind are the engine's alone.
"""

import ctypes
import gc
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from threading import Lock
from time import perf_counter

import numpy as np
from haystack import Document
from tqdm import tqdm

from bench.corpus import Asked, Corpus
from bench.engines import ENGINES

CORES = 2
WARM_UP = 3
LEAST_QUESTIONS = 20
# Seconds during which both cores answer; the questions are asked over and over.
TOGETHER = 10
# Threads of the libraries beneath; lancedb's own pools are held by the cores the process may use.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
QUIET = {
    "HAYSTACK_TELEMETRY_ENABLED": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "RUST_LOG": "error",
}


@dataclass(frozen=True)
class Job:
    """What a process is to measure, and where it leaves what it found."""

    engine: str
    size: int  #: entries
    corpus: str  #: folder of a :class:`bench.corpus.Corpus`
    origin: str  #: folder of the index in force
    work: str  #: folder that exists, to fill and to leave the result in
    seconds: float  #: for questions one after the other

    @property
    def built_mark(self) -> Path:
        """A file that is there once the engine is built."""
        return Path(self.work) / "built"

    @property
    def result(self) -> Path:
        """The file of results."""
        return Path(self.work) / "result.json"


class _Feed:
    """The batches of a corpus; counts the seconds it takes to read them, which are not the engine's."""

    def __init__(self, corpus: Corpus, size: int, name: str) -> None:
        self.seconds = 0.0
        self._batches = corpus.batches(size)
        self._bar = tqdm(total=size, desc=f"{name} build", unit=" entries", leave=False)

    def __iter__(self) -> Iterator[tuple[list[Document], np.ndarray]]:
        while True:
            started = perf_counter()
            batch = next(self._batches, None)
            self.seconds += perf_counter() - started
            if batch is None:
                self._bar.close()
                return
            yield batch
            self._bar.update(len(batch[0]))


def measure(job: Job) -> dict:
    """Build and ask: seconds, ids found (one list for each question asked), questions a second, resident bytes."""
    corpus = Corpus(Path(job.corpus))
    questions = corpus.questions()
    try:
        engine = _make(job, corpus, questions)
    except ImportError as error:
        return {"skipped": f"not installed (pip install -r bench/requirements.txt): {error.name}"}
    feed = _Feed(corpus, job.size, job.engine)
    started = perf_counter()
    engine.build(feed)
    build = perf_counter() - started - feed.seconds
    job.built_mark.touch()
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    _pin(cores[:1])
    times, found = _one_by_one(engine, questions, job)
    _pin(cores)
    together = _together(engine, questions[: len(found)])
    return {
        "build_s": build,
        "times_s": times,
        "found": found,
        "questions_a_second": together,
        "resident": _settled(),
    }


def _make(job: Job, corpus: Corpus, questions: list[Asked]):
    folder = Path(job.work) / "index"
    arguments = {
        "hotline": lambda: (folder, Path(job.origin), corpus.regions()),
        "txtai": lambda: (questions,),
        "tantivy": lambda: (folder,),
        "lancedb": lambda: (folder,),
    }
    return ENGINES[job.engine](*arguments.get(job.engine, tuple)())


def _pin(cores: list[int]) -> None:
    """Hold every thread of this process, and those to come, to some cores: pools have no setting in common."""
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def _one_by_one(engine, questions: list[Asked], job: Job) -> tuple[list[float], list[list[str]]]:
    for asked in questions[:WARM_UP]:
        engine.search(asked)
    times, found = [], []
    begun = perf_counter()
    for asked in tqdm(questions, desc=f"{job.engine} questions", leave=False):
        if perf_counter() - begun > job.seconds and len(times) >= LEAST_QUESTIONS:
            break
        started = perf_counter()
        ids = engine.search(asked)
        times.append(perf_counter() - started)
        found.append(ids)
    return times, found


def _together(engine, questions: list[Asked]) -> float:
    """Questions a second of one process with a thread for each core."""
    waiting, lock = cycle(questions), Lock()
    begun = perf_counter()

    def ask(_: int) -> int:
        done = 0
        while perf_counter() - begun < TOGETHER:
            with lock:
                asked = next(waiting)
            engine.search(asked)
            done += 1
        return done

    with ThreadPoolExecutor(CORES) as threads:
        done = sum(threads.map(ask, range(CORES)))
    return done / (perf_counter() - begun)


def _settled() -> int:
    # What building has left to the allocator is no memory that answering needs.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident(os.getpid())


def resident(process: int) -> int:
    """Bytes of memory that a process holds (VmRSS); 0 if it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)


def main() -> None:
    """Measure the job on the command line and leave the result in its folder."""
    job = Job(**json.loads(sys.argv[1]))
    job.result.write_text(json.dumps(measure(job)), "utf-8")


def environment() -> dict[str, str]:
    """The environment for a measuring process."""
    return {**os.environ, **ONE_THREAD, **QUIET}


def command(job: Job) -> list[str]:
    """The command line of a measuring process."""
    return [sys.executable, "-m", "bench.measuring", json.dumps(asdict(job))]


if __name__ == "__main__":
    main()
