"""What an editor, an importer or the starter city hands in: an entry before it has an id."""

from dataclasses import dataclass, field, fields
from datetime import date

from kb.models import Audience


@dataclass(frozen=True)
class MatterDraft:
    """A matter as handed in."""

    code: str
    name: str
    kind: str = "咨询"  #: one of 咨询 求助 投诉 举报 建议 表扬
    aliases: tuple[str, ...] = ()  #: everyday names of the matter


@dataclass(frozen=True)
class OrganisationDraft:
    """A department or unit as handed in."""

    name: str
    region: str  #: code of its region
    address: str | None = None
    telephone: str | None = None
    hours: str | None = None


@dataclass(frozen=True)
class EntryDraft:
    """The content of an entry; names of other things are their codes or natural keys."""

    question: str
    answer: str
    region: str  #: region code; the city's own code where the answer holds everywhere
    key: str | None = None  #: identity given by where it came from; handing in the same key again means an update
    matter: str | None = None  #: matter code
    aspect: str | None = None  #: 条件 材料 流程 地点 时限 费用 …
    variants: tuple[str, ...] = ()  #: other ways to ask it (相似问)
    spoken_answer: str | None = None  #: where speech needs other words than the page
    organisation: tuple[str, str] | None = None  #: (name, region code)
    line: str | None = None  #: number of the merged line
    category: tuple[str, ...] = ()  #: at most three names from the top
    audience: Audience = Audience.BOTH
    keywords: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None  #: last day on which it may be answered
    source: str = ""

    def as_content(self) -> dict:
        """All fields as JSON-ready values: what :class:`kb.models.EntryVersion` keeps."""
        return {name: _plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_content(cls, content: dict) -> "EntryDraft":
        """The draft that :meth:`as_content` was called on."""
        values = {f.name: content.get(f.name) for f in fields(cls)}
        for name in ("variants", "category", "keywords"):
            values[name] = tuple(values[name] or ())
        for name in ("valid_from", "valid_to"):
            values[name] = date.fromisoformat(values[name]) if values[name] else None
        values["organisation"] = tuple(values["organisation"]) if values["organisation"] else None
        values["audience"] = Audience(values["audience"])
        return cls(**values)


@dataclass(frozen=True)
class PublishedEntry:
    """A published entry with everything that search and talk need, names resolved."""

    id: int
    version: int
    draft: EntryDraft
    matter_name: str | None = None
    matter_aliases: tuple[str, ...] = field(default=())
    updated_on: date | None = None


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Audience) else value
