"""The entries that engines are compared on: a part of the knowledge base, all of it, or it with copies told apart.

They lie in a folder, one JSON document a line with its vectors beside it, and are read in batches: an engine measured
for its memory must not share its process with the texts it was built from.
"""

import json
import pickle
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from haystack import Document

from indexer.evaluation import Question
from indexer.scope import caller_place, without_place
from kb.regions import RegionTree
from kb.text import normalise

BATCH = 20_000
SEED = 12345
# A copy's vector keeps a cosine of about 0.98 with its original: nearer than any two entries that say different things.
NOISE = 0.2
_DOCUMENTS, _VECTORS, _REGIONS, _QUESTIONS = "documents.jsonl", "vectors.npy", "regions.pickle", "questions.pickle"


@dataclass(frozen=True)
class Asked:
    """One question as every engine gets it."""

    text: str  #: normalised, without the place it names
    place: str | None  #: code of that place, else of the city
    scope: tuple[str, ...]  #: codes of the regions whose entries hold there; empty means all
    vector: np.ndarray  #: unit vector, shape (dimensions,), float32


class Corpus:
    """All entries of the knowledge base in a folder, at any size."""

    def __init__(self, folder: Path) -> None:
        """Open what :meth:`write` wrote."""
        self._folder = folder
        self.entries = len(self._vectors())  #: how many there are in the knowledge base

    @classmethod
    def write(
        cls,
        folder: Path,
        documents: Iterable[Document],
        vectors: np.ndarray,
        regions: RegionTree,
        questions: Sequence[Asked],
    ) -> "Corpus":
        """Keep entries, their unit vectors of shape (entries, dimensions), regions and questions in a folder."""
        with (folder / _DOCUMENTS).open("w", encoding="utf-8") as file:
            for document in documents:
                json.dump({"content": document.content, "meta": document.meta}, file, ensure_ascii=False)
                file.write("\n")
        np.save(folder / _VECTORS, vectors)
        (folder / _REGIONS).write_bytes(pickle.dumps(regions))
        (folder / _QUESTIONS).write_bytes(pickle.dumps([asdict(q) for q in questions]))
        return cls(folder)

    def regions(self) -> RegionTree:
        """The regions of the knowledge base."""
        return pickle.loads((self._folder / _REGIONS).read_bytes())

    def questions(self) -> list[Asked]:
        """The questions to ask."""
        return [Asked(**row) for row in pickle.loads((self._folder / _QUESTIONS).read_bytes())]

    def batches(self, size: int) -> Iterator[tuple[list[Document], np.ndarray]]:
        """``size`` documents with their vectors, :data:`BATCH` at a time, the same at every call.

        A document's id is its number as text; :func:`original` tells which entry it was made from.
        """
        wanted = None if size >= self.entries else set(self._part(size))
        documents: list[Document] = []
        numbers: list[int] = []
        for number, document in self._numbered(size, wanted):
            numbers.append(number)
            documents.append(document)
            if len(documents) == BATCH:
                yield documents, self._vectors_of(numbers)
                documents, numbers = [], []
        if documents:
            yield documents, self._vectors_of(numbers)

    def originals(self, numbers: Iterable[int]) -> dict[int, Document]:
        """The entries, by document number, that documents were made from."""
        count = self.entries
        numbers = set(numbers)
        entries = dict(self._entries({n % count for n in numbers}))
        return {n: entries[n % count] for n in numbers}

    def _entries(self, wanted: set[int] | None = None) -> Iterator[tuple[int, Document]]:
        with (self._folder / _DOCUMENTS).open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                if wanted is None or number in wanted:
                    yield number, Document(id=str(number), **json.loads(line))

    def _numbered(self, size: int, wanted: set[int] | None) -> Iterator[tuple[int, Document]]:
        count = self.entries
        for copy in range(-(-size // count)):
            for entry, document in self._entries(wanted):
                number = copy * count + entry
                if number >= size and wanted is None:
                    return
                yield number, jittered(document, number) if copy else document

    def _part(self, size: int) -> list[int]:
        """Entries that hold for the whole city and belong to a matter, and as many others, drawn by lot, as fit."""
        first, others = [], []
        for number, document in self._entries():
            (first if document.meta["matter"] and not document.meta["local"] else others).append(number)
        return first + random.Random(SEED).sample(others, max(0, size - len(first)))

    def _vectors(self) -> np.ndarray:
        # Mapped anew each time: pages that stay mapped would count as memory of the engine being measured.
        return np.load(self._folder / _VECTORS, mmap_mode="r")

    def _vectors_of(self, numbers: Sequence[int]) -> np.ndarray:
        count = self.entries
        rows = np.asarray(numbers)
        vectors = self._vectors()[rows % count]
        noise = np.random.default_rng([SEED, numbers[0]]).standard_normal(vectors.shape, dtype=np.float32)
        noise *= (rows >= count)[:, None] * np.float32(NOISE / np.sqrt(vectors.shape[1]))
        moved = vectors + noise
        return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)


def jittered(document: Document, number: int) -> Document:
    """A copy with the id ``number`` and a few characters dropped or swapped; it belongs to no matter.

    Region, line and validity stay, so that a filter selects as large a share of the copies as of the originals.
    """
    chance = random.Random(SEED + number)
    text = list(document.content or "")
    for _ in range(3 + len(text) // 100):
        at = chance.randrange(max(1, len(text) - 1))
        if chance.random() < 0.5:
            del text[at : at + 1]
        else:
            text[at : at + 2] = text[at : at + 2][::-1]
    meta = document.meta | {"matter": None, "matter_name": None, "aspect": None, "key": None}
    return replace(document, id=str(number), content="".join(text), meta=meta)


def prepare(questions: Sequence[Question], regions: RegionTree, embed) -> list[Asked]:
    """Questions as engines get them; ``embed`` makes unit vectors, shape (texts, dimensions), of a list of texts."""
    places = [caller_place(regions, q.query) for q in questions]
    pairs = zip(questions, places, strict=True)
    texts = [normalise(without_place(regions, q.query, place)) for q, place in pairs]
    scopes = [tuple(regions.scope(place.code)) if place else () for place in places]
    rows = zip(texts, places, scopes, embed(texts), strict=True)
    return [Asked(text, place.code if place else None, scope, vector) for text, place, scope, vector in rows]
