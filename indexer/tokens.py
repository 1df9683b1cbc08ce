"""What a text is cut into for lexical search and for the static embedding: characters, pairs of them, and words.

Chinese is not cut into words: a segmenter that is wrong about a caller's 社保卡整丢了 loses the match, while pairs of
characters always overlap somewhere.
"""

import re

from kb.text import normalise

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+(?:[.\-][a-z0-9]+)*")


def grams(text: str) -> list[str]:
    """Tokens of a text in order: each Chinese character, each pair of neighbours, each Latin word or number."""
    found: list[str] = []
    for run in _RUNS.findall(normalise(text)):
        if run[0] < "\u3400":
            found.append(run)
            continue
        found += run
        found += map("".join, zip(run, run[1:], strict=False))
    return found
