"""Writes all published entries to a file that :mod:`kb.importing` takes in again; the same entries, the same bytes."""

import csv
import gzip
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from kb.drafts import EntryDraft, PublishedEntry
from kb.errors import KnowledgeError
from kb.files import write_whole
from kb.knowledge import KnowledgeBase
from kb.models import Audience
from kb.regions import RegionTree

HEADINGS = {
    "key": "编号",
    "question": "问题",
    "variants": "相似问",
    "answer": "答案",
    "spoken_answer": "口播答案",
    "matter": "事项代码",
    "matter_name": "事项名称",
    "matter_aliases": "事项别名",
    "aspect": "环节",
    "matter_kind": "诉求类型",
    "region": "区域",
    "region_path": "区域路径",
    "organisation": "承办单位",
    "organisation_region": "承办单位区域",
    "line": "热线",
    "line_name": "热线名称",
    "line_organisation": "热线归属",
    "line_merged": "归并年份",
    "category": "分类",
    "audience": "适用对象",
    "keywords": "关键词",
    "valid_from": "生效日期",
    "valid_to": "失效日期",
    "source": "来源",
}
# What separates the parts of one cell when a file is taken in.
SEPARATORS = re.compile(r"[|｜;；\n]+")
_AUDIENCES = {Audience.PERSON: "个人", Audience.ENTERPRISE: "企业", Audience.BOTH: "不限"}
# Excel cuts off what is longer.
LONGEST_SHEET_CELL = 32_767
# Zip and Excel files carry dates; a fixed one keeps the bytes the same.
_SOME_DAY = datetime(2000, 1, 1)


def export_file(knowledge: KnowledgeBase, file: Path, note: Callable[[int], None] = lambda done: None) -> int:
    """Write all published entries in the order of their ids, by the file's ending; return how many."""
    writers = {".csv": _write_csv, ".jsonl": _write_jsonl, ".jsonl.gz": _write_gzip, ".xlsx": _write_xlsx}
    writer = next((w for ending, w in writers.items() if file.name.lower().endswith(ending)), None)
    if writer is None:
        raise KnowledgeError(f"不认识{file.name}的格式，支持 .csv、.xlsx、.jsonl、.jsonl.gz。")
    if not file.parent.is_dir() or file.is_dir():
        raise KnowledgeError(f"无法写入{file}，请检查路径、权限和磁盘空间。")
    count = 0
    regions, matters, lines = knowledge.regions, knowledge.matters(), knowledge.lines()

    def rows() -> Iterator[dict[str, str | list[str]]]:
        nonlocal count
        for entry in knowledge.published():
            count += 1
            note(1)
            yield _row(entry) | _setting(entry.draft, regions, matters, lines)

    try:
        write_whole(file, lambda temporary: writer(temporary, rows()))
    except OSError as error:
        raise KnowledgeError(f"无法写入{file}，请检查路径、权限和磁盘空间。") from error
    return count


def _row(entry: PublishedEntry) -> dict[str, str | list[str]]:
    draft = entry.draft
    return {
        "key": draft.key or "",
        "question": draft.question,
        "variants": list(draft.variants),
        "answer": draft.answer,
        "spoken_answer": draft.spoken_answer or "",
        "matter": draft.matter or "",
        "matter_name": entry.matter_name or "",
        "matter_aliases": list(entry.matter_aliases),
        "aspect": draft.aspect or "",
        "region": draft.region,
        "organisation": draft.organisation[0] if draft.organisation else "",
        "line": draft.line or "",
        "category": "/".join(draft.category),
        "audience": _AUDIENCES[draft.audience],
        "keywords": list(draft.keywords),
        "valid_from": draft.valid_from.isoformat() if draft.valid_from else "",
        "valid_to": draft.valid_to.isoformat() if draft.valid_to else "",
        "source": draft.source,
    }


def _setting(draft: EntryDraft, regions: RegionTree, matters: dict, lines: dict) -> dict[str, str]:
    # What an empty knowledge base does not know yet, so that the file can be taken in there.
    matter, line = matters.get(draft.matter), lines.get(draft.line, ("", "", ""))
    return {
        "matter_kind": matter.kind if matter else "",
        "region_path": "/".join(f"{place.code} {place.name}" for place in regions.path(draft.region)),
        "organisation_region": draft.organisation[1] if draft.organisation else "",
        "line_name": line[0],
        "line_organisation": line[1],
        "line_merged": line[2],
    }


def _flat(row: dict) -> list[str]:
    return [_cell(row[column]) for column in HEADINGS]


def _cell(value: str | list[str]) -> str:
    if not isinstance(value, list):
        return value
    # Where a part holds what separates parts, JSON keeps them apart.
    return json.dumps(value, ensure_ascii=False) if SEPARATORS.search("".join(value)) else "|".join(value)


def _write_csv(file: Path, rows: Iterator[dict]) -> None:
    # With a byte order mark, or Excel takes UTF-8 for something else.
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(HEADINGS.values())
        writer.writerows(_flat(row) for row in rows)


def _lines(rows: Iterator[dict]) -> Iterator[str]:
    for row in rows:
        yield json.dumps({name: value for name, value in row.items() if value}, ensure_ascii=False) + "\n"


def _write_jsonl(file: Path, rows: Iterator[dict]) -> None:
    with file.open("w", encoding="utf-8") as target:
        target.writelines(_lines(rows))


def _write_gzip(file: Path, rows: Iterator[dict]) -> None:
    with file.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as target:
        for line in _lines(rows):
            target.write(line.encode())


def _write_xlsx(file: Path, rows: Iterator[dict]) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = _SOME_DAY
    sheet = book.create_sheet("知识库")
    sheet.append(list(HEADINGS.values()))
    try:
        for row in rows:
            sheet.append([_sheet_cell(sheet, text) for text in _flat(row)])
    except BaseException:
        sheet.close()
        raise
    loose = file.with_suffix(".loose")
    try:
        book.save(loose)
        _with_fixed_dates(loose, file)
    finally:
        loose.unlink(missing_ok=True)


def _sheet_cell(sheet: object, text: str) -> object:
    from openpyxl.cell import WriteOnlyCell

    if len(text) > LONGEST_SHEET_CELL:
        raise KnowledgeError(
            f"有一格超过Excel的上限{LONGEST_SHEET_CELL:,}字（{text[:20]}…），请改用 .csv 或 .jsonl 导出。"
        )

    if not text.startswith("="):
        return text
    # Otherwise Excel would take an answer for a formula.
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    return cell


def _with_fixed_dates(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            info = zipfile.ZipInfo(name, _SOME_DAY.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            data = old.read(name)
            if name == "docProps/core.xml":
                data = _fixed_core(data)
            new.writestr(info, data)


def _fixed_core(data: bytes) -> bytes:
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", data)
