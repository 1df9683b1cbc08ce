import numpy as np
import pytest

from indexer.aspects import Aspects
from indexer.lessons import Lesson

ASKED = {
    "费用": ("{}要多少钱", "{}收费吗", "{}贵不贵"),
    "地点": ("{}在哪里办", "{}去哪个窗口", "{}地址在哪"),
    "材料": ("{}带什么材料", "{}要准备啥证件", "{}需要哪些手续"),
}
MATTERS = ("社保卡", "护照", "居住证", "营业执照", "退休", "低保")


@pytest.fixture(scope="module")
def aspects():
    return Aspects.learn(
        [
            Lesson(first.format(matter), "", tuple(v.format(matter) for v in rest), aspect=aspect)
            for aspect, (first, *rest) in ASKED.items()
            for matter in MATTERS
        ]
    )


@pytest.mark.parametrize(
    ("question", "aspect"), [("公积金要多少钱", "费用"), ("身份证去哪个窗口", "地点"), ("结婚带什么材料", "材料")]
)
def test_the_aspect_is_read_from_questions_about_matters_never_seen(aspects, question, aspect):
    read = aspects.log_probabilities(question)
    assert max(read, key=read.get) == aspect
    assert np.exp(list(read.values())).sum() == pytest.approx(1, abs=1e-5)


def test_a_text_of_which_nothing_is_known_says_nothing(aspects):
    assert aspects.log_probabilities("!?") == {}


def test_without_aspects_to_tell_apart_none_is_read():
    assert Aspects.learn([Lesson("怎么办", "", ("咋办",)), Lesson("多少钱", "", aspect="费用")]).names == ()
    assert Aspects().log_probabilities("多少钱") == {}


@pytest.mark.parametrize("empty", [True, False])
def test_what_was_learned_is_kept(aspects, tmp_path, empty):
    kept = Aspects() if empty else aspects
    kept.save(tmp_path / "aspects.npz")
    loaded = Aspects.load(tmp_path / "aspects.npz")
    assert loaded.names == kept.names
    before, after = (a.log_probabilities("护照多少钱") for a in (kept, loaded))
    assert before.keys() == after.keys()
    assert all(after[name] == pytest.approx(before[name], abs=0.02) for name in before)
