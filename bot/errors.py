"""What can go wrong in a conversation."""


class ConversationError(Exception):
    """Base of every error of this room; its text is fit to be shown to a person, in Chinese."""


class UnacceptableUtteranceError(ConversationError):
    """What was typed is empty or too long to be a question."""


class UnknownRegionError(ConversationError):
    """The region named by the client is not in the knowledge base."""
