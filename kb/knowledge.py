"""The knowledge base: takes drafts in, hands published entries out, and tells what changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from sqlalchemy import Connection, Engine, Select, func, insert, select, update

from kb.drafts import EntryDraft, MatterDraft, OrganisationDraft, PublishedEntry
from kb.errors import NotFoundError, RefusedError
from kb.models import (
    Action,
    Audience,
    Category,
    Change,
    Entry,
    Level,
    Line,
    Matter,
    Organisation,
    Region,
    Status,
)
from kb.publishing import Outcome, Publisher, newest_by_key
from kb.regions import Place, RegionTree

# Rows handled per round trip: large enough for speed, small enough for SQLite's limit of 32,766 bound values.
BATCH = 1_000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class ChangeRow:
    """One step of the change feed."""

    sequence: int
    entry_id: int
    version: int
    action: Action


@dataclass(frozen=True)
class Setting:
    """What entries refer to and bring along; what is known already stays, but matters get the new name."""

    places: tuple[Place, ...] = ()  #: parents before children; the city first where the knowledge base has none
    matters: tuple[MatterDraft, ...] = ()
    lines: tuple[tuple[str, str, str, str], ...] = ()  #: (number, name, organisation name, year merged)


class KnowledgeBase:
    """All knowledge of one city behind one database engine. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- what the city consists of ---------------------------------------------------------------------------

    def add_regions(self, places: Iterable[Place]) -> None:
        """Take regions in, parents before children; known codes are left as they are."""
        with self._writing() as connection:
            _add_regions(connection, places)
        self.__dict__.pop("regions", None)

    def add_organisations(self, organisations: Iterable[OrganisationDraft]) -> None:
        """Take organisations in; one of the same name and region gets the new address, telephone and hours."""
        with self._writing() as connection:
            known = _organisation_ids(connection)
            for batch in _chunks(organisations, BATCH):
                new = [_organisation_row(o) for o in batch if (o.name, o.region) not in known]
                if new:
                    connection.execute(insert(Organisation), new)
                for o in batch:
                    if (o.name, o.region) in known:
                        row = update(Organisation).where(Organisation.id == known[o.name, o.region])
                        connection.execute(row.values(_organisation_row(o)))

    def add_lines(self, lines: Iterable[tuple[str, str, str, str]]) -> None:
        """Take merged lines in as (number, name, organisation name, year merged)."""
        city = self._city_code()
        with self._writing() as connection:
            _add_lines(connection, list(lines), city)

    def add_matters(self, matters: Iterable[MatterDraft]) -> None:
        """Take matters in; a known code gets the new name, kind and aliases."""
        with self._writing() as connection:
            _add_matters(connection, matters)

    @cached_property
    def regions(self) -> RegionTree:
        """The tree of places, read once."""
        with self._engine.connect() as connection:
            return _read_regions(connection)

    def reread_regions(self) -> RegionTree:
        """The tree of places with those that other processes added; as it was, and cheap, if they added none."""
        with self._engine.connect() as connection:
            # Places come in, but none changes or goes.
            if connection.scalar(select(func.count()).select_from(Region)) != len(self.regions):
                self.__dict__["regions"] = _read_regions(connection)
        return self.regions

    def matters(self) -> dict[str, MatterDraft]:
        """All matters by their codes."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(Matter.code, Matter.name, Matter.kind, Matter.aliases))
            return {code: MatterDraft(code, name, kind, tuple(aliases)) for code, name, kind, aliases in rows}

    def lines(self) -> dict[str, tuple[str, str, str]]:
        """All merged lines by their numbers: (name, organisation name, year merged)."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(Line.number, Line.name, Organisation.name, Line.merged).join(
                    Organisation, Organisation.id == Line.organisation_id
                )
            )
            return {number: (name, organisation, merged) for number, name, organisation, merged in rows}

    # --- publishing ------------------------------------------------------------------------------------------

    def publish(
        self,
        drafts: Iterable[EntryDraft],
        *,
        author: str,
        all_or_nothing: bool = True,
        note: Progress = lambda done: None,
        setting: Setting | None = None,
        only_check: bool = False,
    ) -> Outcome:
        """Publish drafts in one transaction: entries, their versions and the change feed, or none of them.

        With ``all_or_nothing`` a single refusal rolls everything back and raises :class:`RefusedError`, whose
        ``outcome`` lists every refusal. ``note`` is called with the number of drafts done in each batch. The
        ``setting`` is taken in with them, in the same transaction. ``only_check`` tells what would happen.
        """
        outcome = Outcome()
        with self._engine.execution_options(writes=True).connect() as connection:
            regions = _take_setting(connection, setting) if setting else self.regions
            publisher = Publisher(connection, regions, author, outcome)
            for batch in _chunks(drafts, BATCH):
                publisher.take(batch)
                note(len(batch))
            if only_check:
                return outcome
            if outcome.refused and all_or_nothing:
                raise RefusedError(f"有{len(outcome.refused)}条未通过检查，知识库没有改动。", outcome)
            connection.commit()
        if setting:
            self.__dict__.pop("regions", None)
        return outcome

    def withdraw(self, entry_id: int) -> None:
        """Take a published entry back; it is no longer answered. :class:`NotFoundError` if it is not published."""
        with self._writing() as connection:
            row = connection.execute(
                select(Entry.version).where(Entry.id == entry_id, Entry.status == Status.PUBLISHED)
            ).first()
            if row is None:
                raise NotFoundError(f"没有编号为{entry_id}的已发布词条。")
            connection.execute(update(Entry).where(Entry.id == entry_id).values(status=Status.WITHDRAWN))
            change = {"entry_id": entry_id, "version": row.version, "action": Action.WITHDRAW}
            connection.execute(insert(Change), [change])

    # --- reading ---------------------------------------------------------------------------------------------

    def published(self, batch: int = BATCH) -> Iterator[PublishedEntry]:
        """Every published entry in the order of ids, read in batches within one snapshot."""
        with self._engine.connect() as connection:
            matters = _matters(connection)
            rows = connection.execution_options(yield_per=batch).execute(_published_rows().order_by(Entry.id))
            for row in rows.mappings():
                yield _published(row, matters)

    def entries(self, ids: Sequence[int]) -> dict[int, PublishedEntry]:
        """Those of the given entries that are published now, by id."""
        found = {}
        with self._engine.connect() as connection:
            for batch in _chunks(ids, BATCH):
                rows = connection.execute(_published_rows().where(Entry.id.in_(batch))).mappings().all()
                matters = _matters(connection, {row["matter_code"] for row in rows})
                found |= {row["id"]: _published(row, matters) for row in rows}
        return found

    def citywide(self, matters: Iterable[str]) -> list[PublishedEntry]:
        """What is published now for the whole city on some matters, in the order of ids."""
        found: list[PublishedEntry] = []
        with self._engine.connect() as connection:
            for codes in _chunks(matters, BATCH):
                chosen = _published_rows().where(Entry.matter_code.in_(codes), Entry.region_code == self._city_code())
                names = _matters(connection, set(codes))
                found += [_published(row, names) for row in connection.execute(chosen.order_by(Entry.id)).mappings()]
        return found

    def drafts(self, keys: Sequence[str]) -> dict[str, EntryDraft]:
        """The newest content of the entries with these keys, published or not, by key."""
        found = {}
        with self._engine.connect() as connection:
            for batch in _chunks(keys, BATCH):
                newest = newest_by_key(connection, batch)
                found |= {key: EntryDraft.from_content(version.content) for key, version in newest.items()}
        return found

    def changes(self, after: int, limit: int = BATCH) -> list[ChangeRow]:
        """The next rows of the change feed after a sequence number, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(Change.sequence, Change.entry_id, Change.version, Change.action)
                .where(Change.sequence > after)
                .order_by(Change.sequence)
                .limit(limit)
            )
            return [ChangeRow(sequence, entry, version, Action(action)) for sequence, entry, version, action in rows]

    def last_sequence(self) -> int:
        """Number of the newest row of the change feed; 0 when nothing was ever published."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.max(Change.sequence))) or 0

    def count_published(self) -> int:
        """How many entries are published now."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).where(Entry.status == Status.PUBLISHED)) or 0

    # --- inside ----------------------------------------------------------------------------------------------

    def _writing(self):
        return self._engine.execution_options(writes=True).begin()

    def _city_code(self) -> str:
        if self.regions.city is None:
            raise NotFoundError("知识库里还没有城市，请先导入区域。")
        return self.regions.city.code


def _take_setting(connection: Connection, setting: Setting) -> RegionTree:
    _add_regions(connection, setting.places)
    regions = _read_regions(connection)
    _add_matters(connection, setting.matters)
    _add_lines(connection, setting.lines, regions.city.code)
    return regions


def _read_regions(connection: Connection) -> RegionTree:
    rows = connection.execute(select(Region.code, Region.name, Region.level, Region.parent_code))
    return RegionTree(Place(code, name, Level(level), parent) for code, name, level, parent in rows)


def _add_regions(connection: Connection, places: Iterable[Place]) -> None:
    known = set(connection.scalars(select(Region.code)))
    for batch in _chunks((_region_row(place) for place in places if place.code not in known), BATCH):
        connection.execute(insert(Region), batch)


def _add_matters(connection: Connection, matters: Iterable[MatterDraft]) -> None:
    known = set(connection.scalars(select(Matter.code)))
    for m in matters:
        row = {"code": m.code, "name": m.name, "kind": m.kind, "aliases": list(m.aliases)}
        statement = update(Matter).where(Matter.code == m.code) if m.code in known else insert(Matter)
        connection.execute(statement.values(row))
        known.add(m.code)


def _add_lines(connection: Connection, lines: Sequence[tuple[str, str, str, str]], city: str) -> None:
    organisations = _organisation_ids(connection)
    if missing := [name for name in dict.fromkeys(line[2] for line in lines) if (name, city) not in organisations]:
        connection.execute(insert(Organisation), [_organisation_row(OrganisationDraft(n, city)) for n in missing])
        organisations = _organisation_ids(connection)
    known = set(connection.scalars(select(Line.number)))
    rows = [
        {"number": number, "name": name, "organisation_id": organisations[organisation, city], "merged": year}
        for number, name, organisation, year in lines
        if number not in known
    ]
    if rows:
        connection.execute(insert(Line), rows)


def _published_rows() -> Select:
    return (
        select(
            *Entry.__table__.columns,
            Category.path,
            Organisation.name.label("organisation_name"),
            Organisation.region_code.label("organisation_region"),
        )
        .outerjoin(Category, Category.id == Entry.category_id)
        .outerjoin(Organisation, Organisation.id == Entry.organisation_id)
        .where(Entry.status == Status.PUBLISHED)
    )


def _published(row: Mapping, matters: dict[str, tuple[str, list[str]]]) -> PublishedEntry:
    name, aliases = matters.get(row["matter_code"], (None, []))
    draft = EntryDraft(
        question=row["question"],
        answer=row["answer"],
        region=row["region_code"],
        key=row["key"],
        matter=row["matter_code"],
        aspect=row["aspect"],
        variants=tuple(row["variants"]),
        spoken_answer=row["spoken_answer"],
        organisation=(row["organisation_name"], row["organisation_region"]) if row["organisation_id"] else None,
        line=row["line_number"],
        category=tuple(row["path"].split("/")) if row["path"] else (),
        audience=Audience(row["audience"]),
        keywords=tuple(row["keywords"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        source=row["source"],
    )
    return PublishedEntry(row["id"], row["version"], draft, name, tuple(aliases), row["updated_at"].date())


def _matters(connection: Connection, codes: set[str] | None = None) -> dict[str, tuple[str, list[str]]]:
    query = select(Matter.code, Matter.name, Matter.aliases)
    if codes is not None:
        query = query.where(Matter.code.in_(codes))
    return {code: (name, aliases) for code, name, aliases in connection.execute(query)}


def _organisation_ids(connection: Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute(select(Organisation.name, Organisation.region_code, Organisation.id))
    return {(name, region): id_ for name, region, id_ in rows}


def _region_row(place: Place) -> dict:
    return {"code": place.code, "name": place.name, "level": place.level, "parent_code": place.parent}


def _organisation_row(o: OrganisationDraft) -> dict:
    return {
        "name": o.name,
        "region_code": o.region,
        "address": o.address,
        "telephone": o.telephone,
        "hours": o.hours,
    }


def _chunks(items: Iterable, size: int) -> Iterator[list]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
