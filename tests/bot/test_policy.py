import pytest

from bot.messages import Move
from bot.policy import Thresholds, decide, wants_person
from indexer.messages import Hit

THRESHOLDS = Thresholds(answer=0.75, confirm=0.3)


def hit(probability: float) -> Hit:
    return Hit(1, 1, "问题？", "答案。", "答案。", probability, 1.0, "210100", "沈阳市")


@pytest.mark.parametrize(
    ("probability", "move"),
    [(0.99, Move.ANSWER), (0.75, Move.ANSWER), (0.74, Move.CONFIRM), (0.3, Move.CONFIRM), (0.29, Move.HAND_OVER)],
)
def test_the_probability_of_being_right_decides(probability, move):
    assert decide("社保卡丢了", [hit(probability)], 0, THRESHOLDS).move is move


def test_nothing_found_leads_to_a_person():
    assert decide("社保卡丢了", [], 0, THRESHOLDS).reason == "not_sure"


def test_nothing_heard_is_asked_again_once_and_then_leads_to_a_person():
    assert decide("", [], 0, THRESHOLDS).move is Move.REPEAT
    assert decide("", [], 1, THRESHOLDS).move is Move.HAND_OVER


def test_a_greeting_is_answered_by_asking_what_it_is_about():
    assert decide("", [], 0, THRESHOLDS, greeted=True).reason == "greeting"
    assert decide("", [], 1, THRESHOLDS, greeted=True).reason == "greeting"
    assert decide("", [], 0, THRESHOLDS).reason == "not_understood"


@pytest.mark.parametrize(
    "text", ["转人工", "转人工！", "我要人工服务", "人工", "给我找个真人", "帮我转接话务员", "要人工"]
)
def test_who_asks_for_a_person_gets_one_whatever_was_found(text):
    decision = decide(text, [hit(0.99)], 0, THRESHOLDS)
    assert (decision.move, decision.reason) == (Move.HAND_OVER, "asked_for")


@pytest.mark.parametrize("text", ["我不转人工", "不要转人工，我想问工伤认定材料", "先不转人工"])
def test_who_wants_no_person_is_not_handed_over_for_it(text):
    assert not wants_person(text)


@pytest.mark.parametrize("text", ["人工智能企业有什么补贴", "工伤认定去哪办", "人工费怎么算", "社保卡丢了"])
def test_words_that_only_look_like_asking_for_a_person_are_no_wish(text):
    assert not wants_person(text)
