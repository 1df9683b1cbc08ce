import threading
from dataclasses import replace

import numpy as np
import pytest
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.testing.document_store import DocumentStoreBaseTests

from indexer.store import FaissDocumentStore


class TestProtocol(DocumentStoreBaseTests):
    """Haystack's own conformance suite."""

    @pytest.fixture
    def document_store(self, tmp_path):
        return FaissDocumentStore(str(tmp_path))

    @staticmethod
    def assert_documents_are_equal(received, expected):
        # Vectors are kept in single precision.
        assert [d.id for d in received] == [d.id for d in expected]
        for one, other in zip(received, expected, strict=True):
            assert (one.content, one.meta) == (other.content, other.meta)
            if other.embedding is None:
                assert one.embedding is None
            else:
                np.testing.assert_allclose(one.embedding, other.embedding, rtol=1e-6)

    def test_write_documents(self, document_store):
        assert document_store.write_documents([Document(content="test doc", id="1")]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([Document(content="test doc", id="1")])


def documents(count: int, size: int = 16, seed: int = 0) -> list[Document]:
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        Document(id=str(n), content=f"文档{n}", meta={"shelf": n % 100, "half": n % 2}, embedding=v.tolist())
        for n, v in enumerate(vectors)
    ]


def exact(all_documents, query, wanted, top_k):
    allowed = [d for d in all_documents if wanted(d)]
    return [d.id for d in sorted(allowed, key=lambda d: -np.dot(d.embedding, query))[:top_k]]


@pytest.mark.parametrize(("field", "value"), [("shelf", 7), ("half", 1)])
def test_a_filter_works_inside_the_search_however_narrow(tmp_path, field, value):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(2_000)
    store.write_documents(stored)
    query = documents(1, seed=1)[0].embedding
    filters = {"field": f"meta.{field}", "operator": "==", "value": value}
    found = [d.id for d in store.search(query, filters, 10)]
    assert found == exact(stored, query, lambda d: d.meta[field] == value, 10)


def test_a_filter_that_nothing_satisfies_finds_nothing(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    store.write_documents(documents(10))
    assert store.search([1.0] * 16, {"field": "meta.shelf", "operator": "==", "value": "x"}, 5) == []


def test_an_overwritten_document_is_found_by_its_new_vector_only(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(50)
    store.write_documents(stored)
    moved = replace(stored[3], content="新", embedding=[-x for x in stored[3].embedding])
    store.write_documents([moved], DuplicatePolicy.OVERWRITE)
    assert store.search(moved.embedding, None, 1)[0].id == "3"
    assert store.get(["3"])["3"].content == "新"
    assert store.search(stored[3].embedding, None, 50)[-1].id == "3"
    assert store.count_documents() == 50


def test_filters_see_documents_written_after_them(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(201)
    store.write_documents(stored[:200])
    filters = {"field": "meta.shelf", "operator": "==", "value": 0}
    assert len(store.search(stored[0].embedding, filters, 10)) == 2
    store.write_documents(stored[200:])
    assert len(store.search(stored[0].embedding, filters, 10)) == 3


@pytest.mark.parametrize("saved", ["saved", "not saved", "saved before the last write"])
def test_a_reopened_store_answers_the_same(tmp_path, saved):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(300)
    store.write_documents(stored[:299])
    if saved != "not saved":
        store.save()
    if saved != "saved":
        store.write_documents(stored[299:])
    query = stored[299].embedding
    before = [d.id for d in store.search(query, None, 10)]
    store.close()
    assert [d.id for d in FaissDocumentStore(str(tmp_path)).search(query, None, 10)] == before


def test_a_lost_vector_file_is_made_again(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    store.write_documents(documents(20))
    store.save()
    store.close()
    next(tmp_path.glob("*.faiss")).unlink()
    assert len(FaissDocumentStore(str(tmp_path)).search([1.0] * 16, None, 20)) == 20


def test_searching_while_writing_never_mixes_documents_up(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(400)
    store.write_documents(stored[:200])
    wrong = []

    def ask():
        for document in stored[:200]:
            found = store.search(document.embedding, None, 1)
            if not found or found[0].id != document.id:
                wrong.append(document.id)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for document in stored[200:]:
        store.write_documents([document])
    for asker in askers:
        asker.join()
    assert wrong == []
    assert store.count_documents() == 400
