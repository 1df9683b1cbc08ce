import json

import pytest

from indexer.errors import IndexerError
from indexer.evaluation import (
    FIGURES,
    MODES,
    ErrorSource,
    Question,
    ask,
    error_counts,
    error_source,
    evaluate,
    read_outside,
    read_questions,
)


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


def test_what_is_right_in_a_file_of_outside_questions_is_not_believed(tmp_path):
    file = tmp_path / "outside.jsonl"
    file.write_text(json.dumps({"query": "讲个笑话", "kind": "chitchat", "code": "A"}), "utf-8")
    assert read_outside(file) == [Question("讲个笑话", style="chitchat")]
    assert not read_outside(file)[0].answerable


@pytest.mark.parametrize(
    ("matter", "aspect", "district", "among", "source"),
    [
        ("HRSS-003", "地点", "铁西区", True, None),
        ("HRSS-003", None, None, True, None),
        ("HRSS-003", "地点", "浑南区", True, ErrorSource.PLACE),
        ("HRSS-003", None, "浑南区", False, ErrorSource.PLACE),
        ("HRSS-003", "费用", "浑南区", False, ErrorSource.ASPECT),
        ("HRSS-001", "地点", None, True, ErrorSource.RANKING),
        ("HRSS-001", "地点", None, False, ErrorSource.RECALL),
    ],
)
def test_a_wrong_first_hit_has_one_source(searcher, matter, aspect, district, among, source):
    hits = searcher.ask("铁西区在哪里办社保卡")
    assert (hits[0].matter, hits[0].aspect) == ("HRSS-003", "地点")
    assert error_source(Question("x", matter, aspect, district), hits, among) is source


def test_what_no_retriever_finds_is_told_from_what_is_ranked_below(searcher):
    nowhere = Question("被拖欠工资该怎么投诉？", relevant=frozenset({"no such entry"}))
    second = searcher.search(nowhere.query, mode="lexical")[5].key
    results = ask(searcher, [nowhere, Question(nowhere.query, relevant=frozenset({second}))])
    assert [result.error for result in results] == [ErrorSource.RECALL, ErrorSource.RANKING]
    assert error_counts(results) == {"recall": 1, "ranking": 1, "aspect": 0, "place": 0}


def test_fusion_is_ahead_of_both_on_the_city_s_dev_questions(searcher, shared):
    figures = evaluate(searcher, read_questions(shared / "eval" / "city-dev.jsonl"))
    assert figures["fused"]["entry@1"] >= max(figures["lexical"]["entry@1"], figures["dense"]["entry@1"])
