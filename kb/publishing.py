"""Turns drafts into published entries inside one open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, literal_column, select, update

from kb.drafts import EntryDraft
from kb.models import Action, Category, Change, Entry, EntryVersion, Line, Matter, Organisation, Status, now
from kb.regions import RegionTree
from kb.rules import faults
from kb.text import comparison_key

# Spelled out, not bound: SQLite uses the partial index only when it can read the condition in the statement.
_PUBLISHED = literal_column(f"'{Status.PUBLISHED}'")


class Refusal(NamedTuple):
    """One draft that was not taken in."""

    position: int  #: 0-based place in what was handed in
    question: str
    reason: str  #: in Chinese, for the person who handed it in


@dataclass
class Outcome:
    """What became of the drafts handed in, in one call."""

    published: int = 0  #: new entries
    updated: int = 0  #: new versions of entries that were there
    unchanged: int = 0  #: same key, same content
    refused: list[Refusal] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """How many drafts were handed in so far."""
        return self.published + self.updated + self.unchanged + len(self.refused)


class Newest(NamedTuple):
    """An entry's newest version, published or not."""

    id: int
    version: int
    content: dict
    status: Status


def newest_by_key(connection: Connection, keys: Sequence[str]) -> dict[str, Newest]:
    """The newest versions of the entries with these keys, by key."""
    rows = connection.execute(
        select(Entry.key, Entry.id, Entry.version, EntryVersion.content, Entry.status)
        .join(EntryVersion, (EntryVersion.entry_id == Entry.id) & (EntryVersion.version == Entry.version))
        .where(Entry.key.in_(keys))
    )
    return {key: Newest(id_, version, content, Status(status)) for key, id_, version, content, status in rows}


class Publisher:
    """Publishes batches of drafts over one connection; the caller commits or rolls back."""

    def __init__(self, connection: Connection, regions: RegionTree, author: str, outcome: Outcome) -> None:
        self._connection = connection
        self._regions = regions
        self._author = author
        self._outcome = outcome
        self._used_keys: set[str | None] = set()
        self._lines = set(connection.scalars(select(Line.number)))
        self._matters = set(connection.scalars(select(Matter.code)))
        self._categories = dict(connection.execute(select(Category.path, Category.id)).all())
        self._organisations: dict[tuple[str, str], int] = {
            (name, region): id_
            for name, region, id_ in connection.execute(
                select(Organisation.name, Organisation.region_code, Organisation.id)
            )
        }

    def take(self, drafts: Sequence[EntryDraft]) -> None:
        """Publish a batch; what breaks a rule is noted as refused and left out."""
        known = newest_by_key(self._connection, [d.key for d in drafts if d.key])
        keys = [comparison_key(d.question) for d in drafts]
        taken = self._published_questions(keys)
        new, changed = [], []
        start = self._outcome.seen
        for offset, (draft, question_key) in enumerate(zip(drafts, keys, strict=True)):
            old = known.get(draft.key) if draft.key else None
            reasons = faults(draft, self._regions, self._lines)
            if draft.key and draft.key in self._used_keys:
                reasons.append(f"编号“{draft.key}”在本批中重复")
            holder = taken.get((question_key, draft.region))
            if holder is not None and holder != (old.id if old else None):
                reasons.append("与已有的词条问题相同" if holder else "与本批中前面的一行问题相同")
            if reasons:
                self._outcome.refused.append(Refusal(start + offset, draft.question, "；".join(reasons)))
                continue
            self._used_keys.add(draft.key)
            taken[question_key, draft.region] = old.id if old else 0
            self._sort_in(draft, question_key, old, new, changed)
        self._insert(new)
        self._update(changed)

    def _sort_in(self, draft: EntryDraft, question_key: str, old: Newest | None, new: list, changed: list) -> None:
        if old is None:
            new.append((draft, self._row(draft, question_key) | {"version": 1}))
            return
        if old.content == draft.as_content() and old.status is Status.PUBLISHED:
            self._outcome.unchanged += 1
            return
        changed.append((draft, self._row(draft, question_key) | {"version": old.version + 1, "entry": old.id}))

    def _published_questions(self, keys: list[str]) -> dict[tuple[str, str], int]:
        rows = self._connection.execute(
            select(Entry.question_key, Entry.region_code, Entry.id).where(
                Entry.question_key.in_(keys), Entry.status == _PUBLISHED
            )
        )
        return {(key, region): id_ for key, region, id_ in rows}

    def _row(self, draft: EntryDraft, question_key: str) -> dict:
        return {
            "key": draft.key,
            "matter_code": self._matter(draft.matter),
            "aspect": draft.aspect,
            "question": draft.question,
            "question_key": question_key,
            "variants": list(draft.variants),
            "answer": draft.answer,
            "spoken_answer": draft.spoken_answer,
            "region_code": draft.region,
            "organisation_id": self._organisation(draft.organisation),
            "line_number": draft.line,
            "category_id": self._category(draft.category),
            "audience": draft.audience,
            "keywords": list(draft.keywords),
            "valid_from": draft.valid_from,
            "valid_to": draft.valid_to,
            "source": draft.source,
            "status": Status.PUBLISHED,
            "updated_at": now(),
        }

    def _insert(self, rows: list[tuple[EntryDraft, dict]]) -> None:
        if not rows:
            return
        returning = insert(Entry).returning(Entry.id, sort_by_parameter_order=True)
        ids = self._connection.scalars(returning, [row for _, row in rows]).all()
        self._record([(id_, 1, draft) for id_, (draft, _) in zip(ids, rows, strict=True)])
        self._outcome.published += len(rows)

    def _update(self, rows: list[tuple[EntryDraft, dict]]) -> None:
        if not rows:
            return
        statement = update(Entry.__table__).where(Entry.__table__.c.id == bindparam("entry"))
        self._connection.execute(statement, [row for _, row in rows])
        self._record([(row["entry"], row["version"], draft) for draft, row in rows])
        self._outcome.updated += len(rows)

    def _record(self, versions: list[tuple[int, int, EntryDraft]]) -> None:
        moment = now()
        self._connection.execute(
            insert(EntryVersion),
            [
                {
                    "entry_id": id_,
                    "version": version,
                    "content": draft.as_content(),
                    "author": self._author,
                    "created_at": moment,
                }
                for id_, version, draft in versions
            ],
        )
        self._connection.execute(
            insert(Change.__table__),
            [
                {"entry_id": id_, "version": version, "action": Action.PUBLISH, "at": moment}
                for id_, version, _ in versions
            ],
        )

    def _matter(self, code: str | None) -> str | None:
        if code and code not in self._matters:
            self._connection.execute(insert(Matter), [{"code": code, "name": code, "kind": "咨询", "aliases": []}])
            self._matters.add(code)
        return code or None

    def _organisation(self, organisation: tuple[str, str] | None) -> int | None:
        if organisation is None:
            return None
        if organisation not in self._organisations:
            name, region = organisation
            row = insert(Organisation).values(name=name, region_code=region)
            self._organisations[organisation] = self._connection.execute(row).inserted_primary_key[0]
        return self._organisations[organisation]

    def _category(self, names: tuple[str, ...]) -> int | None:
        if not names:
            return None
        path = "/".join(names)
        if path not in self._categories:
            row = insert(Category).values(path=path, name=names[-1], parent_id=self._category(names[:-1]))
            self._categories[path] = self._connection.execute(row).inserted_primary_key[0]
        return self._categories[path]
