"""Chooses the bot's move from calibrated probabilities; a raw score never decides anything."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.messages import Move
from indexer.messages import Hit
from kb.text import comparison_key

# The caller is asked to repeat once; not to be understood twice in a row is enough for anybody.
MOST_REPEATS = 1
# A list read aloud is forgotten beyond three.
MOST_CHOICES = 3
_WANTS_PERSON = re.compile(
    r"转(?:接)?人工|人工(?:服务|客服|坐席|接线员|话务员)|^人工$|转(?:接)?(?:话务员|接线员|客服)|(?:找|要|跟|和|给我接|换)(?:个|一个)?(?:真人|话务员|接线员|人工)"
)


_WANTS_NO_PERSON = re.compile(r"(?:不|别|不要|不用|不想|不需要|先不)(?:给我)?(?:转|找|要|接)(?:接)?(?:到)?人工")


@dataclass(frozen=True)
class Thresholds:
    """Probabilities of being right from which the bot acts."""

    answer: float  #: from here it answers
    confirm: float  #: from here it asks "did you mean"; below, a person takes over


@dataclass(frozen=True)
class Decision:
    """A move with what it is about."""

    move: Move
    hits: tuple[Hit, ...] = ()  #: answer: the one, then the next; confirm: the choices
    #: why a person takes over (asked_for, not_understood, not_sure) or the caller is to speak again (greeting,
    #: not_understood, none_of_these)
    reason: str | None = None


def wants_person(question: str) -> bool:
    """Whether the caller asks for a human being."""
    key = comparison_key(question)
    return bool(_WANTS_PERSON.search(key)) and not _WANTS_NO_PERSON.search(key)


def decide(
    question: str, hits: Sequence[Hit], repeats: int, thresholds: Thresholds, *, greeted: bool = False
) -> Decision:
    """The move for a question; ``repeats`` counts how often in a row the caller was asked to say it again.

    ``greeted`` tells that the question is empty because the caller said nothing but a greeting.
    """
    if wants_person(question):
        return Decision(Move.HAND_OVER, reason="asked_for")
    if greeted:
        return Decision(Move.REPEAT, reason="greeting")
    if not comparison_key(question):
        return _not_understood(repeats)
    if not hits or hits[0].probability < thresholds.confirm:
        return Decision(Move.HAND_OVER, tuple(hits), "not_sure")
    if hits[0].probability >= thresholds.answer:
        return Decision(Move.ANSWER, tuple(hits))
    return Decision(Move.CONFIRM, tuple(hits))


def _not_understood(repeats: int) -> Decision:
    if repeats < MOST_REPEATS:
        return Decision(Move.REPEAT, reason="not_understood")
    return Decision(Move.HAND_OVER, reason="not_understood")
