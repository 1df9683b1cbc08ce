"""What Chinese characters sound like, as coarse as a caller's accent and a recogniser's ear are.

A recogniser that mishears 社保卡 writes 设保卡: other characters, the same syllables. North-eastern speech merges more:
zh with z, n with l, r with y, -ng with -n. Syllables are compared without tones and with these told apart no longer.
"""

from functools import cache

from pypinyin.contrib.tone_convert import to_normal
from pypinyin.pinyin_dict import pinyin_dict

# What is taken for the same at the beginning of a syllable, the longer first; and at its end.
_BEGINNINGS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "y"))
_ENDING = "ng"


@cache
def syllable(character: str) -> str:
    """The toneless, merged syllable of a character by its most frequent reading; empty where it has none."""
    readings = pinyin_dict.get(ord(character), "")
    return merged(to_normal(readings.split(",")[0])) if readings else ""


def merged(syllable: str) -> str:
    """A toneless syllable of pinyin with what north-eastern speech confuses made equal: zhang and zan are both zan."""
    for beginning, same in _BEGINNINGS:
        if syllable.startswith(beginning) and len(syllable) > len(beginning):
            syllable = same + syllable[len(beginning) :]
            break
    return syllable[:-1] if syllable.endswith(_ENDING) else syllable
