import json

import pytest

from indexer.errors import IndexerError
from indexer.evaluation import FIGURES, MODES, Question, evaluate, read_questions


def test_every_mode_reports_every_figure_over_all_and_by_style(searcher):
    questions = [
        Question("被拖欠工资该怎么投诉？", "HRSS-019", "处理方式", style="plain"),
        Question("铁西区在哪里办社保卡", "HRSS-003", "地点", "铁西区", "district"),
        Question("工伤", "HRSS-006", style="vague"),
    ]
    figures = evaluate(searcher, questions)
    assert set(figures) == set(MODES)
    for result in figures.values():
        assert set(FIGURES) <= set(result)
        assert set(result["by_style"]) == {"plain", "district", "vague"}
    assert figures["fused"]["by_style"]["plain"]["entry@1"] == 1.0
    assert figures["fused"]["by_style"]["district"]["entry@1"] == 1.0
    assert figures["fused"]["by_style"]["vague"]["entry@1"] is None


def test_the_right_matter_for_the_wrong_district_is_a_wrong_entry(searcher):
    hit = searcher.ask("铁西区在哪里办社保卡")[0]
    asked = Question("x", hit.matter, hit.aspect, "浑南区")
    assert asked.matter_right(hit)
    assert not asked.entry_right(hit)


def test_relevant_keys_stand_in_for_matter_and_aspect(searcher):
    figures = evaluate(searcher, [Question("被拖欠工资该怎么投诉？", relevant=frozenset({"HRSS-019/处理方式"}))])
    assert figures["lexical"]["matter@1"] == figures["lexical"]["entry@1"] == figures["lexical"]["MRR"] == 1.0


@pytest.mark.parametrize("line", ["{", "[]", '{"code": "A"}'])
def test_a_line_that_is_no_question_is_named(tmp_path, line):
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({"query": "好"}) + "\n" + line, "utf-8")
    with pytest.raises(IndexerError, match="第2行"):
        read_questions(file)


def test_fusion_is_ahead_of_both_on_the_city_s_dev_questions(searcher, shared):
    figures = evaluate(searcher, read_questions(shared / "eval" / "city-dev.jsonl"))
    assert figures["fused"]["entry@1"] >= max(figures["lexical"]["entry@1"], figures["dense"]["entry@1"])
