"""Lexical search: BM25 over grams in a tantivy index beside the document store.

tantivy rather than bm25s: at 132,800 entries both answer in a few milliseconds, but tantivy takes single changes
without a rebuild, filters while it searches, and maps its files instead of holding a matrix in memory
(``python -m bench.lexical`` measures both).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tantivy
from haystack import Document, component, default_from_dict, default_to_dict

from indexer.store import FaissDocumentStore
from indexer.tokens import grams

# Bytes tantivy may fill before it writes a segment.
WRITER_HEAP = 128_000_000
# A city has some hundred matters; those after the best hundred share no more than single characters.
MOST_MATTERS = 100
# BM25's saturation as tantivy has it; a term scores at most (1 + K1) times its rarity.
K1 = 1.2
# Fields that a filter may name inside tantivy; others are resolved by the document store first.
_KEYWORDS = ("region", "line", "audience", "matter")
_DATES = ("valid_from", "valid_to")


class LexicalIndex:
    """Grams of documents in one folder, or in memory when ``folder`` is empty. Safe to share between threads.

    What holds for the whole city and what holds for one place lie in two parts, each with its own word statistics: ten
    thousands of addresses would otherwise make 窗口 rare and 社保卡 common for questions that ask for neither place.
    A third part holds each matter as one text: a question that matches several entries of a matter a little, and none
    of them much, still finds the matter.
    """

    def __init__(self, folder: str = "") -> None:
        names = ("citywide", "local", "matters")
        *self._parts, self._matters = [_Part(str(Path(folder) / name) if folder else "") for name in names]

    def write(self, documents: Sequence[Document], note: Callable[[int], object] = lambda done: None) -> None:
        """Take documents in, in place of those with the same ids; seen by searches when this returns.

        ``note`` is called with 1 for each document done.
        """
        ids = [d.id for d in documents]
        for local, part in enumerate(self._parts):
            part.change(ids, [d for d in documents if bool(d.meta.get("local")) == bool(local)], note)

    def write_matters(self, documents: Sequence[Document]) -> None:
        """Take matters in as one text each; ``documents`` are all citywide entries of the matters concerned."""
        lines: dict[str, dict[str, None]] = defaultdict(dict)
        for document in documents:
            if matter := document.meta.get("matter"):
                # The names of the matter stand in each of its entries; once is enough.
                lines[matter] |= dict.fromkeys((document.content or "").split("\n"))
        texts = [Document(id=matter, content="\n".join(text)) for matter, text in lines.items()]
        self._matters.change(list(lines), texts)

    def matters(self, text: str) -> dict[str, float]:
        """The matters that share words with a text: their share of the score that it could reach, 0 to 1."""
        return dict(self._matters.search(list(dict.fromkeys(grams(text))), None, MOST_MATTERS))

    def delete(self, ids: Sequence[str]) -> None:
        """Drop documents; unknown ids are passed over."""
        for part in self._parts:
            part.change(ids, ())

    def search(self, text: str, filters: dict[str, Any] | None, top_k: int) -> list[tuple[str, float]]:
        """Ids of the best documents with their share of the score that the query could reach, 0 to 1.

        :class:`UntranslatableFilterError` if a filter names a field that this index does not hold.
        """
        terms = list(dict.fromkeys(grams(text)))
        found = [hit for part in self._parts for hit in part.search(terms, filters, top_k)]
        return sorted(found, key=lambda hit: -hit[1])[:top_k]


class UntranslatableFilterError(Exception):
    """The filter names a field, or compares in a way, that only the document store knows."""


class _Part:
    def __init__(self, folder: str) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        schema.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
        for name in _KEYWORDS:
            schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
        for name in _DATES:
            schema.add_unsigned_field(name, indexed=True, fast=True)
        self._schema = schema.build()
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
        self._index = tantivy.Index(self._schema, path=folder or None)
        self._index.reload()

    def change(
        self, ids: Sequence[str], documents: Sequence[Document], note: Callable[[int], object] = lambda done: None
    ) -> None:
        """Drop ``ids``, then add the documents."""
        # One thread: with several the segments, and so the order of equal scores, would differ from build to build.
        writer = self._index.writer(WRITER_HEAP, num_threads=1)
        for i in ids:
            writer.delete_documents_by_term("id", i)
        for document in documents:
            writer.add_document(self._row(document))
            note(1)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, terms: Sequence[str], filters: dict[str, Any] | None, top_k: int) -> list[tuple[str, float]]:
        """As :meth:`LexicalIndex.search`, within this part."""
        searcher = self._index.searcher()
        most = sum(self._rarity(searcher, term) for term in terms) * (1 + K1)
        if not most or top_k < 1:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "text", t, "freq")) for t in terms]
        )
        if filters:
            condition = tantivy.Query.const_score_query(self._condition(filters), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, condition)])
        hits = searcher.search(query, limit=top_k, count=False).hits
        return [(searcher.doc(address)["id"][0], score / most) for score, address in hits]

    def _row(self, document: Document) -> tantivy.Document:
        row = {"id": document.id, "text": " ".join(grams(document.content or ""))}
        row |= {name: document.meta[name] for name in _KEYWORDS if document.meta.get(name)}
        row |= {name: as_number(document.meta[name]) for name in _DATES if document.meta.get(name)}
        return tantivy.Document.from_dict(row, self._schema)

    def _rarity(self, searcher: tantivy.Searcher, term: str) -> float:
        count = searcher.doc_freq("text", term)
        return math.log(1 + (searcher.num_docs - count + 0.5) / (count + 0.5)) if searcher.num_docs else 0.0

    def _condition(self, node: dict[str, Any]) -> tantivy.Query:
        if "conditions" in node:
            return self._logic(node)
        name, operator, value = node["field"].removeprefix("meta."), node["operator"], node["value"]
        if name == "id":
            return self._among("id", operator, value)
        if name in _KEYWORDS:
            return self._among(name, operator, value)
        if name in _DATES and isinstance(value, str):
            return self._date(name, operator, as_number(value))
        raise UntranslatableFilterError(name)

    def _logic(self, node: dict[str, Any]) -> tantivy.Query:
        parts = [self._condition(condition) for condition in node["conditions"]]
        if node["operator"] == "OR":
            return tantivy.Query.boolean_query([(tantivy.Occur.Should, part) for part in parts])
        joined = tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts])
        return joined if node["operator"] == "AND" else self._not(joined)

    def _among(self, name: str, operator: str, value: object) -> tantivy.Query:
        values = value if isinstance(value, list) else [value]
        if operator not in ("==", "in", "!=", "not in") or not all(isinstance(v, str) for v in values):
            raise UntranslatableFilterError(name)
        among = tantivy.Query.term_set_query(self._schema, name, values)
        return among if operator in ("==", "in") else self._not(among)

    def _date(self, name: str, operator: str, value: int) -> tantivy.Query:
        bounds = {
            "<=": {"upper_bound": value},
            "<": {"upper_bound": value, "include_upper": False},
            ">=": {"lower_bound": value},
            ">": {"lower_bound": value, "include_lower": False},
        }.get(operator)
        if bounds is None:
            raise UntranslatableFilterError(name)
        return tantivy.Query.range_query(self._schema, name, tantivy.FieldType.Unsigned, **bounds)

    def _not(self, query: tantivy.Query) -> tantivy.Query:
        everything = tantivy.Query.all_query()
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, everything), (tantivy.Occur.MustNot, query)])


def as_number(day: str) -> int:
    """An ISO date as yyyymmdd."""
    return int(day[:10].replace("-", ""))


@component
class LexicalRetriever:
    """Haystack component: documents by BM25, best first; ``score`` is the share of what the query could reach."""

    def __init__(self, document_store: FaissDocumentStore, folder: str = "", top_k: int = 30) -> None:
        self.document_store = document_store
        self.folder = folder
        self.top_k = top_k
        self.index = LexicalIndex(folder)

    def to_dict(self) -> dict[str, Any]:
        """What a saved pipeline keeps."""
        return default_to_dict(self, document_store=self.document_store.to_dict(), folder=self.folder, top_k=self.top_k)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "LexicalRetriever":
        """The retriever of a saved pipeline."""
        data["init_parameters"]["document_store"] = FaissDocumentStore.from_dict(
            data["init_parameters"]["document_store"]
        )
        return default_from_dict(cls, data)

    @component.output_types(documents=list[Document], matters=dict[str, float])
    def run(self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None) -> dict[str, Any]:
        """Search for ``query`` among the documents that satisfy ``filters``, and among all matters."""
        found = self._search(query, filters, top_k or self.top_k)
        documents = self.document_store.light([i for i, _ in found])
        ordered = [replace(documents[i], score=score) for i, score in found if i in documents]
        return {"documents": ordered, "matters": self.index.matters(query)}

    def _search(self, query: str, filters: dict[str, Any] | None, top_k: int) -> list[tuple[str, float]]:
        try:
            return self.index.search(query, filters, top_k)
        except UntranslatableFilterError:
            ids = self.document_store.matching_ids(filters)
            return self.index.search(query, {"field": "id", "operator": "in", "value": ids}, top_k)
