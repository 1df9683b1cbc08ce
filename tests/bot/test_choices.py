import pytest

from bot.choices import chosen, none_of_them

CHOICES = ["补卡要多少钱？", "补卡去哪里？", "换卡要什么材料？"]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("第一个", 0),
        ("第二", 1),
        ("2", 1),
        ("选第三个。", 2),
        ("我要问第二个问题", 1),
        ("是", 0),
        ("对对", 0),
        ("嗯", 0),
    ],
)
def test_ordinals_and_yes_pick_a_choice(said, number):
    assert chosen(said, CHOICES) == CHOICES[number]


@pytest.mark.parametrize("said", ["一卡通怎么办", "是不是要本人去", "三险一金", "社保卡", "不是", "第四个", ""])
def test_a_new_question_is_no_choice(said):
    assert chosen(said, CHOICES) is None


def test_without_choices_nothing_is_picked():
    assert chosen("是的", []) is None
    assert chosen("第三个", CHOICES[:2]) is None


@pytest.mark.parametrize(
    ("said", "none"), [("不是", True), ("都不是。", True), ("不是本人能办吗", False), ("对", False)]
)
def test_none_of_them_is_heard(said, none):
    assert none_of_them(said) is none
