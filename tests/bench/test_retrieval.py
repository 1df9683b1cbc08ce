import numpy as np
import pytest
from haystack import Document

from bench.corpus import Asked, Corpus
from bench.engines import Bm25s, HaystackInMemory, Tantivy
from bench.retrieval import figures
from indexer.evaluation import Question
from kb.regions import RegionTree

ENTRIES = 40
MATTERS = 10
META = {"question": "", "answer": "", "spoken_answer": "", "version": 1, "region_name": "", "key": None, "aspect": None}
META |= {"matter_name": None, "organisation": None, "line": None, "source": "", "updated_on": None, "category": []}


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    """Ten citywide entries of a matter each, thirty local ones that say the same."""
    documents = [
        Document(
            content=f"社保卡丢了怎么补办，第{number % MATTERS}号窗口",
            meta=META
            | {
                "matter": f"M{number % MATTERS}",
                "region": "1" if number < MATTERS else f"1{number}",
                "local": number >= MATTERS,
            },
        )
        for number in range(ENTRIES)
    ]
    vectors = np.eye(ENTRIES, 64, dtype=np.float32)
    return Corpus.write(tmp_path, documents, vectors, RegionTree(()), [])


def all_of(corpus: Corpus, size: int) -> tuple[list[Document], np.ndarray]:
    batches = list(corpus.batches(size))
    return [d for documents, _ in batches for d in documents], np.concatenate([v for _, v in batches])


def test_a_part_keeps_every_citywide_entry_of_a_matter(corpus):
    documents, vectors = all_of(corpus, 15)
    assert len(documents) == len(vectors) == 15
    assert {str(n) for n in range(MATTERS)} <= {d.id for d in documents}
    assert all(vector[int(d.id)] == 1 for d, vector in zip(documents, vectors, strict=True))


def test_copies_differ_but_keep_their_region(corpus):
    documents, vectors = all_of(corpus, 10 * ENTRIES)
    assert len({d.id for d in documents}) == 10 * ENTRIES
    assert [d.meta["region"] for d in documents] == 10 * [d.meta["region"] for d in documents[:ENTRIES]]
    copies = documents[ENTRIES:]
    assert all(copy.content != documents[int(copy.id) % ENTRIES].content for copy in copies)
    assert not any(copy.meta["matter"] for copy in copies)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = (vectors.reshape(10, ENTRIES, -1) * vectors[:ENTRIES]).sum(axis=2)[1:]
    assert likeness.min() > 0.95
    assert likeness.max() < 0.999


def test_batches_are_the_same_at_every_call(corpus):
    (first, first_vectors), (second, second_vectors) = all_of(corpus, 100), all_of(corpus, 100)
    assert first == second
    assert np.array_equal(first_vectors, second_vectors)


@pytest.mark.parametrize("name", ["tantivy", "bm25s", "haystack"])
def test_engines_find_what_holds_for_the_caller(corpus, tmp_path, name):
    make = {"tantivy": lambda: Tantivy(tmp_path / "index"), "bm25s": Bm25s, "haystack": HaystackInMemory}
    engine = make[name]()
    engine.build(corpus.batches(ENTRIES))
    vector = np.zeros(64, np.float32)
    vector[[3, 23]] = 0.5**0.5
    assert engine.search(Asked("第3号窗口", None, ("1", "123"), vector))[:2] in (["3", "23"], ["23", "3"])
    assert engine.search(Asked("第3号窗口", None, ("1",), vector))[0] == "3"


def test_figures_count_copies_as_what_they_were_made_from(corpus):
    measured = {"found": [["43", "1"], ["1", "4"]], "times_s": [0.1, 0.3], "questions_a_second": 5.0, "build_s": 1.0}
    questions = [Question("", code="M3"), Question("", code="M4"), Question("", code="M5")]
    row = figures("tantivy", measured | {"resident": 2e6, "peak": 3e6}, corpus, questions)
    assert (row["questions"], row["recall@1"], row["recall@5"], row["entry@1"]) == (2, 0.5, 1.0, None)
    assert (row["p50_ms"], row["memory_mb"]) == (200.0, 2.0)
