import gzip
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from openpyxl import Workbook

from hotline.settings import Settings
from hotline.wiring import open_knowledge
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


def test_an_import_killed_at_any_moment_leaves_the_knowledge_base_as_it_was(tmp_path):
    file = tmp_path / "many.jsonl"
    rows = ({"id": f"k{n}", "question": f"第{n}个问题？", "answer": "答案。" * 20} for n in range(20_000))
    file.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    settings = Settings(data=tmp_path / "data")
    open_knowledge(settings)
    command = [sys.executable, "-m", "hotline.cli", "kb", "import", str(file)]
    environment = os.environ | {"HOTLINE_DATA": str(settings.data)}
    for delay in (0.9, 1.3, 1.8, 2.4):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            break
        knowledge = open_knowledge(settings)
        assert knowledge.count_published() in (0, 20_000)
        assert knowledge.count_published() == knowledge.last_sequence()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert open_knowledge(settings).count_published() == 20_000


def test_the_laws_come_in_row_by_row(empty, shared):
    report = import_file(empty, shared / "data" / "laws.jsonl.gz", all_or_nothing=False)
    assert report.rows == 135_338
    assert report.outcome.published + len(report.refused) == report.rows
    assert all(reason for _, _, reason in report.refused)
