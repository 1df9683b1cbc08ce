"""The fields that searches filter or rank by, in memory: a filter is then a few operations on arrays.

Each field is an array of codes by row number of the store, and a table of the values that the codes stand for. Values
are those that SQLite reads from a document, so that a filter means here what it means in :mod:`indexer.filters`.
"""

import json
import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

FIELDS = ("region", "line", "audience", "matter", "aspect", "local", "valid_from", "valid_to")
# What fusion and judgement read of a candidate.
LIGHT = ("matter", "aspect", "region", "local")
_DATES = ("valid_from", "valid_to")
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
# Up to so many values are compared one by one, which is quicker than looking each row up in a table.
_FEW = 6


class Columns:
    """Codes of :data:`FIELDS` by row number. Whoever shares it between threads guards it with a lock."""

    def __init__(self) -> None:
        self._size = 0
        self._codes = np.zeros((len(FIELDS), 0), dtype=np.int32)
        self._alive = np.zeros(0, dtype=bool)
        self._values: list[list] = [[None] for _ in FIELDS]
        self._code_of: list[dict] = [{None: 0} for _ in FIELDS]

    def __len__(self) -> int:
        """One more than the highest row number ever put in."""
        return self._size

    def put(self, rows: Sequence[int], values: Sequence[Sequence]) -> None:
        """Take in or replace rows; ``values`` holds for each row one value for each of :data:`FIELDS`."""
        self._grow(max(rows) + 1)
        for at, column in enumerate(zip(*values, strict=True)):
            self._codes[at, rows] = [self._coded(at, value) for value in column]
        self._alive[rows] = True

    def drop(self, rows: Sequence[int]) -> None:
        """Let rows go; unknown ones are passed over."""
        self._alive[[row for row in rows if row < self._size]] = False

    def alive(self, row: int) -> bool:
        """Whether a document stands in this row."""
        return row < self._size and bool(self._alive[row])

    def meta(self, row: int) -> dict[str, Any]:
        """The :data:`LIGHT` meta of a row."""
        meta = {name: self._values[at][self._codes[at, row]] for name, at in _LIGHT_AT}
        # JSON's true is a number to SQLite.
        return meta | {"local": bool(meta["local"])}

    def mask(self, filters: Mapping[str, Any] | None) -> np.ndarray | None:
        """Which rows satisfy the filters, shape (len(self),), bool.

        None if the filters name another field, compare in another way, or are not well formed: SQL has the answer.
        """
        alive = self._alive[: self._size]
        if not filters:
            return alive.copy()
        mask = self._node(filters)
        return None if mask is None else np.logical_and(mask, alive, out=mask)

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for :func:`numpy.savez`."""
        values = np.array(json.dumps(self._values, ensure_ascii=False))
        return {"codes": self._codes[:, : self._size], "alive": self._alive[: self._size], "values": values}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Columns":
        """What :meth:`arrays` gave. :class:`ValueError` or :class:`KeyError` if it is something else."""
        columns = cls()
        columns._codes, columns._alive = arrays["codes"], arrays["alive"]
        columns._size = len(columns._alive)
        columns._values = json.loads(str(arrays["values"]))
        columns._code_of = [{value: code for code, value in enumerate(values)} for values in columns._values]
        return columns

    def _grow(self, size: int) -> None:
        if size > self._alive.size:
            more = max(size, 2 * self._alive.size) - self._alive.size
            self._codes = np.pad(self._codes, ((0, 0), (0, more)))
            self._alive = np.pad(self._alive, (0, more))
        self._size = max(self._size, size)

    def _coded(self, at: int, value: object) -> int:
        code = self._code_of[at].setdefault(value, len(self._values[at]))
        if code == len(self._values[at]):
            self._values[at].append(value)
        return code

    def _node(self, node: Mapping[str, Any]) -> np.ndarray | None:
        if "conditions" in node:
            return self._logic(node)
        name, value = str(node.get("field", "")).removeprefix("meta."), node.get("value", ...)
        if name not in FIELDS or node["field"] == name:
            return None
        at, how = FIELDS.index(name), node.get("operator")
        if how in _ORDER:
            return self._ordered(at, how, value) if name in _DATES else None
        if (how in ("in", "not in")) != isinstance(value, list):
            return None
        return self._among(at, how, value if isinstance(value, list) else [value])

    def _logic(self, node: Mapping[str, Any]) -> np.ndarray | None:
        how = node.get("operator")
        parts = [self._node(condition) for condition in node["conditions"]]
        if how not in ("AND", "OR", "NOT") or any(part is None for part in parts):
            return None
        mask = parts.pop() if parts else np.full(self._size, how != "OR")
        # In place: at a million rows each new array costs more than the operation.
        for part in parts:
            (np.logical_or if how == "OR" else np.logical_and)(mask, part, out=mask)
        return np.logical_not(mask, out=mask) if how == "NOT" else mask

    def _among(self, at: int, how: str | None, values: Sequence) -> np.ndarray | None:
        known = [v.isoformat() if isinstance(v, datetime) else v for v in values]
        if how not in ("==", "!=", "in", "not in") or not all(v is None or isinstance(v, str | int) for v in known):
            return None
        codes = [code for v in set(known) if (code := self._code_of[at].get(v)) is not None]
        mask = self._having(at, codes)
        return np.logical_not(mask, out=mask) if how in ("!=", "not in") else mask

    def _having(self, at: int, codes: Sequence[int]) -> np.ndarray:
        column = self._codes[at, : self._size]
        if len(codes) > _FEW:
            table = np.zeros(len(self._values[at]), dtype=bool)
            table[codes] = True
            return table[column]
        mask = np.zeros(self._size, dtype=bool)
        for code in codes:
            mask |= column == code
        return mask

    def _ordered(self, at: int, how: str, day: object) -> np.ndarray | None:
        if not isinstance(day, str) or not _is_date(day):
            return None
        compare = _ORDER[how]
        # ISO dates of one form stand in the order of their text.
        table = np.array([isinstance(value, str) and compare(value, day) for value in self._values[at]])
        # Nearly always all entries have begun, or few are about to end.
        others = np.flatnonzero(~table)
        if len(others) <= _FEW:
            mask = self._having(at, others)
            return np.logical_not(mask, out=mask)
        return table[self._codes[at, : self._size]]


_LIGHT_AT = [(name, FIELDS.index(name)) for name in LIGHT]


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
