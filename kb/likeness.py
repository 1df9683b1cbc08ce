"""Finding pairs of short texts that say nearly the same, among a hundred thousand, without comparing each with each."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from kb.text import comparison_key

# Courtesies and particles that change nothing about what is asked, and words that mean the same.
_IDLE = re.compile(r"请问|我?想问一?下?|一下|[了呢的吗啊呀吧嘛我你您就都要]")
_SAME = (("咋", "怎"), ("如何", "怎"), ("怎样", "怎"), ("怎么", "怎"), ("什么", "啥"), ("哪里", "哪"), ("哪儿", "哪"))


def pieces(text: str) -> frozenset[str]:
    """The characters of a text and its pairs of neighbours, without idle words and punctuation."""
    key = comparison_key(text)
    for word, other in _SAME:
        key = key.replace(word, other)
    bare = _IDLE.sub("", key) or key
    return frozenset(bare) | {bare[i : i + 2] for i in range(len(bare) - 1)}


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Share of the pieces that both have among those that either has (Jaccard), 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 0.0


def like_pairs(
    texts: Sequence[frozenset[str]], least: float, groups: Sequence[object] | None = None
) -> Iterator[tuple[int, int, float]]:
    """Pairs ``(i, j, likeness)`` with ``i < j`` and a likeness of at least ``least`` (0 to 1, above 0).

    Texts of the same group are never paired. By prefix filtering (Chaudhuri, Ganti and Kaushik 2006): two sets alike
    to such a degree share at least one of the rarest pieces of each, so that only those are looked up.
    """
    frequency = Counter(piece for text in texts for piece in text)
    holders: dict[str, list[int]] = defaultdict(list)
    for j in sorted(range(len(texts)), key=lambda n: (len(texts[n]), n)):
        text = texts[j]
        rare = sorted(text, key=lambda piece: (frequency[piece], piece))
        rare = rare[: len(text) - math.ceil(least * len(text)) + 1]
        for i in _candidates(rare, holders):
            if len(texts[i]) < least * len(text) or (groups and groups[i] == groups[j]):
                continue
            if (degree := likeness(texts[i], text)) >= least:
                yield (*sorted((i, j)), degree)
        for piece in rare:
            holders[piece].append(j)


def _candidates(rare: Iterable[str], holders: dict[str, list[int]]) -> list[int]:
    return sorted({i for piece in rare for i in holders.get(piece, ())})
