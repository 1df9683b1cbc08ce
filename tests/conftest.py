"""What tests of several rooms share: a small real city with its index, made once for all tests."""

import json
import os
from pathlib import Path

import pytest

from hotline.settings import Settings
from hotline.wiring import open_dialogue, open_knowledge, open_recognizer, open_synthesizer
from indexer.build import build
from indexer.model import ModelChoice
from kb.drafts import EntryDraft, MatterDraft
from kb.models import Audience, Level
from kb.regions import Place

SHARED = Path(__file__).parents[2] / "shared"
STARTER = Path(__file__).parents[1] / "kb" / "starter"
CITY = "210100"


def pytest_configure() -> None:
    """Settings of whoever runs the tests must not change what they find."""
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data beside the project; tests that need it are skipped where it is absent, but never in CI."""
    if not SHARED.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have the shared data beside the project")
        pytest.skip("needs the shared data, which is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def city_settings(tmp_path_factory) -> Settings:
    """Settings of a city with all hand-written entries and one local entry for each district where they differ."""
    settings = Settings(data=tmp_path_factory.mktemp("city"))
    knowledge = open_knowledge(settings)
    tree = json.loads((STARTER / "regions.json").read_text("utf-8"))
    knowledge.add_regions(_places(tree))
    lines = json.loads((STARTER / "lines.json").read_text("utf-8"))
    knowledge.add_lines((line["number"], line["name"], line["organisation"], line["merged"]) for line in lines)
    matters = [json.loads(row) for row in (STARTER / "matters-human-resources.jsonl").read_text("utf-8").splitlines()]
    knowledge.add_matters(MatterDraft(m["code"], m["name"], m["kind"], tuple(m["aliases"])) for m in matters)
    knowledge.publish([draft for matter in matters for draft in _drafts(matter, tree)], author="test")
    build(knowledge, settings.index_folder, ModelChoice())
    return settings


@pytest.fixture(scope="session")
def dialogue(city_settings):
    return open_dialogue(city_settings)


@pytest.fixture(scope="session")
def searcher(dialogue):
    return dialogue.searcher


@pytest.fixture(scope="session")
def recognizer(city_settings):
    return open_recognizer(city_settings)


@pytest.fixture(scope="session")
def synthesizer(city_settings):
    with open_synthesizer(city_settings) as synthesizer:
        yield synthesizer


def _places(tree: dict) -> list[Place]:
    places = [Place(tree["code"], tree["name"], Level.CITY, None)]
    for district in tree["districts"]:
        places.append(Place(district["code"], district["name"], Level.DISTRICT, tree["code"]))
        places += [Place(s["code"], s["name"], Level.STREET, district["code"]) for s in district["streets"]]
    return places


def _drafts(matter: dict, tree: dict) -> list[EntryDraft]:
    drafts = []
    for faq in matter["faqs"]:
        common = {
            "matter": matter["code"],
            "aspect": faq["aspect"],
            "organisation": (matter["department"], CITY),
            "line": matter["line"],
            "category": tuple(matter["category"]),
            "audience": Audience(matter["audience"]),
            "source": "办事指南（示例）",
        }
        key = f"{matter['code']}/{faq['aspect']}"
        variants = tuple(faq["variants"])
        drafts.append(EntryDraft(faq["question"], faq["answer"], CITY, key=key, variants=variants, **common))
        if faq["by_district"]:
            drafts += [_local(matter, district, common) for district in tree["districts"]]
    return drafts


def _local(matter: dict, district: dict, common: dict) -> EntryDraft:
    name = district["name"]
    answer = (
        f"到{name}政务服务中心办理，地址是{name}中心路一号，电话024-8800-{district['code'][-4:]}，工作日九点到十七点。"
    )
    return EntryDraft(f"{name}在哪里办理{matter['name']}？", answer, district["code"], **common)
