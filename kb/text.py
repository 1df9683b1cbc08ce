"""One canonical form of Chinese text, so that two spellings of one question compare equal."""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

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
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if "\t" in line)
    changing = "".join(character for character, simple in pairs if simple.split(" ")[0] != character)
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
