import pytest
from haystack import Document

from indexer.fusion import LEAST_ASPECT, EvidenceJoiner, evidence
from indexer.messages import Scores


def found(number, score, matter=None, aspect=None, region="210100", local=False):
    meta = {"matter": matter, "aspect": aspect, "region": region, "local": local}
    return Document(id=str(number), content="", meta=meta, score=score)


def order(lexical, dense, matters=None, aspects=None, closeness=None, **options):
    joiner = EvidenceJoiner(**options)
    return [
        d.id
        for d in joiner.run(lexical, dense, Scores(matters or {}), Scores(aspects or {}), Scores(closeness or {}))[
            "documents"
        ]
    ]


def test_what_both_retrievers_found_comes_before_what_one_found():
    lexical = [found(1, 0.42), found(2, 0.4), found(4, 0.1)]
    dense = [found(3, 0.8), found(2, 0.7), found(5, 0.1)]
    assert order(lexical, dense)[0] == "2"


def test_a_candidate_missed_by_one_retriever_gets_that_ones_lowest_score():
    candidates, columns = evidence([found(1, 0.5), found(2, 0.2)], [found(3, 0.9)], {}, {}, {})
    row = [d.id for d in candidates].index("3")
    assert columns[row, 0] == pytest.approx(0.2)


def test_evidence_of_the_whole_matter_decides_between_equal_entries():
    lexical = [found(1, 0.4, "A"), found(2, 0.4, "B"), found(3, 0.3, "B")]
    assert order(lexical, [], {"A": 0.3, "B": 0.5})[0] == "2"


def test_the_entry_for_the_callers_place_comes_before_the_citys_of_that_aspect():
    general = found(1, 0.6, "A", "地点")
    local = found(2, 0.3, "A", "地点", "210101", True)
    street = found(3, 0.2, "A", "地点", "210101001", True)
    other = found(4, 0.5, "B", "地点")
    assert order([general, local, street, other], []) == ["3", "4", "2", "1"]


def test_an_entry_without_a_matter_is_a_matter_of_its_own():
    _, columns = evidence([found(1, 0.5), found(2, 0.4, "A")], [], {"A": 0.7}, {}, {})
    assert columns[:, 2].tolist() == [0.5, 0.7]


def test_the_aspect_that_the_question_is_after_decides_within_a_matter():
    lexical = [found(1, 0.42, "A", "材料"), found(2, 0.4, "A", "费用")]
    aspects = {"材料": -2.3, "费用": -0.2, "时限": -2.3}
    assert order(lexical, [], {"A": 0.5}) == ["1", "2"]
    assert order(lexical, [], {"A": 0.5}, aspects) == ["2", "1"]


def test_the_entry_whose_own_question_comes_closer_is_ahead_of_its_equals():
    lexical = [found(1, 0.41), found(2, 0.4)]
    assert order(lexical, []) == ["1", "2"]
    assert order(lexical, [], closeness={"1": 0.1, "2": 0.5}) == ["2", "1"]


def test_an_unknown_aspect_is_as_likely_as_any_and_none_is_impossible():
    candidates = [found(1, 0.4, "A", "材料"), found(2, 0.4, "A", "奖励"), found(3, 0.4, "A")]
    _, columns = evidence(candidates, [], {}, {"材料": -9.0, "费用": -0.01}, {})
    assert columns[:, 3].tolist() == [LEAST_ASPECT, pytest.approx(-0.693, abs=0.01), pytest.approx(-0.693, abs=0.01)]


def test_a_third_entry_of_a_matter_waits_until_others_had_their_turn():
    lexical = [found(1, 0.9, "A", "材料"), found(2, 0.8, "A", "时限"), found(3, 0.7, "A", "费用"), found(4, 0.1, "B")]
    assert order(lexical, [], {"A": 0.5, "B": 0.1}) == ["1", "2", "4", "3"]


def test_the_citys_entry_does_not_take_a_turn_beside_the_local_one():
    local = found(1, 0.9, "A", "地点", "210101", True)
    lexical = [local, found(2, 0.8, "A", "地点"), found(3, 0.2, "A", "时限"), found(4, 0.1, "B")]
    assert order(lexical, []) == ["1", "3", "4", "2"]


def test_nothing_found_gives_nothing():
    assert order([], []) == []
