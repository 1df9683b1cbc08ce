import subprocess
import sys

import numpy as np
import pytest

from indexer.embedder import GramTextEmbedder
from indexer.lessons import Lesson
from indexer.training import train

LESSONS = [Lesson("社保卡丢了怎么办？", "先挂失。", ("卡没了",), "补卡", "A"), Lesson("护照怎么办？", "去大厅。")]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    model = train(LESSONS, rounds=1)
    folder = tmp_path_factory.mktemp("model")
    model.save(str(folder), create_model_card=False)
    return model, str(folder)


@pytest.mark.parametrize("text", ["社保卡丢了", "护照 ABC 12345", "社保卡☆", "", "龘"])
def test_it_embeds_as_sentence_transformers_does(saved, text):
    model, folder = saved
    ours = GramTextEmbedder(folder).run(text)["embedding"]
    np.testing.assert_allclose(ours, model.encode(text, normalize_embeddings=True), atol=1e-6)


def test_a_prefix_counts_as_text(saved):
    model, folder = saved
    ours = GramTextEmbedder(folder, "护照").run("怎么办")["embedding"]
    np.testing.assert_allclose(ours, model.encode("护照怎么办", normalize_embeddings=True), atol=1e-6)


def test_asking_needs_no_sentence_transformers():
    code = "import sys, indexer.search; sys.exit('sentence_transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
