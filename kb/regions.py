"""The tree of places, and finding the place that a sentence names."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kb.errors import NotFoundError
from kb.models import Level
from kb.text import normalise

# Everyday speech drops these: 铁西 for 铁西区. Streets keep theirs, because 解放 or 民主 alone are ordinary words.
_DISTRICT_SUFFIXES = ("新区", "区", "县", "市")
_DEPTH = {Level.CITY: 0, Level.DISTRICT: 1, Level.STREET: 2, Level.COMMUNITY: 3, Level.GRID: 4}
_LONGEST_NAME = 16


@dataclass(frozen=True)
class Place:
    """One region as search and talk use it."""

    code: str
    name: str
    level: Level
    parent: str | None  #: code of the region it lies in


class RegionTree:
    """All regions of one city in memory; immutable once built."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = {place.code: place for place in places}
        self._children: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for place in self._places.values():
            if place.parent:
                self._children[place.parent].append(place.code)
            for name in spoken_names(place):
                self._by_name[name].append(place.code)

    def __contains__(self, code: object) -> bool:
        return code in self._places

    def __len__(self) -> int:
        return len(self._places)

    def places(self) -> Iterable[Place]:
        """Every place, in the order in which they were handed in."""
        return self._places.values()

    @property
    def city(self) -> Place | None:
        """The root, or None in an empty knowledge base."""
        return next((place for place in self._places.values() if place.level is Level.CITY), None)

    def get(self, code: str) -> Place:
        """The place with this code; :class:`NotFoundError` if there is none."""
        try:
            return self._places[code]
        except KeyError:
            raise NotFoundError(f"没有代码为“{code}”的区域，请先核对区域代码。") from None

    def path(self, code: str) -> list[Place]:
        """From the city down to this place."""
        found = [self.get(code)]
        while found[-1].parent:
            found.append(self.get(found[-1].parent))
        return found[::-1]

    def full_name(self, code: str) -> str:
        """Names joined as people say them: below the city, so 和平区南湖街道, but 沈阳市 for the city itself."""
        path = self.path(code)
        return "".join(place.name for place in path[1:]) or path[0].name

    def scope(self, code: str) -> list[str]:
        """Codes of the regions whose entries hold for somebody in this place.

        The place and everything above it; for a community also its grids, which callers do not know by number.
        """
        codes = [place.code for place in self.path(code)]
        if self.get(code).level is Level.COMMUNITY:
            codes += self._children[code]
        return codes

    def resolve(self, text: str) -> Place | None:
        """The place meant by a code, a name or a full name; None if unknown or ambiguous."""
        text = normalise(text)
        if self.city and text in ("全市", self.city.name, self.city.name.removesuffix("市")):
            return self.city
        return self._places.get(text) or self.find(text)

    def find(self, text: str) -> Place | None:
        """The deepest place that the text names, or None.

        A name borne by several places counts only where another named place decides between them (和平区 with 和平镇).
        """
        mentioned = self._mentions(text)
        sure = [codes[0] for codes in mentioned if len(codes) == 1]
        candidates = list(sure)
        for codes in mentioned:
            inside = [code for code in codes if any(p.code in sure for p in self.path(code)[1:-1])]
            if len(codes) > 1 and len(inside) == 1:
                candidates.append(inside[0])
        return max((self._places[code] for code in candidates), key=lambda p: _DEPTH[p.level], default=None)

    def _mentions(self, text: str) -> list[list[str]]:
        found, start = [], 0
        while start < len(text):
            for end in range(min(len(text), start + _LONGEST_NAME), start + 1, -1):
                if codes := self._by_name.get(text[start:end]):
                    found.append(codes)
                    start = end - 1
                    break
            start += 1
        return found


def spoken_names(place: Place) -> list[str]:
    """Names under which people mention the place, longest first: 铁西区 and 铁西."""
    if place.level is not Level.DISTRICT:
        return [place.name]
    short = next((place.name.removesuffix(s) for s in _DISTRICT_SUFFIXES if place.name.endswith(s)), place.name)
    return [place.name, short] if len(short) > 1 else [place.name]
