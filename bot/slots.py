"""The caller's place, where an answer depends on it: asked for with the answer, and understood when it is given."""

import re

from indexer.scope import caller_place, without_place
from kb.regions import RegionTree
from kb.text import comparison_key

# What people say around the name of a place when they are asked where they are.
_AROUND_A_PLACE = re.compile(r"我|是|就|住|家|人|在|的|这边|那边|这儿|这里|附近|啊|呢|呀|吧|哈|嗯|呃|对|想问|要|去")


def is_only_a_place(regions: RegionTree, text: str) -> bool:
    """Whether a text does nothing but name a place below the city: 铁西区; 我住沈河这边."""
    place = caller_place(regions, text)
    if place is None or place == regions.city:
        return False
    rest = without_place(regions, text, place)
    return rest == text or not _AROUND_A_PLACE.sub("", comparison_key(rest))
