import random

import numpy as np
import pytest
from haystack import Document

from indexer.columns import FIELDS, Columns
from indexer.filters import to_sql
from indexer.store import FaissDocumentStore

VALUES = {
    "region": ["210100", "210101", "210101001", None],
    "line": ["12345", "12333", 12333, None],
    "audience": ["both", "person", "company"],
    "matter": ["A", "B", "C", "D", "E", "F", "G", "H", "I", None],
    "aspect": ["地点", "材料", None],
    "local": [True, False],
    "valid_from": ["0001-01-01", "2026-01-01", "2026-01-02", "2026-03-01", "2026-03-05", "2026-04-01", "x", None, 7],
    "valid_to": ["9999-12-31", "2026-01-01", "2026-12-31", None],
}
DAYS = ["0001-01-01", "2026-01-02", "2026-03-01T00:00:00", "2026-03-04", "9999-12-31"]


@pytest.fixture(scope="module")
def store():
    pick = random.Random(1)
    store = FaissDocumentStore()
    metas = [{name: pick.choice(values) for name, values in VALUES.items()} for _ in range(400)]
    # What is absent means None.
    metas += [{name: v for name, v in meta.items() if pick.random() < 0.7} for meta in metas[:100]]
    store.write_documents([Document(id=str(n), meta=meta, embedding=[1.0, 0.0]) for n, meta in enumerate(metas)])
    store.delete_documents([str(n) for n in range(0, 500, 7)])
    return store


def condition(pick, depth=0):
    if depth < 3 and pick.random() < 0.5:
        parts = [condition(pick, depth + 1) for _ in range(pick.randrange(4))]
        return {"operator": pick.choice(["AND", "OR", "NOT"]), "conditions": parts}
    name = pick.choice(FIELDS)
    how = pick.choice(["==", "!=", "in", "not in"] + (["<", "<=", ">", ">="] * 2 if name.startswith("valid") else []))
    values = [*VALUES[name], "unknown"]
    value: object = pick.choice(values)
    if "in" in how:
        value = pick.sample(values, pick.randrange(len(values)))
    elif how not in ("==", "!="):
        value = pick.choice(DAYS)
    return {"field": f"meta.{name}", "operator": how, "value": value}


def test_columns_and_sql_find_the_same_rows(store):
    pick = random.Random(2)
    sizes = set()
    for _ in range(500):
        filters = condition(pick)
        mask = store._columns.mask(filters)
        assert mask is not None, filters
        where, values = to_sql(filters)
        rows = store._connection().execute(f"SELECT row FROM document WHERE {where} ORDER BY row", values)
        assert np.flatnonzero(mask).tolist() == [row for (row,) in rows], filters
        sizes.add(int(mask.sum()))
    assert len(sizes) > 100


@pytest.mark.parametrize(
    "filters",
    [
        {"field": "meta.key", "operator": "==", "value": "x"},
        {"field": "region", "operator": "==", "value": "210100"},
        {"field": "meta.region", "operator": ">", "value": "2026-01-01"},
        {"field": "meta.valid_to", "operator": ">", "value": "tomorrow"},
        {"field": "meta.valid_to", "operator": ">", "value": None},
        {"field": "meta.region", "operator": "in", "value": "210100"},
        {"field": "meta.region", "operator": "==", "value": ["210100"]},
        {"field": "meta.region", "operator": "==", "value": {"a": 1}},
        {"field": "meta.region", "operator": "~", "value": "210100"},
        {"field": "meta.region", "operator": "=="},
        {"operator": "XOR", "conditions": []},
        {"operator": "OR", "conditions": [{"field": "meta.key", "operator": "==", "value": "x"}]},
        {"operator": "AND"},
    ],
)
def test_what_the_columns_cannot_say_is_left_to_sql(store, filters):
    assert store._columns.mask(filters) is None


def test_columns_come_back_as_they_were(store, tmp_path):
    columns = store._columns
    np.savez(tmp_path / "columns.npz", **columns.arrays())
    with np.load(tmp_path / "columns.npz") as arrays:
        again = Columns.from_arrays(arrays)
    filters = {"field": "meta.line", "operator": "==", "value": 12333}
    assert again.mask(filters).tolist() == columns.mask(filters).tolist()
    again.put([600], [("210199", *[None] * 7)])
    assert again.meta(600) == {"matter": None, "aspect": None, "region": "210199", "local": False}
    assert again.mask({"field": "meta.region", "operator": "==", "value": "210199"}).sum() == 1
    assert [again.meta(row) for row in range(500)] == [columns.meta(row) for row in range(500)]


def test_a_row_that_was_let_go_satisfies_nothing():
    columns = Columns()
    columns.put([0, 1], [["a"] * 8, ["b"] * 8])
    columns.drop([0, 99])
    assert columns.mask(None).tolist() == [False, True]
    nothing = {"field": "meta.region", "operator": "==", "value": "b"}
    assert columns.mask({"operator": "NOT", "conditions": [nothing]}).tolist() == [False, False]
