"""Which places' entries hold for a caller, and what is left of the question when its place is known."""

from kb.regions import Place, RegionTree, spoken_names


def caller_place(regions: RegionTree, question: str, known: str | None = None) -> Place | None:
    """The place that a question names, else the one known before, else the city; None without any regions.

    A caller who names no place is answered with what holds everywhere: a street's telephone number would be a guess.
    """
    named = regions.find(question)
    if named is not None and named != regions.city:
        return named
    return regions.get(known) if known else regions.city


def without_place(regions: RegionTree, question: str, place: Place | None) -> str:
    """The question without the names of the place, which the filter takes care of; never empty."""
    rest = question
    for part in regions.path(place.code) if place else []:
        for name in spoken_names(part):
            rest = rest.replace(name, "", 1)
    return rest if rest.strip() else question
