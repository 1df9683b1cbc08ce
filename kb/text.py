"""One canonical form of Chinese text, so that two spellings of one question compare equal."""

import re
import unicodedata
from functools import lru_cache

_NOT_WORDS = re.compile(r"[\W_]+")
_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=1)
def _converter():
    # Loaded on first use: its dictionaries take a tenth of a second, which `hotline --help` should not pay.
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=1)
def _traditional() -> re.Pattern[str]:
    # The converter is pure Python, 100 microseconds a question; nearly all questions have nothing to convert.
    # Its phrases change characters that alone stay as they are: 沈船, 沈默, and any with one of 彷牴瞭祇藉衹覆阪.
    characters = list(map(chr, range(0x3400, 0xA000)))
    simple = _converter().convert("\n".join(characters)).split("\n")
    changing = "".join(c for c, s in zip(characters, simple, strict=True) if c != s)
    return re.compile(f"[彷牴瞭祇藉衹覆阪{re.escape(changing)}\U00010000-\U0010ffff]|沈[船默]")


def simplify(text: str) -> str:
    """Turn traditional characters into simplified ones; other text comes back unchanged."""
    if not _traditional().search(text):
        return text
    return _converter().convert(text)


def normalise(text: str) -> str:
    """Canonical reading form: NFKC (full-width to half-width), simplified, lower case, single spaces."""
    return _SPACES.sub(" ", simplify(unicodedata.normalize("NFKC", text))).strip().lower()


def comparison_key(text: str) -> str:
    """Form under which two questions count as the same: :func:`normalise` without punctuation and spaces."""
    return _NOT_WORDS.sub("", normalise(text))
