"""How much the knowledge base holds, and where."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, Row, func, select

from kb.models import Change, Entry, Level, Line, Matter, Organisation, Region, Status


@dataclass
class Count:
    """What is published of one department, district or line."""

    entries: int = 0
    faqs: int = 0  #: entries that belong to a matter and hold for the whole city
    variants: int = 0
    matters: int = 0
    _codes: set[str] = field(default_factory=set, repr=False, compare=False)

    def add(self, row: Row, city: str | None) -> None:
        """Count one entry."""
        self.entries += 1
        self.variants += row.variants
        self.faqs += bool(row.matter_code) and row.region_code == city
        if row.matter_code:
            self._codes.add(row.matter_code)
            self.matters = len(self._codes)

    def as_dict(self) -> dict[str, int]:
        """The counts by their names."""
        return {"matters": self.matters, "faqs": self.faqs, "variants": self.variants, "entries": self.entries}


@dataclass(frozen=True)
class Statistics:
    """Counts of what is published now; regions, matters and lines are all that are known."""

    entries: int
    faqs: int  #: entries that belong to a matter and hold for the whole city
    variants: int
    matters: int
    districts: int
    streets: int
    communities: int
    grids: int
    lines: int
    by_level: dict[str, int]  #: entries by how deep the places lie that they are about
    by_organisation: dict[str, Count]  #: of the city's departments, most entries first
    by_district: dict[str, Count]  #: of the district and of every place in it, in the order of their codes
    by_line: dict[str, Count]  #: most entries first
    last_change: int  #: newest number of the change feed

    def as_dict(self) -> dict:
        """All counts, ready for JSON."""
        plain = dict(self.__dict__)
        for name in ("by_organisation", "by_district", "by_line"):
            plain[name] = {key: count.as_dict() for key, count in plain[name].items()}
        return plain


def statistics(engine: Engine) -> Statistics:
    """Count."""
    with engine.connect() as connection:
        one = connection.scalar
        regions = {row.code: row for row in connection.execute(select(Region.code, Region.level, Region.parent_code))}
        city = next((code for code, region in regions.items() if region.level == Level.CITY), None)
        districts = connection.execute(
            select(Region.code, Region.name).where(Region.level == Level.DISTRICT).order_by(Region.code)
        ).all()
        departments = dict(
            connection.execute(select(Organisation.id, Organisation.name).where(Organisation.region_code == city)).all()
        )
        total = Count()
        levels = dict.fromkeys(Level, 0)
        by_organisation: dict[str, Count] = {}
        by_district = {code: Count() for code, _ in districts}
        by_line: dict[str, Count] = {}
        for row in _rows(connection):
            total.add(row, city)
            levels[Level(regions[row.region_code].level)] += 1
            if name := departments.get(row.organisation_id):
                by_organisation.setdefault(name, Count()).add(row, city)
            if district := _district(row.region_code, regions):
                by_district[district].add(row, city)
            if row.line_number:
                by_line.setdefault(row.line_number, Count()).add(row, city)
        known = [region.level for region in regions.values()]
        return Statistics(
            entries=total.entries,
            faqs=total.faqs,
            variants=total.variants,
            matters=one(select(func.count()).select_from(Matter)) or 0,
            districts=known.count(Level.DISTRICT),
            streets=known.count(Level.STREET),
            communities=known.count(Level.COMMUNITY),
            grids=known.count(Level.GRID),
            lines=one(select(func.count()).select_from(Line)) or 0,
            by_level={level: count for level, count in levels.items() if count},
            by_organisation=_most_first(by_organisation.items()),
            by_district={name: by_district[code] for code, name in districts},
            by_line=_most_first(by_line.items()),
            last_change=one(select(func.max(Change.sequence))) or 0,
        )


def _rows(connection: Connection) -> Iterator[Row]:
    length = func.json_array_length(Entry.variants).label("variants")
    query = select(Entry.region_code, Entry.matter_code, Entry.organisation_id, Entry.line_number, length)
    yield from connection.execute(query.where(Entry.status == Status.PUBLISHED))


def _district(code: str | None, regions: dict[str, Row]) -> str | None:
    while code and regions[code].level != Level.DISTRICT:
        code = regions[code].parent_code
    return code


def _most_first(counts: Iterable[tuple[str, Count]]) -> dict[str, Count]:
    return dict(sorted(counts, key=lambda item: (-item[1].entries, item[0])))
