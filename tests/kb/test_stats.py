from kb.drafts import EntryDraft
from kb.stats import statistics


def test_what_is_published_is_counted_where_it_belongs(knowledge, engine):
    office = ("市人力资源和社会保障局", "210100")
    knowledge.publish(
        [
            EntryDraft("一？", "答", "210100", line="12333", organisation=office, variants=("甲", "乙"), matter="M"),
            EntryDraft("二？", "答", "210105001", matter="M"),
            EntryDraft("三？", "答", "210105", line="12333"),
        ],
        author="test",
    )
    found = statistics(engine)
    assert (found.entries, found.variants, found.matters, found.faqs) == (3, 2, 1, 1)
    assert (found.districts, found.streets, found.grids, found.lines) == (1, 2, 0, 1)
    assert found.by_district["铁西区"].as_dict() == {"matters": 1, "faqs": 0, "variants": 0, "entries": 2}
    assert found.by_level == {"city": 1, "district": 1, "street": 1}
    assert {number: count.entries for number, count in found.by_line.items()} == {"12333": 2}
    assert list(found.by_organisation) == ["市人力资源和社会保障局"]
    office = found.by_organisation["市人力资源和社会保障局"]
    assert office.as_dict() == {"matters": 1, "faqs": 1, "variants": 2, "entries": 1}
    assert found.as_dict()["by_organisation"] == {"市人力资源和社会保障局": office.as_dict()}
    assert found.last_change == 3


def test_an_empty_knowledge_base_counts_nothing(engine):
    assert statistics(engine).entries == 0
