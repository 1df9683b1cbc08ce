import numpy as np
import pytest

from indexer.judgement import Judgement, calibration_error, learn


def test_the_figures_of_a_perfectly_calibrated_forecast_have_no_error():
    predicted = np.repeat([0.25, 0.75], 1000)
    right = np.tile([True, False, False, False], 250).tolist() + np.tile([True, True, True, False], 250).tolist()
    assert calibration_error(predicted, np.array(right)) == pytest.approx(0, abs=1e-9)


def test_confidence_without_being_right_is_all_error():
    assert calibration_error(np.full(10, 0.95), np.zeros(10, dtype=bool)) == pytest.approx(0.95)


def test_too_few_questions_leave_the_defaults():
    assert learn([]) == Judgement()


def test_a_judgement_is_kept_as_it_is(tmp_path):
    judgement = Judgement(weights=(1.0, 2.0, 3.0, 4.0), intercept=-1.5, questions=7, calibration_error=0.02)
    judgement.save(tmp_path / "judgement.json")
    assert Judgement.load(tmp_path / "judgement.json") == judgement


def test_the_city_learned_its_confidence_from_questions_it_had_not_seen(searcher):
    assert searcher.manifest.questions > 1000
    assert searcher.manifest.calibration_error < 0.1


def test_probabilities_are_probabilities_and_fall_with_the_rank(searcher):
    for question in ("社保卡丢了怎么补办", "今天天气怎么样", "工伤"):
        chances = [hit.probability for hit in searcher.ask(question)]
        assert all(0 <= p <= 1 for p in chances)
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) < 1.5


def test_a_question_of_the_city_is_surer_than_small_talk(searcher):
    assert searcher.ask("社保卡丢了怎么补办")[0].probability > 3 * searcher.ask("今天天气怎么样")[0].probability
