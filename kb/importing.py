"""Takes entries in from files of any origin: CSV, Excel and JSON lines, with Chinese or English column names.

Every row is published or refused with a reason. All or nothing, unless told otherwise.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kb.drafts import EntryDraft, MatterDraft
from kb.errors import ImportFileError, RefusedError
from kb.exporting import SEPARATORS
from kb.knowledge import KnowledgeBase, Setting
from kb.models import Audience, Level
from kb.publishing import Outcome, Refusal
from kb.regions import Place, RegionTree, spoken_names
from kb.tables import Row, Table, cell_text, read

_AUDIENCES = {
    "": Audience.BOTH,
    "不限": Audience.BOTH,
    "全部": Audience.BOTH,
    "both": Audience.BOTH,
    "个人": Audience.PERSON,
    "自然人": Audience.PERSON,
    "person": Audience.PERSON,
    "企业": Audience.ENTERPRISE,
    "法人": Audience.ENTERPRISE,
    "enterprise": Audience.ENTERPRISE,
}
# A city of which nothing is known yet.
EVERYWHERE = Place("000000", "全市", Level.CITY, None)


@dataclass
class Report:
    """What became of a file."""

    outcome: Outcome
    refused: list[tuple[int, str, str]]  #: (line, question, reason)
    ignored_columns: tuple[str, ...]  #: columns whose name means nothing to us
    rows: int


def import_file(
    knowledge: KnowledgeBase,
    file: Path,
    *,
    author: str = "导入",
    all_or_nothing: bool = True,
    note: Callable[[int], None] = lambda done: None,
) -> Report:
    """Publish the rows of a file.

    :class:`ImportFileError` if it cannot be read as rows at all. With ``all_or_nothing``, :class:`RefusedError` with a
    :class:`Report` as its ``outcome`` if any row is refused, and nothing is changed.
    """
    table = read(file)
    if not table.rows:
        raise ImportFileError(f"{file.name}里没有数据行，请检查文件内容。")
    setting = _setting(knowledge, table.rows)
    regions = RegionTree([*setting.places, *knowledge.regions.places()])
    keys = [key for row in table.rows if (key := cell_text(row.cells.get("key")))]
    drafts, refused = _drafts(table.rows, regions, knowledge.drafts(keys))
    # With a bad row among them, the others are only checked: the editor wants to hear of every bad row at once.
    stopped = bool(refused) and all_or_nothing
    try:
        outcome = knowledge.publish(
            (draft for _, draft in drafts),
            author=author,
            all_or_nothing=all_or_nothing,
            note=note,
            setting=setting,
            only_check=stopped,
        )
    except RefusedError as error:
        raise _refused(_report(error.outcome, drafts, refused, table)) from error
    report = _report(outcome, drafts, refused, table)
    if stopped:
        raise _refused(report)
    return report


def _refused(report: Report) -> RefusedError:
    return RefusedError(
        f"共{report.rows}行，有{len(report.refused)}行未通过检查，知识库没有改动。请按报告修改后重新导入，"
        "或者加 --skip-refused 只导入合格的行。",
        report,
    )


def _report(
    outcome: Outcome, drafts: list[tuple[int, EntryDraft]], refused: list[tuple[int, str, str]], table: Table
) -> Report:
    lines = [line for line, _ in drafts]
    late = [(lines[r.position], r.question, r.reason) for r in outcome.refused if isinstance(r, Refusal)]
    return Report(outcome, sorted(refused + late), table.ignored, len(table.rows))


def _setting(knowledge: KnowledgeBase, rows: list[Row]) -> Setting:
    known = knowledge.matters()
    places: dict[str, Place] = {}
    matters: dict[str, MatterDraft] = {}
    lines: dict[str, tuple[str, str, str, str]] = {}
    for row in rows:
        if row.fault:
            continue
        places |= {place.code: place for place in _path(cell_text(row.cells.get("region_path")))}
        code, number = cell_text(row.cells.get("matter")), cell_text(row.cells.get("line"))
        if code and code not in matters and row.cells.get("matter_name"):
            matters[code] = _matter(code, row.cells, known.get(code))
        if number and number not in lines and row.cells.get("line_organisation"):
            parts = (cell_text(row.cells.get(name)) for name in ("line_name", "line_organisation", "line_merged"))
            lines[number] = (number, *parts)
    return Setting(_grounded(knowledge.regions, places), tuple(matters.values()), tuple(lines.values()))


def _grounded(regions: RegionTree, places: dict[str, Place]) -> tuple[Place, ...]:
    # One knowledge base holds one city: places of another one are not taken in, and their rows are refused.
    city = regions.city or next((place for place in places.values() if place.level is Level.CITY), EVERYWHERE)
    kept: dict[str, Place] = {} if regions.city else {city.code: city}
    for place in sorted(places.values(), key=lambda p: list(Level).index(p.level)):
        if place.parent and place.code not in regions and (place.parent in kept or place.parent in regions):
            kept[place.code] = place
    return tuple(kept.values())


def _path(text: str) -> list[Place]:
    places: list[Place] = []
    for level, part in zip(Level, text.split("/"), strict=False):
        code, _, name = part.partition(" ")
        if not code or not name:
            break
        places.append(Place(code, name, level, places[-1].code if places else None))
    return places


def _matter(code: str, cells: dict[str, Any], old: MatterDraft | None) -> MatterDraft:
    # A file that only names a matter must not wipe what is known of it.
    kind, aliases = cell_text(cells.get("matter_kind")), _list(cells.get("matter_aliases"))
    return MatterDraft(
        code,
        cell_text(cells.get("matter_name")),
        kind or (old.kind if old else "咨询"),
        aliases or (old.aliases if old else ()),
    )


# --- rows into drafts --------------------------------------------------------------------------------------------


def _drafts(
    rows: list[Row], regions: RegionTree, known: dict[str, EntryDraft]
) -> tuple[list[tuple[int, EntryDraft]], list[tuple[int, str, str]]]:
    drafts, refused = [], []
    for row in rows:
        if row.fault:
            refused.append((row.line, cell_text(row.cells.get("question")), row.fault))
            continue
        try:
            draft = _draft(row.cells, regions)
            drafts.append((row.line, _completed(draft, row.cells, known.get(draft.key))))
        except ValueError as error:
            refused.append((row.line, cell_text(row.cells.get("question")), str(error)))
    return drafts, refused


def _completed(draft: EntryDraft, cells: dict[str, Any], old: EntryDraft | None) -> EntryDraft:
    # A file without a column says nothing about it: what is known stays. An empty cell clears it.
    if old is None:
        return draft
    names = {field.name for field in fields(EntryDraft)} - cells.keys()
    if {"law", "article"} & cells.keys():
        names.discard("source")
    return replace(draft, **{name: getattr(old, name) for name in names})


def _draft(cells: dict[str, Any], regions: RegionTree) -> EntryDraft:
    organisation = cell_text(cells.get("organisation"))
    law = " ".join(filter(None, (cell_text(cells.get("law")), cell_text(cells.get("article")))))
    return EntryDraft(
        question=cell_text(cells.get("question")),
        answer=cell_text(cells.get("answer")),
        region=_region(cell_text(cells.get("region")), regions),
        key=cell_text(cells.get("key")) or None,
        matter=cell_text(cells.get("matter")) or None,
        aspect=cell_text(cells.get("aspect")) or None,
        variants=_list(cells.get("variants")),
        spoken_answer=cell_text(cells.get("spoken_answer")) or None,
        organisation=(organisation, _region(cell_text(cells.get("organisation_region")), regions))
        if organisation
        else None,
        line=cell_text(cells.get("line")) or None,
        category=_category(cells.get("category")),
        audience=_audience(cell_text(cells.get("audience"))),
        keywords=_list(cells.get("keywords")),
        valid_from=_date(cells.get("valid_from"), "生效日期"),
        valid_to=_date(cells.get("valid_to"), "失效日期"),
        source=cell_text(cells.get("source")) or law,
    )


def _list(value: object) -> tuple[str, ...]:
    if isinstance(value, str) and value.startswith('["'):
        value = _json_list(value)
    parts = value if isinstance(value, list | tuple) else SEPARATORS.split(cell_text(value))
    return tuple(dict.fromkeys(filter(None, (cell_text(part) for part in parts))))


def _json_list(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _category(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else re.split(r"[/／>]+", cell_text(value))
    return tuple(filter(None, (cell_text(part) for part in parts)))


def _region(text: str, regions: RegionTree) -> str:
    city = regions.city
    if not text or text == city.name:
        return city.code
    name = text.removeprefix(city.name)
    place = regions.resolve(name)
    # Only the whole text may be a name: 火星和平区 names a place inside a place that does not exist.
    if place is None or name not in (place.code, regions.full_name(place.code), *spoken_names(place)):
        raise ValueError(f"区域“{text}”不存在或有重名，请填写区域代码或完整名称")
    return place.code


def _audience(text: str) -> Audience:
    try:
        return _AUDIENCES[text.lower()]
    except KeyError:
        raise ValueError(f"适用对象“{text}”无法识别，应为个人、企业或不限") from None


def _date(value: object, label: str) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = re.sub(r"[年月/.]", "-", cell_text(value)).removesuffix("日")
    if not text:
        return None
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{label}“{cell_text(value)}”不是有效日期，应写成2026-01-31") from None
