"""What can go wrong with the index."""


class IndexerError(Exception):
    """Base of every error of this room; its text is fit to be shown to a person, in Chinese."""


class MissingIndexError(IndexerError):
    """There is no built index where one was looked for, or it was built by another version."""


class EmbeddingModelError(IndexerError):
    """The sentence-transformers model cannot be loaded."""


class FilterSyntaxError(IndexerError):
    """A filter cannot be understood."""
