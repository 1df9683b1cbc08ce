"""The Haystack pipeline of one search: embed the question, retrieve twice, join, judge; saved as YAML."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from haystack import Document, Pipeline, component

from indexer.aspects import ASPECTS_FILE, AspectReader
from indexer.closeness import ClosenessReader
from indexer.dense import FaissRetriever
from indexer.embedder import GramTextEmbedder
from indexer.fusion import EvidenceJoiner
from indexer.judgement import Judgement
from indexer.lexical import LexicalRetriever
from indexer.manifest import Manifest
from indexer.store import FaissDocumentStore

PIPELINE_FILE = "pipeline.yaml"
JUDGEMENT_FILE = "judgement.json"
# Candidates of each retriever. Haystack copies every document at each step, which is why they are light.
CANDIDATES = 30
_HERE = "{index}"


@component
class Judge:
    """Haystack component: gives each ordered document the probability of being right."""

    def __init__(self, judgement_file: str = "") -> None:
        self.judgement_file = judgement_file
        self.judgement = Judgement.load(Path(judgement_file)) if judgement_file else Judgement()

    @component.output_types(documents=list[Document], probabilities=list[float])
    def run(self, documents: list[Document], text: str) -> dict[str, list]:
        """Probabilities, in the order of the documents, of being right for the question ``text``."""
        return {"documents": documents, "probabilities": self.judgement.probabilities(documents, text)}


def make_pipeline(folder: Path, model: str, prompt: str, own_model: bool, judgement: Judgement) -> Pipeline:
    """The pipeline over the store, lexical index, model and judgement that lie in ``folder``."""
    store = open_store(folder)
    pipeline = Pipeline()
    pipeline.add_component(
        "embedder", GramTextEmbedder(model, prompt) if own_model else _foreign(model, prompt, "Text")
    )
    pipeline.add_component("dense", FaissRetriever(store, CANDIDATES))
    pipeline.add_component("lexical", LexicalRetriever(store, str(folder / "lexical"), CANDIDATES))
    pipeline.add_component("aspects", AspectReader(str(folder / ASPECTS_FILE)))
    pipeline.add_component("closeness", ClosenessReader(store))
    pipeline.add_component("joiner", EvidenceJoiner(judgement.weights))
    pipeline.add_component("judge", Judge(str(folder / JUDGEMENT_FILE)))
    pipeline.connect("embedder.embedding", "dense.query_embedding")
    pipeline.connect("dense.documents", "joiner.dense")
    pipeline.connect("lexical.documents", "joiner.lexical")
    pipeline.connect("lexical.matters", "joiner.matters")
    pipeline.connect("dense.documents", "closeness.dense")
    pipeline.connect("lexical.documents", "closeness.lexical")
    pipeline.connect("lexical.rarity", "closeness.rarity")
    pipeline.connect("closeness.closeness", "joiner.closeness")
    pipeline.connect("aspects.aspects", "joiner.aspects")
    pipeline.connect("joiner.documents", "judge.documents")
    return pipeline


def embed_documents(pipeline: Pipeline, manifest: Manifest, documents: list[Document]) -> list[Document]:
    """The documents with the vectors that a build with this pipeline's model gives them."""
    if manifest.own_model:
        vector = pipeline.get_component("embedder").vector
        prompt = manifest.document_prompt
        return [replace(d, embedding=vector(prompt + (d.content or "")).tolist()) for d in documents]
    # Haystack keeps one model for both of its embedders.
    return _foreign(manifest.model, manifest.document_prompt, "Document").run(documents)["documents"]


def _foreign(model: str, prompt: str, what: Literal["Text", "Document"]):
    # Imported here: it takes seconds and only serves models that are not our own.
    from haystack_integrations.components.embedders import sentence_transformers

    return getattr(sentence_transformers, f"SentenceTransformers{what}Embedder")(
        model=model,
        prefix=prompt,
        progress_bar=False,
        normalize_embeddings=True,
        local_files_only=Path(model).exists(),
        device=None,
    )


def open_store(folder: Path) -> FaissDocumentStore:
    """The document store of an index folder."""
    return FaissDocumentStore.shared(str(folder))


def save_pipeline(pipeline: Pipeline, folder: Path) -> None:
    """Write the pipeline into its index folder; the folder's own path is left open, so that it may be moved."""
    (folder / PIPELINE_FILE).write_text(pipeline.dumps().replace(str(folder), _HERE), "utf-8")


def load_pipeline(folder: Path) -> Pipeline:
    """The pipeline that was saved in an index folder."""
    text = (folder / PIPELINE_FILE).read_text("utf-8").replace(_HERE, str(folder))
    return Pipeline.loads(text, allowed_modules=["indexer.*", "haystack_integrations.*"])
