import pytest

from indexer.sounds import merged, syllable
from indexer.tokens import grams


@pytest.mark.parametrize(
    ("one", "other"),
    [("社", "设"), ("张", "脏"), ("吃", "次"), ("书", "苏"), ("年", "连"), ("让", "样"), ("灵", "林")],
)
def test_characters_that_sound_alike_or_are_confused_in_the_north_east_are_one_syllable(one, other):
    assert syllable(one) == syllable(other)


@pytest.mark.parametrize(("one", "other"), [("社", "保"), ("水", "电"), ("三", "山东"[1])])
def test_characters_that_sound_apart_stay_apart(one, other):
    assert syllable(one) != syllable(other)


def test_a_syllable_that_is_only_its_beginning_stays():
    assert merged("n") == "n"
    assert merged("zhang") == merged("zan") == "zan"


def test_what_has_no_reading_has_no_syllable():
    assert syllable("a") == syllable("，") == ""


def test_misheard_words_share_the_tokens_of_their_sounds():
    assert {"~sebao", "~baoka"} <= set(grams("社保卡")) & set(grams("设报卡"))
