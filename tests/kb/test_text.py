import pytest

from kb.text import _converter, comparison_key, normalise, simplify


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("社保卡丢了怎么办？", "社保卡丢了怎么办"),
        ("社會保險卡掛失", "社会保险卡挂失"),
        ("ＡＰＰ　１２３４５", "app12345"),
        ("社保卡，丢了！", "社保卡丢了"),
    ],
)
def test_spellings_of_one_question_compare_equal(one, other):
    assert comparison_key(one) == comparison_key(other)


def test_different_questions_stay_different():
    assert comparison_key("社保卡") != comparison_key("医保卡")


def test_reading_form_keeps_punctuation_and_one_space():
    assert normalise(" 社保卡，\n 丢了 ") == "社保卡, 丢了"


@pytest.mark.parametrize(
    "text", ["一目瞭然", "沈默", "沈船", "沈阳", "以免藉口", "覆盖", "乾隆", "瞭望", "社保卡丟了", ""]
)
def test_the_short_cut_simplifies_as_the_converter_does(text):
    assert simplify(text) == _converter().convert(text)
