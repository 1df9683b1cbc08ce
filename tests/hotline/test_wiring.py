import shutil
import threading

import pytest

from hotline.wiring import make_app, open_knowledge, open_searcher
from indexer.following import LOCK_FILE
from indexer.manifest import current_folder
from kb.drafts import EntryDraft


@pytest.fixture
def settings(city_settings, tmp_path):
    shutil.copytree(city_settings.data, tmp_path / "data")
    return city_settings.model_copy(update={"data": tmp_path / "data", "follow_seconds": 0.01})


def drafts(count):
    return [EntryDraft(f"无人机{n}号在哪里登记？", f"到{n}号窗口。", "210100") for n in range(count)]


def test_a_command_catches_up_before_it_searches(settings, capsys):
    open_knowledge(settings).publish(drafts(3), author="test")
    assert open_searcher(settings).ask("无人机2号在哪里登记")[0].question == "无人机2号在哪里登记？"
    assert capsys.readouterr().err == ""


def test_a_command_does_not_wait_for_a_large_backlog_and_says_what_to_run(settings, capsys):
    knowledge = open_knowledge(settings)
    before = knowledge.count_published()
    knowledge.publish(drafts(before // 10 + 1), author="test")
    assert open_searcher(settings).size == before
    assert "hotline index build" in capsys.readouterr().err


def test_a_command_that_cannot_catch_up_answers_all_the_same(settings, capsys):
    open_knowledge(settings).publish(drafts(3), author="test")
    (current_folder(settings.index_folder) / LOCK_FILE).mkdir()
    assert open_searcher(settings).ask("社保卡丢了怎么补办")
    assert LOCK_FILE in capsys.readouterr().err


def test_a_site_answers_what_is_published_while_it_runs(settings):
    site = make_app(settings).test_client()
    open_knowledge(settings).publish(drafts(3), author="test")
    pause = threading.Event()

    def found():
        entry = site.post("/api/v1/ask", json={"text": "无人机2号在哪里登记？"}).json["entry"]
        return entry is not None and entry["question"] == "无人机2号在哪里登记？"

    assert any(found() or pause.wait(0.05) for _ in range(200))
