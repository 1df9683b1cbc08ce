import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from indexer.general import DIMENSIONS
from indexer.lessons import Lesson
from indexer.training import rounds_needed, train

LESSONS = [
    Lesson("社保卡丢了怎么办？", "先挂失，再补卡。", ("卡没了咋整", "社保卡弄丢了"), "社保卡挂失补换", "A"),
    Lesson("护照怎么办理？", "到出入境大厅办理。", ("想出国要办啥本", "护照在哪里办"), "普通护照签发", "B"),
    Lesson("暖气不热找谁？", "先找供热单位。", ("屋里冻得慌", "暖气片冰凉"), "供热投诉", "C"),
]


@pytest.fixture(scope="module")
def model():
    return train(LESSONS, rounds=2)


def test_vectors_are_of_unit_length_and_fixed_size(model):
    vectors = model.encode(["社保卡", "护照丢了怎么办"])
    assert vectors.shape == (2, DIMENSIONS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_words_of_one_matter_come_close_together(model):
    card, passport, heating = model.encode([lesson.text for lesson in LESSONS])
    asked = model.encode("暖气冰凉")
    assert asked @ heating > max(asked @ card, asked @ passport)


def test_text_of_unknown_characters_is_similar_to_nothing(model):
    assert not model.encode("☆龘").any()


def test_training_gives_the_same_vectors_every_time(model):
    again = train(LESSONS, rounds=2)
    np.testing.assert_array_equal(model.encode("社保卡"), again.encode("社保卡"))


def test_a_saved_model_is_an_ordinary_sentence_transformers_folder(model, tmp_path):
    model.save(str(tmp_path), create_model_card=False)
    loaded = SentenceTransformer(str(tmp_path), trust_remote_code=True, device="cpu")
    np.testing.assert_array_equal(loaded.encode("社保卡"), model.encode("社保卡"))


def test_rounds_are_found_by_asking_variants_held_back():
    assert rounds_needed(LESSONS) >= 1
    assert rounds_needed([Lesson("一", "二")] * 3) >= 1
