"""Dense search as a Haystack component."""

from typing import Any

import numpy as np
from haystack import Document, component

from indexer.store import FaissDocumentStore


@component
class FaissRetriever:
    """Haystack component: the documents most similar to an embedding, light; ``score`` is the inner product."""

    def __init__(self, document_store: FaissDocumentStore, top_k: int = 30) -> None:
        self.document_store = document_store
        self.top_k = top_k

    @component.output_types(documents=list[Document])
    def run(
        self,
        query_embedding: list[float] | np.ndarray,
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
    ) -> dict[str, list[Document]]:
        """Search among the documents that satisfy ``filters``; a zero vector (no known token) finds none."""
        if not np.any(query_embedding):
            return {"documents": []}
        return {"documents": self.document_store.search(query_embedding, filters, top_k or self.top_k)}
