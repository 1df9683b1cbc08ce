"""Lexical search: BM25 over grams in a tantivy index beside the document store.

tantivy rather than bm25s: at 132,800 entries both answer in a few milliseconds, but tantivy takes single changes
without a rebuild, filters while it searches, and maps its files instead of holding a matrix in memory
(``python -m bench.lexical`` measures both).
"""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import tantivy
from haystack import Document, component

from indexer.messages import Scores
from indexer.store import FaissDocumentStore
from indexer.tokens import grams, pairs

# Bytes tantivy may fill before it writes a segment.
WRITER_HEAP = 128_000_000
# A city has some hundred matters; those after the best hundred share no more than single characters.
MOST_MATTERS = 100
# Candidates that an entry's own question may bring in beside those of the whole entry.
MOST_BY_QUESTION = 10
# BM25's saturation as tantivy has it; a term scores at most (1 + K1) times its rarity.
K1 = 1.2
# tantivy counts deleted documents in its word statistics until it merges their segment, which for a large one may be
# never. A part with a larger share of them than this is worn: it is better written anew.
WORN = 0.02
# Fields that a filter may name inside tantivy; others are resolved by the document store first.
_KEYWORDS = ("region", "line", "audience", "matter")
_DATES = ("valid_from", "valid_to")
# What is searched by words: the whole entry, and its own question alone.
_TEXTS = ("text", "question")


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

    def write(
        self,
        documents: Sequence[Document],
        note: Callable[[int], object] = lambda done: None,
        *,
        deleted: Sequence[str] = (),
    ) -> None:
        """Take documents in, in place of those with the same ids, and drop others; seen by searches when this returns.

        ``note`` is called with 1 for each document done. Unknown ids in ``deleted`` are passed over.
        """
        ids = [*deleted, *(d.id for d in documents)]
        for part, own in zip(self._parts, _by_reach(documents), strict=True):
            part.change(ids, own, note)

    def write_matters(self, documents: Iterable[Document], emptied: Iterable[str] = ()) -> None:
        """Take matters in as one text each; ``documents`` are all citywide entries of the matters concerned.

        Matters of ``emptied`` that none of the documents belongs to are dropped.
        """
        texts = _matter_texts(documents)
        self._matters.change(list({*emptied, *(text.id for text in texts)}), texts)

    def search_questions(self, text: str, filters: dict[str, Any] | None, top_k: int) -> list[tuple[str, float]]:
        """As :meth:`search`, by the entries' own questions alone."""
        return self._best(list(dict.fromkeys(pairs(text))), filters, top_k, "question")

    def rarity(self, text: str) -> dict[str, float]:
        """How rare those pairs of a text are that occur in questions of entries: logarithm of one in so many."""
        counted = sum(part.counted for part in self._parts)
        found = {pair: sum(part.count(pair, "question") for part in self._parts) for pair in pairs(text)}
        return {pair: math.log((1 + counted) / (1 + count)) + 1 for pair, count in found.items() if count}

    def matters(self, text: str) -> dict[str, float]:
        """The matters that share words with a text: their share of the score that it could reach, 0 to 1."""
        return dict(self._matters.search(list(dict.fromkeys(grams(text))), None, MOST_MATTERS))

    def reload(self) -> None:
        """See what another process has written."""
        for part in (*self._parts, self._matters):
            part.reload()

    def worn(self) -> bool:
        """Whether some part holds so many deleted documents that its scores may differ from those of a new index."""
        return any(part.dead() > WORN for part in (*self._parts, self._matters))

    def renew(self, documents: Callable[[], Iterable[Document]]) -> None:
        """Write the worn parts anew from all documents, which are asked for once for each of them.

        Searches go on meanwhile; a process that is killed, or whatever ``documents`` raises, leaves a part as it was.
        """
        self.reload()
        for local, part in enumerate(self._parts):
            if part.dead() > WORN:
                part.renew(d for d in documents() if _is_local(d) == bool(local))
        if self._matters.dead() > WORN:
            self._matters.renew(_matter_texts(d for d in documents() if not _is_local(d)))

    def search(self, text: str, filters: dict[str, Any] | None, top_k: int) -> list[tuple[str, float]]:
        """Ids of the best documents with their share of the score that the query could reach, 0 to 1.

        :class:`UntranslatableFilterError` if a filter names a field that this index does not hold.
        """
        return self._best(list(dict.fromkeys(grams(text))), filters, top_k, "text")

    def _best(
        self, terms: Sequence[str], filters: dict[str, Any] | None, top_k: int, field: str
    ) -> list[tuple[str, float]]:
        found = [hit for part in self._parts for hit in part.search(terms, filters, top_k, field)]
        # Equal scores by id: the order in which tantivy holds them depends on when they were written.
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:top_k]


def _is_local(document: Document) -> bool:
    return bool(document.meta.get("local"))


def _by_reach(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    return [d for d in documents if not _is_local(d)], [d for d in documents if _is_local(d)]


def _matter_texts(documents: Iterable[Document]) -> list[Document]:
    lines: dict[str, dict[str, None]] = defaultdict(dict)
    for document in documents:
        if matter := document.meta.get("matter"):
            # The names of the matter stand in each of its entries; once is enough.
            lines[matter] |= dict.fromkeys((document.content or "").split("\n"))
    return [Document(id=matter, content="\n".join(text)) for matter, text in lines.items()]


class UntranslatableFilterError(Exception):
    """The filter names a field, or compares in a way, that only the document store knows."""


class _Part:
    def __init__(self, folder: str) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for name in _TEXTS:
            schema.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
        for name in _KEYWORDS:
            schema.add_text_field(name, tokenizer_name="raw", index_option="basic")
        for name in _DATES:
            schema.add_unsigned_field(name, indexed=True, fast=True)
        self._schema = schema.build()
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._index = tantivy.Index(self._schema, path=folder or None)
        self.reload()

    def change(
        self, ids: Sequence[str], documents: Sequence[Document], note: Callable[[int], object] = lambda done: None
    ) -> None:
        """Drop ``ids``, then add the documents."""
        self.reload()
        searcher = self._index.searcher()
        known = [i for i in ids if searcher.doc_freq("id", i)]
        if not known and not documents:
            return
        with self._writer() as writer:
            for i in known:
                writer.delete_documents_by_term("id", i)
            for document in documents:
                writer.add_document(self._row(document))
                note(1)

    def renew(self, documents: Iterable[Document]) -> None:
        """Put the documents in place of all that is there."""
        with self._writer() as writer:
            writer.delete_all_documents()
            for document in documents:
                writer.add_document(self._row(document))

    def reload(self) -> None:
        """See what another process has written."""
        self._index.reload()
        # tantivy tells its searchers only of documents that are alive.
        if self._folder:
            segments = json.loads((Path(self._folder) / "meta.json").read_text("utf-8"))["segments"]
            self.counted = sum(segment["max_doc"] for segment in segments)
        else:
            self.counted = self._index.searcher().num_docs

    def dead(self) -> float:
        """The share of deleted documents among all that the word statistics count."""
        return 1 - self._index.searcher().num_docs / self.counted if self.counted else 0.0

    def count(self, term: str, field: str) -> int:
        """In how many documents a term stands."""
        return self._index.searcher().doc_freq(field, term)

    def search(
        self, terms: Sequence[str], filters: dict[str, Any] | None, top_k: int, field: str = "text"
    ) -> list[tuple[str, float]]:
        """As :meth:`LexicalIndex.search`, within this part and field."""
        searcher = self._index.searcher()
        most = sum(self._rarity(searcher, field, term) for term in terms) * (1 + K1)
        if not most or top_k < 1:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, field, t, "freq")) for t in terms]
        )
        if filters:
            condition = tantivy.Query.const_score_query(self._condition(filters), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, condition)])
        hits = searcher.search(query, limit=top_k, count=False).hits
        return [(searcher.doc(address)["id"][0], score / most) for score, address in hits]

    @contextmanager
    def _writer(self) -> Iterator[tantivy.IndexWriter]:
        # One thread: with several the segments, and so the order of equal scores, would differ from build to build.
        writer = self._index.writer(WRITER_HEAP, num_threads=1)
        try:
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()
        self.reload()

    def _row(self, document: Document) -> tantivy.Document:
        row = {"id": document.id, "text": " ".join(grams(document.content or ""))}
        row["question"] = " ".join(pairs(document.meta.get("question") or ""))
        row |= {name: document.meta[name] for name in _KEYWORDS if document.meta.get(name)}
        row |= {name: as_number(document.meta[name]) for name in _DATES if document.meta.get(name)}
        return tantivy.Document.from_dict(row, self._schema)

    def _rarity(self, searcher: tantivy.Searcher, field: str, term: str) -> float:
        count = searcher.doc_freq(field, term)
        # As tantivy counts, deleted documents included: otherwise a share of the possible score might exceed 1.
        counted = max(self.counted, count)
        return math.log(1 + (counted - count + 0.5) / (count + 0.5)) if counted else 0.0

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

    @component.output_types(documents=list[Document], matters=Scores, rarity=Scores)
    def run(self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None) -> dict[str, Any]:
        """Search for ``query`` among the documents that satisfy ``filters``, and among all matters.

        Last stand those that only their own question brought in, with the lowest of the others' scores.
        """
        found = self._search(query, filters, top_k or self.top_k)
        documents = self.document_store.light(list(found))
        ordered = [replace(documents[i], score=score) for i, score in found.items() if i in documents]
        matters, rarity = self.index.matters(query), self.index.rarity(query)
        return {"documents": ordered, "matters": Scores(matters), "rarity": Scores(rarity)}

    def _search(self, query: str, filters: dict[str, Any] | None, top_k: int) -> dict[str, float]:
        try:
            found = dict(self.index.search(query, filters, top_k))
        except UntranslatableFilterError:
            filters = {"field": "id", "operator": "in", "value": self.document_store.matching_ids(filters)}
            found = dict(self.index.search(query, filters, top_k))
        least = min(found.values(), default=0.0)
        by_question = [i for i, _ in self.index.search_questions(query, filters, MOST_BY_QUESTION) if i not in found]
        return found | dict.fromkeys(by_question, least)
