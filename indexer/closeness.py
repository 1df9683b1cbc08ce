"""How close a question comes to the question of an entry, word for word.

A whole letter shares words with many long answers; what it is about shows in how much of an entry's short question
stands in it. Cosine of pairs of characters weighted by their rarity (Salton and Buckley 1988).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from haystack import Document, component

from indexer.messages import Scores
from indexer.store import FaissDocumentStore
from indexer.tokens import pairs


def closeness(text: str, questions: Mapping[str, str], rarity: Mapping[str, float]) -> dict[str, float]:
    """For each id its question's cosine with the text, 0 to 1.

    ``rarity`` has the pairs of the text that occur in any entry's question; what else stands in a question is taken to
    be as rare as these on average.
    """
    counts = Counter(pair for pair in pairs(text) if pair in rarity)
    asked = {pair: (1 + math.log(count)) * rarity[pair] for pair, count in counts.items()}
    length = math.sqrt(sum(weight * weight for weight in asked.values()))
    if not length:
        return dict.fromkeys(questions, 0.0)
    usual = sum(rarity[pair] for pair in asked) / len(asked)
    return {
        i: _cosine(asked, dict.fromkeys(pairs(question)), rarity, usual) / length for i, question in questions.items()
    }


def _cosine(asked: Mapping[str, float], own: Iterable[str], rarity: Mapping[str, float], usual: float) -> float:
    length = math.sqrt(sum(rarity.get(pair, usual) ** 2 for pair in own))
    return sum(asked[pair] * rarity[pair] for pair in own if pair in asked) / length if length else 0.0


@component
class ClosenessReader:
    """Haystack component: for each candidate of both retrievers how close its question comes to the text."""

    def __init__(self, document_store: FaissDocumentStore) -> None:
        self.document_store = document_store

    @component.output_types(closeness=Scores)
    def run(self, text: str, lexical: list[Document], dense: list[Document], rarity: Scores) -> dict[str, Scores]:
        """Compare the text with the questions of the candidates."""
        questions = self.document_store.questions(list({d.id: None for d in (*lexical, *dense)}))
        return {"closeness": Scores(closeness(text, questions, rarity))}
