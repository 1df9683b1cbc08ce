"""What search hands to the rooms above."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Hit:
    """One entry found for a question."""

    entry_id: int
    version: int  #: version of the entry that this answer was taken from
    question: str
    answer: str
    spoken_answer: str  #: what to say aloud; the answer itself where the entry has no other
    probability: float  #: calibrated chance, 0 to 1, that this entry is the right one for the question
    score: float  #: fused score; orders hits of one search, means nothing across searches
    region: str  #: region code
    region_name: str  #: below the city: 和平区南湖街道; the city's name for what holds everywhere
    key: str | None = None  #: identity given by where the entry came from
    matter: str | None = None  #: matter code
    matter_name: str | None = None
    aspect: str | None = None
    organisation: str | None = None
    line: str | None = None
    category: tuple[str, ...] = ()
    source: str = ""
    updated_on: str | None = None  #: ISO date of the last change


class Scores(Mapping[str, float]):
    """Numbers by name or id that nobody changes, so that Haystack need not copy them one by one at each step.

    It does with dictionaries; of those that one search hands on, that took as long as the search itself.
    """

    def __init__(self, numbers: Mapping[str, float]) -> None:
        self._numbers = dict(numbers)

    def __getitem__(self, name: str) -> float:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __deepcopy__(self, memo: dict) -> "Scores":
        return self
