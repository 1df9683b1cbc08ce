"""What can go wrong with knowledge, each with a sentence that tells the person what to do next."""


class KnowledgeError(Exception):
    """Base of every error of this room; its text is fit to be shown to a person, in Chinese."""


class NotFoundError(KnowledgeError):
    """The thing asked for is not in the knowledge base."""


class RefusedError(KnowledgeError):
    """Entries break a rule and nothing was taken in; ``outcome`` tells which and why."""

    def __init__(self, message: str, outcome: object = None) -> None:
        super().__init__(message)
        self.outcome = outcome


class ImportFileError(KnowledgeError):
    """A file cannot be read as rows at all (encoding, columns, broken archive)."""


class ConflictError(KnowledgeError):
    """Somebody else changed the entry since it was read."""
