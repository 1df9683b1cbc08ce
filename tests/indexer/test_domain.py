import numpy as np
import pytest

from indexer.domain import Domain, keep, shipped_domain
from indexer.domain_training import learn
from indexer.general import general_tokens
from indexer.tokens import grams


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("社保卡丢了在哪里补办", "给我讲一个笑话"),
        ("俺家老人九十了高龄补贴咋领", "世界上最长的河是哪条"),
        ("营业执照要带什么材料", "感冒发烧吃什么药好得快"),
        ("楼上装修太吵找谁管", "你们小区三号楼的路灯坏了半个月，请尽快派人来修"),
    ],
)
def test_a_question_to_a_hotline_sounds_more_like_one_than_what_people_say_besides(asked, said):
    assert shipped_domain().log_odds(asked) > shipped_domain().log_odds(said) + 2


def test_a_text_without_known_tokens_says_nothing():
    assert shipped_domain().log_odds("!?") == 0.0


def test_what_sets_two_kinds_of_texts_apart_is_learned_and_kept(tmp_path):
    inside = [f"怎么办证{n}" for n in range(30)]
    outside = [[f"讲个笑话{n}" for n in range(30)], ["天气如何"] * 5]
    rows = {token: row for row, token in enumerate(dict.fromkeys(grams("怎么办证讲个笑话天气如何")))}
    weights, bias = learn(inside, outside, rows)
    domain = Domain(rows, weights, bias)
    assert domain.log_odds("办证") > 0 > domain.log_odds("笑话")
    assert domain.log_odds("天气") < 0
    keep(weights, bias, tmp_path)
    with np.load(tmp_path / "domain.npz") as kept:
        np.testing.assert_allclose(kept["weights"], weights, atol=0.01)


def test_there_is_a_weight_for_each_token_of_the_general_embedding():
    assert len(shipped_domain().weights) == len(general_tokens())
