import numpy as np
import pytest

from indexer.vectors import Vectors

COUNT, SIZE = 12_000, 32


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def stored():
    random = np.random.default_rng(0)
    topics = random.normal(size=(200, SIZE))
    return unit(topics[random.integers(200, size=COUNT)] + 0.5 * random.normal(size=(COUNT, SIZE)))


@pytest.fixture
def pair(stored):
    """The same vectors twice: with clusters for more than 2,000 rows, and without."""
    clustered, exact = Vectors(many=2_000), Vectors()
    for vectors in (clustered, exact):
        vectors.put(range(COUNT), stored)
    clustered.prepare()
    return clustered, exact


def recall(clustered, exact, queries, mask):
    found = [{row for row, _ in clustered.search(q, clustered.rows(mask), 10)} for q in queries]
    wanted = [{row for row, _ in exact.search(q, exact.rows(mask), 10)} for q in queries]
    return sum(len(f & w) for f, w in zip(found, wanted, strict=True)) / sum(map(len, wanted))


def questions(stored):
    random = np.random.default_rng(1)
    return unit(stored[random.integers(COUNT, size=50)] + 0.1 * random.normal(size=(50, SIZE)))


def test_clusters_lose_almost_nothing_and_spare_most(pair, stored):
    queries, everything = questions(stored), np.ones(COUNT, dtype=bool)
    assert recall(*pair, queries, everything) >= 0.99
    assert recall(*pair, queries, np.arange(COUNT) % 2 == 0) >= 0.99
    assert np.mean([len(pair[0]._clusters.near(q, None)) for q in queries]) < COUNT / 2


def test_a_narrow_filter_is_exact_beside_clusters(pair, stored):
    assert recall(*pair, questions(stored), np.arange(COUNT) % 7 == 0) == 1


def test_clusters_follow_changes_and_come_back_from_files(pair, stored, tmp_path):
    clustered, _ = pair
    new = unit(-stored[:3])
    clustered.put([5, COUNT, COUNT + 4], new)
    clustered.drop([8])
    clustered.save(tmp_path / "vectors.faiss")
    arrays = clustered.arrays()
    again = Vectors.load(tmp_path / "vectors.faiss", arrays)
    again._many = 2_000
    mask = np.ones(COUNT + 9, dtype=bool)
    for vectors in (clustered, again):
        for row, vector in zip([5, COUNT, COUNT + 4], new, strict=True):
            assert vectors.search(vector, vectors.rows(mask), 1)[0] == (row, pytest.approx(1, abs=1e-5))
        assert vectors.search(stored[8], vectors.rows(mask), 1)[0][0] != 8


def test_without_vectors_nothing_is_found_and_nothing_breaks(tmp_path):
    empty = Vectors()
    empty.save(tmp_path / "vectors.faiss")
    again = Vectors.load(tmp_path / "vectors.faiss", empty.arrays())
    query = np.ones(SIZE, dtype=np.float32)
    assert again.search(query, again.rows(np.zeros(0, dtype=bool)), 5) == []
    with pytest.raises(ValueError, match="instead of 3"):
        Vectors.load(tmp_path / "vectors.faiss", {"present": np.ones(3, dtype=bool)})


def test_a_filter_that_leaves_nothing_near_the_question_finds_nothing(pair, stored):
    clustered, _ = pair
    query = questions(stored)[0]
    far = np.ones(COUNT, dtype=bool)
    far[clustered._clusters.near(query, None)] = False
    assert far.sum() > 2_000
    assert clustered.search(query, clustered.rows(far), 10) == []
