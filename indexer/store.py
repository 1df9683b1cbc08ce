"""A Haystack document store: filters work inside the search, and nothing is lost by a killed process.

SQLite holds each document with its vector and is the truth. Vectors and columns are a copy in memory that follows it by
generation: each write raises the generation and stamps the rows that it touches, and memory takes in what bears a later
stamp than its own. So writes of this instance, of other instances and of other processes come in the same way. Files
of the copy make opening quick and may be lost.
"""

import json
import os
import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from haystack import Document, default_to_dict
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy

from indexer.columns import FIELDS, Columns
from indexer.filters import json_path, to_sql
from indexer.locks import ReadWriteLock
from indexer.vectors import Vectors

DOCUMENTS_FILE = "documents.sqlite"
# Results of filters kept in memory, until the next change: callers of one hour ask about some dozens of places.
FILTERS_KEPT = 64
_BATCH = 10_000
# A row number is never given twice: a tombstone may still name it to an instance that lags behind.
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS document (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
                                     vector BLOB, generation INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS document_generation ON document (generation);
CREATE TABLE IF NOT EXISTS tombstone (row INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tombstone_generation ON tombstone (generation);
CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
COMMIT;
"""
_CHANGED = f"SELECT row, vector, {', '.join(json_path(f'meta.{name}') for name in FIELDS)} FROM document"


class FaissDocumentStore:
    """Documents with vectors in one folder, or in memory only when ``folder`` is empty.

    Similarity is the inner product; hand in unit vectors for the cosine. Safe to share between threads, and a folder
    between processes. Instances got by :meth:`shared` or :meth:`from_dict` for one folder are one, so that the
    components of a pipeline share memory.
    """

    _open: ClassVar[weakref.WeakValueDictionary] = weakref.WeakValueDictionary()
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: str = "") -> None:
        """Open or make the store."""
        self.folder = folder
        self._lock = ReadWriteLock()  # guards the copy in memory
        self._following = threading.Lock()  # held by the one thread that changes or saves the copy
        self._local = threading.local()
        self._filtered: OrderedDict[str, np.ndarray | None] = OrderedDict()
        self._filtered_lock = threading.Lock()
        # A database in memory lives as long as one connection to it is open.
        self._name = str(Path(folder) / DOCUMENTS_FILE) if folder else f"file:/hotline-{id(self)}?vfs=memdb"
        self._keeper = self._connect()
        # Making tables waits for whoever writes; a store that has them opens at once.
        if not self._keeper.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone():
            self._keeper.executescript(_SCHEMA)
        self._generation, self._vectors, self._columns = self._load()
        self.refresh()

    # --- Haystack's protocol ---------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """What a saved pipeline keeps of the store."""
        return default_to_dict(self, folder=self.folder)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "FaissDocumentStore":
        """The store of a saved pipeline."""
        return cls.shared(**data["init_parameters"])

    @classmethod
    def shared(cls, folder: str) -> "FaissDocumentStore":
        """The one store of this process for a folder; opened if it is not open yet."""
        with cls._opening:
            if (store := cls._open.get(folder)) is None:
                store = cls._open[folder] = cls(folder)
            return store

    def count_documents(self) -> int:
        """How many documents there are."""
        return self._connection().execute("SELECT count(*) FROM document").fetchone()[0]

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """All documents that satisfy the filters, with their vectors, in the order in which they were written."""
        where, values = _where(filters)
        rows = self._connection().execute(f"SELECT body, vector FROM document WHERE {where} ORDER BY row", values)
        return [_document(body, vector) for body, vector in rows]

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents in one transaction and return how many were written.

        A known id raises :class:`DuplicateDocumentError` unless the policy says SKIP or OVERWRITE; a vector of another
        size than those in the store raises :class:`ValueError`.
        """
        if not isinstance(documents, list) or not all(isinstance(d, Document) for d in documents):
            raise ValueError("write_documents takes a list of Documents")
        with self._transaction() as cursor:
            known = _rows_of(cursor, [d.id for d in documents])
            if known and policy in (DuplicatePolicy.NONE, DuplicatePolicy.FAIL):
                raise DuplicateDocumentError(f"Documents with these ids exist: {sorted(known)[:10]}")
            latest = {d.id: d for d in documents if policy is not DuplicatePolicy.SKIP or d.id not in known}
            _put(cursor, list(latest.values()), known)
        self.refresh()
        return len(latest)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete documents; unknown ids are passed over."""
        with self._transaction() as cursor:
            _delete(cursor, document_ids)
        self.refresh()

    # --- following the change feed ---------------------------------------------------------------------------

    def apply(self, documents: Sequence[Document], deleted_ids: Sequence[str], sequence: int) -> bool:
        """Take in what changed up to ``sequence`` of the change feed, in one transaction.

        Documents are written in place of those with their ids. Passed over, with False, if the store has come as far
        already: of several processes that follow the feed, one that is late must not bring back the past.
        """
        latest = {d.id: d for d in documents}
        with self._transaction() as cursor:
            fresh = sequence > _state(cursor, "sequence")
            if fresh:
                _delete(cursor, deleted_ids)
                _put(cursor, list(latest.values()), _rows_of(cursor, latest))
                _set_state(cursor, "sequence", sequence)
        self.refresh()
        return fresh

    @property
    def sequence(self) -> int:
        """The last change of the feed that :meth:`apply` took in, by whichever process; 0 if none was."""
        return _state(self._connection(), "sequence")

    def refresh(self) -> bool:
        """Take in what was written since, by whomever, and return whether anything was; cheap if not.

        Searches go on meanwhile and see of each document the old or the new one.
        """
        if _state(self._connection(), "generation") == self._generation:
            return False
        with self._following:
            self._follow()
        return True

    # --- search ----------------------------------------------------------------------------------------------

    def search(
        self, embedding: Sequence[float], filters: dict[str, Any] | None = None, top_k: int = 10
    ) -> list[Document]:
        """The most similar documents, best first; ``score`` is the inner product.

        They are light: id, score and the meta of :data:`indexer.columns.LIGHT`; :meth:`get` has the rest.
        """
        query = np.ascontiguousarray(embedding, dtype=np.float32)
        with self._lock.reading():
            if top_k < 1:
                return []
            found = self._vectors.search(query, self._rows(filters), top_k)
            meta = {row: self._columns.meta(row) for row, _ in found}
            # Within the lock, so that what was deleted since is at most what memory is about to let go.
            ids = self._ids(list(meta))
        return [Document(id=ids[row], meta=meta[row], score=score) for row, score in found if row in ids]

    def light(self, ids: Sequence[str]) -> dict[str, Document]:
        """Those of the documents that exist, by id, as light as those of :meth:`search`."""
        rows = _rows_of(self._connection(), ids)
        with self._lock.reading():
            columns = self._columns
            return {i: Document(id=i, meta=columns.meta(row)) for i, row in rows.items() if columns.alive(row)}

    def get(self, ids: Sequence[str], filters: dict[str, Any] | None = None) -> dict[str, Document]:
        """Those of the documents that exist, and satisfy the filters as they are now, by id, without their vectors."""
        where, values = _where(filters)
        marks = ",".join("?" * len(ids))
        select = f"SELECT id, body FROM document WHERE id IN ({marks}) AND {where}"
        return {i: _document(body, None) for i, body in self._connection().execute(select, [*ids, *values])}

    def has(self, filters: dict[str, Any]) -> bool:
        """Whether any document satisfies the filters."""
        with self._lock.reading():
            rows = self._rows(filters)
            return rows is None or bool(len(rows))

    def each(self) -> Iterator[Document]:
        """All documents as they are now, one by one, without their vectors, in the order in which they were written."""
        return (
            _document(body, None) for (body,) in self._connection().execute("SELECT body FROM document ORDER BY row")
        )

    def questions(self, ids: Sequence[str]) -> dict[str, str]:
        """The questions (``meta.question``) of those of the documents that have one, by id."""
        marks = ",".join("?" * len(ids))
        select = f"SELECT id, {json_path('meta.question')} FROM document WHERE id IN ({marks})"
        return {i: question for i, question in self._connection().execute(select, list(ids)) if question}

    def matching_ids(self, filters: dict[str, Any]) -> list[str]:
        """Ids of the documents that satisfy the filters."""
        where, values = to_sql(filters)
        return [i for (i,) in self._connection().execute(f"SELECT id FROM document WHERE {where}", values)]

    # --- life ------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write vectors and columns to files, so that the next opening need not read them from the documents."""
        if not self.folder:
            return
        with self._following:
            connection = self._connection()
            if _state(connection, "saved") > self._generation:
                return
            files = self._files(self._generation)
            vectors, columns = (file.with_suffix(f".{os.getpid()}.tmp") for file in files)
            self._vectors.prepare()
            self._vectors.save(vectors)
            with columns.open("wb") as file:
                np.savez(file, **self._vectors.arrays(), **self._columns.arrays())
            vectors.replace(files[0])
            columns.replace(files[1])
            _set_state(connection, "saved", self._generation)
            folder = Path(self.folder)
            for old in {*folder.glob("vectors.*.faiss"), *folder.glob("columns.*.npz")} - {*files}:
                old.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the memory."""
        self._open.pop(self.folder, None)
        self._keeper.close()
        self._vectors, self._columns = Vectors(), Columns()

    # --- inside ----------------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection:
        # Transactions are begun by hand; on its own, Python would begin them after the first reading.
        connection = sqlite3.connect(
            self._name, uri=not self.folder, check_same_thread=False, timeout=60, isolation_level=None
        )
        if self.folder:
            connection.execute("PRAGMA journal_mode=WAL")
        return connection

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._local.connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        connection = self._connection()
        with connection, closing(connection.cursor()) as cursor:
            # From here on no other process writes: what is read now is still so at the end.
            cursor.execute("BEGIN IMMEDIATE")
            yield cursor

    def _files(self, generation: int) -> tuple[Path, Path]:
        return Path(self.folder) / f"vectors.{generation}.faiss", Path(self.folder) / f"columns.{generation}.npz"

    def _load(self) -> tuple[int, Vectors, Columns]:
        if saved := _state(self._connection(), "saved"):
            vectors, columns = self._files(saved)
            # Whatever the libraries raise for files that are lost or cut short: the documents have it all.
            with suppress(Exception), np.load(columns) as arrays:
                return saved, Vectors.load(vectors, arrays), Columns.from_arrays(arrays)
        return 0, Vectors(), Columns()

    def _follow(self) -> None:
        connection = self._connection()
        # Read first: what is written meanwhile is taken in now or, a second time, later.
        generation = _state(connection, "generation")
        written = _column(connection, "SELECT row FROM document WHERE generation > ?", self._generation)
        for start in range(0, len(written), _BATCH):
            rows = written[start : start + _BATCH]
            marks = ",".join("?" * len(rows))
            self._take_in(connection.execute(f"{_CHANGED} WHERE row IN ({marks})", rows).fetchall())
        # Last, so that a document deleted and written again is at no moment missing.
        deleted = _column(connection, "SELECT row FROM tombstone WHERE generation > ?", self._generation)
        with self._lock.writing():
            self._columns.drop(deleted)
            self._vectors.drop(deleted)
            self._filtered.clear()
        self._generation = generation

    def _take_in(self, written: Sequence[tuple]) -> None:
        if not written:
            return
        embedded = [row for row, vector, *_ in written if vector is not None]
        bare = [row for row, vector, *_ in written if vector is None]
        vectors = [np.frombuffer(vector, np.float32) for _, vector, *_ in written if vector is not None]
        stacked = np.stack(vectors) if vectors else None
        with self._lock.writing():
            self._columns.put([row for row, *_ in written], [values for _, _, *values in written])
            self._vectors.drop(bare)
            if stacked is not None:
                self._vectors.put(embedded, stacked)
            self._filtered.clear()

    def _rows(self, filters: dict[str, Any] | None) -> np.ndarray | None:
        key = json.dumps(filters, sort_keys=True, default=str)
        with self._filtered_lock:
            if key in self._filtered:
                self._filtered.move_to_end(key)
                return self._filtered[key]
        mask = self._columns.mask(filters)
        rows = self._vectors.rows(self._mask_by_sql(filters) if mask is None else mask)
        with self._filtered_lock:
            self._filtered[key] = rows
            while len(self._filtered) > FILTERS_KEPT:
                self._filtered.popitem(last=False)
        return rows

    def _ids(self, rows: list[int]) -> dict[int, str]:
        marks = ",".join("?" * len(rows))
        return dict(self._connection().execute(f"SELECT row, id FROM document WHERE row IN ({marks})", rows))

    def _mask_by_sql(self, filters: dict[str, Any]) -> np.ndarray:
        where, values = to_sql(filters)
        rows = np.array(_column(self._connection(), f"SELECT row FROM document WHERE {where}", *values), dtype=np.int64)
        mask = np.zeros(len(self._columns), dtype=bool)
        # SQLite may know rows that memory has yet to take in.
        mask[rows[rows < len(mask)]] = True
        return mask


def _state(cursor: sqlite3.Cursor | sqlite3.Connection, name: str) -> int:
    found = cursor.execute("SELECT value FROM state WHERE name = ?", [name]).fetchone()
    return found[0] if found else 0


def _set_state(cursor: sqlite3.Cursor | sqlite3.Connection, name: str, value: int) -> int:
    cursor.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", [name, value])
    return value


def _column(connection: sqlite3.Connection, select: str, *values: object) -> list:
    return [value for (value,) in connection.execute(select, values)]


def _rows_of(cursor: sqlite3.Cursor | sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    ids = list(ids)
    found: dict[str, int] = {}
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        found |= dict(cursor.execute(f"SELECT id, row FROM document WHERE id IN ({','.join('?' * len(some))})", some))
    return found


def _put(cursor: sqlite3.Cursor, documents: Sequence[Document], known: dict[str, int]) -> None:
    if not documents:
        return
    _require_one_size(cursor, documents)
    generation = _set_state(cursor, "generation", _state(cursor, "generation") + 1)
    fresh = count(_state(cursor, "rows"))
    rows = [known[d.id] if d.id in known else next(fresh) for d in documents]
    values = [(row, d.id, _body(d), _blob(d.embedding), generation) for row, d in zip(rows, documents, strict=True)]
    cursor.executemany("INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?)", values)
    _set_state(cursor, "rows", next(fresh))


def _require_one_size(cursor: sqlite3.Cursor, documents: Sequence[Document]) -> None:
    sizes = {len(d.embedding) for d in documents if d.embedding is not None}
    if stored := _state(cursor, "dimensions"):
        sizes.add(stored)
    if len(sizes) > 1:
        raise ValueError(f"Vectors of one store have one size, not {sorted(sizes)}")
    for size in sizes:
        _set_state(cursor, "dimensions", size)


def _delete(cursor: sqlite3.Cursor, ids: Sequence[str]) -> None:
    rows = list(_rows_of(cursor, ids).values())
    if not rows:
        return
    generation = _set_state(cursor, "generation", _state(cursor, "generation") + 1)
    cursor.executemany("DELETE FROM document WHERE row = ?", [(row,) for row in rows])
    cursor.executemany("INSERT INTO tombstone VALUES (?, ?)", [(row, generation) for row in rows])


def _where(filters: dict[str, Any] | None) -> tuple[str, list]:
    return to_sql(filters) if filters else ("1", [])


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
