"""What can go wrong at the desk."""


class DeskError(Exception):
    """Base of every error of this room; its text is fit to be shown to a person, in Chinese."""


class UnknownConversationError(DeskError):
    """There is no conversation with this id."""


class UnknownTurnError(DeskError):
    """The conversation has no turn with this number."""
