import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

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
    where = {(d.matter, d.region) for d in drafts if "/where/" in d.key}
    halls = starter.city.centres
    assert len(halls) == 13 + 214
    for matter in starter.matters:
        local = any(faq["by_district"] for faq in matter["faqs"])
        assert local == (matter["scope"] != "city") == (matter["code"] in starter.businesses)
        rural = local and starter.businesses[matter["code"]].get("rural")
        wanted = {(matter["code"], h.place.code) for h in halls if local and (h.rural or not rural)}
        assert {pair for pair in where if pair[0] == matter["code"]} == wanted


def test_what_a_street_does_not_settle_is_sent_to_its_district(starter, drafts):
    (marriage,) = [d for d in drafts if d.key == "CIVI-004/地点/where/210105001"]
    hall = starter.city.venues["210105", "hall"]
    assert hall.address in marriage.answer
    assert hall.telephone in marriage.answer
    (allowance,) = [d for d in drafts if d.key == "CIVI-007/地点/where/210105001"]
    assert starter.city.venues["210105001", "hall"].address in allowance.answer


def test_made_up_answers_can_be_heard_and_carry_no_real_telephone(starter, drafts):
    made = drafts[len(list(hand_written(starter))) :]
    assert all(45 <= len(d.answer) <= 130 for d in made)
    assert all("示例" in d.source for d in drafts)
    for d in made:
        assert all(number.startswith("8800-") for number in re.findall(r"(?<![\d])024-(\S{9})", d.answer))
        assert not re.search(r"1[3-9]\d{9}", d.answer)


def test_a_place_has_one_venue_of_a_kind_with_one_address_and_telephone(starter, drafts):
    venues = {venue.address: venue for venue in starter.city.venues.values()}
    assert len(venues) == len(starter.city.venues) > 13 + 214
    telephones = [venue.telephone for venue in venues.values()]
    telephones += [community.telephone for community in starter.city.communities]
    assert len(telephones) == len(set(telephones))
    found = set()
    for d in drafts:
        if "/where/" in d.key and "地址是" in d.answer:
            venue = venues[re.search(r"地址是(.+?)，", d.answer).group(1)]
            assert venue.name in d.answer
            assert venue.telephone in d.answer
            assert d.region.startswith(venue.place.code)
            found.add(venue.address)
    assert len(found) > 13 + 214


def test_the_editors_handbook_states_what_is_written_and_what_is_expanded(starter, drafts):
    handbook = (Path(__file__).parents[3] / "docs" / "editors.md").read_text("utf-8")
    parts = Counter(_part(d) for d in drafts)
    assert parts["手写问答"] == len(list(hand_written(starter)))
    for name, count in parts.items():
        assert f"| {name} | {count:,} | {count / TOTAL:.1%} |" in handbook
    assert f"{len(starter.matters)}个事项" in handbook


def _part(draft):
    if draft.region == "210100":
        return "手写问答"
    first = draft.key.split("/")[0]
    names = {"grid": "网格联系", "centre": "办事大厅", "community": "社区和村"}
    return names.get(first) or ("区县词条" if len(draft.region) == 6 else "街道乡镇词条")


def test_the_same_city_comes_of_every_build(starter, drafts):
    again = list(islice(entries(Starter.read()), 60_000))
    assert again == drafts[:60_000]


def test_more_matters_push_out_the_last_ones_only(starter):
    more = _both(starter)
    found = list(entries(more, 60_000))
    assert len(found) == 60_000
    assert sum("/where/" in d.key for d in found) > 0
    assert len([d for d in found if d.region == "210100"]) == 2 * sum(len(m["faqs"]) for m in starter.matters)


def _renamed(matter):
    faqs = [faq | {"question": "新版" + faq["question"]} for faq in matter["faqs"]]
    return matter | {"code": "X" + matter["code"], "name": "新版" + matter["name"], "faqs": faqs}


def _both(starter):
    said = {f"X{code}": row | {"phrase": "再次" + row["phrase"]} for code, row in starter.businesses.items()}
    matters = (*starter.matters, *(_renamed(m) for m in starter.matters))
    return replace(starter, matters=matters, businesses=starter.businesses | said)


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
