"""Builds what one process needs from its settings: the only place where rooms are put together.

Rooms are imported where they are needed: `hotline kb stats` should not wait seconds for torch and Vosk.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hotline.settings import SHIPPED_SPEECH_MODEL, Settings

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

    from bot.conversation import Dialogue
    from indexer.model import ModelChoice
    from indexer.search import Searcher
    from kb.knowledge import KnowledgeBase
    from speech.recognizer import Recognizer
    from speech.synthesizer import Synthesizer


def open_database(settings: Settings) -> Engine:
    """Engine of the database with its tables brought up to date."""
    from alembic import command
    from alembic.config import Config

    from kb.database import connect

    if not settings.database_url:
        settings.data.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.database)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return engine


def open_knowledge(settings: Settings) -> KnowledgeBase:
    """The knowledge base of the settings' database."""
    from kb.knowledge import KnowledgeBase

    return KnowledgeBase(open_database(settings))


def model_choice(settings: Settings) -> ModelChoice:
    """The embedding model that the settings ask for."""
    from indexer.model import ModelChoice

    return ModelChoice(settings.embedding_model, settings.embedding_query_prompt)


def open_searcher(settings: Settings) -> Searcher:
    """The index in force. :class:`indexer.errors.MissingIndexError` if there is none."""
    from indexer.search import Searcher

    return Searcher(settings.index_folder, open_knowledge(settings).regions)


def open_dialogue(settings: Settings) -> Dialogue:
    """The dialogue over the index in force, which stores its turns in the database."""
    from bot.conversation import Dialogue
    from bot.policy import Thresholds
    from desk.conversations import ConversationLog
    from indexer.search import Searcher
    from kb.knowledge import KnowledgeBase

    engine = open_database(settings)
    searcher = Searcher(settings.index_folder, KnowledgeBase(engine).regions)
    thresholds = Thresholds(settings.answers_from, settings.confirm_threshold)
    return Dialogue(searcher, ConversationLog(engine), thresholds)


def open_recognizer(settings: Settings) -> Recognizer:
    """Vosk with the configured, else the installed, else the shipped model."""
    from speech.model_store import active_model
    from speech.recognizer import Recognizer

    return Recognizer(active_model(settings.models_folder, settings.speech_model, SHIPPED_SPEECH_MODEL))


def open_synthesizer(settings: Settings) -> Synthesizer:
    """pyttsx3 with its cache in the data folder."""
    from speech.synthesizer import Synthesizer

    return Synthesizer(settings.speech_cache, settings.voice, settings.speaking_rate)


def make_app(settings: Settings) -> Flask:
    """The Flask site with everything behind it."""
    from admin.app import create_app

    return create_app(open_dialogue(settings), open_recognizer(settings), open_synthesizer(settings))
