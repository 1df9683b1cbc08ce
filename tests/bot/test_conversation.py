import pytest
from sqlalchemy import func, select

from bot.errors import UnacceptableUtteranceError, UnknownRegionError
from bot.messages import Hypothesis, Move, Utterance
from desk.errors import UnknownConversationError, UnknownTurnError
from desk.models import Conversation, Handover, Turn
from hotline.wiring import open_database

SILENCE = Utterance("", 0.0, (), duration=3.0)


def count(settings, table, *where):
    with open_database(settings).connect() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*where))


def test_a_plain_question_is_answered_with_its_entry(dialogue):
    reply = dialogue.open().hear(Utterance("被拖欠工资该怎么投诉？"))
    assert reply.move is Move.ANSWER
    assert (reply.hit.matter, reply.text) == ("HRSS-019", reply.hit.answer)
    assert reply.confidence > 0.75
    assert reply.hit.entry_id not in {h.entry_id for h in reply.alternatives}


def test_small_talk_is_handed_over_and_nothing_is_invented(dialogue):
    reply = dialogue.open().hear(Utterance("昨天的足球比赛谁赢了"))
    assert reply.move is Move.HAND_OVER
    assert reply.hit is None
    assert "人工" in reply.speech


def test_what_is_half_sure_is_asked_back_with_choices_that_can_be_heard(dialogue):
    replies = [dialogue.open().hear(Utterance(q)) for q in ("工伤", "社保卡", "失业金", "退休", "工资")]
    asked = [r for r in replies if r.move is Move.CONFIRM]
    assert asked
    for reply in asked:
        assert reply.hit.question.rstrip("？") in reply.speech


def test_who_only_greets_is_greeted_and_asked(dialogue):
    reply = dialogue.open().hear(Utterance("你好"))
    assert (reply.move, reply.text) == (Move.REPEAT, "您好，请问您想问什么事？")


@pytest.fixture
def asked_back(dialogue):
    """A conversation in which the bot has just asked what was meant."""
    replies = (dialogue.open().hear(Utterance(q)) for q in ("工伤", "社保卡", "失业金", "退休", "工资"))
    return next(reply for reply in replies if reply.move is Move.CONFIRM)


def test_a_choice_may_be_said_by_its_number(dialogue, asked_back):
    second = dialogue.open(asked_back.conversation).hear(Utterance("第二个"))
    assert second.move is Move.ANSWER
    assert second.hit.question == asked_back.alternatives[0].question


def test_a_short_yes_is_heard_as_the_first_choice(dialogue, asked_back):
    yes = dialogue.open(asked_back.conversation).hear(Utterance("嗯", 0.9, (), duration=0.6))
    assert (yes.move, yes.hit.question) == (Move.ANSWER, asked_back.hit.question)


def test_none_of_them_is_asked_again_and_forgotten(dialogue, asked_back):
    again = dialogue.open(asked_back.conversation).hear(Utterance("都不是"))
    assert (again.move, "换个说法" in again.text) == (Move.REPEAT, True)
    assert dialogue.open(asked_back.conversation).hear(Utterance("第一个")).move is not Move.ANSWER


def test_not_understood_twice_leads_to_a_person(dialogue):
    first = dialogue.open(channel="file").hear(SILENCE)
    second = dialogue.open(first.conversation).hear(SILENCE)
    assert [first.move, second.move] == [Move.REPEAT, Move.HAND_OVER]
    assert second.turn == 2


def test_being_understood_in_between_starts_the_count_again(dialogue):
    conversation = dialogue.open(channel="file").hear(SILENCE).conversation
    dialogue.open(conversation).hear(Utterance("社保卡丢了怎么补办"))
    assert dialogue.open(conversation).hear(SILENCE).move is Move.REPEAT


def test_the_district_once_named_is_remembered(dialogue):
    first = dialogue.open().hear(Utterance("我在铁西区，社保卡去哪里办"))
    second = dialogue.open(first.conversation).hear(Utterance("工伤认定到哪里申请"))
    assert second.hit.region_name == "铁西区"


def test_the_district_given_by_the_client_counts(dialogue):
    assert dialogue.open(region="浑南").hear(Utterance("工伤认定到哪里申请")).hit.region_name == "浑南区"
    with pytest.raises(UnknownRegionError):
        dialogue.open(region="火星区")


def test_every_turn_is_stored_with_what_was_found_and_why_a_person_took_over(dialogue, city_settings):
    heard = Utterance("转人工", 0.8, (Hypothesis("转人工", 0.8), Hypothesis("专人工", 0.1)), duration=1.0)
    reply = dialogue.open().hear(heard)
    with open_database(city_settings).connect() as connection:
        turn = connection.execute(select(Turn).where(Turn.conversation_id == reply.conversation)).one()
        handover = connection.execute(select(Handover).where(Handover.conversation_id == reply.conversation)).one()
    assert (turn.heard, turn.move, turn.number) == ("转人工", "hand_over", 1)
    assert turn.readings[1] == {"text": "专人工", "confidence": 0.1}
    assert turn.hits
    assert handover.reason == "asked_for"
    assert dialogue.log.speech_of(reply.conversation, 1) == reply.speech


def test_a_refused_question_leaves_no_trace(dialogue, city_settings):
    before = count(city_settings, Conversation)
    with pytest.raises(UnacceptableUtteranceError):
        dialogue.open().hear(Utterance("   "))
    assert count(city_settings, Conversation) == before


def test_an_unknown_conversation_or_turn_is_named(dialogue):
    with pytest.raises(UnknownConversationError):
        dialogue.open("0" * 32)
    with pytest.raises(UnknownTurnError):
        dialogue.log.speech_of("0" * 32, 1)
    with pytest.raises(UnknownTurnError):
        dialogue.log.judge("0" * 32, 1, True)


def test_the_caller_s_word_on_the_answer_is_kept(dialogue, city_settings):
    reply = dialogue.open().hear(Utterance("社保卡丢了怎么补办"))
    dialogue.log.judge(reply.conversation, reply.turn, False)
    assert count(city_settings, Turn, Turn.conversation_id == reply.conversation, Turn.right.is_(False)) == 1


def test_the_same_question_gives_the_same_reply(dialogue):
    replies = [dialogue.open().hear(Utterance("失业金怎么领")) for _ in range(3)]
    assert len({(r.move, r.text, r.confidence) for r in replies}) == 1


def test_where_the_answer_differs_by_place_the_caller_is_asked_and_may_just_name_it(dialogue):
    first = dialogue.open().hear(Utterance("社保卡丢了到哪里补办"))
    assert (first.move, first.hit.region_name) == (Move.ANSWER, "沈阳市")
    assert first.text.startswith(first.hit.answer)
    assert first.text.endswith("您在哪个区或街道？告诉我，我把当地的地址电话说给您。")
    second = dialogue.open(first.conversation).hear(Utterance("我住铁西区这边"))
    assert (second.move, second.hit.region_name, second.hit.matter) == (Move.ANSWER, "铁西区", first.hit.matter)
    assert second.text == second.hit.answer


def test_who_names_a_place_and_asks_something_else_is_not_taken_back(dialogue):
    first = dialogue.open().hear(Utterance("社保卡丢了到哪里补办"))
    second = dialogue.open(first.conversation).hear(Utterance("铁西区工伤认定到哪里申请"))
    assert (second.hit.region_name, second.hit.matter == first.hit.matter) == ("铁西区", False)


def test_a_place_named_out_of_the_blue_asks_nothing_again(dialogue):
    assert dialogue.open().hear(Utterance("铁西区")).move is not Move.ANSWER
