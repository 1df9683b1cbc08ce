"""From a file of entries to a spoken answer, by commands alone."""

import csv
import json
import os
import subprocess
import sys
import wave

import pytest

CSV = """编号,问题,相似问,答案,事项代码,事项名称,环节,来源
1,社保卡丢了怎么补办？,卡没了咋整|社保卡弄丢了,先打12333挂失，再带身份证去银行网点补办。,A,社保卡挂失补换,流程,办事指南
2,补办社保卡要多少钱？,补卡收费吗|补卡花多少钱,每张收费二十元。,A,社保卡挂失补换,费用,办事指南
3,护照在哪里办理？,想出国去哪办护照|办护照的地方,到出入境大厅办理，带身份证。,B,普通护照签发,地点,办事指南
4,暖气不热找谁？,屋里冷找谁|暖气片冰凉,先找供热单位，不行再打12345。,C,供热投诉,流程,办事指南
"""


@pytest.fixture(scope="module")
def hotline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journey")
    environment = os.environ | {"HOTLINE_DATA": str(folder / "data")}

    def run(*arguments, code=0):
        command = [sys.executable, "-m", "hotline.cli", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", cwd=folder, env=environment, check=False, timeout=300
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    (folder / "entries.csv").write_text(CSV, "utf-8")
    assert "新增4条" in run("kb", "import", "entries.csv")
    assert "4条词条" in run("index", "build")
    run.folder = folder
    return run


def test_what_is_there_is_counted(hotline):
    assert json.loads(hotline("kb", "stats", "--json"))["entries"] == 4


def test_what_editors_should_mend_is_told_and_kept_in_a_file(hotline):
    shown = hotline("kb", "check", "--report", "mend.csv", code=1)
    assert "【错误】事项缺少必要的方面" in shown
    assert "【提示】答案偏短" in shown
    assert "共4条词条" in shown
    rows = list(csv.DictReader((hotline.folder / "mend.csv").read_text("utf-8-sig").splitlines()))
    assert {row["级别"] for row in rows} == {"错误", "提示"}
    found = json.loads(hotline("kb", "check", "--json", code=1))
    assert len(found) == len(rows)
    assert {finding["severity"] for finding in found} == {"error", "warning"}


def test_building_again_if_missing_does_nothing(hotline):
    assert "索引已存在" in hotline("index", "build", "--if-missing")
    assert "已有4条" in hotline("kb", "build", "--if-missing")


def test_a_search_shows_the_entry_first(hotline):
    hits = json.loads(hotline("index", "search", "护照去哪办", "--json"))
    assert hits[0]["question"] == "护照在哪里办理？"


def test_a_typed_question_is_answered_aloud_and_the_answer_can_be_asked_again(hotline):
    shown = hotline("ask", "社保卡丢了怎么补办", "--speak", "answer.wav")
    assert "社保卡" in shown
    assert "对话：" in shown
    with wave.open(str(hotline.folder / "answer.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (22050, 1)
        assert sound.getnframes() > 22050
    again = hotline("ask", "answer.wav")
    assert "听到：" in again
    assert "没有听清" not in again.splitlines()[0]


def test_a_file_without_speech_leads_to_a_polite_request_and_then_to_a_person(hotline):
    with wave.open(str(hotline.folder / "silence.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000 * 2 * 3))
    first = hotline("ask", "silence.wav")
    assert "动作：repeat" in first
    conversation = first.split("对话：")[1].split()[0]
    assert "动作：hand_over" in hotline("ask", "silence.wav", "--conversation", conversation)


def test_the_questions_of_a_file_are_measured_in_three_ways(hotline):
    questions = hotline.folder / "questions.jsonl"
    questions.write_text(json.dumps({"query": "卡丢了", "code": "A", "aspect": "流程", "style": "plain"}), "utf-8")
    figures = json.loads(hotline("index", "eval", questions, "--json"))
    assert figures.keys() == {"lexical", "dense", "fused", "errors", "risk_coverage"}
    names = {"matter@1", "matter@5", "matter@10", "entry@1", "entry@5", "MRR"}
    assert names <= figures["fused"].keys()
    assert names <= figures["fused"]["by_style"]["plain"].keys()


def test_a_measured_index_is_saved_as_a_report_and_compared_with_the_next(hotline):
    questions, outside = hotline.folder / "asked.jsonl", hotline.folder / "outside.jsonl"
    questions.write_text(json.dumps({"query": "卡丢了", "code": "A", "aspect": "流程"}), "utf-8")
    outside.write_text(json.dumps({"query": "讲个笑话", "kind": "chitchat"}), "utf-8")
    shown = hotline("index", "eval", questions, "--outside", outside, "--save", "before")
    assert "错误来源：" in shown
    assert "连同范围外问题：" in shown
    assert "卡丢了" in (hotline.folder / "before" / "run.json").read_text("utf-8")
    shown = hotline("index", "eval", questions, "--outside", outside, "--compare", "before")
    assert "做对了0个，做错了0个" in shown
    hotline("index", "eval", questions, "--compare", "before", code=1)


def test_what_is_exported_can_be_imported_elsewhere_unchanged(hotline):
    hotline("kb", "export", "all.jsonl")
    assert "没有变化4条" in hotline("kb", "import", "all.jsonl")
