"""The tables of the knowledge base. Every other room's tables share :class:`Base`."""

from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import JSON, DateTime, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Parent of every table; the naming convention lets migrations find constraints by name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Level(StrEnum):
    """How deep a region lies in the tree."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"


class Audience(StrEnum):
    """Whom an entry is for."""

    PERSON = "person"
    ENTERPRISE = "enterprise"
    BOTH = "both"


class Status(StrEnum):
    """Where an entry stands; only published ones are answered."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What a row of the change feed tells its followers to do."""

    PUBLISH = "publish"
    WITHDRAW = "withdraw"


def now() -> datetime:
    """The present moment in UTC; the database keeps no other zone."""
    return datetime.now(UTC)


class Region(Base):
    """A place in the tree city > district > street > community > grid."""

    __tablename__ = "region"
    code: Mapped[str] = mapped_column(String(24), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[Level] = mapped_column(String(12), index=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)


class Organisation(Base):
    """A department or unit (承办单位) and, where it receives people, its counter."""

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("name", "region_code", name="uq_organisation_name_region"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    address: Mapped[str | None] = mapped_column(String(120))
    telephone: Mapped[str | None] = mapped_column(String(30))
    hours: Mapped[str | None] = mapped_column(String(80))


class Line(Base):
    """A public number merged into 12345 and the organisation that now answers for it."""

    __tablename__ = "line"
    number: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    merged: Mapped[str] = mapped_column(String(10))


class Category(Base):
    """A subject; at most three levels deep. ``path`` is the names from the top, joined by ``/``."""

    __tablename__ = "category"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(180), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))


class Matter(Base):
    """One piece of business a caller may have (事项): what binds its entries, one an aspect, together."""

    __tablename__ = "matter"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(8), default="咨询")
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)


class Entry(Base):
    """One question with its answer, as published now; earlier states are in :class:`EntryVersion`."""

    __tablename__ = "entry"
    __table_args__ = (
        # Same question twice in one place would make the answer a matter of luck.
        Index(
            "uq_entry_published_question",
            "question_key",
            "region_code",
            unique=True,
            sqlite_where=mapped_column("status", String).column == Status.PUBLISHED.value,
            postgresql_where=mapped_column("status", String).column == Status.PUBLISHED.value,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    matter_code: Mapped[str | None] = mapped_column(ForeignKey("matter.code"), index=True)
    aspect: Mapped[str | None] = mapped_column(String(20))
    question: Mapped[str] = mapped_column(Text)
    question_key: Mapped[str] = mapped_column(Text)
    variants: Mapped[list[str]] = mapped_column(JSON, default=list)
    answer: Mapped[str] = mapped_column(Text)
    spoken_answer: Mapped[str | None] = mapped_column(Text)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    line_number: Mapped[str | None] = mapped_column(ForeignKey("line.number"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    audience: Mapped[Audience] = mapped_column(String(12), default=Audience.BOTH)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[Status] = mapped_column(String(12), index=True)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class EntryVersion(Base):
    """What an entry said in one version, whole, as the fields of :class:`kb.drafts.EntryDraft`."""

    __tablename__ = "entry_version"
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Change(Base):
    """One row of the change feed; whoever has applied up to ``sequence`` has seen all before it."""

    __tablename__ = "change"
    __table_args__ = {"sqlite_autoincrement": True}
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id"))
    version: Mapped[int]
    action: Mapped[Action] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
