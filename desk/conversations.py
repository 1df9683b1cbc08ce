"""Keeps conversations: their state between two turns, every turn as it happens, and who waits for a person."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from desk.errors import UnknownConversationError, UnknownTurnError
from desk.models import Conversation, Handover, Turn


@dataclass(frozen=True)
class TurnRecord:
    """One turn as it is stored."""

    heard: str
    move: str
    text: str
    speech: str
    confidence: float  #: calibrated probability, 0 to 1
    seconds: float  #: from the utterance to the reply
    readings: Sequence[dict[str, Any]] = ()  #: n-best of the recogniser
    hits: Sequence[dict[str, Any]] = ()  #: what was found, with probabilities
    entry_id: int | None = None
    entry_version: int | None = None
    handover_reason: str | None = None  #: set when a person takes over


class ConversationLog:
    """All conversations behind one database engine. Safe to share between threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def start(self, channel: str, state: dict[str, Any]) -> str:
        """Begin a conversation and return its id, which nobody can guess."""
        conversation = secrets.token_hex(16)
        with self._writing() as connection:
            row = {"id": conversation, "channel": channel, "state": state, "turns": 0}
            connection.execute(insert(Conversation).values(row))
        return conversation

    def state(self, conversation: str) -> tuple[dict[str, Any], int]:
        """What the dialogue remembers, and how many turns there were. :class:`UnknownConversationError`."""
        with self._engine.connect() as connection:
            return _state(connection, conversation)

    def record(self, conversation: str, state: dict[str, Any], turn: TurnRecord) -> int:
        """Store a turn, the state after it and a hand-over if there is one, all or nothing; return the turn's number.

        :class:`UnknownConversationError` if there is no such conversation.
        """
        with self._writing() as connection:
            number = _state(connection, conversation)[1] + 1
            where = Conversation.id == conversation
            connection.execute(update(Conversation).where(where).values(state=state, turns=number))
            connection.execute(insert(Turn).values(_turn_row(conversation, number, turn)))
            if turn.handover_reason:
                row = {"conversation_id": conversation, "turn": number, "reason": turn.handover_reason}
                connection.execute(insert(Handover).values(row))
        return number

    def speech_of(self, conversation: str, turn: int) -> str:
        """The sentence that the bot said in a turn. :class:`UnknownTurnError`."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(Turn.speech).where(Turn.conversation_id == conversation, Turn.number == turn)
            ).first()
        if row is None:
            raise UnknownTurnError("没有这一轮对话，请刷新页面后重新提问。")
        return row.speech

    def judge(self, conversation: str, turn: int, right: bool) -> None:
        """Keep the caller's word on whether the answer was right. :class:`UnknownTurnError`."""
        with self._writing() as connection:
            where = (Turn.conversation_id == conversation) & (Turn.number == turn)
            if not connection.execute(update(Turn).where(where).values(right=right)).rowcount:
                raise UnknownTurnError("没有这一轮对话，请刷新页面后重新提问。")

    def _writing(self):
        return self._engine.execution_options(writes=True).begin()


def _state(connection: Connection, conversation: str) -> tuple[dict[str, Any], int]:
    row = connection.execute(
        select(Conversation.state, Conversation.turns).where(Conversation.id == conversation)
    ).first()
    if row is None:
        raise UnknownConversationError("找不到这次对话，请重新开始提问。")
    return row.state, row.turns


def _turn_row(conversation: str, number: int, turn: TurnRecord) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "number": number,
        "heard": turn.heard,
        "readings": list(turn.readings),
        "hits": list(turn.hits),
        "confidence": turn.confidence,
        "move": turn.move,
        "entry_id": turn.entry_id,
        "entry_version": turn.entry_version,
        "text": turn.text,
        "speech": turn.speech,
        "seconds": turn.seconds,
    }
