import numpy as np
import pytest
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.testing.document_store import DocumentStoreBaseTests

from indexer.store import FaissDocumentStore


class TestProtocol(DocumentStoreBaseTests):
    """Haystack's own conformance suite."""

    @pytest.fixture
    def document_store(self, tmp_path):
        return FaissDocumentStore(str(tmp_path), indexed_fields=["meta.number", "meta.chapter"])

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
