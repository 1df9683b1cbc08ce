import gzip
import json

import numpy as np

from indexer.general import DIMENSIONS
from indexer.pretraining import pretrain, read_pairs

SETS = {
    "pairs": [{"a": "卡丢了咋办", "b": "卡没了怎么办", "label": 1}, {"a": "卡丢了", "b": "水停了", "label": 0}],
    "messages": [{"title": "反映停水", "message": "A1234567  家里 没水" + "很久" * 300}],
    "legal-advice": [{"question": "能离婚吗", "answer": "可以"}],
    "policy-questions": [{"question": "补贴多少", "answer": "两千"}],
    "laws": [{"question": "第一条", "answer": "为了"}],
}


def test_only_pairs_that_mean_the_same_are_taken(tmp_path):
    for name, rows in SETS.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    pairs = dict(read_pairs(tmp_path))
    assert pairs["卡丢了咋办"] == "卡没了怎么办"
    assert "卡丢了" not in pairs
    assert pairs["反映停水"].startswith("家里没水")
    assert len(pairs["反映停水"]) == 200
    assert len(pairs) == 5


def test_texts_that_were_paired_come_together():
    pairs = [(f"甲{n % 7}乙", f"丙{n % 7}丁") for n in range(600)] + [("戊己庚", "辛壬癸")] * 600
    tokens, vectors = pretrain(pairs)
    assert vectors.shape == (len(tokens), DIMENSIONS)
    at = {token: vector / np.linalg.norm(vector) for token, vector in zip(tokens, vectors, strict=True)}
    assert at["戊己"] @ at["壬癸"] > at["戊己"] @ at["丁"]
