"""The sentence-transformers model of an index: our own static one or any other, with its prompt for questions."""

import os
from dataclasses import dataclass
from pathlib import Path

from sentence_transformers import SentenceTransformer

from indexer.errors import EmbeddingModelError

# As the models' own pages ask for; the prompt stored in a model's configuration comes first.
_KNOWN_PROMPTS = {
    "bge-small-zh": "为这个句子生成表示以用于检索相关文章：",
    "bge-base-zh": "为这个句子生成表示以用于检索相关文章：",
    "bge-large-zh": "为这个句子生成表示以用于检索相关文章：",
    "multilingual-e5": "query: ",
}
_DOCUMENT_PROMPTS = {"multilingual-e5": "passage: "}


@dataclass(frozen=True)
class ModelChoice:
    """Which model embeds, and what is put before questions."""

    name: str = ""  #: hub name or folder; empty for the static model trained on the knowledge base
    query_prompt: str = ""  #: overrides what the model asks for

    @property
    def own(self) -> bool:
        """Whether the model is trained here."""
        return not self.name

    def load(self) -> SentenceTransformer:
        """The chosen hub or local model. :class:`EmbeddingModelError` if it is not to be had."""
        try:
            return SentenceTransformer(self.name, device="cpu", local_files_only=Path(self.name).exists())
        except Exception as error:
            raise EmbeddingModelError(
                f"向量模型“{self.name}”无法加载：请检查名称或文件夹，离线机器请先把模型文件夹拷贝到本机再填写其路径。"
            ) from error

    def prompt(self, model: SentenceTransformer) -> str:
        """What to put before a question."""
        stored = (getattr(model, "prompts", None) or {}).get("query", "")
        return self.query_prompt or stored or _known(self.name, _KNOWN_PROMPTS)

    def document_prompt(self) -> str:
        """What to put before an entry."""
        return _known(self.name, _DOCUMENT_PROMPTS)


def _known(name: str, prompts: dict[str, str]) -> str:
    return next((prompt for part, prompt in prompts.items() if part in os.path.basename(name.rstrip("/"))), "")  # noqa: PTH119
