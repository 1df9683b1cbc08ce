"""Trains the static embedding on the knowledge base itself, in minutes, on two cores.

Start: latent semantic analysis (Deerwester et al. 1990) of the entries, so that words which occur in the same matters
begin close together. Then: contrastive learning with in-batch negatives (Henderson et al. 2017) on pairs that mean the
same: question, variants, answer, names of the matter. Tokens are dropped at random, and training ends when variants
held back are no longer found better; trained to the end on few pairs it would only learn them by heart.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import nn

from indexer.static_embedding import GramEmbedding
from indexer.tokens import grams

DIMENSIONS = 256
# Rarer tokens than the most frequent 60,000 cost memory and are hardly ever said.
VOCABULARY = 60_000
BATCH = 256
# Measured on held-back variants of the starter city (mean reciprocal rank): these 0.627; 0.003, 0.05 and 0.3, a faster
# and surer learner, 0.618 and falling with every further round.
LEARNING_RATE = 0.001
TEMPERATURE = 0.1
TOKEN_DROPOUT = 0.5
MOST_ROUNDS = 12
# Rounds without a better figure on held-back variants before training ends.
PATIENCE = 2
# Held-back variants asked after each round; the figure hardly moves with more.
MOST_ASKED = 1_000
# More pairs in a round bring nothing but time.
MOST_PAIRS = 60_000

Note = Callable[[str], None]


@dataclass(frozen=True)
class Lesson:
    """One entry as training sees it."""

    question: str
    answer: str
    variants: tuple[str, ...] = ()
    context: str = ""  #: names of its matter
    matter: str | None = None

    @property
    def text(self) -> str:
        """All of it, as the entry itself is embedded."""
        return "\n".join([self.question, *self.variants, self.context, self.answer])

    def without_variant(self, index: int) -> "Lesson":
        """The lesson with one variant held back."""
        return replace(self, variants=self.variants[:index] + self.variants[index + 1 :])


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
        self._vocabulary = {token: int(row) for token, row in analysis.vocabulary_.items()}
        self._texts, self._pairs, self._groups = self._prepare(lessons)
        self._bag = nn.EmbeddingBag.from_pretrained(
            torch.from_numpy(_latent_semantics(documents, analysis.idf_)), freeze=False, mode="sum", sparse=True
        )
        self._optimiser = torch.optim.SparseAdam(self._bag.parameters(), lr=LEARNING_RATE)

    def _prepare(self, lessons: Sequence[Lesson]) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        texts: dict[str, int] = {}
        pairs, groups = [], []
        for group, lesson in zip(_groups(lessons), lessons, strict=True):
            for one, other in _pairs(lesson):
                pairs.append((texts.setdefault(one, len(texts)), texts.setdefault(other, len(texts))))
                groups.append(group)
        rows = [self._rows(text) for text in texts]
        return rows, np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(groups)

    def _rows(self, text: str) -> np.ndarray:
        known = self._vocabulary
        return np.array([known[g] for g in grams(text) if g in known], dtype=np.int64)

    def round(self) -> None:
        """One pass over the pairs, in an order of its own."""
        order = self._random.permutation(len(self._pairs))[:MOST_PAIRS]
        for start in range(0, len(order), BATCH):
            self._step(order[start : start + BATCH])

    def _step(self, chosen: np.ndarray) -> None:
        one = self._embed(self._pairs[chosen, 0])
        other = self._embed(self._pairs[chosen, 1])
        similar = one @ other.T / TEMPERATURE
        # Two pairs of one matter are no negatives of each other: pushing its aspects apart costs finding the matter.
        groups = torch.from_numpy(self._groups[chosen])
        same = (groups[:, None] == groups[None, :]) & ~torch.eye(len(chosen), dtype=torch.bool)
        loss = nn.functional.cross_entropy(similar.masked_fill(same, -1e4), torch.arange(len(chosen)))
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()

    def _embed(self, numbers: np.ndarray) -> torch.Tensor:
        rows = [self._texts[number] for number in numbers]
        offsets = np.cumsum([0] + [len(r) for r in rows[:-1]])
        flat = np.concatenate(rows)
        kept = (self._random.random(len(flat)) > TOKEN_DROPOUT).astype(np.float32)
        bags = self._bag(torch.from_numpy(flat), torch.from_numpy(offsets), per_sample_weights=torch.from_numpy(kept))
        return nn.functional.normalize(bags, dim=1)

    def model(self) -> SentenceTransformer:
        weights = self._bag.weight.detach().numpy().copy()
        return SentenceTransformer(
            modules=[GramEmbedding.from_vocabulary(self._vocabulary, weights), Normalize()], device="cpu"
        )


def _groups(lessons: Sequence[Lesson]) -> np.ndarray:
    """A number for each lesson, the same for those of one matter."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(le.matter or f"#{i}", len(numbers)) for i, le in enumerate(lessons)])


def _pairs(lesson: Lesson) -> list[tuple[str, str]]:
    asked = [lesson.question, *lesson.variants]
    pairs = [(one, other) for one in asked for other in asked if one != other]
    pairs += [(one, lesson.answer) for one in asked]
    return pairs + [(one, lesson.context) for one in asked if lesson.context]


def _latent_semantics(documents: csr_matrix, idf: np.ndarray) -> np.ndarray:
    size = min(DIMENSIONS, min(documents.shape) - 1)
    analysis = TruncatedSVD(size, n_iter=3, random_state=0).fit(documents)
    weights = analysis.components_.T * idf[:, None]
    weights /= np.linalg.norm(weights, axis=1).mean()
    return np.pad(weights, ((0, 0), (0, DIMENSIONS - size))).astype(np.float32)
