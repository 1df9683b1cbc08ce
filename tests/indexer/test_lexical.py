import pytest
from haystack import Document

from indexer.lexical import LexicalIndex, LexicalRetriever
from indexer.store import FaissDocumentStore


def entry(number, text, **meta):
    values = {"region": "210100", "valid_from": "0001-01-01", "valid_to": "9999-12-31"} | meta
    return Document(id=str(number), content=text, meta=values)


ENTRIES = [
    entry(1, "社保卡丢了怎么补办", line="12333"),
    entry(2, "医保卡余额在哪里查", line="12393"),
    entry(3, "社保卡在哪里补办", region="210101", line="12333"),
    entry(4, "社保卡补办要多少钱", valid_to="2020-01-01"),
]


@pytest.fixture
def retriever(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    store.write_documents(list(ENTRIES))
    retriever = LexicalRetriever(store, str(tmp_path / "lexical"))
    retriever.index.write(ENTRIES)
    return retriever


def ids(retriever, query, filters=None):
    return [d.id for d in retriever.run(query, filters)["documents"]]


def test_the_entry_that_shares_most_comes_first(retriever):
    assert ids(retriever, "社保卡丢了咋补办")[0] == "1"
    assert ids(retriever, "医保余额")[0] == "2"


def test_a_score_is_the_share_of_what_the_question_could_reach(retriever):
    scores = [d.score for d in retriever.run("社保卡丢了怎么补办")["documents"]]
    assert all(0 < score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"field": "meta.region", "operator": "in", "value": ["210101"]}, {"3"}),
        ({"field": "meta.line", "operator": "==", "value": "12393"}, {"2"}),
        ({"field": "meta.line", "operator": "!=", "value": "12333"}, {"2", "4"}),
        ({"field": "meta.valid_to", "operator": ">=", "value": "2026-01-01"}, {"1", "2", "3"}),
        ({"field": "meta.valid_to", "operator": "<", "value": "2026-01-01"}, {"4"}),
        ({"field": "content", "operator": "==", "value": "医保卡余额在哪里查"}, {"2"}),
    ],
)
def test_filters_hold_whether_tantivy_knows_the_field_or_not(retriever, filters, expected):
    assert set(ids(retriever, "社保卡医保卡补办", filters)) == expected


def test_logic_of_filters(retriever):
    region = {"field": "meta.region", "operator": "==", "value": "210100"}
    line = {"field": "meta.line", "operator": "==", "value": "12333"}
    both = {"operator": "AND", "conditions": [region, line]}
    assert set(ids(retriever, "社保卡医保卡", both)) == {"1"}
    assert set(ids(retriever, "社保卡医保卡", {"operator": "NOT", "conditions": [both]})) == {"2", "3", "4"}


def test_a_changed_document_is_found_by_its_new_words_only(retriever):
    retriever.index.write([entry(2, "公积金提取")])
    assert ids(retriever, "医保卡余额") == ids(retriever, "卡")
    assert "2" not in ids(retriever, "医保")
    retriever.index.write([], deleted=["1"])
    assert "1" not in ids(retriever, "社保卡丢了怎么补办")


@pytest.mark.parametrize("text", ["", "？！", "☆", "qqq"])
def test_a_question_without_known_words_finds_nothing(retriever, text):
    assert ids(retriever, text) == []


def test_a_matter_is_found_by_words_spread_over_its_entries():
    index = LexicalIndex()
    card = [entry(1, "社保卡丢了\n补办", matter="A"), entry(2, "挂失要多久", matter="A")]
    index.write_matters([*card, entry(3, "护照丢了", matter="B"), entry(4, "挂失")])
    found = index.matters("社保卡丢了挂失")
    assert found.keys() == {"A", "B"}
    assert found["A"] > 2 * found["B"]
    index.write_matters([entry(1, "公积金", matter="A")])
    assert index.matters("社保卡丢了挂失").keys() == {"B"}


def test_an_empty_index_finds_nothing():
    assert LexicalIndex().search("社保卡", None, 5) == []
