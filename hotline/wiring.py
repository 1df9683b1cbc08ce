"""Builds what one process needs from its settings: the only place where rooms are put together.

Rooms are imported where they are needed: `hotline kb stats` should not wait seconds for torch and Vosk.
"""

from __future__ import annotations

import atexit
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hotline.settings import SHIPPED_SPEECH_MODEL, Settings

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy import Engine

    from bot.conversation import Dialogue
    from indexer.following import Follower
    from indexer.model import ModelChoice
    from indexer.search import Searcher
    from kb.knowledge import KnowledgeBase
    from speech.recognizer import Recognizer
    from speech.synthesizer import Synthesizer

# A command catches up with changes to at most one in so many entries; more take longer than a question may wait.
FEW = 10


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
    """The index in force, up to date. :class:`indexer.errors.MissingIndexError` if there is none."""
    follower, searcher = _open_index(settings, open_database(settings))
    _freshen(follower, searcher)
    return searcher


def open_dialogue(settings: Settings) -> Dialogue:
    """The dialogue over the index in force, up to date, which stores its turns in the database."""
    engine = open_database(settings)
    follower, searcher = _open_index(settings, engine)
    _freshen(follower, searcher)
    return _dialogue(settings, engine, searcher)


def _open_index(settings: Settings, engine: Engine) -> tuple[Follower, Searcher]:
    from indexer.following import Follower
    from indexer.search import Searcher
    from kb.knowledge import KnowledgeBase

    knowledge = KnowledgeBase(engine)
    searcher = Searcher(settings.index_folder, knowledge.regions)
    return Follower(knowledge, searcher), searcher


def _freshen(follower: Follower, searcher: Searcher) -> None:
    if (backlog := follower.backlog()) * FEW > searcher.size:
        print(
            f"知识库有{backlog:,}处改动还没有进入索引，这次按原有索引检索。"
            "请运行 hotline index build（或加 --keep-model，不重新训练），或启动 hotline serve，它会逐步跟上。",
            file=sys.stderr,
        )
        return
    try:
        follower.catch_up()
    except Exception as error:
        # A full disk or a busy database is no reason not to answer from what the index has.
        print(f"索引没有跟上知识库的改动，这次按原有索引检索（{error}）。", file=sys.stderr)


def _dialogue(settings: Settings, engine: Engine, searcher: Searcher) -> Dialogue:
    from bot.conversation import Dialogue
    from bot.policy import Thresholds
    from desk.conversations import ConversationLog

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
    """The Flask site with everything behind it, which follows the knowledge base until the process ends."""
    from admin.app import create_app

    engine = open_database(settings)
    follower, searcher = _open_index(settings, engine)
    site = create_app(_dialogue(settings, engine, searcher), open_recognizer(settings), open_synthesizer(settings))
    follower.follow(settings.follow_seconds)
    atexit.register(follower.stop)
    return site
