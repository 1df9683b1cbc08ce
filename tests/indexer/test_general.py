import numpy as np

from indexer.general import DIMENSIONS, general_embedding, keep


def test_the_shipped_embedding_knows_that_people_say_the_same_in_other_words():
    vocabulary, vectors = general_embedding()
    assert vectors.shape == (len(vocabulary), DIMENSIONS)

    def similar(one, other):
        return vectors[vocabulary[one]] @ vectors[vocabulary[other]]

    assert similar("爸", "父") > similar("爸", "水")
    assert similar("啥", "什") > similar("啥", "车")


def test_what_is_kept_comes_back_nearly_the_same(tmp_path):
    vectors = np.random.default_rng(1).normal(size=(5, DIMENSIONS)).astype(np.float32)
    keep(list("甲乙丙丁戊"), vectors, tmp_path)
    vocabulary, loaded = general_embedding(tmp_path)
    assert list(vocabulary) == list("甲乙丙丁戊")
    np.testing.assert_allclose(loaded, vectors / np.linalg.norm(vectors, axis=1).mean(), atol=0.002)
