import threading
from dataclasses import replace
from datetime import date

import pytest

from kb.drafts import EntryDraft, MatterDraft, OrganisationDraft
from kb.errors import NotFoundError, RefusedError
from kb.knowledge import Setting
from kb.models import Action, Audience

LOST = EntryDraft("社保卡丢了怎么办？", "先挂失，再补卡。", "210100", key="A/1", line="12333")
WHERE = EntryDraft("社保卡在哪里补？", "到银行网点。", "210100", key="A/2")


def publish(knowledge, *drafts, **options):
    return knowledge.publish(drafts, author="张编辑", **options)


def only(knowledge):
    (entry,) = knowledge.published()
    return entry


def test_what_is_published_comes_back_whole(knowledge):
    knowledge.add_matters([MatterDraft("HRSS-004", "社保卡挂失补换", aliases=("社保卡补办",))])
    draft = replace(
        LOST,
        matter="HRSS-004",
        aspect="处理方式",
        variants=("卡没了咋整",),
        spoken_answer="先挂失。",
        organisation=("市人力资源和社会保障局", "210100"),
        category=("社会保障", "社保卡"),
        audience=Audience.PERSON,
        keywords=("挂失",),
        valid_from=date(2026, 1, 1),
        valid_to=date(2027, 1, 1),
        source="办事指南",
    )
    publish(knowledge, draft)
    entry = only(knowledge)
    assert entry.draft == draft
    assert (entry.version, entry.matter_name, entry.matter_aliases) == (1, "社保卡挂失补换", ("社保卡补办",))


def test_the_same_key_again_is_a_new_version_and_one_more_change(knowledge):
    publish(knowledge, LOST)
    outcome = publish(knowledge, replace(LOST, answer="拨打12333挂失。"))
    assert outcome.updated == 1
    entry = only(knowledge)
    assert (entry.version, entry.draft.answer) == (2, "拨打12333挂失。")
    assert [(c.version, c.action) for c in knowledge.changes(0)] == [(1, Action.PUBLISH), (2, Action.PUBLISH)]


def test_the_same_content_again_changes_nothing(knowledge):
    publish(knowledge, LOST, WHERE)
    before = knowledge.last_sequence()
    assert publish(knowledge, LOST, WHERE).unchanged == 2
    assert knowledge.last_sequence() == before


def test_one_bad_draft_keeps_all_out_unless_told_otherwise(knowledge):
    bad = EntryDraft("", "答案", "210100")
    with pytest.raises(RefusedError) as error:
        publish(knowledge, LOST, bad, WHERE)
    assert [(r.position, r.reason) for r in error.value.outcome.refused] == [(1, "问题为空")]
    assert knowledge.count_published() == knowledge.last_sequence() == 0
    assert publish(knowledge, LOST, bad, WHERE, all_or_nothing=False).published == 2


@pytest.mark.parametrize("apart", [True, False])
def test_a_question_is_published_once_in_each_place(knowledge, apart):
    same = replace(LOST, key="B/1", question="社保卡丢了怎么办")
    if apart:
        publish(knowledge, LOST)
        drafts = [same]
    else:
        drafts = [LOST, same]
    with pytest.raises(RefusedError) as error:
        publish(knowledge, *drafts)
    assert "问题相同" in error.value.outcome.refused[0].reason
    publish(knowledge, replace(same, region="210105"))


def test_a_key_given_twice_at_once_is_refused(knowledge):
    with pytest.raises(RefusedError) as error:
        publish(knowledge, LOST, replace(WHERE, key=LOST.key))
    assert "重复" in error.value.outcome.refused[0].reason


def test_a_withdrawn_entry_is_gone_and_followers_are_told(knowledge):
    publish(knowledge, LOST)
    entry = only(knowledge)
    knowledge.withdraw(entry.id)
    assert knowledge.count_published() == 0
    assert knowledge.entries([entry.id]) == {}
    assert knowledge.changes(1)[0].action is Action.WITHDRAW
    with pytest.raises(NotFoundError):
        knowledge.withdraw(entry.id)


def test_a_withdrawn_entry_can_be_published_again(knowledge):
    publish(knowledge, LOST)
    knowledge.withdraw(only(knowledge).id)
    assert publish(knowledge, LOST).updated == 1
    assert only(knowledge).version == 2


def test_the_change_feed_is_read_from_where_one_left_off(knowledge):
    publish(knowledge, LOST, WHERE)
    first = knowledge.changes(0, limit=1)
    rest = knowledge.changes(first[-1].sequence)
    assert [c.entry_id for c in first + rest] == [e.id for e in knowledge.published()]
    assert knowledge.changes(knowledge.last_sequence()) == []


def test_an_organisation_handed_in_again_gets_the_new_telephone(knowledge, engine):
    knowledge.add_organisations([OrganisationDraft("铁西区政务服务中心", "210105", telephone="024-8800-1000")])
    knowledge.add_organisations([OrganisationDraft("铁西区政务服务中心", "210105", telephone="024-8800-2000")])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT telephone FROM organisation WHERE region_code = '210105'").all()
    assert rows == [("024-8800-2000",)]


def test_many_publishing_at_once_lose_nothing(knowledge):
    def work(writer):
        for n in range(10):
            publish(knowledge, EntryDraft(f"问题{writer}之{n}？", "答案。", "210100", key=f"{writer}/{n}"))

    threads = [threading.Thread(target=work, args=(w,)) for w in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert knowledge.count_published() == knowledge.last_sequence() == 60


def test_a_key_handed_in_twice_is_refused_even_far_apart(knowledge):
    drafts = [replace(LOST, key=str(n), question=f"第{n}个问题？") for n in range(1_500)]
    outcome = publish(knowledge, *drafts, replace(LOST, key="3"), all_or_nothing=False)
    assert (outcome.published, outcome.updated, len(outcome.refused)) == (1_500, 0, 1)


def test_only_checking_changes_nothing(knowledge):
    setting = Setting(matters=(MatterDraft("X-1", "事项"),))
    assert publish(knowledge, LOST, setting=setting, only_check=True).published == 1
    assert (knowledge.count_published(), knowledge.matters()) == (0, {})
