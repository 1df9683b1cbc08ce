"""Builds an index from everything published: train, learn to judge, embed, write, and only then switch over.

Each build has a folder of its own under the index folder; the file ``CURRENT`` names the one in force and is replaced
as the last step, so that a build which is stopped leaves the index that was there.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import numpy as np
from haystack import Document
from haystack.document_stores.types import DuplicatePolicy
from sentence_transformers import SentenceTransformer

from indexer.aspects import ASPECTS_FILE, Aspects
from indexer.closeness import ClosenessReader
from indexer.documents import to_document
from indexer.errors import IndexerError
from indexer.judgement import Judgement
from indexer.learning import Asked, Kind, frames, learn, outside
from indexer.lessons import Lesson, to_lesson
from indexer.lexical import LexicalIndex, LexicalRetriever
from indexer.manifest import CURRENT, FORMAT, Manifest, current_folder, hold, in_use
from indexer.messages import Scores
from indexer.model import ModelChoice
from indexer.pipeline import CANDIDATES, JUDGEMENT_FILE, make_pipeline, open_store, save_pipeline
from indexer.progress import Progress
from indexer.store import FaissDocumentStore
from indexer.training import rounds_needed, train
from kb.drafts import PublishedEntry
from kb.knowledge import KnowledgeBase
from kb.regions import RegionTree

# Of local entries of one matter and aspect, which differ only in their place, one teaches all there is to learn.
# Measured over three trainings: with 3 (and 200 below) 59% of callers' questions find the right matter first, with 1
# (and 60) 64%.
LESSONS_EACH_MATTER_AND_ASPECT = 1
# Of entries without a matter, so many of each category: a city has tens of thousands of grid contacts alike.
LESSONS_EACH_CATEGORY = 60
MOST_LESSONS = 40_000
# Questions asked while learning to judge; more refine nothing that a caller would notice.
MOST_QUESTIONS_EACH_FOLD = 800
FOLDS = 3
BATCH = 2_000


def build(
    knowledge: KnowledgeBase,
    index_folder: Path,
    choice: ModelChoice,
    progress: Progress | None = None,
    *,
    keep_model: bool = False,
) -> Manifest:
    """Index all published entries and switch over to the new index. :class:`IndexerError` if there is none.

    With ``keep_model`` nothing is learned: model and judgement are those of the index in force, whatever the choice;
    :class:`indexer.errors.MissingIndexError` if there is no such index.
    """
    progress = progress or Progress()
    kept = current_folder(index_folder) if keep_model else None
    sequence = knowledge.last_sequence()
    entries = list(progress.each(knowledge.published(), "读取词条", knowledge.count_published()))
    if not entries:
        raise IndexerError("知识库里还没有已发布的词条，请先运行 hotline kb build 或 hotline kb import。")
    folder = (index_folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")).resolve()
    folder.mkdir(parents=True)
    try:
        # Another build, which ends first, must not delete what is kept.
        with hold(kept) if kept else nullcontext():
            manifest = _Builder(folder, knowledge.regions, choice, progress).build(entries, sequence, kept)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _switch(index_folder, folder.name)
    return manifest


def _switch(index_folder: Path, name: str) -> None:
    temporary = index_folder / f"{CURRENT}.tmp"
    temporary.write_text(name, "utf-8")
    temporary.replace(index_folder / CURRENT)
    for old in index_folder.iterdir():
        # What a running server still answers from goes with a later build.
        if old.is_dir() and old.name != name and not in_use(old):
            shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True)
class _Learned:
    choice: ModelChoice
    model: SentenceTransformer
    judgement: Judgement
    aspects: Aspects
    rounds: int | None

    @classmethod
    def kept(cls, folder: Path) -> "_Learned":
        manifest = Manifest.load(folder)
        choice = ModelChoice("" if manifest.own_model else manifest.model, manifest.prompt)
        return cls(
            choice,
            _own(folder / manifest.model) if choice.own else choice.load(),
            Judgement.load(folder / JUDGEMENT_FILE),
            Aspects.load(folder / ASPECTS_FILE),
            manifest.rounds,
        )


def _own(folder: Path) -> SentenceTransformer:
    # The code that is trusted is indexer.static_embedding, which such a model names as its module.
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=True)


class _Builder:
    def __init__(self, folder: Path, regions: RegionTree, choice: ModelChoice, progress: Progress) -> None:
        self._folder = folder
        self._regions = regions
        self._choice = choice
        self._progress = progress

    def build(self, entries: Sequence[PublishedEntry], sequence: int, kept: Path | None) -> Manifest:
        documents = [to_document(e, self._regions) for e in self._progress.each(entries, "整理词条", len(entries))]
        lexical = LexicalIndex(str(self._folder / "lexical"))
        with self._progress.bar("建立词面索引", len(documents)) as bar:
            lexical.write(documents, bar.update)
        lexical.write_matters([d for d in documents if not d.meta["local"]])
        learned = _Learned.kept(kept) if kept else self._learn(entries, documents, lexical)
        learned.judgement.save(self._folder / JUDGEMENT_FILE)
        learned.aspects.save(self._folder / ASPECTS_FILE)
        self._fill_store(documents, learned, sequence)
        return self._finish(documents, learned, sequence)

    def _learn(
        self, entries: Sequence[PublishedEntry], documents: Sequence[Document], lexical: LexicalIndex
    ) -> _Learned:
        lessons = choose_lessons(entries, self._regions.city.code)
        chosen = [lesson for _, lesson in lessons]
        rounds = rounds_needed(chosen, self._progress.say) if self._choice.own else None
        judgement = self._learn_to_judge(documents, lessons, lexical, rounds)
        return _Learned(self._choice, self._model(chosen, rounds), judgement, Aspects.learn(chosen), rounds)

    def _model(self, lessons: Sequence[Lesson], rounds: int | None) -> SentenceTransformer:
        if rounds is None:
            return self._choice.load()
        return train(lessons, rounds=rounds, note=self._progress.say)

    def _learn_to_judge(
        self,
        documents: Sequence[Document],
        lessons: Sequence[tuple[str, Lesson]],
        lexical: LexicalIndex,
        rounds: int | None,
    ) -> Judgement:
        exam = Exam(documents, lessons, lexical, self._choice.document_prompt())
        asked: list[Asked] = []
        for fold in range(FOLDS):
            self._progress.say(f"学习判断把握 {fold + 1}/{FOLDS}")
            if exam.questions(fold):
                asked += exam.ask(fold, self._model(exam.lessons(fold), rounds), self._choice)
        exam.restore()
        return learn(asked)

    def _fill_store(self, documents: Sequence[Document], learned: _Learned, sequence: int) -> None:
        store = open_store(self._folder)
        with self._progress.bar("计算向量", len(documents)) as bar:
            for start in range(0, len(documents), BATCH):
                batch = documents[start : start + BATCH]
                vectors = embed(learned.model, batch, learned.choice.document_prompt())
                embedded = [replace(d, embedding=v.tolist()) for d, v in zip(batch, vectors, strict=True)]
                store.write_documents(embedded, DuplicatePolicy.FAIL)
                bar.update(len(batch))
        store.apply([], [], sequence)
        store.save()

    def _finish(self, documents: Sequence[Document], learned: _Learned, sequence: int) -> Manifest:
        choice, model, judgement = learned.choice, learned.model, learned.judgement
        name = choice.name
        if choice.own:
            name = str(self._folder / "embedding")
            model.save(name, create_model_card=False)
        prompt = choice.prompt(model)
        pipeline = make_pipeline(self._folder, name, prompt, choice.own, judgement)
        save_pipeline(pipeline, self._folder)
        manifest = Manifest(
            format=FORMAT,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            entries=len(documents),
            sequence=sequence,
            model="embedding" if choice.own else name,
            own_model=choice.own,
            dimensions=int(model.get_embedding_dimension()),
            prompt=prompt,
            document_prompt=choice.document_prompt(),
            rounds=learned.rounds,
            questions=judgement.questions,
            calibration_error=judgement.calibration_error,
        )
        manifest.save(self._folder)
        return manifest


def embed(model: SentenceTransformer, documents: Sequence[Document], prompt: str) -> np.ndarray:
    """Unit vectors of documents, shape (documents, dimensions), float32."""
    texts = [prompt + (d.content or "") for d in documents]
    return model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)


def choose_lessons(entries: Iterable[PublishedEntry], city: str) -> list[tuple[str, Lesson]]:
    """(document id, lesson) of the entries to learn from: few of those that differ by place only."""
    seen: Counter[tuple] = Counter()
    chosen = []
    for entry in entries:
        draft = entry.draft
        group = (draft.matter, draft.aspect) if draft.matter else draft.category
        most = LESSONS_EACH_MATTER_AND_ASPECT if draft.matter else LESSONS_EACH_CATEGORY
        if draft.matter and draft.region == city:
            chosen.append((str(entry.id), to_lesson(entry)))
        elif seen[group] < most:
            seen[group] += 1
            chosen.append((str(entry.id), to_lesson(entry)))
    step = max(1, len(chosen) // MOST_LESSONS)
    return chosen[::step][:MOST_LESSONS]


class Exam:
    """Asks the index, fold by fold, variants that it has not seen: the questions its confidence is learned from.

    The entries of a fold lose every second variant at once: callers word things unlike most of them, but now and then
    like one.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        lessons: Sequence[tuple[str, Lesson]],
        lexical: LexicalIndex,
        document_prompt: str,
    ) -> None:
        self._lessons = lessons
        self._lexical = lexical
        self._prompt = document_prompt
        # Citywide entries only: a question that names no place is answered from these.
        wanted = {i for i, _ in lessons}
        self._citywide = [d for d in documents if not d.meta["local"]][:MOST_LESSONS]
        self._documents = {d.id: d for d in self._citywide if d.id in wanted}

    def questions(self, fold: int) -> list[tuple[str, str]]:
        """(document id, variant held back in this fold)."""
        citywide = [(i, lesson) for i, lesson in self._lessons if i in self._documents and lesson.variants]
        asked = [(i, variant) for i, lesson in citywide[fold::FOLDS] for variant in lesson.variants[::2]]
        step = max(1, len(asked) // MOST_QUESTIONS_EACH_FOLD)
        return asked[::step][:MOST_QUESTIONS_EACH_FOLD]

    def lessons(self, fold: int) -> list[Lesson]:
        """All lessons without the variants of this fold."""
        held = {i for i, _ in self.questions(fold)}
        return [_reduced(lesson) if i in held else lesson for i, lesson in self._lessons]

    def ask(self, fold: int, model: SentenceTransformer, choice: ModelChoice) -> list[Asked]:
        """Results for the fold's questions, with and without their own matter, and for what no city answers."""
        questions = self.questions(fold)
        reduced = self._without_variants({i for i, _ in questions})
        everything = [reduced.get(d.id, d) for d in self._citywide]
        self._lexical.write(list(reduced.values()))
        self._lexical.write_matters(everything)
        store = FaissDocumentStore()
        vectors = embed(model, everything, self._prompt)
        # No two folds may share a vector: the store is thrown away after this one.
        embedded = [replace(d, embedding=v.tolist()) for d, v in zip(everything, vectors, strict=True)]
        store.write_documents(embedded, DuplicatePolicy.FAIL)
        try:
            aspects = Aspects.learn(self.lessons(fold))
            return list(self._ask_all(questions, store, model, choice.prompt(model), aspects))
        finally:
            store.close()

    def restore(self) -> None:
        """Put the whole documents back into the lexical index."""
        self._lexical.write(list(self._documents.values()))
        self._lexical.write_matters(self._citywide)

    def _without_variants(self, held: set[str]) -> dict[str, Document]:
        lessons = {i: lesson for i, lesson in self._lessons if i in self._documents}
        return {
            i: replace(d, content=(_reduced(lessons[i]) if i in held else lessons[i]).text)
            for i, d in self._documents.items()
        }

    def _ask_all(
        self,
        questions: Sequence[tuple[str, str]],
        store: FaissDocumentStore,
        model: SentenceTransformer,
        prompt: str,
        aspects: Aspects,
    ) -> Iterator[Asked]:
        retriever = LexicalRetriever(store, top_k=CANDIDATES)
        retriever.index = self._lexical
        compared = ClosenessReader(store)

        def ask(kind: Kind, text: str, filters: dict, right: str | None = None) -> Asked:
            vector = model.encode([prompt + text], normalize_embeddings=True, show_progress_bar=False)[0]
            found = retriever.run(text, filters)
            dense = store.search(vector, filters, CANDIDATES)
            lexical = found["documents"]
            read = Scores(aspects.log_probabilities(text))
            close = compared.run(text, lexical, dense, found["rarity"])["closeness"]
            return Asked(kind, text, lexical, dense, found["matters"], read, close, right)

        city = next(iter(self._documents.values())).meta["region"]
        citywide = {"field": "meta.region", "operator": "==", "value": city}
        for text in outside():
            yield ask(Kind.OUTSIDE, text, citywide)
        for (i, text), frame in zip(questions, cycle(frames()), strict=False):
            yield ask(Kind.KNOWN, self._documents[i].meta["question"], citywide, i)
            matter = {"field": "meta.matter", "operator": "!=", "value": self._documents[i].meta["matter"]}
            for said in (text, frame.format(text)):
                yield ask(Kind.NEW, said, citywide, i)
                if matter["value"]:
                    yield ask(Kind.REMOVED, said, {"operator": "AND", "conditions": [citywide, matter]})


def _reduced(lesson: Lesson) -> Lesson:
    return replace(lesson, variants=lesson.variants[1::2])
