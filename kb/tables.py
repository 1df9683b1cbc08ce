"""Reads files of any origin as rows: CSV, Excel and JSON lines, with Chinese or English column names."""

import csv
import gzip
import io
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from kb.errors import ImportFileError

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
# What openpyxl raises for a file that is no workbook, or only half of one.
_BROKEN_SHEET = (BadZipFile, KeyError, ValueError, OSError, IndexError, SyntaxError, EOFError, zlib.error)
_SHEET_ERRORS = ("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!")
# Columns of a sheet that are read; ours are 26.
MOST_COLUMNS = 200
# Columns that may hold several texts.
_LISTS = {"variants", "matter_aliases", "keywords", "category"}
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
class Table:
    """All rows of a file."""

    rows: list[Row] = field(default_factory=list)
    ignored: tuple[str, ...] = ()  #: columns whose name means nothing to us


def cell_text(value: object) -> str:
    """A cell as text; empty for None."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel hands every number over as a float
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return str(value).strip().strip("\ufeff")


def read(file: Path) -> Table:
    """Rows of a file by its ending: .csv .xlsx .jsonl, the text ones also with .gz. :class:`ImportFileError`."""
    name = file.name.lower()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ImportFileError(f"无法打开{file}，请检查路径和权限。") from error
    if not data:
        raise ImportFileError(f"{file.name}是空文件。")
    if data.startswith(b"PK\x03\x04") and not name.endswith(".xlsx"):
        raise ImportFileError(f"{file.name}其实是Excel文件，请把扩展名改为.xlsx后再导入。")
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
    hanzi = [c for c in text if "\u3400" <= c <= "\u9fff"]
    common = len("".join(hanzi).encode("gb2312", "ignore")) // 2
    # Big5 and Shift-JIS come out as private or as rare characters.
    if any("\ue000" <= c <= "\uf8ff" for c in text) or common < len(hanzi) / 2:
        return True
    as_utf8 = data.decode("utf-8", "replace")
    foreign = sum(c > "\x7f" for c in as_utf8)
    return as_utf8.count("\ufffd") < foreign / 2


def _read_jsonl(text: str) -> Table:
    table, unknown = Table(), {}
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
        table.rows.append(_row(line, _known(row)))
    table.ignored = tuple(unknown)
    return table


def _read_csv(text: str, file: Path) -> Table:
    reader = csv.reader(io.StringIO(text), strict=True)
    table = Table()
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
        except csv.Error as error:
            table.rows.append(Row(line, {}, _csv_fault(str(error), line, reader.line_num)))
            continue
        if cells:
            table.rows.append(_table_row(line, heading, cells))


def _csv_fault(error: str, first: int, last: int) -> str:
    where = f"（第{first}行到第{last}行）"
    if "field limit" in error:
        return f"有一格超过{LARGEST_CELL:,}字{where}，答案最多8,000字，或者引号没有成对"
    if "expected after" in error:
        return f"引号后面有多余的字{where}，格里的引号要写两个"
    return f"这一行不完整：引号没有成对{where}，可能文件只写了一半"


def _read_xlsx(data: bytes, file: Path) -> Table:
    from openpyxl import load_workbook

    try:
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        # A single cell in the far corner makes a sheet of 17 thousand million cells: empty rows are let go at once.
        numbered = enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), 1)
        rows = [(line, _trimmed(cells)) for line, cells in numbered if any(cell is not None for cell in cells)]
    except _BROKEN_SHEET as error:
        raise ImportFileError(f"{file.name}不是完整的Excel文件，请用Excel打开并另存后再导入。") from error
    if not rows:
        raise ImportFileError(f"{file.name}的第一张表是空的。")
    heading = [cell_text(cell) for cell in rows[0][1]]
    table = Table(ignored=_check_heading(heading, file))
    for line, cells in rows[1:]:
        wrong = next((cell for cell in cells if cell in _SHEET_ERRORS), None)
        if wrong:
            table.rows.append(Row(line, {}, f"有单元格是错误值{wrong}，请在Excel里改正后再导入"))
            continue
        # Cells at the end of a row that nobody filled are no fault.
        table.rows.append(_table_row(line, heading, cells + [None] * (len(heading) - len(cells))))
    return table


def _trimmed(cells: Sequence[Any]) -> list[Any]:
    used = max(index for index, cell in enumerate(cells, 1) if cell is not None)
    return list(cells[:used])


def _table_row(line: int, heading: list[str], cells: list[Any]) -> Row:
    if len(cells) != len(heading):
        return Row(line, {}, f"有{len(cells)}列，应为{len(heading)}列")
    return _row(line, _known(dict(zip(heading, cells, strict=True))))


def _row(line: int, cells: dict[str, Any]) -> Row:
    for column, value in cells.items():
        parts = value if column in _LISTS and isinstance(value, list) else [value]
        if not all(_is_text(part) for part in parts):
            return Row(line, {}, f"“{COLUMNS[column][0]}”应为文字或数字")
    return Row(line, cells)


def _is_text(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return value is None or (isinstance(value, str | int | date) and not isinstance(value, bool))


def _check_heading(heading: list[str], file: Path) -> tuple[str, ...]:
    known = [column for name in heading if (column := _FIELDS.get(_plain_name(name)))]
    if missing := [COLUMNS[column][0] for column in ("question", "answer") if column not in known]:
        raise ImportFileError(
            f"{file.name}的第一行没有“{'”和“'.join(missing)}”列，请补上列名；CSV的各列要用英文逗号隔开。"
        )
    if twice := [COLUMNS[column][0] for column, count in Counter(known).items() if count > 1]:
        raise ImportFileError(f"{file.name}的第一行有几列都是“{twice[0]}”，请只留一列。")
    return tuple(name for name in heading if name.strip() and _plain_name(name) not in _FIELDS)


def _plain_name(name: str) -> str:
    return name.strip().strip("\ufeff").lower()


def _known(row: dict[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in row.items():
        column = _FIELDS.get(_plain_name(str(name)))
        if column and cells.get(column) in (None, ""):
            cells[column] = value
    return cells
