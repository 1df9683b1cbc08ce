"""How much the knowledge base holds, and where."""

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Select, func, select

from kb.models import Change, Entry, Level, Line, Matter, Organisation, Region, Status


@dataclass(frozen=True)
class Statistics:
    """Counts of what is published now; regions and lines are all that are known."""

    entries: int
    matters: int
    matter_entries: int  #: entries that belong to a matter and hold for the whole city
    variants: int
    districts: int
    streets: int
    communities: int
    grids: int
    lines: int
    by_level: dict[str, int]  #: how deep the places lie that entries are about
    by_organisation: dict[str, int]  #: of the city's departments
    by_district: dict[str, int]  #: entries of the district and of every place in it
    by_line: dict[str, int]
    last_change: int  #: newest number of the change feed


def statistics(engine: Engine) -> Statistics:
    """Count."""
    with engine.connect() as connection:
        levels = _counts(connection, select(Region.level, func.count()).group_by(Region.level))
        published = Entry.status == Status.PUBLISHED
        city = connection.scalar(select(Region.code).where(Region.level == Level.CITY))
        one = connection.scalar
        return Statistics(
            entries=one(select(func.count()).where(published)) or 0,
            matters=one(select(func.count()).select_from(Matter)) or 0,
            matter_entries=one(
                select(func.count()).where(published, Entry.matter_code.is_not(None), Entry.region_code == city)
            )
            or 0,
            variants=one(select(func.sum(func.json_array_length(Entry.variants))).where(published)) or 0,
            districts=levels.get(Level.DISTRICT, 0),
            streets=levels.get(Level.STREET, 0),
            communities=levels.get(Level.COMMUNITY, 0),
            grids=levels.get(Level.GRID, 0),
            lines=one(select(func.count()).select_from(Line)) or 0,
            by_level=_by_level(connection),
            by_organisation=_counts(
                connection,
                select(Organisation.name, func.count())
                .join(Entry, Entry.organisation_id == Organisation.id)
                .where(published, Organisation.region_code == city)
                .group_by(Organisation.name)
                .order_by(func.count().desc()),
            ),
            by_district=_by_district(connection),
            by_line=_counts(
                connection,
                select(Entry.line_number, func.count())
                .where(published, Entry.line_number.is_not(None))
                .group_by(Entry.line_number)
                .order_by(func.count().desc()),
            ),
            last_change=one(select(func.max(Change.sequence))) or 0,
        )


def _counts(connection: Connection, query: Select) -> dict[str, int]:
    return {str(name): count for name, count in connection.execute(query)}


def _by_level(connection: Connection) -> dict[str, int]:
    query = select(Region.level, func.count()).join(Entry, Entry.region_code == Region.code)
    found = _counts(connection, query.where(Entry.status == Status.PUBLISHED).group_by(Region.level))
    return {level: found[level] for level in Level if level in found}


def _by_district(connection: Connection) -> dict[str, int]:
    parents = {
        code: (name, level, parent)
        for code, name, level, parent in connection.execute(
            select(Region.code, Region.name, Region.level, Region.parent_code)
        )
    }
    totals = {name: 0 for name, level, _ in parents.values() if level == Level.DISTRICT}
    query = select(Entry.region_code, func.count()).where(Entry.status == Status.PUBLISHED)
    for region, count in connection.execute(query.group_by(Entry.region_code)):
        code = region
        while code and parents[code][1] not in (Level.DISTRICT, Level.CITY):
            code = parents[code][2]
        if code and parents[code][1] == Level.DISTRICT:
            totals[parents[code][0]] += count
    return totals
