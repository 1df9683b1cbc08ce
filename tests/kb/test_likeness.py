import random

import pytest

from kb.likeness import like_pairs, likeness, pieces


def test_idle_words_and_punctuation_change_nothing():
    assert pieces("请问社保卡丢了怎么办呢？") == pieces("社保卡丢怎么办")
    assert likeness(pieces("社保卡丢了怎么办"), pieces("暖气不热找谁")) == 0
    assert pieces("吗？") == {"吗"}


@pytest.mark.parametrize("least", [0.3, 0.5, 0.8, 1.0])
def test_the_short_way_finds_what_comparing_each_with_each_finds(least):
    draw = random.Random(7)
    texts = [pieces("".join(draw.choices("社保卡丢失补办换领医", k=draw.randint(1, 9)))) for _ in range(150)]
    wanted = {(i, j) for j in range(len(texts)) for i in range(j) if texts[i] and likeness(texts[i], texts[j]) >= least}
    found = [(i, j) for i, j, _ in like_pairs(texts, least)]
    assert wanted
    assert set(found) == wanted
    assert len(found) == len(wanted)


def test_texts_of_one_group_are_not_paired():
    texts = [pieces("补社保卡去哪里"), pieces("补社保卡去哪里啊"), pieces("补社保卡去哪里吗")]
    assert {(i, j) for i, j, _ in like_pairs(texts, 0.9, ["A", "A", "B"])} == {(0, 2), (1, 2)}
