import pytest

from speech.evaluation import character_error_rate, edits


@pytest.mark.parametrize(
    "reference, heard, distance",
    [
        ("", "", 0),
        ("社保", "", 2),
        ("", "社保", 2),
        ("医保卡", "低保卡", 1),
        ("社保卡", "社卡", 1),
        ("卡", "社保卡", 2),
    ],
)
def test_edits(reference, heard, distance):
    assert edits(reference, heard) == distance


def test_punctuation_spaces_and_traditional_characters_do_not_count():
    assert character_error_rate([("社保卡，怎么办？", "社 保 卡 怎麼辦")]) == 0


def test_longer_texts_count_more():
    assert character_error_rate([("一", "二"), ("社保卡", "社保卡")]) == 0.25


def test_nothing_to_compare_with_is_a_mistake():
    with pytest.raises(ValueError):
        character_error_rate([("，", "社保")])
