"""Takes entries in from files of any origin: CSV, Excel and JSON lines, with Chinese or English column names.

Every row is published or refused with a reason. All or nothing, unless told otherwise.
"""

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from kb.drafts import EntryDraft, MatterDraft
from kb.errors import ImportFileError, RefusedError
from kb.exporting import SEPARATORS
from kb.knowledge import KnowledgeBase, Setting
from kb.models import Audience, Level
from kb.publishing import Outcome, Refusal
from kb.regions import Place, RegionTree, spoken_names

# Names under which a column is known, in the order in which they are looked for.
COLUMNS: dict[str, tuple[str, ...]] = {
    "question": ("问题", "标准问题", "标准问", "标题", "question", "title"),
    "answer": ("答案", "回答", "答复", "内容", "answer", "reply", "content"),
    "key": ("编号", "词条编号", "序号", "id", "key"),
    "variants": ("相似问", "相似问题", "相似问法", "variants", "similar_questions"),
    "matter": ("事项代码", "事项编码", "matter", "code"),
    "matter_name": ("事项名称", "事项", "matter_name"),
    "matter_aliases": ("事项别名", "matter_aliases", "aliases"),
    "aspect": ("环节", "要素", "aspect"),
    "matter_kind": ("诉求类型", "matter_kind", "kind"),
    "region": ("区域", "所属区域", "地区", "region", "district"),
    "region_path": ("区域路径", "region_path"),
    "organisation": ("承办单位", "部门", "单位", "organisation", "organization", "department"),
    "organisation_region": ("承办单位区域", "organisation_region"),
    "line": ("热线", "热线号码", "line"),
    "line_name": ("热线名称", "line_name"),
    "line_organisation": ("热线归属", "line_organisation"),
    "line_merged": ("归并年份", "line_merged"),
    "category": ("分类", "类别", "category"),
    "audience": ("适用对象", "对象", "audience"),
    "keywords": ("关键词", "keywords"),
    "valid_from": ("生效日期", "有效期起", "valid_from"),
    "valid_to": ("失效日期", "有效期止", "valid_to"),
    "source": ("来源", "依据", "source"),
    "spoken_answer": ("口播答案", "语音答案", "spoken_answer"),
    "law": ("法律", "law"),
    "article": ("条款", "article"),
}
_FIELDS = {name: column for column, names in COLUMNS.items() for name in names}
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
# What openpyxl raises for a file that is no workbook, or only half of one.
_BROKEN_SHEET = (BadZipFile, KeyError, ValueError, OSError, IndexError, SyntaxError, EOFError, zlib.error)
# A city of which nothing is known yet.
EVERYWHERE = Place("000000", "全市", Level.CITY, None)
# A cell larger than this is no answer but a broken quote that swallowed the rest of the file.
LARGEST_CELL = 1_000_000
csv.field_size_limit(LARGEST_CELL)


@dataclass(frozen=True)
class Row:
    """One row of a file: its place and its cells by column name of ours, or why it cannot be read."""

    line: int  #: as an editor counts: the heading of a table is line 1
    cells: dict[str, Any]
    fault: str | None = None


@dataclass
class Report:
    """What became of a file."""

    outcome: Outcome
    refused: list[tuple[int, str, str]]  #: (line, question, reason)
    ignored_columns: tuple[str, ...]  #: columns whose name means nothing to us
    rows: int


@dataclass
class _File:
    rows: list[Row] = field(default_factory=list)
    ignored: tuple[str, ...] = ()


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
    drafts, refused = _drafts(table.rows, regions)
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
    outcome: Outcome, drafts: list[tuple[int, EntryDraft]], refused: list[tuple[int, str, str]], table: _File
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
        places |= {place.code: place for place in _path(_text(row.cells.get("region_path")))}
        code, number = _text(row.cells.get("matter")), _text(row.cells.get("line"))
        if code and code not in matters and row.cells.get("matter_name"):
            matters[code] = _matter(code, row.cells, known.get(code))
        if number and number not in lines and row.cells.get("line_organisation"):
            parts = (_text(row.cells.get(name)) for name in ("line_name", "line_organisation", "line_merged"))
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
    kind, aliases = _text(cells.get("matter_kind")), _list(cells.get("matter_aliases"))
    return MatterDraft(
        code,
        _text(cells.get("matter_name")),
        kind or (old.kind if old else "咨询"),
        aliases or (old.aliases if old else ()),
    )


# --- rows into drafts --------------------------------------------------------------------------------------------


def _drafts(rows: list[Row], regions: RegionTree) -> tuple[list[tuple[int, EntryDraft]], list[tuple[int, str, str]]]:
    drafts, refused = [], []
    for row in rows:
        if row.fault:
            refused.append((row.line, _text(row.cells.get("question")), row.fault))
            continue
        try:
            drafts.append((row.line, _draft(row.cells, regions)))
        except ValueError as error:
            refused.append((row.line, _text(row.cells.get("question")), str(error)))
    return drafts, refused


def _draft(cells: dict[str, Any], regions: RegionTree) -> EntryDraft:
    organisation = _text(cells.get("organisation"))
    law = " ".join(filter(None, (_text(cells.get("law")), _text(cells.get("article")))))
    return EntryDraft(
        question=_text(cells.get("question")),
        answer=_text(cells.get("answer")),
        region=_region(_text(cells.get("region")), regions),
        key=_text(cells.get("key")) or None,
        matter=_text(cells.get("matter")) or None,
        aspect=_text(cells.get("aspect")) or None,
        variants=_list(cells.get("variants")),
        spoken_answer=_text(cells.get("spoken_answer")) or None,
        organisation=(organisation, _region(_text(cells.get("organisation_region")), regions))
        if organisation
        else None,
        line=_text(cells.get("line")) or None,
        category=_category(cells.get("category")),
        audience=_audience(_text(cells.get("audience"))),
        keywords=_list(cells.get("keywords")),
        valid_from=_date(cells.get("valid_from"), "生效日期"),
        valid_to=_date(cells.get("valid_to"), "失效日期"),
        source=_text(cells.get("source")) or law,
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel hands every number over as a float
    return str(value).strip()


def _list(value: object) -> tuple[str, ...]:
    if isinstance(value, str) and value.startswith('["'):
        value = _json_list(value)
    parts = value if isinstance(value, list | tuple) else SEPARATORS.split(_text(value))
    return tuple(dict.fromkeys(filter(None, (_text(part) for part in parts))))


def _json_list(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _category(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list | tuple) else re.split(r"[/／>]+", _text(value))
    return tuple(filter(None, (_text(part) for part in parts)))


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
    text = re.sub(r"[年月/.]", "-", _text(value)).removesuffix("日")
    if not text:
        return None
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"{label}“{_text(value)}”不是有效日期，应写成2026-01-31") from None


# --- files into rows ---------------------------------------------------------------------------------------------


def read(file: Path) -> _File:
    """Rows of a file by its ending: .csv .xlsx .jsonl, the text ones also with .gz. :class:`ImportFileError`."""
    name = file.name.lower()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ImportFileError(f"无法打开{file}，请检查路径和权限。") from error
    if not data:
        raise ImportFileError(f"{file.name}是空文件。")
    if name.endswith(".gz"):
        data, name = _unzip(data, file), name.removesuffix(".gz")
    if name.endswith((".jsonl", ".ndjson")):
        return _read_jsonl(_decode(data, file))
    if name.endswith(".csv"):
        return _read_csv(_decode(data, file), file)
    if name.endswith(".xlsx"):
        return _read_xlsx(data, file)
    raise ImportFileError(f"不认识{file.name}的格式，支持 .csv、.xlsx、.jsonl，以及 .csv.gz、.jsonl.gz。")


def _unzip(data: bytes, file: Path) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(f"{file.name}不是完整的gzip文件，请重新获取。") from error


def _decode(data: bytes, file: Path) -> str:
    encodings = ["utf-8-sig", "gb18030"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _garbled(data, text, encoding):
            return text
    raise ImportFileError(f"{file.name}的编码无法识别，请另存为UTF-8后再导入。")


def _garbled(data: bytes, text: str, encoding: str) -> bool:
    # GB18030 accepts nearly any bytes: damaged UTF-8 and UTF-16 without its mark must not come in as nonsense.
    if "\0" in text:
        return True
    if encoding != "gb18030":
        return False
    as_utf8 = data.decode("utf-8", "replace")
    foreign = sum(c > "\x7f" for c in as_utf8)
    return as_utf8.count("\ufffd") < foreign / 2


def _read_jsonl(text: str) -> _File:
    table, unknown = _File(), {}
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError):
            table.rows.append(Row(line, {}, "不是完整的JSON"))
            continue
        if not isinstance(row, dict):
            table.rows.append(Row(line, {}, "应为一个JSON对象"))
            continue
        unknown |= dict.fromkeys(name for name in row if name.strip().lower() not in _FIELDS)
        table.rows.append(Row(line, _known(row)))
    table.ignored = tuple(unknown)
    return table


def _read_csv(text: str, file: Path) -> _File:
    reader = csv.reader(io.StringIO(text), strict=True)
    table = _File()
    try:
        heading = next(reader)
    except (StopIteration, csv.Error) as error:
        raise ImportFileError(f"{file.name}的第一行应为列名。") from error
    table.ignored = _check_heading(heading, file)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return table
        except csv.Error:
            table.rows.append(
                Row(line, {}, f"这一行不完整：引号没有成对（第{line}行到第{reader.line_num}行），可能文件只写了一半")
            )
            continue
        if cells:
            table.rows.append(_table_row(line, heading, cells))


def _read_xlsx(data: bytes, file: Path) -> _File:
    from openpyxl import load_workbook

    try:
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    except _BROKEN_SHEET as error:
        raise ImportFileError(f"{file.name}不是完整的Excel文件，请用Excel打开并另存后再导入。") from error
    if not rows:
        raise ImportFileError(f"{file.name}的第一张表是空的。")
    heading = [_text(cell) for cell in rows[0]]
    table = _File(ignored=_check_heading(heading, file))
    for line, cells in enumerate(rows[1:], 2):
        if any(cell is not None for cell in cells):
            # A sheet has as many columns as its widest row: cells that nobody filled are no fault.
            cells = (list(cells) + [None] * len(heading))[: max(len(heading), _used(cells))]
            table.rows.append(_table_row(line, heading, cells))
    return table


def _used(cells: list[Any]) -> int:
    return max(index for index, cell in enumerate(cells, 1) if cell is not None)


def _table_row(line: int, heading: list[str], cells: list[Any]) -> Row:
    if len(cells) != len(heading):
        return Row(line, {}, f"有{len(cells)}列，应为{len(heading)}列")
    return Row(line, _known(dict(zip(heading, cells, strict=True))))


def _check_heading(heading: list[str], file: Path) -> tuple[str, ...]:
    known = {_FIELDS.get(name.strip().lower()) for name in heading}
    if not {"question", "answer"} <= known:
        raise ImportFileError(f"{file.name}的第一行没有“问题”和“答案”两列，请补上列名。")
    return tuple(name for name in heading if name.strip() and name.strip().lower() not in _FIELDS)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in row.items():
        column = _FIELDS.get(str(name).strip().lower())
        if column and cells.get(column) in (None, ""):
            cells[column] = value
    return cells
