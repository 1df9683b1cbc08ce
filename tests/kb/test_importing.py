import gzip
import json
import signal
import subprocess
import sys

import pytest
from openpyxl import Workbook

from hotline.settings import Settings
from hotline.wiring import open_knowledge
from kb.drafts import MatterDraft
from kb.errors import ImportFileError, RefusedError
from kb.importing import import_file

CSV = "编号,问题,答案,相似问,区域,生效日期\nA1,社保卡丢了怎么办？,先挂失。,卡没了咋整|卡弄丢了,铁西区,2026年1月31日\n"


def write(folder, name, text, encoding="utf-8"):
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file


def refused(knowledge, file):
    with pytest.raises(RefusedError) as error:
        import_file(knowledge, file)
    assert knowledge.count_published() == 0
    return error.value.outcome.refused


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_of_any_usual_encoding_comes_in(knowledge, tmp_path, encoding):
    import_file(knowledge, write(tmp_path, "a.csv", CSV, encoding))
    (entry,) = knowledge.published()
    assert entry.draft.variants == ("卡没了咋整", "卡弄丢了")
    assert (entry.draft.region, str(entry.draft.valid_from)) == ("210105", "2026-01-31")


def test_jsonl_with_english_names_comes_in_and_unknown_columns_are_told(knowledge, tmp_path):
    row = {"id": "x", "question": "怎么退休？", "answer": "到期申请。", "law": "劳动法", "article": "第一条", "mood": 1}
    report = import_file(knowledge, write(tmp_path, "a.jsonl", json.dumps(row)))
    assert report.ignored_columns == ("mood",)
    (entry,) = knowledge.published()
    assert entry.draft.source == "劳动法 第一条"


def test_excel_comes_in_with_its_numbers_and_dates(knowledge, tmp_path):
    from datetime import datetime

    book = Workbook()
    book.active.append(["编号", "标准问题", "答案", "失效日期", "热线"])
    book.active.append([7, "怎么退休？", "到期申请。", datetime(2027, 3, 1), 12333])
    book.save(tmp_path / "a.xlsx")
    import_file(knowledge, tmp_path / "a.xlsx")
    (entry,) = knowledge.published()
    assert (entry.draft.key, entry.draft.line, str(entry.draft.valid_to)) == ("7", "12333", "2027-03-01")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A2,,先挂失。,,,", "问题为空"),
        ("A2,怎么退休？,,,,", "答案为空"),
        ("A2,怎么退休？,到期申请。,,火星区,", "火星区"),
        ("A2,怎么退休？,到期申请。,,,2026年13月1日", "不是有效日期"),
        ("A2,怎么退休？,到期申请。", "应为6列"),
        ("A2,怎么退休？,到期申请。,,,,,", "应为6列"),
        ('A2,怎么退休？,"到期申', "引号没有成对"),
        ("A2,社保卡丢了怎么办,再挂失。,,铁西区,", "问题相同"),
        ("A1,怎么退休？,到期申请。,,,", "重复"),
        ("A2,怎么退\ufffd休？,到期申请。,,,", "乱码"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_reason_and_keeps_all_out(knowledge, tmp_path, row, reason):
    ((line, _, told),) = refused(knowledge, write(tmp_path, "a.csv", CSV + row))
    assert line == 3
    assert reason in told


def test_every_bad_row_is_told_at_once(knowledge, tmp_path):
    rows = CSV + "A2,,空,,,\nA3,怎么退休？,到期。,,火星,\nA4,社保卡丢了怎么办,再挂失。,,铁西区,\n"
    assert [line for line, _, _ in refused(knowledge, write(tmp_path, "a.csv", rows))] == [3, 4, 5]


def test_good_rows_come_in_alone_when_asked(knowledge, tmp_path):
    report = import_file(knowledge, write(tmp_path, "a.csv", CSV + "A2,,空,,,\n"), all_or_nothing=False)
    assert (report.outcome.published, len(report.refused)) == (1, 1)


@pytest.mark.parametrize("line", ["{", "[1]", '"x"', '{"question": "半行'])
def test_a_line_that_is_no_object_is_refused(knowledge, tmp_path, line):
    good = json.dumps({"question": "怎么退休？", "answer": "到期申请。"})
    ((number, _, _),) = refused(knowledge, write(tmp_path, "a.jsonl", f"{good}\n{line}\n"))
    assert number == 2


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b""),
        ("a.csv", b"\xff\xd8\xff\xe0\x00\x10JFIF\xff\xff"),
        ("a.csv", "姓名,年龄\n张,3\n".encode()),
        ("a.csv", "问题,答案\n".encode()),
        ("a.xlsx", b"PK\x03\x04broken"),
        ("a.jsonl.gz", gzip.compress(b"x" * 1000)[:-9]),
        ("a.doc", b"x"),
    ],
)
def test_what_is_no_table_is_refused_whole(knowledge, tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportFileError):
        import_file(knowledge, tmp_path / name)
    assert knowledge.count_published() == 0


def test_a_missing_file_is_named(knowledge, tmp_path):
    with pytest.raises(ImportFileError, match="nowhere"):
        import_file(knowledge, tmp_path / "nowhere.csv")


def test_an_empty_knowledge_base_takes_any_file(empty, tmp_path):
    import_file(empty, write(tmp_path, "a.csv", "问题,答案\n怎么退休？,到期申请。\n"))
    (entry,) = empty.published()
    assert empty.regions.city.name == "全市"
    assert entry.draft.region == empty.regions.city.code


def test_the_same_file_again_changes_nothing(knowledge, tmp_path):
    file = write(tmp_path, "a.csv", CSV)
    import_file(knowledge, file)
    assert import_file(knowledge, file).outcome.unchanged == 1


IMPORT = """
import sys
from pathlib import Path
from hotline.settings import Settings
from hotline.wiring import open_knowledge
from kb.importing import import_file
knowledge = open_knowledge(Settings(data=Path(sys.argv[1])))
import_file(knowledge, Path(sys.argv[2]), note=lambda done: print(done, flush=True))
"""


@pytest.mark.parametrize("batches", [1, 8, 20])
def test_a_killed_import_leaves_the_knowledge_base_as_it_was(tmp_path, batches):
    rows = ({"id": f"k{n}", "question": f"第{n}个问题？", "answer": "答案。" * 20} for n in range(20_000))
    file = write(tmp_path, "many.jsonl", "\n".join(json.dumps(row) for row in rows))
    settings = Settings(data=tmp_path / "data")
    open_knowledge(settings)
    command = [sys.executable, "-c", IMPORT, str(settings.data), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        # Killed after real progress, not after a time: it is in the middle on slow and fast machines alike.
        for _ in range(batches):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    knowledge = open_knowledge(settings)
    # After the last batch only the commit is left, which may have happened: then all of it is there.
    expected = (0,) if batches < 20 else (0, 20_000)
    assert knowledge.count_published() in expected
    assert knowledge.last_sequence() == knowledge.count_published()
    assert (knowledge.regions.city is None) == (knowledge.count_published() == 0)
    import_file(knowledge, file)
    assert knowledge.count_published() == 20_000


def test_a_refused_file_leaves_matters_and_the_city_as_they_were(empty, tmp_path):
    refused(empty, write(tmp_path, "a.csv", "问题,答案,事项代码,事项名称\n问？,答。,C-1,补卡\n问二？,,C-2,换卡\n"))
    assert empty.regions.city is None
    assert empty.matters() == {}


def test_a_file_that_only_names_a_matter_keeps_its_kind_and_aliases(knowledge, tmp_path):
    knowledge.add_matters([MatterDraft("C-1", "旧名", "投诉", ("别名",))])
    import_file(knowledge, write(tmp_path, "a.csv", "问题,答案,事项代码,事项名称\n问？,答。,C-1,新名\n"))
    assert knowledge.matters()["C-1"] == MatterDraft("C-1", "新名", "投诉", ("别名",))


def test_a_place_inside_a_place_that_does_not_exist_is_refused(knowledge, tmp_path):
    ((_, _, reason),) = refused(knowledge, write(tmp_path, "a.csv", "问题,答案,区域\n问？,答。,火星铁西\n"))
    assert "火星铁西" in reason


def test_places_of_another_city_are_refused(knowledge, tmp_path):
    rows = "问题,答案,区域,区域路径\n问？,答。,220100,220100 别的市\n"
    ((_, _, reason),) = refused(knowledge, write(tmp_path, "a.csv", rows))
    assert "220100" in reason


@pytest.mark.parametrize(
    "data",
    [
        # One damaged byte in UTF-8 still reads as GB18030, as nonsense; UTF-16 without its mark reads as zeros.
        CSV.encode().replace("丢".encode(), b"\xe4\xb8", 1),
        CSV.encode("utf-16-le"),
    ],
)
def test_text_in_a_wrong_encoding_is_refused_whole(knowledge, tmp_path, data):
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(ImportFileError, match="编码"):
        import_file(knowledge, tmp_path / "a.csv")
    assert knowledge.count_published() == 0


def test_half_a_character_is_refused_with_its_line(knowledge, tmp_path):
    ((line, _, reason),) = refused(
        knowledge, write(tmp_path, "a.jsonl", '{"question": "问\\ud83d", "answer": "答。"}\n')
    )
    assert (line, "控制字符" in reason) == (1, True)


def test_a_column_that_is_not_there_leaves_what_is_known(knowledge, tmp_path):
    first = "编号,问题,答案,相似问,失效日期\nA1,问？,旧答案。,甲|乙,2099-01-31\n"
    import_file(knowledge, write(tmp_path, "a.csv", first))
    import_file(knowledge, write(tmp_path, "b.csv", "编号,问题,答案\nA1,问？,新答案。\n"))
    (entry,) = knowledge.published()
    assert (entry.draft.answer, entry.draft.variants, entry.draft.valid_to.year) == ("新答案。", ("甲", "乙"), 2099)
    import_file(knowledge, write(tmp_path, "c.csv", "编号,问题,答案,相似问\nA1,问？,新答案。,\n"))
    (entry,) = knowledge.published()
    assert (entry.draft.variants, entry.draft.valid_to.year) == ((), 2099)


@pytest.mark.parametrize("value", ["true", '["甲", "乙"]', '{"x": 1}', "NaN", "1e999"])
def test_what_is_no_text_is_refused(knowledge, tmp_path, value):
    ((line, _, reason),) = refused(
        knowledge, write(tmp_path, "a.jsonl", f'{{"question": "问？", "answer": {value}}}\n')
    )
    assert (line, "答案" in reason) == (1, "问题" not in reason)


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_other_encodings_are_not_taken_for_chinese(knowledge, tmp_path, encoding):
    text = {"big5": "社會保險卡遺失怎麼辦，請向銀行櫃檯申請", "shift_jis": "ありがとうございますこれはにほんごです"}[
        encoding
    ]
    (tmp_path / "a.csv").write_bytes(f"question,answer\n{text},{text}\n".encode(encoding))
    with pytest.raises(ImportFileError, match="编码"):
        import_file(knowledge, tmp_path / "a.csv")


def test_a_cell_in_the_far_corner_costs_nothing(knowledge, tmp_path):
    book = Workbook()
    book.active.append(["问题", "答案"])
    book.active.append(["问？", "答。"])
    book.active.cell(200_000, 16_384, "x")
    book.save(tmp_path / "a.xlsx")
    assert import_file(knowledge, tmp_path / "a.xlsx").outcome.published == 1


def test_an_error_value_of_a_sheet_is_refused(knowledge, tmp_path):
    book = Workbook()
    for row in (["问题", "答案"], ["问？", "#REF!"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    ((line, _, reason),) = refused(knowledge, tmp_path / "a.xlsx")
    assert (line, "#REF!" in reason) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", "问题\n问？\n", "“答案”"),
        ("a.csv", "问题,标题,答案\n问？,题,答。\n", "只留一列"),
        ("a.csv", "问题\t答案\n问？\t答。\n", "逗号"),
    ],
)
def test_a_wrong_heading_is_explained(knowledge, tmp_path, name, content, told):
    with pytest.raises(ImportFileError, match=told):
        import_file(knowledge, write(tmp_path, name, content))


def test_a_sheet_under_a_wrong_name_is_told(knowledge, tmp_path):
    book = Workbook()
    book.save(tmp_path / "a.xlsx")
    (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    with pytest.raises(ImportFileError, match="扩展名"):
        import_file(knowledge, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("cell", "told"),
    [('"甲"乙', "多余的字"), ('"甲', "没有成对"), ("甲" * 1_000_001, "超过")],
    ids=["more", "open", "huge"],
)
def test_broken_quotes_and_huge_cells_are_told_apart(knowledge, tmp_path, cell, told):
    rows = refused(knowledge, write(tmp_path, "a.csv", f"问题,答案\n问？,{cell}\n"))
    assert told in rows[0][2]


def test_a_sheet_may_leave_cells_empty(knowledge, tmp_path):
    book = Workbook()
    for row in (["编号", "问题", "答案", "备注"], [1, "问？", "答。"], [], [2, "问二？", "答。", "x"]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert import_file(knowledge, tmp_path / "a.xlsx").outcome.published == 2


def test_the_laws_come_in_row_by_row(empty, shared):
    report = import_file(empty, shared / "data" / "laws.jsonl.gz", all_or_nothing=False)
    assert report.rows == 135_338
    assert report.outcome.published + len(report.refused) == report.rows
    assert all(reason for _, _, reason in report.refused)
