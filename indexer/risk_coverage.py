"""How often answers are wrong when only those the index is sure enough of are given.

Coverage is the share of answerable questions that get an answer, risk the share of wrong ones among the answers given
(El-Yaniv & Wiener 2010). Questions that no entry answers add to the wrong answers, not to the coverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.learning import BINS, bin_numbers, calibration_error

LIMITS = (0.02, 0.05)  #: risks for which the best coverage is looked for


@dataclass(frozen=True)
class Point:
    """What comes of answering from one probability on. Everything but the threshold is a share, 0 to 1."""

    threshold: float
    coverage: float
    risk: float | None  #: None where nothing is answered
    outside: float | None  #: of the outside questions, the share that is answered; None without any


@dataclass(frozen=True)
class Bin:
    """The questions whose probability lies from ``low`` to below ``low`` + 0.1; the last bin includes 1."""

    low: float
    questions: int
    probability: float  #: mean
    right: float  #: share


@dataclass(frozen=True)
class RiskCoverage:
    """How far the probabilities of first hits can be trusted."""

    calibration_error: float
    area: float  #: under the curve: mean risk over all coverages
    bins: tuple[Bin, ...]  #: without the empty ones
    curve: tuple[Point, ...]  #: by growing coverage, one point for each probability
    at_limits: dict[
        str, Point | None
    ]  #: for each of LIMITS ("0.02") the largest coverage within it, None if there is none
    configured: Point  #: at the threshold in force


def risk_coverage(
    right: Sequence[bool],
    probability: Sequence[float],
    outside: Sequence[float],
    threshold: float,
    *,
    count_outside: bool,
) -> RiskCoverage:
    """Figures for answerable questions, shape (questions,) for both their rightness and their probability.

    ``outside`` are the probabilities of questions that no entry answers. They are wrong answers where
    ``count_outside``; otherwise it is only told how many of them would be answered. At least one answerable question.
    """
    sure, correct, beyond = np.array(probability), np.array(right, dtype=bool), np.array(outside)
    # Between two probabilities of answerable questions a lower threshold lets in outside questions and nothing else.
    curve = tuple(_point(t, sure, correct, beyond, count_outside) for t in np.unique(sure)[::-1])
    asked = np.concatenate([sure, beyond]) if count_outside else sure
    labels = np.concatenate([correct, np.zeros(len(beyond), dtype=bool)]) if count_outside else correct
    steps = np.diff([0.0, *(point.coverage for point in curve)])
    return RiskCoverage(
        calibration_error=calibration_error(asked, labels),
        area=float(steps @ [point.risk for point in curve]),
        bins=_bins(asked, labels),
        curve=curve,
        at_limits={f"{limit}": _best(curve, limit) for limit in LIMITS},
        configured=_point(threshold, sure, correct, beyond, count_outside),
    )


def _point(threshold: float, sure: np.ndarray, correct: np.ndarray, beyond: np.ndarray, count_outside: bool) -> Point:
    answered = sure >= threshold
    let_in = int((beyond >= threshold).sum())
    wrong = int((answered & ~correct).sum()) + let_in * count_outside
    answers = int(answered.sum()) + let_in * count_outside
    return Point(
        threshold=float(threshold),
        coverage=float(answered.mean()),
        risk=wrong / answers if answers else None,
        outside=let_in / len(beyond) if len(beyond) else None,
    )


def _best(curve: Sequence[Point], limit: float) -> Point | None:
    return max((p for p in curve if p.risk <= limit), key=lambda p: p.coverage, default=None)


def _bins(asked: np.ndarray, labels: np.ndarray) -> tuple[Bin, ...]:
    numbers = bin_numbers(asked)
    rows = []
    for number in np.unique(numbers):
        inside = numbers == number
        rows.append(Bin(number / BINS, int(inside.sum()), float(asked[inside].mean()), float(labels[inside].mean())))
    return tuple(rows)
