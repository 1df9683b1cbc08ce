"""Chinese text as the numbered pinyin that espeak-ng's voice ``sit/cmn-latn-pinyin`` reads.

``python -m speech.reading TEXT...`` prints each text as it will be read.

For processes without Vosk only: it and wetext each bring an OpenFst of their own, and where both are loaded the second
one runs on the first one's memory. Of processes that loaded both, one in six crashed or hung.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from pypinyin import Style, lazy_pinyin, load_phrases_dict

from kb.text import simplify
from speech.phrases import LETTERS, PHRASES

if TYPE_CHECKING:
    from wetext import Normalizer

# What espeak-ng pauses at; every other mark is one of these or is not heard.
_PAUSES = str.maketrans("，。？！；：、…", ",.?!;,,.", "“”‘’\"'《》〈〉「」『』")
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)")
_CODES = re.compile(r"(?<![\dA-Za-z.])\d{8,}[Xx]?(?![\dA-Za-z])(?!\s*[元万亿%人户米])")
# Hotlines, unless a unit follows that makes an amount of them.
_AMOUNT_AFTER = r"(?![.:%-]?\d|[.:%万千百人个元年月日天岁条号米平分])"
_SHORT_NUMBERS = re.compile(rf"(?<![\d.:A-Za-z-])(?:12\d{{3}}|9[56]\d{{3,4}}|1[12]\d)(?=热线|电话|{_AMOUNT_AFTER})")
_PHONES = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(?:0\d{2,3}|400|800)(?:[-—－ ]\d{3,4}){1,2}(?:[-—－ ]\d{1,4})?(?!\d)")
_DOTTED_RANGE = re.compile(r"(?<=[\d%时点日月年元])\s*[—–~～－]+\s*(?=\d)")
_PERCENT_RANGE = re.compile(r"(\d+(?:\.\d+)?%)\s*-\s*(?=\d)")
_MARKS = re.compile(r"[()（）\[\]【】{}<>/\\|*#_—–~～·\-]+")
_TOKEN = re.compile(r"[一-鿿㐀-䶿]+|[A-Za-z]+|[,.?!;]")
_IONG = re.compile(r"^([jqx])iong(\d)$")
_DIGITS = dict(zip("0123456789Xx", "零幺二三四五六七八九叉叉", strict=True))
_ORDINAL_BEFORE = frozenset("第十百千万零〇幺一二三四五六七八九两点")
_NUMBER_AFTER = frozenset("二三四五六七八九十零〇幺一月号日楼点")


def to_reading(text: str) -> str:
    """Numbered pinyin with ASCII punctuation for pauses; empty when nothing in `text` can be said."""
    _prepare()
    plain = to_words(text).translate(_PAUSES)
    parts = [_spoken(token) for token in _TOKEN.findall(_MARKS.sub(",", plain))]
    reading = re.sub(r"\s+([,.?!;])", r"\1", " ".join(parts))
    reading = re.sub(r"([,.?!;])[,.?!;\s]*(?=[,.?!;])", r"\1", reading)
    reading = re.sub(r"([,.?!;])[,.?!;]+", r"\1", reading).strip(" ,.?!;")
    return reading + "." if reading else ""


def to_words(text: str) -> str:
    """`text` with its numbers, dates, times, telephone numbers and units written out in Chinese characters."""
    plain = simplify(unicodedata.normalize("NFKC", text).replace(":00-", ":00到"))
    plain = _THOUSANDS.sub(lambda match: match.group().replace(",", ""), plain)
    for pattern in (_PHONES, _SHORT_NUMBERS, _CODES):
        plain = pattern.sub(lambda match: digit_by_digit(match.group()), plain)
    plain = _PERCENT_RANGE.sub(r"\1到", _DOTTED_RANGE.sub("-", plain))
    return _normaliser().normalize(plain) if plain.strip() else ""


def digit_by_digit(number: str) -> str:
    """A telephone or document number as it is read aloud, 幺 for one; what is not a digit is left out."""
    return "".join(_DIGITS.get(character, "") for character in number)


@lru_cache(maxsize=1)
def _normaliser() -> Normalizer:
    if "vosk" in sys.modules:
        raise RuntimeError("speech.reading must not be used in a process that has loaded vosk")
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")


@lru_cache(maxsize=1)
def _prepare() -> None:
    load_phrases_dict({p: [[s] for s in _padded(p, sounds)] for p, sounds in PHRASES.items()}, style="tone2")


def _padded(phrase: str, sounds: str) -> list[str]:
    # 儿 that only colours the syllable before it is not said: espeak-ng reads no "nar3".
    syllables = sounds.split()
    return syllables + [""] * (len(phrase) - len(syllables))


def _spoken(token: str) -> str:
    if token in ",.?!;":
        return token
    if token.isascii():
        return " ".join(LETTERS[letter] for letter in token.upper())
    return " ".join(_syllables(token))


def _syllables(characters: str) -> list[str]:
    sounds = lazy_pinyin(characters, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    if len(sounds) == len(characters):
        sounds = _change_one_and_not(characters, sounds)
    sounds = _change_third([sound for sound in sounds if sound and sound[-1].isdigit()])
    # espeak-ng spells "xiong2" in English but says "xong2" as ɕiong.
    return [_IONG.sub(r"\1ong\2", sound) for sound in sounds]


def _change_one_and_not(characters: str, sounds: list[str]) -> list[str]:
    changed = list(sounds)
    for place, character in enumerate(characters):
        following = sounds[place + 1][-1:] if place + 1 < len(sounds) else ""
        if character == "不" and following:
            changed[place] = "bu2" if following == "4" else "bu4"
        if character == "一":
            changed[place] = _one(characters, place, following)
    return changed


def _one(characters: str, place: int, following: str) -> str:
    before, after = characters[place - 1 : place], characters[place + 1 : place + 2]
    if not following or before in _ORDINAL_BEFORE or after in _NUMBER_AFTER:
        return "yi1"
    return "yi2" if following == "4" else "yi4"


def _change_third(sounds: list[str]) -> list[str]:
    # espeak-ng says third tones as written. Of a run, all but the last rise.
    pairs = zip(sounds, [*sounds[1:], ""], strict=True)
    return [sound[:-1] + "2" if sound[-1] == after[-1:] == "3" else sound for sound, after in pairs]


if __name__ == "__main__":
    for given in sys.argv[1:]:
        print(to_words(given))
