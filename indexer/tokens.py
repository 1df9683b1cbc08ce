"""What a text is cut into for lexical search and for the static embedding: characters, pairs of them and their sounds.

Chinese is not cut into words: a segmenter that is wrong about a caller's 社保卡整丢了 loses the match, while pairs of
characters always overlap somewhere. Pairs of sounds still overlap where a recogniser wrote other characters.
"""

import re

from indexer.sounds import syllable
from kb.text import normalise

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.\-][a-z0-9]+)*")


def grams(text: str) -> list[str]:
    """Tokens of a text: each Latin word or number, each Chinese character, each pair of neighbours and of their sounds.

    Sounds are marked by a tilde: 社保 gives 社, 保, 社保 and ~sebao.
    """
    found: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if run[0] < "\u3400":
            found.append(run)
            continue
        found += run
        found += map("".join, zip(run, run[1:], strict=False))
        sounds = [syllable(character) for character in run]
        found += [f"~{one}{other}" for one, other in zip(sounds, sounds[1:], strict=False)]
    return found


def pairs(text: str) -> list[str]:
    """Of the tokens only pairs of characters, Latin words and numbers: what tells one short question from another."""
    return [gram for gram in grams(text) if (len(gram) > 1 or gram < "\u3400") and not gram.startswith("~")]
