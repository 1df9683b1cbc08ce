import numpy as np
import pytest

from indexer.judgement import Judgement
from indexer.learning import calibration_error, learn


def test_the_figures_of_a_perfectly_calibrated_forecast_have_no_error():
    predicted = np.repeat([0.25, 0.75], 1000)
    right = np.tile([True, False, False, False], 250).tolist() + np.tile([True, True, True, False], 250).tolist()
    assert calibration_error(predicted, np.array(right)) == pytest.approx(0, abs=1e-9)


def test_confidence_without_being_right_is_all_error():
    assert calibration_error(np.full(10, 0.95), np.zeros(10, dtype=bool)) == pytest.approx(0.95)


def test_too_few_questions_leave_the_defaults():
    assert learn([]) == Judgement()
