"""The engines compared by :mod:`bench.retrieval`, each built from batches and asked one question.

All get the same texts and, where they take any, the same vectors. Those that cut text at blanks get our grams joined
by blanks, as any Chinese user of theirs would have to. Peers are imported where they are made: most need packages that
Hotline does not (``bench/requirements.txt``).
"""

import shutil
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from haystack import Document, Pipeline
from haystack.document_stores.types import DuplicatePolicy

from bench.corpus import Asked
from indexer.tokens import grams
from kb.regions import RegionTree

Batches = Iterable[tuple[list[Document], np.ndarray]]
TOP_K = 10
# As our own pipeline: how many of each retriever are joined.
CANDIDATES = 30
# How much more an engine without filters is asked for, before what does not hold for the caller is dropped.
OVERFETCH = 10


class Hotline:
    """Our pipeline: what ``hotline index build`` writes and :class:`indexer.search.Searcher` answers from."""

    filters = "inside"

    def __init__(self, folder: Path, origin: Path, regions: RegionTree) -> None:
        """``origin`` is the folder of an index whose model and judgement are used."""
        self._folder = folder
        self._origin = origin
        self._regions = regions

    def build(self, batches: Batches) -> None:
        """Write an index and open it."""
        from indexer.search import Searcher

        _write_index(self._folder, self._origin, batches)
        self._searcher = Searcher(self._folder, self._regions)

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first; the question is embedded here, and its answers are read."""
        return [str(hit.entry_id) for hit in self._searcher.search(asked.text, region=asked.place, top_k=TOP_K)]


def _write_index(index_folder: Path, origin: Path, batches: Batches) -> None:
    """An index of the batches with the model and the judgement of ``origin``: all that is known here of its inside."""
    from indexer.aspects import ASPECTS_FILE
    from indexer.judgement import Judgement
    from indexer.lexical import LexicalIndex
    from indexer.manifest import CURRENT, Manifest
    from indexer.pipeline import JUDGEMENT_FILE, make_pipeline, open_store, save_pipeline

    manifest = Manifest.load(origin)
    folder = index_folder / "compared"
    folder.mkdir(parents=True)
    for learned in (JUDGEMENT_FILE, ASPECTS_FILE):
        shutil.copy(origin / learned, folder)
    if manifest.own_model:
        shutil.copytree(origin / manifest.model, folder / manifest.model)
    store, lexical, matters = open_store(folder), LexicalIndex(str(folder / "lexical")), []
    for documents, vectors in batches:
        lexical.write(documents)
        embedded = [replace(d, embedding=v.tolist()) for d, v in zip(documents, vectors, strict=True)]
        store.write_documents(embedded, DuplicatePolicy.FAIL)
        matters += [d for d in documents if d.meta["matter"] and not d.meta["local"]]
    lexical.write_matters(matters)
    store.save()
    model = str(folder / manifest.model) if manifest.own_model else manifest.model
    judgement = Judgement.load(folder / JUDGEMENT_FILE)
    save_pipeline(make_pipeline(folder, model, manifest.prompt, manifest.own_model, judgement), folder)
    replace(manifest, entries=store.count_documents()).save(folder)
    (index_folder / CURRENT).write_text(folder.name, "utf-8")


class HaystackInMemory:
    """Haystack's own in-memory store with its BM25 and embedding retrievers, joined by reciprocal rank."""

    filters = "inside"

    def __init__(self) -> None:
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        self._store = InMemoryDocumentStore(bm25_tokenization_regex=r"\S+", embedding_similarity_function="dot_product")
        self._pipeline = Pipeline()
        self._pipeline.add_component("lexical", InMemoryBM25Retriever(self._store, top_k=CANDIDATES))
        self._pipeline.add_component("dense", InMemoryEmbeddingRetriever(self._store, top_k=CANDIDATES))
        self._pipeline.add_component("joiner", DocumentJoiner("reciprocal_rank_fusion", top_k=TOP_K))
        self._pipeline.connect("lexical", "joiner")
        self._pipeline.connect("dense", "joiner")

    def build(self, batches: Batches) -> None:
        """Keep documents of grams and region."""
        for documents, vectors in batches:
            self._store.write_documents(
                [
                    Document(id=d.id, content=_cut(d.content), meta={"region": d.meta["region"]}, embedding=v.tolist())
                    for d, v in zip(documents, vectors, strict=True)
                ]
            )

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first."""
        wanted = {"field": "meta.region", "operator": "in", "value": list(asked.scope)} if asked.scope else None
        question = {
            "lexical": {"query": _cut(asked.text), "filters": wanted},
            "dense": {"query_embedding": asked.vector.tolist(), "filters": wanted},
        }
        return [d.id for d in self._pipeline.run(question)["joiner"]["documents"]]


class Txtai:
    """txtai's hybrid embeddings, with its default vector index and BM25, and no content store."""

    filters = f"after, of {OVERFETCH} times as many"

    def __init__(self, questions: Iterable[Asked]) -> None:
        import txtai

        # txtai asks for vectors by text; while building, texts come in the order in which they were handed in.
        self._known = {_cut(asked.text): asked.vector for asked in questions}
        self._coming: deque[np.ndarray] = deque()
        self._regions: dict[str, str] = {}
        self._embeddings = txtai.Embeddings(
            method="external",
            transform=lambda texts: self._vectors(texts),
            scoring={"method": "bm25", "terms": True, "normalize": True, "tokenizer": {"whitespace": True}},
        )

    def build(self, batches: Batches) -> None:
        """Index grams with the vectors handed in."""
        self._embeddings.index(chain.from_iterable(self._rows(*batch) for batch in batches))

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first."""
        found = self._embeddings.search(_cut(asked.text), TOP_K * OVERFETCH)
        return [i for i, _ in found if not asked.scope or self._regions[i] in asked.scope][:TOP_K]

    def _rows(self, documents: list[Document], vectors: np.ndarray):
        for document, vector in zip(documents, vectors, strict=True):
            self._coming.append(vector)
            self._regions[document.id] = document.meta["region"]
            yield document.id, _cut(document.content), None

    def _vectors(self, texts: list[str]) -> np.ndarray:
        if self._coming:
            return np.stack([self._coming.popleft() for _ in texts])
        return np.stack([self._known[text] for text in texts])


class Tantivy:
    """tantivy alone, with one set of word statistics for everything."""

    filters = "inside"

    def __init__(self, folder: Path) -> None:
        import tantivy

        self._tantivy = tantivy
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("region", tokenizer_name="raw", index_option="basic")
        schema.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        self._schema = schema.build()
        folder.mkdir(parents=True)
        self._index = tantivy.Index(self._schema, path=str(folder))

    def build(self, batches: Batches) -> None:
        """Index grams and regions in a folder."""
        writer = self._index.writer(128_000_000, num_threads=1)
        for documents, _ in batches:
            for d in documents:
                row = {"id": d.id, "region": d.meta["region"], "text": _cut(d.content)}
                writer.add_document(self._tantivy.Document.from_dict(row, self._schema))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first."""
        query, occur = self._tantivy.Query, self._tantivy.Occur
        terms = dict.fromkeys(grams(asked.text))
        wanted = query.boolean_query([(occur.Should, query.term_query(self._schema, "text", t, "freq")) for t in terms])
        if asked.scope:
            inside = query.const_score_query(query.term_set_query(self._schema, "region", list(asked.scope)), 0.0)
            wanted = query.boolean_query([(occur.Must, wanted), (occur.Must, inside)])
        searcher = self._index.searcher()
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(wanted, TOP_K, count=False).hits]


class Bm25s:
    """bm25s alone; a mask over all documents does for a filter."""

    filters = "mask over all"

    def __init__(self) -> None:
        import bm25s

        self._index = bm25s.BM25()
        self._ids: list[str] = []
        self._masks: dict[tuple[str, ...], np.ndarray] = {}

    def build(self, batches: Batches) -> None:
        """Hold the matrix of all grams in memory."""
        texts, regions = [], []
        for documents, _ in batches:
            texts += [grams(d.content) for d in documents]
            regions += [d.meta["region"] for d in documents]
            self._ids += [d.id for d in documents]
        self._index.index(texts, show_progress=False)
        self._regions = np.array(regions)

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first."""
        if asked.scope not in self._masks:
            inside = np.isin(self._regions, asked.scope) if asked.scope else np.ones(len(self._regions))
            self._masks[asked.scope] = inside.astype(np.float32)
        rows, scores = self._index.retrieve(
            [grams(asked.text)], k=TOP_K, show_progress=False, weight_mask=self._masks[asked.scope]
        )
        return [self._ids[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]


class LanceDb:
    """lancedb's hybrid of full text and exact vector search, joined by reciprocal rank."""

    filters = "inside"

    def __init__(self, folder: Path) -> None:
        import lancedb
        from lancedb.query import MatchQuery

        self._match = MatchQuery
        self._database = lancedb.connect(str(folder))
        self._table = None

    def build(self, batches: Batches) -> None:
        """Write a table with an index of the text and one of the region."""
        for documents, vectors in batches:
            rows = [
                {"id": d.id, "region": d.meta["region"], "text": _cut(d.content), "vector": v}
                for d, v in zip(documents, vectors, strict=True)
            ]
            if self._table is None:
                self._table = self._database.create_table("entries", rows)
            else:
                self._table.add(rows)
        plain = {"stem": False, "remove_stop_words": False, "ascii_folding": False, "lower_case": False}
        self._table.create_fts_index("text", base_tokenizer="whitespace", **plain)
        self._table.create_scalar_index("region", index_type="BITMAP")

    def search(self, asked: Asked) -> list[str]:
        """Ids, best first."""
        query = self._table.search(query_type="hybrid").vector(asked.vector).text(self._match(_cut(asked.text), "text"))
        if asked.scope:
            codes = ",".join(f"'{code}'" for code in asked.scope)
            query = query.where(f"region IN ({codes})", prefilter=True)
        # Without "dot" lancedb orders by distance, which for unit vectors is the same order.
        return [row["id"] for row in query.select(["id"]).limit(CANDIDATES).to_list()][:TOP_K]


ENGINES: dict[str, type] = {
    "hotline": Hotline,
    "haystack": HaystackInMemory,
    "txtai": Txtai,
    "lancedb": LanceDb,
    "tantivy": Tantivy,
    "bm25s": Bm25s,
}


def _cut(text: str | None) -> str:
    return " ".join(grams(text or ""))
