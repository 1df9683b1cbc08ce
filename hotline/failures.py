"""Tells errors of our own, which a person can act on, from defects, which deserve a traceback."""

from pydantic import ValidationError

from bot.errors import ConversationError
from desk.errors import DeskError
from indexer.errors import IndexerError
from kb.errors import KnowledgeError
from speech.errors import SpeechError

OURS = (KnowledgeError, IndexerError, DeskError, ConversationError, SpeechError)


def explain(error: Exception) -> str | None:
    """The sentence to show for an error of ours or a wrong setting; None for a defect."""
    if isinstance(error, ValidationError) and error.title == "Settings":
        wrong = "；".join(f"HOTLINE_{str(e['loc'][0]).upper()}：{e['msg']}" for e in error.errors())
        return f"设置有误：{wrong}"
    return str(error) if isinstance(error, OURS) else None
