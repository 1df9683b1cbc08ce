import subprocess
import sys
import threading
from dataclasses import replace
from subprocess import PIPE

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


@pytest.mark.parametrize("pattern", ["*.faiss", "*.npz"])
@pytest.mark.parametrize("damage", ["lost", "cut short"])
def test_a_damaged_file_is_made_good_from_the_documents(tmp_path, pattern, damage):
    store = FaissDocumentStore(str(tmp_path))
    store.write_documents(documents(20))
    store.save()
    store.close()
    file = next(tmp_path.glob(pattern))
    if damage == "lost":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:100])
    again = FaissDocumentStore(str(tmp_path))
    assert len(again.search([1.0] * 16, None, 20)) == 20
    again.save()
    assert len(FaissDocumentStore(str(tmp_path)).search([1.0] * 16, None, 20)) == 20


def test_saved_files_are_read_and_only_later_changes_fetched(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(30)
    store.write_documents(stored[:20])
    store.save()
    store.write_documents(stored[20:])
    store.delete_documents(["3"])
    # Blind to what lies behind the files: had they not been read, these documents would be missing.
    store._connection().execute("UPDATE document SET generation = 0 WHERE row < 20")
    found = FaissDocumentStore(str(tmp_path)).search([1.0] * 16, None, 30)
    assert {d.id for d in found} == {str(n) for n in range(30)} - {"3"}
    store.save()
    assert len([*tmp_path.glob("*.faiss"), *tmp_path.glob("*.npz")]) == 2


def test_a_document_found_is_light_and_whole_on_request(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    meta = {"matter": "A", "aspect": None, "region": "210100", "local": True, "answer": "到大厅"}
    store.write_documents([Document(id="1", content="在哪办", meta=meta, embedding=[1.0, 0.0])])
    for found in (store.search([1.0, 0.0])[0], store.light(["1", "2"])["1"]):
        assert (found.content, found.meta) == (None, {"matter": "A", "aspect": None, "region": "210100", "local": True})
    assert store.get(["1", "2"])["1"].meta == meta
    assert store.get(["1"], {"field": "meta.region", "operator": "==", "value": "210101"}) == {}


def test_a_vector_of_another_size_is_refused_and_nothing_of_it_kept(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    store.write_documents(documents(3))
    with pytest.raises(ValueError, match="size"):
        store.write_documents([Document(id="x", embedding=[1.0]), *documents(9)[3:]])
    assert store.count_documents() == 3
    with pytest.raises(ValueError, match="shape"):
        store.search([1.0])


def answers(store, query):
    return [(d.id, round(d.score, 5), d.meta) for d in store.search(query, None, 1_000)]


def test_another_instance_takes_in_what_was_written_and_deleted(tmp_path):
    one, other = FaissDocumentStore(str(tmp_path)), FaissDocumentStore(str(tmp_path))
    stored = documents(60)
    assert not other.refresh()
    one.write_documents(stored[:50])
    assert other.refresh()
    assert not other.refresh()
    filters = {"field": "meta.region", "operator": "==", "value": "210101"}
    assert other.search([1.0] * 16, filters, 10) == []
    one.write_documents([replace(stored[3], meta={"region": "210101"}), *stored[50:]], DuplicatePolicy.OVERWRITE)
    one.delete_documents(["7", "8"])
    other.refresh()
    assert [d.id for d in other.search([1.0] * 16, filters, 10)] == ["3"]
    assert {i for i, *_ in answers(other, [1.0] * 16)} == {str(n) for n in range(60)} - {"7", "8"}
    assert answers(other, [1.0] * 16) == answers(one, [1.0] * 16)


def test_a_document_written_again_after_its_deletion_never_takes_an_old_row(tmp_path):
    one, other = FaissDocumentStore(str(tmp_path)), FaissDocumentStore(str(tmp_path))
    stored = documents(3)
    one.write_documents(stored)
    other.refresh()
    one.delete_documents(["2"])
    one.write_documents([replace(stored[2], id="new")])
    other.refresh()
    assert {d.id for d in other.search([1.0] * 16, None, 9)} == {"0", "1", "new"}
    one.delete_documents(["new", "0"])
    one.write_documents([replace(stored[0], embedding=[-x for x in stored[0].embedding])])
    other.refresh()
    assert answers(other, [1.0] * 16) == answers(one, [1.0] * 16)
    assert {i for i, *_ in answers(other, [1.0] * 16)} == {"0", "1"}


def test_a_body_that_vanished_before_memory_followed_is_left_out(tmp_path):
    one, other = FaissDocumentStore(str(tmp_path)), FaissDocumentStore(str(tmp_path))
    one.write_documents(documents(3))
    other.refresh()
    one.delete_documents(["1"])
    one.write_documents([replace(documents(1)[0], id="later")])
    assert {d.id for d in other.search([1.0] * 16, None, 9)} == {"0", "2"}
    assert other.light(["0", "1", "later"]).keys() == {"0"}
    # A filter that only SQL can answer, which knows more rows than this instance.
    assert {d.id for d in other.search([1.0] * 16, {"field": "id", "operator": "!=", "value": "0"}, 9)} == {"2"}


def test_a_document_may_lose_and_regain_its_vector(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(5)
    store.write_documents(stored)
    store.write_documents([replace(stored[2], embedding=None)], DuplicatePolicy.OVERWRITE)
    assert {d.id for d in store.search([1.0] * 16, None, 9)} == {"0", "1", "3", "4"}
    store.write_documents([stored[2]], DuplicatePolicy.OVERWRITE)
    assert store.search(stored[2].embedding, None, 1)[0].id == "2"


def test_changes_of_the_feed_are_applied_once_and_never_backwards(tmp_path):
    store = FaissDocumentStore(str(tmp_path))
    stored = documents(4)
    assert store.sequence == 0
    assert store.apply(stored[:3], [], 5)
    assert store.apply([replace(stored[1], content="新")], ["0", "unknown"], 8)
    assert not store.apply(stored, [], 8)
    assert not store.apply([], ["1"], 7)
    assert FaissDocumentStore(str(tmp_path)).sequence == 8
    assert {i: d.content for i, d in store.get(["0", "1", "2"]).items()} == {"1": "新", "2": "文档2"}
    assert {d.id for d in store.search([1.0] * 16, None, 9)} == {"1", "2"}


WRITER = """
import sys
from haystack import Document
from haystack.document_stores.types import DuplicatePolicy
from indexer.store import FaissDocumentStore
store = FaissDocumentStore(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
for n in range(60):
    vector = [float(n == k) for k in range(16)]
    document = Document(id=f"shared{n % 20}", content=sys.argv[2], meta={"region": sys.argv[2]}, embedding=vector)
    own = Document(id=f"{sys.argv[2]}{n}", embedding=vector)
    store.write_documents([document, own], DuplicatePolicy.OVERWRITE)
    if n % 3 == 0:
        store.delete_documents([own.id])
store.save()
"""


def test_two_processes_that_write_at_once_end_equal(tmp_path):
    mine = FaissDocumentStore(str(tmp_path))
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], stdin=PIPE, stdout=PIPE, text=True)
        for name in ("left", "right")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "open\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    while any(writer.poll() is None for writer in writers):
        mine.refresh()
        mine.search([1.0] * 16, None, 100)
    assert [writer.wait() for writer in writers] == [0, 0]
    mine.refresh()
    assert mine.count_documents() == 20 + 2 * 40
    assert len(answers(mine, [1.0] * 16)) == 100
    assert sorted(answers(mine, [1.0] * 16), key=str) == sorted(answers(opened(tmp_path), [1.0] * 16), key=str)
    # Without the saved files, all is read from the documents.
    for file in [*tmp_path.glob("*.faiss"), *tmp_path.glob("*.npz")]:
        file.unlink()
    assert sorted(answers(mine, [1.0] * 16), key=str) == sorted(answers(opened(tmp_path), [1.0] * 16), key=str)


def opened(folder):
    return FaissDocumentStore(str(folder))


@pytest.mark.parametrize("kept", ["in a folder", "in memory"])
def test_searches_during_writes_see_the_old_or_the_new_document_and_never_fail(tmp_path, kept):
    store = FaissDocumentStore(str(tmp_path) if kept == "in a folder" else "")
    stored = [replace(d, meta={"region": "a"}) for d in documents(100)]
    moved = [replace(d, content=f"新{d.id}", embedding=[-x for x in d.embedding]) for d in stored]
    store.write_documents(stored)
    filters = {"field": "meta.region", "operator": "==", "value": "a"}
    done, wrong = threading.Event(), []

    def ask():
        while not done.is_set():
            try:
                found = store.search(stored[50].embedding, filters, 100)
                whole = store.get([d.id for d in found])
                # One document at a time is deleted, and comes back.
                wrong.extend(["missing"] if len(found) < 98 or len({d.id for d in found}) < len(found) else [])
                wrong.extend(d for d in whole.values() if d.content not in (f"文档{d.id}", f"新{d.id}"))
            except Exception as error:
                wrong.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for number in range(60):
        store.write_documents([moved[number]], DuplicatePolicy.OVERWRITE)
        store.delete_documents([str(number)])
        store.write_documents([moved[number]])
    done.set()
    for asker in askers:
        asker.join()
    assert wrong == []
    assert len(store.search(stored[50].embedding, filters, 200)) == 100


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
