import pytest

from kb.errors import NotFoundError
from kb.models import Level
from kb.regions import Place, RegionTree

TREE = RegionTree(
    [
        Place("1", "沈阳市", Level.CITY, None),
        Place("11", "和平区", Level.DISTRICT, "1"),
        Place("12", "铁西区", Level.DISTRICT, "1"),
        Place("13", "沈北新区", Level.DISTRICT, "1"),
        Place("14", "法库县", Level.DISTRICT, "1"),
        Place("111", "南湖街道", Level.STREET, "11"),
        Place("141", "和平镇", Level.STREET, "14"),
        Place("1111", "文安社区", Level.COMMUNITY, "111"),
        Place("1411", "文安社区", Level.COMMUNITY, "141"),
        Place("11111", "第1网格", Level.GRID, "1111"),
        Place("11112", "第2网格", Level.GRID, "1111"),
        Place("14111", "第1网格", Level.GRID, "1411"),
    ]
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我在铁西区，社保卡去哪办", "12"),
        ("铁西哪儿能办社保卡", "12"),
        ("沈北办退休", "13"),
        ("和平区南湖街道在哪", "111"),
        ("法库县和平镇", "141"),
        ("和平区文安社区的网格员", "1111"),
        ("和平镇文安社区第1网格", "14111"),
        ("南湖街道文安社区第2网格归谁管", "11112"),
        ("沈阳市的公积金", "1"),
    ],
)
def test_the_deepest_place_that_is_named_is_found(text, code):
    assert TREE.find(text).code == code


@pytest.mark.parametrize("text", ["社保卡怎么补办", "文安社区在哪", "第1网格", ""])
def test_no_place_is_guessed(text):
    assert TREE.find(text) is None


def test_a_place_is_resolved_by_code_or_name():
    assert TREE.resolve("12") == TREE.resolve("铁西") == TREE.get("12")
    assert TREE.resolve("鐵西區 ") == TREE.resolve("１２") == TREE.get("12")
    assert TREE.resolve("全市") == TREE.resolve("沈阳") == TREE.get("1")
    assert TREE.resolve("火星") is None


def test_names_are_joined_below_the_city():
    assert TREE.full_name("1") == "沈阳市"
    assert TREE.full_name("1111") == "和平区南湖街道文安社区"


def test_what_holds_in_a_place_holds_above_it_and_a_community_speaks_for_its_grids():
    assert TREE.scope("111") == ["1", "11", "111"]
    assert TREE.scope("1111") == ["1", "11", "111", "1111", "11111", "11112"]


def test_an_unknown_code_is_an_error():
    with pytest.raises(NotFoundError, match="999"):
        TREE.get("999")
