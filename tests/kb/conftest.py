import pytest

from hotline.settings import Settings
from hotline.wiring import open_database
from kb.knowledge import KnowledgeBase
from kb.models import Level
from kb.regions import Place

CITY = Place("210100", "沈阳市", Level.CITY, None)


@pytest.fixture
def engine(tmp_path):
    """A real, migrated, empty database."""
    return open_database(Settings(data=tmp_path / "data"))


@pytest.fixture
def empty(engine):
    return KnowledgeBase(engine)


@pytest.fixture
def knowledge(empty):
    """A knowledge base with a city of one district and two streets, and one line."""
    empty.add_regions(
        [
            CITY,
            Place("210105", "铁西区", Level.DISTRICT, "210100"),
            Place("210105001", "工人村街道", Level.STREET, "210105"),
            Place("210105002", "艳粉街道", Level.STREET, "210105"),
        ]
    )
    empty.add_lines([("12333", "人力资源社会保障", "市人力资源和社会保障局", "2021")])
    return empty
