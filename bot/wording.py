"""Every sentence the bot says. What is shown and what is spoken are given side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.messages import Hit


@dataclass(frozen=True)
class Sentence:
    """One reply in its two forms."""

    text: str  #: to show
    speech: str  #: to say aloud


_ORDINALS = ("第一", "第二", "第三")


def answer(hit: Hit) -> Sentence:
    """The entry's answer."""
    return Sentence(hit.answer, hit.spoken_answer)


def and_where_are_you(answered: Sentence) -> Sentence:
    """An answer that is more exact for who tells where they are."""
    ask = "您在哪个区或街道？告诉我，我把当地的地址电话说给您。"
    return Sentence(f"{answered.text}\n{ask}", f"{answered.speech}{ask}")


def confirm(hits: Sequence[Hit]) -> Sentence:
    """Did you mean one of these?"""
    if len(hits) == 1:
        return _same(f"您是不是想问：{hits[0].question}")
    shown = "您是不是想问下面的问题？请选一个；如果都不是，请换个说法，或者说“转人工”。"
    spoken = "".join(f"{o}，{_spoken(h.question)}。" for o, h in zip(_ORDINALS, hits, strict=False))
    return Sentence(shown, f"您是不是想问：{spoken}请说第几个；如果都不是，请换个说法，或者说转人工。")


def repeat(reason: str) -> Sentence:
    """Nothing to answer yet: a greeting, none of the choices was meant, or nothing intelligible was heard."""
    return _same(
        {
            "greeting": "您好，请问您想问什么事？",
            "none_of_these": "好的，请您换个说法再问一遍，也可以说“转人工”。",
        }.get(reason, "不好意思，我没有听清。请您靠近话筒，慢一点再说一遍。")
    )


def hand_over(reason: str) -> Sentence:
    """A person takes over; the caller hears why."""
    return _same(
        {
            "asked_for": "好的，马上为您转接人工话务员，请稍候。您前面说的话会一并转过去，不用再重复。",
            "not_understood": "不好意思，我还是没有听清，马上为您转接人工话务员，请稍候。",
        }.get(reason, "这个问题我没有把握答准，马上为您转接人工话务员，请稍候。您说的话会一并转过去。")
    )


def _same(text: str) -> Sentence:
    return Sentence(text, text)


def _spoken(question: str) -> str:
    return question.rstrip("？?。.！! ")
