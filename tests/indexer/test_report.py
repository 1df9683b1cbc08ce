import json
import re

import pytest

from indexer import report
from indexer.comparison import compare, earlier_run
from indexer.errors import IndexerError
from indexer.evaluation import MODES, ErrorSource, Found, Question, Rank, Result
from indexer.evaluation_run import Run, measure

INDEX = {"built_at": "2026-01-02T03:04:05+00:00", "entries": 1234, "model": "embedding", "rounds": 3}


def result(query: str, probability: float, right: bool) -> Result:
    question = Question(query, "M-1", "流程", style="plain")
    hit = Found(1, "M-1" if right else "M-2", "<b>事项</b>", "流程", "沈阳市", f"{query}的词条", 2.0, probability)
    rank = Rank(1, 1) if right else Rank(3, 3)
    ranks = {"lexical": rank, "dense": rank, "fused": rank}
    return Result(question, "铁西区", (hit,), ranks, None if right else ErrorSource.RANKING)


def stranger(probability: float) -> Result:
    hit = Found(2, "M-2", "别的", "流程", "沈阳市", "别的词条", 1.0, probability)
    return Result(Question("讲个笑话", style="chitchat"), None, (hit,), {})


def run(*right: bool) -> Run:
    answered = [result(f"问题{n}", 0.9 - n / 10, one) for n, one in enumerate(right)]
    return Run(INDEX, 0.75, (*answered, stranger(0.2)))


def test_a_run_is_read_as_it_was_saved(tmp_path):
    nowhere = dict.fromkeys(MODES, Rank(None, None))
    unfound = Result(Question("问", relevant=frozenset({"b", "a"})), None, (), nowhere, ErrorSource.RECALL)
    before = Run(INDEX, 0.75, (*run(True, False).results, unfound))
    before.save(tmp_path)
    assert Run.load(tmp_path) == before
    kept = json.loads((tmp_path / "run.json").read_text("utf-8"))
    assert kept["index"] == INDEX
    assert kept["errors"] == {"recall": 1, "ranking": 1, "aspect": 0, "place": 0}
    assert [row["entry_right"] for row in kept["results"]] == [True, False, False, False]


def test_won_and_lost_questions_are_told_with_their_sign_test():
    compared = compare(run(True, False, False, False, True), run(False, True, True, True, True))
    assert [now.question.query for _, now in compared.won] == ["问题1", "问题2", "问题3"]
    assert [now.question.query for _, now in compared.lost] == ["问题0"]
    assert compared.p_value == pytest.approx(10 / 16)
    entry = next(figure for figure in compared.figures if figure.name == "融合 entry@1")
    assert (entry.then, entry.now, entry.difference) == (0.4, 0.8, pytest.approx(0.4))


def test_nothing_changed_is_no_evidence():
    assert compare(run(True, False), run(True, False)).p_value == 1


@pytest.mark.parametrize("content", [None, "{", "[]", '{"results": []}', '{"results": [{"question": 1}]}'])
def test_a_folder_without_a_readable_run_is_refused(tmp_path, content):
    if content:
        (tmp_path / "run.json").write_text(content, "utf-8")
    with pytest.raises(IndexerError, match="没有可读的run.json"):
        earlier_run(tmp_path, [])


def test_a_run_on_other_questions_is_refused(tmp_path):
    before = run(True, False)
    before.save(tmp_path)
    questions = [one.question for one in before.results]
    assert earlier_run(tmp_path, questions) == before
    with pytest.raises(IndexerError, match="问题与这次不同"):
        earlier_run(tmp_path, questions[:-1])


def test_the_report_needs_nothing_else_and_shows_the_surest_errors_first(tmp_path):
    now = run(False, True, False)
    report.save(tmp_path / "报告", now, compare(run(True, True, False), now))
    assert {file.name for file in (tmp_path / "报告").iterdir()} == {"report.html", "run.json", "risk-coverage.svg"}
    assert [folder.name for folder in tmp_path.iterdir()] == ["报告"]
    page = (tmp_path / "报告" / "report.html").read_text("utf-8")
    assert "<svg" in page
    assert not re.search(r"""(src|href)=["'](?!#)(?!.*\bxlink)|@import|url\((?!#)""", page)
    assert "覆盖率</text>" in page
    errors = page[page.index("最有把握的错误") :]
    assert errors.index("问题0的词条") < errors.index("问题2的词条") < errors.index("讲个笑话")
    assert "问题1的词条" not in errors
    assert "做错了1个" in page
    assert "&lt;b&gt;事项" in page
    assert "<b>" not in page


def test_an_earlier_report_is_replaced_and_stays_when_the_new_one_fails(tmp_path):
    folder = tmp_path / "report"
    report.save(folder, run(True))
    report.save(folder, run(False))
    assert not Run.load(folder).results[0].entry_right
    unwritable = Run(INDEX | {"model": object()}, 0.75, run(True).results)
    with pytest.raises(TypeError):
        report.save(folder, unwritable)
    assert not Run.load(folder).results[0].entry_right
    assert [one.name for one in tmp_path.iterdir()] == ["report"]


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "letters.txt").write_text("dear", "utf-8")
    with pytest.raises(IndexerError, match="别的文件"):
        report.save(tmp_path, run(True))
    assert (tmp_path / "letters.txt").read_text("utf-8") == "dear"


def test_questions_without_any_right_answer_measure_nothing(searcher):
    with pytest.raises(IndexerError, match="没有一个问题"):
        measure(searcher, [Question("讲个笑话")], 0.75)


def test_a_run_tells_of_what_it_was_asked(searcher):
    asked = [Question("铁西区在哪里办社保卡", "HRSS-003", "地点", "铁西区", "district"), Question("讲个笑话")]
    measured = measure(searcher, asked, 0.75)
    assert measured.index["entries"] == searcher.manifest.entries
    assert measured.answerable[0].place == "铁西区"
    assert measured.answerable[0].entry_right
    assert len(measured.outside) == 1
    assert measured.risk_coverage["with_outside"].curve[-1].risk in (0, 0.5)
