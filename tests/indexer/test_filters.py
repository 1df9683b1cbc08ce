import pytest
from haystack.errors import FilterError

from indexer.filters import to_sql


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"operator": "AND"},
        {"conditions": []},
        {"operator": "XOR", "conditions": []},
        {"field": "meta.a", "operator": "=="},
        {"field": "meta.a", "operator": "~", "value": 1},
        {"field": "meta.a", "operator": "in", "value": "x"},
        {"field": "meta.a", "operator": ">", "value": "abc"},
        {"field": "meta.a", "operator": ">", "value": [1]},
        {"field": "meta.a'); DROP TABLE document; --", "operator": "==", "value": 1},
        {"field": "meta.a", "operator": "==", "value": {"x": 1}},
    ],
)
def test_a_filter_that_is_not_well_formed_is_refused(broken):
    with pytest.raises(FilterError):
        to_sql(broken)


def test_values_are_bound_and_never_part_of_the_statement():
    sql, values = to_sql({"field": "meta.region", "operator": "==", "value": "'; DROP"})
    assert "DROP" not in sql
    assert values == ["'; DROP"]
