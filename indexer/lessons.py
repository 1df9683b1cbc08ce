"""An entry as the embedding learns it."""

from dataclasses import dataclass, replace

from kb.drafts import PublishedEntry


@dataclass(frozen=True)
class Lesson:
    """One entry as training sees it."""

    question: str
    answer: str
    variants: tuple[str, ...] = ()
    context: str = ""  #: names of its matter
    matter: str | None = None
    aspect: str | None = None

    @property
    def text(self) -> str:
        """All of it, as the entry itself is embedded."""
        return "\n".join([self.question, *self.variants, self.context, self.answer])

    def without_variant(self, index: int) -> "Lesson":
        """The lesson with one variant held back."""
        return replace(self, variants=self.variants[:index] + self.variants[index + 1 :])


def to_lesson(entry: PublishedEntry) -> Lesson:
    """The entry as training sees it."""
    draft = entry.draft
    context = " ".join(filter(None, [entry.matter_name, *entry.matter_aliases]))
    return Lesson(draft.question, draft.answer, draft.variants, context, draft.matter, draft.aspect)
