"""Trains the static embedding on the knowledge base itself, in minutes, on two cores.

Start: the shipped general embedding (:mod:`indexer.general`), which knows how people word things that no entry says,
plus latent semantic analysis of the entries, so that words which occur in the same matters begin close together. Then:
contrastive learning on pairs that mean the same: question, variants, answer, names of the matter. Training ends when
variants held back are no longer found better; trained to the end on few pairs it would only learn them by heart.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from sklearn.feature_extraction.text import TfidfVectorizer

from indexer.contrast import Contrast
from indexer.general import DIMENSIONS, general_embedding
from indexer.latent import latent_semantics
from indexer.lessons import Lesson
from indexer.static_embedding import GramEmbedding
from indexer.tokens import grams

# Rarer tokens than the most frequent 60,000 cost memory and are hardly ever said.
VOCABULARY = 60_000
BATCH = 256
LEARNING_RATE = 0.003
TEMPERATURE = 0.1
TOKEN_DROPOUT = 0.5
# How much of the start the knowledge base's own analysis makes up, beside 1 for the general embedding.
LATENT_SHARE = 0.7
MOST_ROUNDS = 12
# Rounds without a better figure on held-back variants before training ends.
PATIENCE = 3
# Held-back variants asked after each round; the figure hardly moves with more.
MOST_ASKED = 1_000
# More pairs in a round bring nothing but time.
MOST_PAIRS = 60_000

Note = Callable[[str], None]


def train(lessons: Sequence[Lesson], *, rounds: int, note: Note = lambda _: None) -> SentenceTransformer:
    """A static model of :data:`DIMENSIONS` unit-length dimensions, trained for a fixed number of rounds."""
    trainer = _Trainer(lessons)
    for number in range(rounds):
        note(f"训练向量模型 {number + 1}/{rounds}")
        trainer.round()
    return trainer.model()


def rounds_needed(lessons: Sequence[Lesson], note: Note = lambda _: None) -> int:
    """How many rounds find held-back variants best: one variant of each lesson is kept out of training and asked.

    Without variants there is nothing to ask; then the figure that was best for the starter city.
    """
    asked = [(number, lesson.variants[0]) for number, lesson in enumerate(lessons) if len(lesson.variants) > 1]
    if not asked:
        return 5
    asked = asked[:: max(1, len(asked) // MOST_ASKED)][:MOST_ASKED]
    reduced = [lesson.without_variant(0) if len(lesson.variants) > 1 else lesson for lesson in lessons]
    trainer = _Trainer(reduced)
    best, best_round = 0.0, 1
    for number in range(1, MOST_ROUNDS + 1):
        trainer.round()
        found = _reciprocal_rank(trainer.model(), reduced, asked)
        note(f"留出相似问检验，第{number}轮：词条与事项的平均倒数排名 {found:.3f}")
        if found > best:
            best, best_round = found, number
        if number - best_round >= PATIENCE:
            break
    return best_round


def _reciprocal_rank(model: SentenceTransformer, lessons: Sequence[Lesson], asked: list[tuple[int, str]]) -> float:
    documents = model.encode([lesson.text for lesson in lessons])
    queries = model.encode([text for _, text in asked])
    scores = queries @ documents.T
    order = np.argsort(-scores, axis=1)
    groups = _groups(lessons)
    right = np.array([number for number, _ in asked])
    entry = 1 / (1 + (order == right[:, None]).argmax(axis=1))
    matter = 1 / (1 + (groups[order] == groups[right][:, None]).argmax(axis=1))
    return float((entry.mean() + matter.mean()) / 2)


class _Trainer:
    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self._random = np.random.default_rng(12345)
        analysis = TfidfVectorizer(analyzer=grams, max_features=VOCABULARY, sublinear_tf=True)
        documents = analysis.fit_transform([lesson.text for lesson in lessons])
        self._vocabulary, weights = _start(analysis, documents)
        texts, self._pairs, self._groups = _numbered_pairs(lessons)
        rows = [self._rows(text) for text in texts]
        self._contrast = Contrast(weights, rows, LEARNING_RATE, TEMPERATURE, TOKEN_DROPOUT, self._random)

    def _rows(self, text: str) -> np.ndarray:
        known = self._vocabulary
        return np.array([known[g] for g in grams(text) if g in known], dtype=np.int64)

    def round(self) -> None:
        """One pass over the pairs, in an order of its own."""
        order = self._random.permutation(len(self._pairs))[:MOST_PAIRS]
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            # Pairs of one matter are no negatives of each other: pushing its aspects apart costs finding the matter.
            self._contrast.step(self._pairs[chosen], self._groups[chosen])

    def model(self) -> SentenceTransformer:
        module = GramEmbedding.from_vocabulary(self._vocabulary, self._contrast.weights())
        return SentenceTransformer(modules=[module, Normalize()], device="cpu")


def _start(analysis: TfidfVectorizer, documents: csr_matrix) -> tuple[dict[str, int], np.ndarray]:
    """The vocabulary of both, and for each token the sum of its general and its latent vector."""
    vocabulary, general = general_embedding()
    for token in analysis.vocabulary_:
        vocabulary.setdefault(token, len(vocabulary))
    weights = np.zeros((len(vocabulary), DIMENSIONS), np.float32)
    weights[: len(general)] = general
    # Turned at random, so that the axes of one do not fall on those of the other.
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(DIMENSIONS, DIMENSIONS)))[0]
    latent = LATENT_SHARE * latent_semantics(documents, analysis.idf_) @ turn
    for token, row in analysis.vocabulary_.items():
        weights[vocabulary[token]] += latent[row]
    return vocabulary, weights


def _numbered_pairs(lessons: Sequence[Lesson]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Texts, pairs of their numbers of shape (pairs, 2), and the matter's number of each pair."""
    texts: dict[str, int] = {}
    pairs, groups = [], []
    for group, lesson in zip(_groups(lessons), lessons, strict=True):
        for one, other in _pairs(lesson):
            pairs.append((texts.setdefault(one, len(texts)), texts.setdefault(other, len(texts))))
            groups.append(group)
    return list(texts), np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(groups)


def _groups(lessons: Sequence[Lesson]) -> np.ndarray:
    """A number for each lesson, the same for those of one matter."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(le.matter or f"#{i}", len(numbers)) for i, le in enumerate(lessons)])


def _pairs(lesson: Lesson) -> list[tuple[str, str]]:
    asked = [lesson.question, *lesson.variants]
    pairs = [(one, other) for one in asked for other in asked if one != other]
    pairs += [(one, lesson.answer) for one in asked]
    return pairs + [(one, lesson.context) for one in asked if lesson.context]
