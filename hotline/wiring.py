"""Builds what one process needs from its settings: the only place where rooms are put together."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from hotline.settings import Settings
from kb.database import connect
from kb.knowledge import KnowledgeBase


def open_database(settings: Settings) -> Engine:
    """Engine of the database with its tables brought up to date."""
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
    return KnowledgeBase(open_database(settings))
