"""A Haystack document store on FAISS and SQLite: filters work inside the search, nothing is lost by a killed process.

SQLite holds each document with its vector and is the truth; the FAISS index is a copy of the vectors, written to a file
so that opening is quick, and made again from SQLite when that file is missing or older.
"""

import json
import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import faiss
import numpy as np
from haystack import Document, default_to_dict
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy

from indexer.filters import json_path, to_sql
from indexer.locks import ReadWriteLock

DOCUMENTS_FILE = "documents.sqlite"
VECTORS_FILE = "vectors.faiss"
# Results of filters kept in memory: a city asks for some hundred places a day.
FILTERS_KEPT = 512
# Under this share of all documents FAISS is handed the list, above it a bitmap: measured even at about a tenth.
FEW = 0.1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
                                     vector BLOB);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO state VALUES ('generation', 0);
"""


class FaissDocumentStore:
    """Documents with vectors in one folder, or in memory only when ``folder`` is empty.

    Similarity is the inner product; hand in unit vectors for the cosine. Safe to share between threads. Instances got
    by :meth:`shared` or :meth:`from_dict` for one folder are one, so that the components of a pipeline share memory.
    """

    _open: ClassVar[weakref.WeakValueDictionary] = weakref.WeakValueDictionary()
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: str = "", indexed_fields: Sequence[str] = ()) -> None:
        """Open or make the store; ``indexed_fields`` (such as ``meta.region``) are those filtered by most."""
        self.folder = folder
        self.indexed_fields = list(indexed_fields)
        self._lock = ReadWriteLock()
        self._local = threading.local()
        self._filtered: OrderedDict[str, np.ndarray] = OrderedDict()
        self._filtered_lock = threading.Lock()
        # A database in memory lives as long as one connection to it is open.
        self._name = str(Path(folder) / DOCUMENTS_FILE) if folder else f"file:{id(self)}?mode=memory&cache=shared"
        self._keeper = self._connect()
        with closing(self._keeper.cursor()) as cursor:
            cursor.executescript(_SCHEMA)
            for number, field in enumerate(self.indexed_fields):
                cursor.execute(f"CREATE INDEX IF NOT EXISTS field_{number} ON document ({json_path(field)})")
        self._keeper.commit()
        self._index = self._load_index()

    # --- Haystack's protocol ---------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """What a saved pipeline keeps of the store."""
        return default_to_dict(self, folder=self.folder, indexed_fields=self.indexed_fields)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "FaissDocumentStore":
        """The store of a saved pipeline."""
        return cls.shared(**data["init_parameters"])

    @classmethod
    def shared(cls, folder: str, indexed_fields: Sequence[str] = ()) -> "FaissDocumentStore":
        """The one store of this process for a folder; opened if it is not open yet."""
        with cls._opening:
            if (store := cls._open.get(folder)) is None:
                store = cls._open[folder] = cls(folder, indexed_fields)
            return store

    def count_documents(self) -> int:
        """How many documents there are."""
        return self._connection().execute("SELECT count(*) FROM document").fetchone()[0]

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """All documents that satisfy the filters, with their vectors, in the order in which they were written."""
        where, values = to_sql(filters) if filters else ("1", [])
        rows = self._connection().execute(f"SELECT body, vector FROM document WHERE {where} ORDER BY row", values)
        return [_document(body, vector) for body, vector in rows]

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents in one transaction and return how many were written.

        A known id raises :class:`DuplicateDocumentError` unless the policy says SKIP or OVERWRITE.
        """
        if not isinstance(documents, list) or not all(isinstance(d, Document) for d in documents):
            raise ValueError("write_documents takes a list of Documents")
        with self._lock.writing(), self._transaction() as cursor:
            known = _rows_of(cursor, [d.id for d in documents])
            if known and policy in (DuplicatePolicy.NONE, DuplicatePolicy.FAIL):
                raise DuplicateDocumentError(f"Documents with these ids exist: {sorted(known)[:10]}")
            latest = {d.id: d for d in documents if policy is not DuplicatePolicy.SKIP or d.id not in known}
            self._write(cursor, list(latest.values()), known)
            return len(latest)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete documents; unknown ids are passed over."""
        with self._lock.writing(), self._transaction() as cursor:
            rows = list(_rows_of(cursor, document_ids).values())
            cursor.executemany("DELETE FROM document WHERE row = ?", [(row,) for row in rows])
            self._drop_vectors(rows)

    # --- search ----------------------------------------------------------------------------------------------

    def search(
        self, embedding: Sequence[float], filters: dict[str, Any] | None = None, top_k: int = 10
    ) -> list[Document]:
        """The most similar documents, best first, without their vectors; ``score`` is the inner product."""
        with self._lock.reading():
            if self._index is None or top_k < 1:
                return []
            query = np.asarray(embedding, dtype=np.float32)[None, :]
            scores, rows = self._index.search(query, top_k, params=self._parameters(filters))
            found = [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0]
            bodies = self._bodies([row for row, _ in found])
        return [replace(_document(bodies[row], None), score=score) for row, score in found]

    def matching_ids(self, filters: dict[str, Any]) -> list[str]:
        """Ids of the documents that satisfy the filters."""
        where, values = to_sql(filters)
        return [i for (i,) in self._connection().execute(f"SELECT id FROM document WHERE {where}", values)]

    def get(self, ids: Sequence[str]) -> dict[str, Document]:
        """Those of the documents that exist, by id, without their vectors."""
        marks = ",".join("?" * len(ids))
        rows = self._connection().execute(f"SELECT id, body FROM document WHERE id IN ({marks})", list(ids))
        return {i: _document(body, None) for i, body in rows}

    # --- life ------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the FAISS file, so that the next opening need not make it again."""
        if not self.folder or self._index is None:
            return
        with self._lock.reading():
            target = Path(self.folder) / VECTORS_FILE
            temporary = target.with_suffix(f".{self._generation()}.tmp")
            faiss.write_index(self._index, str(temporary))
            temporary.replace(target)
            with self._transaction(counts=False) as cursor:
                cursor.execute("INSERT OR REPLACE INTO state VALUES ('saved', ?)", [self._generation()])

    def close(self) -> None:
        """Let go of this thread's connection and of the vectors."""
        self._open.pop(self.folder, None)
        self._keeper.close()
        self._index = None

    # --- inside ----------------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._name, uri=not self.folder, check_same_thread=False, timeout=60)
        if self.folder:
            connection.execute("PRAGMA journal_mode=WAL")
        return connection

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._local.connection

    @contextmanager
    def _transaction(self, counts: bool = True) -> Iterator[sqlite3.Cursor]:
        connection = self._connection()
        with connection, closing(connection.cursor()) as cursor:
            yield cursor
            if counts:
                cursor.execute("UPDATE state SET value = value + 1 WHERE name = 'generation'")
        if counts:
            with self._filtered_lock:
                self._filtered.clear()

    def _generation(self) -> int:
        return self._connection().execute("SELECT value FROM state WHERE name = 'generation'").fetchone()[0]

    def _write(self, cursor: sqlite3.Cursor, documents: list[Document], known: dict[str, int]) -> None:
        next_row = (cursor.execute("SELECT max(row) FROM document").fetchone()[0] or 0) + 1
        rows, values = [], []
        for document in documents:
            row = known.get(document.id, next_row)
            next_row += row == next_row
            rows.append(row)
            values.append((row, document.id, _body(document), _blob(document.embedding)))
        cursor.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)", values)
        self._drop_vectors([row for row in rows if row < next_row and row in set(known.values())])
        embedded = [(row, d.embedding) for row, d in zip(rows, documents, strict=True) if d.embedding is not None]
        if embedded:
            self._add_vectors(np.array([row for row, _ in embedded]), np.array([e for _, e in embedded], np.float32))

    def _add_vectors(self, rows: np.ndarray, vectors: np.ndarray) -> None:
        if self._index is None:
            self._index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
        self._index.add_with_ids(vectors, rows.astype(np.int64))

    def _drop_vectors(self, rows: list[int]) -> None:
        if self._index is not None and rows:
            self._index.remove_ids(np.array(rows, dtype=np.int64))

    def _load_index(self) -> faiss.Index | None:
        saved = self._connection().execute("SELECT value FROM state WHERE name = 'saved'").fetchone()
        file = Path(self.folder) / VECTORS_FILE
        if self.folder and saved and saved[0] == self._generation() and file.exists():
            return faiss.read_index(str(file))
        return self._index_from_documents()

    def _index_from_documents(self) -> faiss.Index | None:
        self._index = None
        rows = self._connection().execute("SELECT row, vector FROM document WHERE vector IS NOT NULL ORDER BY row")
        while batch := rows.fetchmany(10_000):
            vectors = np.stack([np.frombuffer(vector, np.float32) for _, vector in batch])
            self._add_vectors(np.array([row for row, _ in batch]), vectors)
        return self._index

    def _parameters(self, filters: dict[str, Any] | None) -> faiss.SearchParameters | None:
        if not filters:
            return None
        rows = self._rows(filters)
        if len(rows) < FEW * self._index.ntotal:
            return faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))
        bitmap = np.zeros(int(rows.max(initial=0)) // 8 + 1, dtype=np.uint8)
        np.bitwise_or.at(bitmap, rows >> 3, (1 << (rows & 7)).astype(np.uint8))
        return faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))

    def _rows(self, filters: dict[str, Any]) -> np.ndarray:
        key = json.dumps(filters, sort_keys=True, default=str)
        with self._filtered_lock:
            if key in self._filtered:
                self._filtered.move_to_end(key)
                return self._filtered[key]
        where, values = to_sql(filters)
        found = self._connection().execute(f"SELECT row FROM document WHERE {where}", values).fetchall()
        rows = np.array([row for (row,) in found], dtype=np.int64)
        with self._filtered_lock:
            self._filtered[key] = rows
            while len(self._filtered) > FILTERS_KEPT:
                self._filtered.popitem(last=False)
        return rows

    def _bodies(self, rows: Sequence[int]) -> dict[int, str]:
        marks = ",".join("?" * len(rows))
        return dict(self._connection().execute(f"SELECT row, body FROM document WHERE row IN ({marks})", list(rows)))


def _rows_of(cursor: sqlite3.Cursor, ids: Iterable[str]) -> dict[str, int]:
    ids = list(ids)
    found: dict[str, int] = {}
    for start in range(0, len(ids), 10_000):
        some = ids[start : start + 10_000]
        found |= dict(cursor.execute(f"SELECT id, row FROM document WHERE id IN ({','.join('?' * len(some))})", some))
    return found


def _body(document: Document) -> str:
    values = replace(document, embedding=None).to_dict(flatten=False)
    return json.dumps({name: v for name, v in values.items() if v is not None}, ensure_ascii=False)


def _document(body: str, vector: bytes | None) -> Document:
    document = Document.from_dict(json.loads(body))
    if vector is None:
        return document
    return replace(document, embedding=np.frombuffer(vector, np.float32).tolist())


def _blob(embedding: Sequence[float] | None) -> bytes | None:
    return None if embedding is None else np.asarray(embedding, dtype=np.float32).tobytes()
