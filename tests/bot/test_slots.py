import pytest

from bot.slots import is_only_a_place


@pytest.mark.parametrize("text", ["铁西区", "铁西", "我在铁西区", "嗯我住浑南这边的", "铁西区的，"])
def test_a_place_and_no_more(dialogue, text):
    assert is_only_a_place(dialogue.regions, text)


@pytest.mark.parametrize("text", ["沈阳", "我在铁西区丢了卡", "社保卡", "铁西区在哪里办", ""])
def test_no_place_or_more_than_a_place(dialogue, text):
    assert not is_only_a_place(dialogue.regions, text)
