import pytest
from haystack import Document

from indexer.closeness import ClosenessReader, closeness
from indexer.lexical import LexicalIndex
from indexer.messages import Scores
from indexer.store import FaissDocumentStore

RARITY = {"公交": 3.0, "交卡": 4.0, "充值": 5.0}


def test_a_question_all_of_which_stands_in_the_text_is_closest():
    close = closeness("公交卡充值", {"all": "公交卡充值", "half": "公交卡在哪里办", "none": "护照"}, RARITY)
    assert close["all"] > close["half"] > close["none"] == 0.0


def test_the_same_text_has_a_cosine_of_one():
    rarity = {"公交": 3.0, "交卡": 4.0}
    assert closeness("公交卡", {"same": "公交卡"}, rarity)["same"] == pytest.approx(1.0)


def test_the_cosine_is_as_reckoned_by_hand():
    # Of the question 公交车 only 公交 is known; 交车 counts as rare as the text's pairs on average, 3.5.
    close = closeness("公交卡", {"q": "公交车"}, {"公交": 3.0, "交卡": 4.0})
    assert close["q"] == pytest.approx(3 * 3 / (5 * (3**2 + 3.5**2) ** 0.5))


@pytest.mark.parametrize("text", ["", "啊", "护照丢了"])
def test_a_text_of_which_nothing_is_asked_anywhere_is_close_to_nothing(text):
    assert closeness(text, {"q": "公交卡"}, RARITY) == {"q": 0.0}


def test_a_letter_finds_the_short_question_in_it_beside_long_answers_with_more_of_its_words():
    letter = "我是外地来的，每天坐车上班，公交卡不能网上充值，一点都不方便，希望领导早日解决"
    documents = [
        Document(id="1", content="公交卡网上充值\n已收悉。", meta={"question": "公交卡网上充值"}),
        Document(id="2", content="反映问题\n" + letter[:20] + letter[25:] * 3, meta={"question": "反映问题"}),
    ]
    store = FaissDocumentStore()
    store.write_documents(documents)
    lexical = LexicalIndex()
    lexical.write(documents)
    assert [i for i, _ in lexical.search(letter, None, 1)] == ["2"]
    assert [i for i, _ in lexical.search_questions(letter, None, 1)] == ["1"]
    close = ClosenessReader(store).run(letter, documents, [], Scores(lexical.rarity(letter)))["closeness"]
    assert close["1"] > close["2"]
    store.close()
