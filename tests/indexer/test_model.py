import shutil

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from hotline.wiring import open_knowledge
from indexer.build import build
from indexer.errors import EmbeddingModelError
from indexer.following import Follower
from indexer.model import ModelChoice
from indexer.search import Searcher
from kb.drafts import EntryDraft
from kb.models import Level
from kb.regions import Place

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@pytest.fixture(scope="module")
def small_transformer(tmp_path_factory):
    """A real transformer of the BERT kind with random weights: small, but loaded the way bge is."""
    folder = tmp_path_factory.mktemp("model")
    known = [*SPECIAL, *"社保卡丢了怎么办暖气不热找谁护照在哪里为这个句子生成表示以用于检索相关文章："]
    tokenizer = Tokenizer(WordLevel({c: i for i, c in enumerate(dict.fromkeys(known))}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder / "bert")
    config = BertConfig(
        vocab_size=100, hidden_size=48, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    model = SentenceTransformer(modules=[transformer, Pooling(48)], device="cpu")
    model.save(str(folder / "bge-small-zh-v1.5"), create_model_card=False)
    return folder / "bge-small-zh-v1.5"


def test_any_sentence_transformers_folder_can_embed_with_its_own_dimension_and_prompt(
    small_transformer, city_settings, tmp_path
):
    settings = city_settings.model_copy(update={"data": tmp_path})
    knowledge = open_knowledge(settings)
    knowledge.add_regions([Place("210100", "沈阳市", Level.CITY, None)])
    drafts = [
        EntryDraft("暖气不热找谁？", "先找供热单位。", "210100"),
        EntryDraft("护照在哪里办？", "去大厅。", "210100"),
    ]
    knowledge.publish(drafts, author="test")
    manifest = build(knowledge, settings.index_folder, ModelChoice(str(small_transformer)))
    assert manifest.dimensions == 48
    assert manifest.prompt == "为这个句子生成表示以用于检索相关文章："
    hits = Searcher(settings.index_folder, knowledge.regions).search("暖气不热", mode="dense")
    assert {hit.question for hit in hits} == {d.question for d in drafts}


def test_what_is_followed_is_embedded_as_a_build_does(small_transformer, city_settings, tmp_path):
    model = small_transformer.with_name("multilingual-e5-small")  # one that asks for a prompt before documents
    shutil.copytree(small_transformer, model)
    settings = city_settings.model_copy(update={"data": tmp_path})
    knowledge = open_knowledge(settings)
    knowledge.add_regions([Place("210100", "沈阳市", Level.CITY, None)])
    knowledge.publish([EntryDraft("暖气不热找谁？", "先找供热单位。", "210100")], author="test")
    assert build(knowledge, settings.index_folder, ModelChoice(str(model))).document_prompt
    searcher = Searcher(settings.index_folder, knowledge.regions)
    knowledge.publish([EntryDraft("护照在哪里办？", "去社保大厅找。", "210100")], author="test")
    assert Follower(knowledge, searcher).catch_up() == 1
    followed = [d.embedding for d in searcher.store.filter_documents()]
    build(knowledge, settings.index_folder, ModelChoice("ignored"), keep_model=True)
    rebuilt = Searcher(settings.index_folder, knowledge.regions).store.filter_documents()
    np.testing.assert_allclose(followed, [d.embedding for d in rebuilt], atol=1e-5)


def test_a_prompt_of_ones_own_goes_before_the_models(small_transformer):
    choice = ModelChoice(str(small_transformer), "问：")
    assert choice.prompt(choice.load()) == "问："


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EmbeddingModelError, match="nowhere"):
        ModelChoice(str(tmp_path / "nowhere")).load()
