"""What goes into a conversation and what comes out of it."""

from dataclasses import dataclass
from enum import StrEnum

from indexer.messages import Hit


@dataclass(frozen=True)
class Hypothesis:
    """One reading of what was said."""

    text: str
    confidence: float  #: 0 to 1 as the recogniser sees it; not a calibrated probability


@dataclass(frozen=True)
class Utterance:
    """What a caller said or typed in one go."""

    text: str  #: best reading; empty when nothing intelligible was heard
    confidence: float | None = None  #: of the best reading, 0 to 1; None for typed text
    alternatives: tuple[Hypothesis, ...] = ()  #: n-best readings, best first; empty for typed text
    duration: float | None = None  #: seconds of sound; None for typed text

    @property
    def spoken(self) -> bool:
        """Whether it came as sound."""
        return self.duration is not None


class Move(StrEnum):
    """What the bot does with its turn."""

    ANSWER = "answer"
    CONFIRM = "confirm"  #: did you mean one of these?
    REPEAT = "repeat"  #: please say that again
    HAND_OVER = "hand_over"  #: a person takes over


@dataclass(frozen=True)
class Reply:
    """What the bot says and shows in its turn."""

    move: Move
    text: str  #: to show, Chinese
    speech: str  #: to say aloud
    conversation: str  #: id to hand back with the caller's next utterance
    turn: int  #: number of this turn in the conversation, from 1
    hit: Hit | None = None  #: the entry answered from (answer) or asked about (confirm)
    confidence: float = 0.0  #: calibrated probability, 0 to 1, that the first hit is right
    alternatives: tuple[Hit, ...] = ()  #: the next hits, best first
