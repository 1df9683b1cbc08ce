"""What the index keeps of an entry, and the hit it becomes."""

from haystack import Document

from indexer.lessons import to_lesson
from indexer.messages import Hit
from kb.drafts import PublishedEntry
from kb.regions import RegionTree

# Stand for "from ever" and "for ever", so that a filter on validity is two plain comparisons.
EVER_SINCE = "0001-01-01"
FOR_EVER = "9999-12-31"


def to_document(entry: PublishedEntry, regions: RegionTree) -> Document:
    """The entry as the store and both retrievers see it; ``content`` is all that may match a question."""
    draft = entry.draft
    meta = {
        "version": entry.version,
        "question": draft.question,
        "answer": draft.answer,
        "spoken_answer": draft.spoken_answer,
        "region": draft.region,
        "region_name": regions.full_name(draft.region),
        "local": regions.city is not None and draft.region != regions.city.code,
        "key": draft.key,
        "matter": draft.matter,
        "matter_name": entry.matter_name,
        "aspect": draft.aspect,
        "organisation": draft.organisation[0] if draft.organisation else None,
        "line": draft.line,
        "category": list(draft.category),
        "audience": str(draft.audience),
        "source": draft.source,
        "valid_from": draft.valid_from.isoformat() if draft.valid_from else EVER_SINCE,
        "valid_to": draft.valid_to.isoformat() if draft.valid_to else FOR_EVER,
        "updated_on": entry.updated_on.isoformat() if entry.updated_on else None,
    }
    return Document(id=str(entry.id), content=to_lesson(entry).text, meta=meta)


def to_hit(document: Document, probability: float) -> Hit:
    """The document as the rooms above see it."""
    meta = document.meta
    names = ("question", "answer", "version", "region", "region_name", "key", "matter", "matter_name", "aspect")
    others = ("organisation", "line", "source", "updated_on")
    return Hit(
        entry_id=int(document.id),
        probability=probability,
        score=document.score or 0.0,
        spoken_answer=meta["spoken_answer"] or meta["answer"],
        category=tuple(meta["category"]),
        **{name: meta[name] for name in names + others},
    )
