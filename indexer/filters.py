"""Translates Haystack's filters into SQL over documents kept as JSON, and into tantivy queries.

The syntax is Haystack's: ``{"field": "meta.region", "operator": "==", "value": "210101"}``, joined by
``{"operator": "AND", "conditions": [...]}``. Errors are Haystack's :class:`FilterError`, as its protocol asks.
"""

import re
from datetime import datetime

from haystack.errors import FilterError

_FIELD = re.compile(r"[\w\-]+(\.[\w\-]+)*")
_ORDER = {">", ">=", "<", "<="}


def json_path(field: str) -> str:
    """The SQL expression that reads a field, the same text each time so that an expression index is used."""
    if not _FIELD.fullmatch(field):
        raise FilterError(f"Field name {field!r} is not understood.")
    quoted = ".".join(f'"{part}"' for part in field.split("."))
    return f"json_extract(body, '$.{quoted}')"


def to_sql(node: dict) -> tuple[str, list]:
    """A condition for WHERE and the values bound in it. :class:`FilterError` if the filter is not well formed."""
    if "conditions" in node:
        return _logic(node)
    if "field" not in node:
        raise FilterError(f"'field' or 'conditions' is missing in {node}")
    if "operator" not in node or "value" not in node:
        raise FilterError(f"'operator' or 'value' is missing in {node}")
    return _comparison(json_path(node["field"]), node["operator"], node["value"])


def _logic(node: dict) -> tuple[str, list]:
    if "operator" not in node:
        raise FilterError(f"'operator' is missing in {node}")
    if node["operator"] not in ("AND", "OR", "NOT"):
        raise FilterError(f"Unknown logical operator {node['operator']!r}")
    parts = [to_sql(condition) for condition in node["conditions"]]
    values = [value for _, some in parts for value in some]
    if node["operator"] == "OR":
        return "(" + (" OR ".join(sql for sql, _ in parts) or "0") + ")", values
    joined = "(" + (" AND ".join(sql for sql, _ in parts) or "1") + ")"
    return (f"NOT {joined}" if node["operator"] == "NOT" else joined), values


def _comparison(column: str, operator: str, value: object) -> tuple[str, list]:
    if operator in ("in", "not in"):
        return _membership(column, operator, value)
    if operator in ("==", "!="):
        # IS, not =: an absent field equals None and differs from everything else.
        return f"({column} {'IS' if operator == '==' else 'IS NOT'} ?)", [_scalar(value)]
    if operator in _ORDER:
        return _ordering(column, operator, value)
    raise FilterError(f"Unknown comparison operator {operator!r}")


def _membership(column: str, operator: str, value: object) -> tuple[str, list]:
    if not isinstance(value, list):
        raise FilterError(f"{operator!r} needs a list, not {type(value).__name__}")
    known = [_scalar(v) for v in value if v is not None]
    inside = f"{column} IN ({','.join('?' * len(known))})"
    if None in value:
        inside = f"({inside} OR {column} IS NULL)"
    # IS 1 turns SQL's third truth value into false, so that NOT means what it says.
    return f"(({inside}) IS {'1' if operator == 'in' else 'NOT 1'})", known


def _ordering(column: str, operator: str, value: object) -> tuple[str, list]:
    if value is None:
        return "(0)", []
    if isinstance(value, list | dict):
        raise FilterError(f"{operator!r} cannot compare with a {type(value).__name__}")
    if isinstance(value, str):
        _require_date(value)
        kind = "typeof(" + column + ") = 'text'"
    else:
        kind = "typeof(" + column + ") IN ('integer', 'real')"
    # ISO dates of one form stand in the order of their text.
    return f"(({kind} AND {column} {operator} ?) IS 1)", [_scalar(value)]


def _require_date(value: str) -> None:
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise FilterError("Only numbers and ISO dates have an order; other strings do not.") from error


def _scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise FilterError(f"Cannot compare with a {type(value).__name__}")
