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


def simplify(text: str) -> str:
    """Turn traditional characters into simplified ones; other text comes back unchanged."""
    return _converter().convert(text)


def normalise(text: str) -> str:
    """Canonical reading form: NFKC (full-width to half-width), simplified, lower case, single spaces."""
    return _SPACES.sub(" ", simplify(unicodedata.normalize("NFKC", text))).strip().lower()


def comparison_key(text: str) -> str:
    """Form under which two questions count as the same: :func:`normalise` without punctuation and spaces."""
    return _NOT_WORDS.sub("", normalise(text))
