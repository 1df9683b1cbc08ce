import re
from dataclasses import replace
from itertools import islice

import pytest

from kb.errors import KnowledgeError
from kb.exporting import export_file
from kb.models import Level
from kb.starter.builder import TOTAL, Starter, build, entries, hand_written
from kb.stats import statistics
from kb.text import comparison_key


@pytest.fixture(scope="module")
def starter():
    return Starter.read()


@pytest.fixture(scope="module")
def drafts(starter):
    return list(entries(starter))


def test_the_city_has_exactly_as_many_entries_as_promised_and_no_question_twice(drafts):
    assert len(drafts) == TOTAL == 132_800
    assert len({comparison_key(d.question) for d in drafts}) == TOTAL
    assert len({d.key for d in drafts}) == TOTAL


def test_every_grid_has_its_contact(starter, drafts):
    grids = {p.code for p in starter.city.places() if p.level is Level.GRID}
    assert len(grids) == 26_187
    assert grids == {d.region for d in drafts if d.key.startswith("grid/")}


def test_what_differs_by_place_has_its_entry_in_every_district_and_street(starter, drafts):
    local = sum(faq["by_district"] for matter in starter.matters for faq in matter["faqs"])
    where = [d for d in drafts if "/where/" in d.key]
    assert len(where) == local * (13 + 214)


def test_made_up_answers_can_be_heard_and_carry_no_real_telephone(starter, drafts):
    made = drafts[len(list(hand_written(starter))) :]
    assert all(45 <= len(d.answer) <= 130 for d in made)
    assert all("示例" in d.source for d in drafts)
    for d in made:
        assert all(number.startswith("8800-") for number in re.findall(r"(?<![\d])024-(\S{9})", d.answer))
        assert not re.search(r"1[3-9]\d{9}", d.answer)


def test_a_place_has_one_centre_whatever_the_business(drafts):
    centres = {}
    for d in drafts:
        if "/where/" in d.key:
            address = re.search(r"地址是(.+?)。", d.answer).group(1)
            centres.setdefault(d.region, set()).add(address)
    assert len(centres) == 13 + 214
    assert all(len(addresses) == 1 for addresses in centres.values())


def test_the_same_city_comes_of_every_build(starter, drafts):
    again = list(islice(entries(Starter.read()), 60_000))
    assert again == drafts[:60_000]


def test_more_matters_push_out_the_last_ones_only(starter):
    more = replace(starter, matters=(*starter.matters, *(_renamed(m) for m in starter.matters)))
    found = list(entries(more, 60_000))
    assert len(found) == 60_000
    assert sum("/where/" in d.key for d in found) > 0
    assert len([d for d in found if d.region == "210100"]) == 2 * 8 * len(starter.matters)


def _renamed(matter):
    faqs = [faq | {"question": "新版" + faq["question"]} for faq in matter["faqs"]]
    return matter | {"code": "X" + matter["code"], "name": "新版" + matter["name"], "faqs": faqs}


def test_a_total_that_cannot_be_met_is_refused(starter):
    with pytest.raises(KnowledgeError, match="超过"):
        list(entries(starter, 20_000))
    with pytest.raises(KnowledgeError, match="不足"):
        list(entries(starter, 1_000_000))


def test_building_fills_an_empty_base_once_and_exports_the_same_bytes(empty, engine, tmp_path, starter):
    assert build(empty, 30_000, starter=starter) == 30_000
    found = statistics(engine)
    assert (found.entries, found.grids, found.districts, found.streets, found.lines) == (30_000, 26_187, 13, 214, 41)
    with pytest.raises(KnowledgeError, match="已经有词条"):
        build(empty, 30_000, starter=starter)
    for name in ("one.jsonl", "two.jsonl"):
        export_file(empty, tmp_path / name)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_two_matters_that_ask_the_same_by_hand_are_told(starter):
    again = starter.matters[0] | {"code": "Y-1"}
    with pytest.raises(KnowledgeError, match="重复"):
        list(entries(replace(starter, matters=(*starter.matters, again))))


def test_a_matter_may_have_two_questions_of_one_aspect(starter):
    first = starter.matters[0]
    more = first | {"faqs": [*first["faqs"], first["faqs"][0] | {"question": "还有谁要参保？"}]}
    keys = [d.key for d in hand_written(replace(starter, matters=(more,)))]
    assert len(set(keys)) == 9


def test_the_whole_city_is_built_exactly(empty, engine):
    assert build(empty) == TOTAL
    found = statistics(engine)
    assert (found.entries, found.grids, found.districts, found.lines) == (TOTAL, 26_187, 13, 41)
