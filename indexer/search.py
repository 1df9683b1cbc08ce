"""Asks a built index. One searcher serves all threads of a process."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

from haystack import Document

from indexer.documents import to_hit
from indexer.errors import MissingIndexError
from indexer.lexical import LexicalIndex
from indexer.manifest import Manifest, current_folder, hold
from indexer.messages import Hit
from indexer.pipeline import CANDIDATES, embed_documents, load_pipeline, open_store
from indexer.scope import caller_place, without_place
from kb.models import Audience
from kb.regions import RegionTree
from kb.text import normalise

Mode = Literal["fused", "lexical", "dense"]


class Searcher:
    """The index in force: questions in, hits out."""

    def __init__(self, index_folder: Path, regions: RegionTree) -> None:
        """Open the index. :class:`MissingIndexError` if there is none."""
        self.folder = folder = current_folder(index_folder)
        self._held = hold(folder)
        self.manifest = Manifest.load(folder)
        self.regions = regions
        try:
            self._pipeline = load_pipeline(folder)
            self._pipeline.warm_up()
            self.store = open_store(folder)
        except Exception as error:  # whatever the libraries raise for files cut short
            raise MissingIndexError("索引文件已损坏，请重新运行 hotline index build。") from error

    @property
    def lexical(self) -> LexicalIndex:
        """The words of the index."""
        return self._pipeline.get_component("lexical").index

    @property
    def size(self) -> int:
        """How many entries can be found."""
        return self.store.count_documents()

    def embed(self, documents: list[Document]) -> list[Document]:
        """The documents with the vectors that a build with this index's model gives them."""
        return embed_documents(self._pipeline, self.manifest, documents)

    def close(self) -> None:
        """Let the index go, so that a later build may delete it."""
        self._held.close()

    def ask(
        self,
        question: str,
        *,
        readings: Sequence[str] = (),
        region: str | None = None,
        audience: Audience | None = None,
    ) -> list[Hit]:
        """Hits for a caller's question: what holds for the place it names, else for ``region``, else for the city.

        ``readings`` are what else a recogniser may have heard; what they add may be the very word that was misheard.
        """
        place = caller_place(self.regions, question, region)
        heard = [without_place(self.regions, reading, place) for reading in (question, *readings)]
        return self.search("\n".join(heard), region=place.code if place else None, audience=audience)

    def search(
        self,
        question: str,
        *,
        region: str | None = None,
        line: str | None = None,
        audience: Audience | None = None,
        on: date | None = None,
        top_k: int = 10,
        mode: Mode = "fused",
    ) -> list[Hit]:
        """Hits for a question, best first, among the entries valid on a day (default today).

        ``region`` is a code; only what holds in that place is searched; None searches everywhere. ``mode`` other than
        fused runs one retriever alone, whose hits carry no probability.
        """
        filters = self.filters(region=region, line=line, audience=audience, on=on)
        text = normalise(question)
        if mode == "fused":
            return self._fused(text, filters, top_k)
        documents = self._single(text, filters, max(top_k, CANDIDATES), mode)
        return self._hits(documents[:top_k], repeat(0.0), filters)

    def has_local(self, hit: Hit) -> bool:
        """Whether what a citywide hit says is said for single places too, more exactly."""
        if hit.matter is None or self.regions.city is None or hit.region != self.regions.city.code:
            return False
        same = {"matter": hit.matter, "aspect": hit.aspect, "local": True}
        conditions = [{"field": f"meta.{name}", "operator": "==", "value": value} for name, value in same.items()]
        return self.store.has({"operator": "AND", "conditions": conditions})

    def filters(
        self,
        *,
        region: str | None = None,
        line: str | None = None,
        audience: Audience | None = None,
        on: date | None = None,
    ) -> dict[str, Any]:
        """The Haystack filter for these wishes."""
        day = (on or date.today()).isoformat()
        conditions = [
            {"field": "meta.valid_from", "operator": "<=", "value": day},
            {"field": "meta.valid_to", "operator": ">=", "value": day},
        ]
        if region:
            scope = self.regions.scope(region)
            conditions.insert(0, {"field": "meta.region", "operator": "in", "value": scope})
        if line:
            conditions.append({"field": "meta.line", "operator": "==", "value": line})
        if audience and audience is not Audience.BOTH:
            wanted = [str(audience), str(Audience.BOTH)]
            conditions.append({"field": "meta.audience", "operator": "in", "value": wanted})
        return {"operator": "AND", "conditions": conditions}

    def _fused(self, text: str, filters: dict[str, Any], top_k: int) -> list[Hit]:
        result = self._pipeline.run(
            {
                "embedder": {"text": text},
                "dense": {"filters": filters},
                "lexical": {"query": text, "filters": filters},
                "aspects": {"text": text},
                "closeness": {"text": text},
                "joiner": {"top_k": max(top_k, 20)},
                "judge": {"text": text},
            }
        )["judge"]
        return self._hits(result["documents"][:top_k], result["probabilities"], filters)

    def _single(self, text: str, filters: dict[str, Any], top_k: int, mode: Mode) -> list[Document]:
        retriever = self._pipeline.get_component(mode)
        if mode == "lexical":
            return retriever.run(query=text, filters=filters, top_k=top_k)["documents"]
        embedding = self._pipeline.get_component("embedder").run(text=text)["embedding"]
        return retriever.run(query_embedding=embedding, filters=filters, top_k=top_k)["documents"]

    def _hits(
        self, documents: Sequence[Document], probabilities: Iterable[float], filters: dict[str, Any]
    ) -> list[Hit]:
        # The filters hold for what is written now: since the search began, an entry may have expired or moved.
        whole = self.store.get([d.id for d in documents], filters)
        pairs = zip(documents, probabilities, strict=False)
        return [to_hit(replace(whole[d.id], score=d.score), chance) for d, chance in pairs if d.id in whole]
