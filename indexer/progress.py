"""How long work tells how far it is."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


class Progress:
    """Bars with rate and remaining time on standard error; silent unless ``shown``."""

    def __init__(self, shown: bool = False) -> None:
        self._shown = shown

    def each(self, items: Iterable[Item], label: str, total: int) -> Iterator[Item]:
        """The items, counted as they pass."""
        return iter(tqdm(items, desc=label, total=total, unit="条", disable=not self._shown, mininterval=0.5))

    def bar(self, label: str, total: int) -> tqdm:
        """A bar to be moved by hand."""
        return tqdm(desc=label, total=total, unit="条", disable=not self._shown, mininterval=0.5)

    def say(self, text: str) -> None:
        """A line on its own, for steps that cannot be counted."""
        if self._shown:
            tqdm.write(text)
