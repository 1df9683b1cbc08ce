"""How far what was heard is from what was said."""

from collections.abc import Iterable

from kb.text import comparison_key


def edits(reference: str, heard: str) -> int:
    """Fewest insertions, deletions and replacements of characters that turn one into the other (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for place, character in enumerate(reference, 1):
        diagonal, row[0] = row[0], place
        for column, other in enumerate(heard, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (character != other))
            diagonal, row[column] = row[column], best
    return row[-1]


def character_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Edits a character of the references, over (reference, heard) pairs; from 0, above 1 if much was invented.

    Punctuation, spaces, width, case and traditional characters do not count. ``ValueError`` without any character.
    """
    keys = [(comparison_key(reference), comparison_key(heard)) for reference, heard in pairs]
    length = sum(len(reference) for reference, _ in keys)
    if not length:
        raise ValueError("no characters to compare with")
    return sum(edits(reference, heard) for reference, heard in keys) / length
