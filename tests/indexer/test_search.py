import threading
from dataclasses import replace
from datetime import date

import pytest
from haystack.document_stores.types import DuplicatePolicy

from hotline.wiring import open_knowledge
from indexer.build import build
from indexer.errors import IndexerError, MissingIndexError
from indexer.manifest import CURRENT, current_folder
from indexer.model import ModelChoice
from indexer.pipeline import load_pipeline, open_store
from indexer.search import Searcher
from indexer.store import FaissDocumentStore
from kb.drafts import EntryDraft
from kb.models import Audience, Level
from kb.regions import Place


def test_a_typed_question_finds_its_entry(searcher):
    hit = searcher.ask("被拖欠工资该怎么投诉？")[0]
    assert (hit.matter, hit.aspect) == ("HRSS-019", "处理方式")
    assert hit.probability > 0.75


def test_who_names_no_place_is_not_answered_for_one(searcher):
    assert all(hit.region == "210100" for hit in searcher.ask("在哪里办理社保卡"))


@pytest.mark.parametrize("question", ["铁西区在哪办社保卡", "我在铁西，社保卡去哪办"])
def test_who_names_a_district_gets_its_entry_first(searcher, question):
    hit = searcher.ask(question)[0]
    assert (hit.region_name, hit.aspect) == ("铁西区", "地点")


def test_a_place_known_before_holds_until_another_is_named(searcher):
    assert searcher.ask("社保卡去哪里办", region="210106")[0].region == "210106"
    assert searcher.ask("那浑南区社保卡去哪里办", region="210105")[0].region_name == "浑南区"


@pytest.mark.parametrize("mode", ["lexical", "dense", "fused"])
def test_filters_hold_in_every_mode(searcher, mode):
    hits = searcher.search("登记需要什么材料", line="12345", audience=Audience.PERSON, mode=mode, top_k=20)
    assert hits
    assert all(hit.line == "12345" for hit in hits)


def test_one_pipeline_serves_many_threads(searcher):
    expected = {q: searcher.ask(q)[0].entry_id for q in ("工伤认定去哪办", "失业金怎么领", "社保卡丢了")}
    wrong = []

    def ask():
        wrong.extend(q for q, entry in expected.items() for _ in range(5) if searcher.ask(q)[0].entry_id != entry)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.fixture
def small(city_settings, tmp_path):
    settings = city_settings.model_copy(update={"data": tmp_path})
    knowledge = open_knowledge(settings)
    knowledge.add_regions([Place("210100", "沈阳市", Level.CITY, None)])
    return settings, knowledge


def drafts():
    return [
        EntryDraft("暖气不热找谁？", "先找供热单位。", "210100", key="heat", variants=("屋里冷咋办",)),
        EntryDraft("去年的补贴怎么领？", "去年已经发完。", "210100", key="old", valid_to=date(2025, 12, 31)),
        EntryDraft("明年的补贴怎么领？", "明年开始申请。", "210100", key="new", valid_from=date(2099, 1, 1)),
        EntryDraft("护照在哪里办？", "到出入境大厅办理。", "210100", key="passport"),
    ]


def test_entries_that_are_not_valid_today_never_come_back(small):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    searcher = Searcher(settings.index_folder, knowledge.regions)
    for mode in ("lexical", "dense", "fused"):
        assert {h.key for h in searcher.search("补贴怎么领", mode=mode)} <= {"heat", "passport"}
    assert searcher.search("补贴怎么领", on=date(2025, 6, 1))[0].key == "old"


@pytest.mark.parametrize("mode", ["lexical", "dense", "fused"])
def test_an_entry_that_expired_or_went_after_the_search_knew_it_never_comes_back(small, mode):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    searcher = Searcher(settings.index_folder, knowledge.regions)
    before = {h.key: str(h.entry_id) for h in searcher.search("暖气不热，护照", mode=mode)}
    assert before.keys() == {"heat", "passport"}
    # Another instance, as in another process, writes; this one has not refreshed.
    other = FaissDocumentStore(str(current_folder(settings.index_folder)))
    heat = other.get([before["heat"]])[before["heat"]]
    expired = replace(heat, meta=heat.meta | {"valid_to": "2020-01-01"}, embedding=None)
    other.write_documents([expired], DuplicatePolicy.OVERWRITE)
    assert {h.key for h in searcher.search("暖气不热，护照", mode=mode)} == {"passport"}
    other.delete_documents([before["passport"]])
    assert searcher.search("暖气不热，护照", mode=mode) == []


def test_a_new_index_stands_at_its_change_of_the_feed(small):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    manifest = build(knowledge, settings.index_folder, ModelChoice())
    assert open_store(current_folder(settings.index_folder)).sequence == manifest.sequence > 0


def test_without_an_index_the_operator_is_told_what_to_run(tmp_path):
    with pytest.raises(MissingIndexError, match="hotline index build"):
        current_folder(tmp_path)


def test_an_empty_knowledge_base_cannot_be_indexed(small):
    settings, knowledge = small
    with pytest.raises(IndexerError, match="hotline kb build"):
        build(knowledge, settings.index_folder, ModelChoice())
    assert not settings.index_folder.exists()


def test_a_stopped_build_leaves_the_index_that_was_there(small):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    before = current_folder(settings.index_folder)

    class Stop(ModelChoice):
        def document_prompt(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(knowledge, settings.index_folder, Stop())
    assert current_folder(settings.index_folder) == before
    assert sorted(p.name for p in settings.index_folder.iterdir()) == sorted([before.name, CURRENT])


def test_a_searcher_goes_on_answering_while_the_index_is_built_again(small):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    first = current_folder(settings.index_folder)
    searcher = Searcher(settings.index_folder, knowledge.regions)
    build(knowledge, settings.index_folder, ModelChoice())
    found = []
    # A thread of its own opens the files anew.
    thread = threading.Thread(target=lambda: found.extend(searcher.search("暖气不热")))
    thread.start()
    thread.join()
    assert found[0].key == "heat"
    searcher.close()
    build(knowledge, settings.index_folder, ModelChoice())
    assert not first.exists()


def test_the_saved_pipeline_can_be_moved_with_its_folder(small, tmp_path):
    settings, knowledge = small
    knowledge.publish(drafts(), author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    moved = tmp_path / "moved"
    settings.index_folder.rename(moved)
    pipeline = load_pipeline(current_folder(moved))
    assert pipeline.get_component("lexical").folder.startswith(str(moved))
    assert Searcher(moved, knowledge.regions).search("暖气不热")[0].key == "heat"


def test_every_published_entry_is_in_both_indexes(searcher, city_settings):
    for entry in open_knowledge(city_settings).published():
        for mode in ("lexical", "dense"):
            hits = searcher.search(entry.draft.question, region=entry.draft.region, mode=mode, top_k=20)
            assert entry.id in {hit.entry_id for hit in hits}
