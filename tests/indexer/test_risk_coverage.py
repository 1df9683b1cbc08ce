import pytest

from indexer.risk_coverage import Bin, Point, risk_coverage

RIGHT = [True, True, False, True]
SURE = [0.95, 0.85, 0.65, 0.25]
OUTSIDE = [0.9, 0.1]


def test_each_probability_is_a_point_of_the_curve():
    found = risk_coverage(RIGHT, SURE, OUTSIDE, 0.75, count_outside=False)
    assert [(p.threshold, p.coverage, p.risk, p.outside) for p in found.curve] == [
        (0.95, 0.25, 0, 0),
        (0.85, 0.5, 0, 0.5),
        (0.65, 0.75, pytest.approx(1 / 3), 0.5),
        (0.25, 1, 0.25, 0.5),
    ]
    assert found.area == pytest.approx((0 + 0 + 1 / 3 + 1 / 4) / 4)
    assert found.at_limits == {"0.02": found.curve[1], "0.05": found.curve[1]}
    assert found.configured == Point(0.75, 0.5, 0, 0.5)


def test_outside_questions_are_wrong_answers_but_no_coverage():
    found = risk_coverage(RIGHT, SURE, OUTSIDE, 0.75, count_outside=True)
    assert [p.coverage for p in found.curve] == [0.25, 0.5, 0.75, 1]
    assert [p.risk for p in found.curve] == pytest.approx([0, 1 / 3, 2 / 4, 2 / 5])
    assert found.at_limits["0.05"].threshold == 0.95
    assert found.configured.risk == pytest.approx(1 / 3)


def test_equal_probabilities_are_answered_together():
    found = risk_coverage([True, False], [0.5, 0.5], [], 0.9, count_outside=False)
    assert found.curve == (Point(0.5, 1, 0.5, None),)
    assert found.area == 0.5
    assert found.at_limits == {"0.02": None, "0.05": None}
    assert found.configured == Point(0.9, 0, None, None)


def test_the_largest_coverage_within_the_limit_may_lie_behind_a_worse_stretch():
    right = [True, False, *[True] * 48]
    sure = [1 - number / 100 for number in range(50)]
    found = risk_coverage(right, sure, [], 0.5, count_outside=False)
    assert found.at_limits["0.02"].coverage == 1


def test_calibration_is_told_by_bins_of_a_tenth():
    found = risk_coverage([True, False, True], [1.0, 0.92, 0.3], [0.35], 0.75, count_outside=True)
    assert found.bins == (
        Bin(0.3, 2, pytest.approx(0.325), 0.5),
        Bin(0.9, 2, pytest.approx(0.96), 0.5),
    )
    assert found.calibration_error == pytest.approx((2 * 0.175 + 2 * 0.46) / 4)
