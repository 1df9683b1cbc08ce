"""What a caller means who was asked "did you mean one of these?"."""

import re
from collections.abc import Sequence

from kb.text import comparison_key

_ORDINAL = re.compile(r"(?:我(?:要|想)?(?:问|选)?(?:的)?(?:是)?|就|是|选)?第?([一二三123])(?:个|条|项|种)?(?:问题)?")
_YES = re.compile(r"(?:嗯+|对+|是的?|对的?|没错|就是(?:这个|它)?|这个)+")
_NONE = re.compile(r"(?:都)?不(?:是|对)(?:的|这些|这个)?|都不是这些|没有一个是|哪个都不是")
_NUMBERS = {"一": 0, "二": 1, "三": 2, "1": 0, "2": 1, "3": 2}


def chosen(text: str, choices: Sequence[str]) -> str | None:
    """The question that the caller picked of those read out; None if the text is no choice.

    "Yes" picks the first: it is the likeliest, and the only one where there was one.
    """
    key = comparison_key(text)
    if ordinal := _ORDINAL.fullmatch(key):
        number = _NUMBERS[ordinal.group(1)]
        return choices[number] if number < len(choices) else None
    return choices[0] if choices and _YES.fullmatch(key) else None


def none_of_them(text: str) -> bool:
    """Whether the caller says that none of them is meant."""
    return bool(_NONE.fullmatch(comparison_key(text)))
