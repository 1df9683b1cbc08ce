import pytest

from bot.errors import UnacceptableUtteranceError
from bot.normalisation import LONGEST_QUESTION, accept, to_question


@pytest.mark.parametrize("text", ["", "   ", "？！", "\n\t", "\u3000"])
def test_nothing_to_ask_is_refused(text):
    with pytest.raises(UnacceptableUtteranceError):
        accept(text)


def test_a_text_too_long_to_be_a_question_is_refused():
    accept("问" * LONGEST_QUESTION)
    with pytest.raises(UnacceptableUtteranceError):
        accept("问" * (LONGEST_QUESTION + 1))


def test_half_a_character_is_refused():
    with pytest.raises(UnacceptableUtteranceError):
        accept("社保\ud800卡")


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("嗯 那个 我想问一下 社保卡多少钱", "社保卡多少钱"),
        ("社會保險卡掛失", "社会保险卡挂失"),
        ("打１２３４５", "打12345"),
        ("那个", ""),
        ("喂，你好？", ""),
    ],
)
def test_what_was_said_becomes_a_plain_question(said, question):
    assert to_question(said) == question
