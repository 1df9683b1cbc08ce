"""What search hands to the rooms above."""

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
