"""The tables of people's work; quality inspection and statistics are read from these rows, none keeps its own log."""

from datetime import datetime

from sqlalchemy import JSON, DateTime, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kb.models import Base, now


class Conversation(Base):
    """One caller's conversation; ``state`` is what the dialogue must remember between two turns."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(12))
    state: Mapped[dict] = mapped_column(JSON, default=dict)
    turns: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Turn(Base):
    """One utterance and the reply to it, stored as it happens."""

    __tablename__ = "turn"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    heard: Mapped[str] = mapped_column(Text)
    readings: Mapped[list] = mapped_column(JSON)
    hits: Mapped[list] = mapped_column(JSON)
    confidence: Mapped[float]
    move: Mapped[str] = mapped_column(String(12), index=True)
    entry_id: Mapped[int | None]
    entry_version: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text)
    speech: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float]
    right: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now, index=True)


class Handover(Base):
    """A conversation waiting for, or taken by, an agent."""

    __tablename__ = "handover"
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    turn: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
