"""A catalog as JSON by columns, and back: row by row, value by value what was read and checked.

Nothing is checked again on the way back, which is what makes it quick: only what has been found good is packed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json

from planner.catalog.models import (
    Accuracy,
    Catalog,
    Energy,
    Gain,
    LoadShape,
    ModelSize,
    Offer,
    PricePath,
    Row,
    ServingPoint,
    Source,
    System,
    TokenApi,
)

AnyModel = TypeVar("AnyModel", bound=BaseModel)

# The rows of a catalog by field: by their name, or by their whole key.
BY_NAME: dict[str, type[Row]] = {
    "systems": System,
    "load_shapes": LoadShape,
    "energy": Energy,
    "price_paths": PricePath,
    "models": ModelSize,
}
BY_KEY: dict[str, type[Row]] = {
    "offers": Offer,
    "token_apis": TokenApi,
    "serving": ServingPoint,
    "superseded": ServingPoint,
    "accuracy": Accuracy,
    "gains": Gain,
}
# All that an instance of a model holds.
STATE = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
# What of a row is told once for all rows that share it. Floats are not: 0.0 would stand for -0.0.
SHARED = {str, type(None), dt.date, tuple}


def packed(catalog: Catalog) -> bytes:
    """The catalog as a text of JSON."""
    tables = {name: _table(model, getattr(catalog, name).values()) for name, model in (BY_NAME | BY_KEY).items()}
    sources = {"names": list(catalog.sources), "rows": _table(Source, catalog.sources.values())}
    whole = {"digest": catalog.digest, "blocks": catalog.blocks, "sources": sources, "tables": tables}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked(text: bytes) -> Catalog:
    """The catalog of such a text. Raises KeyError, TypeError, ValueError or the like for any other."""
    whole = from_json(text)
    rows = {name: _rows(model, whole["tables"][name]) for name, model in (BY_NAME | BY_KEY).items()}
    named = {name: {row.key[0]: row for row in rows[name]} for name in BY_NAME}
    keyed = {name: {row.key: row for row in rows[name]} for name in BY_KEY}
    sources = dict(zip(whole["sources"]["names"], _rows(Source, whole["sources"]["rows"]), strict=True))
    return Catalog(**named, **keyed, sources=sources, blocks=whole["blocks"], digest=whole["digest"])


def _table(model: type[BaseModel], rows: Iterable[BaseModel]) -> dict[str, Any]:
    """Rows as columns: a field's values, and which fields each row states itself."""
    listed = list(rows)
    columns = {field: _column([getattr(row, field) for row in listed]) for field in model.model_fields}
    stated = _column([tuple(sorted(row.model_fields_set)) for row in listed])
    return {"count": len(listed), "columns": columns, "stated": stated}


def _rows(model: type[AnyModel], table: Mapping[str, Any]) -> list[Any]:
    count, fields = table["count"], tuple(table["columns"])
    if fields != tuple(model.model_fields):
        raise ValueError("these rows have other fields")
    columns = [_values(column, count) for column in table["columns"].values()]
    sets: dict[tuple[str, ...], set[str]] = {}
    stated = [sets.setdefault(names, set(names)) for names in _values(table["stated"], count)]
    found, put = [], object.__setattr__
    for values, given in zip(zip(*columns, strict=True), stated, strict=True):
        row = model.__new__(model)
        # As pydantic's own copies are set; to construct a row takes three times as long.
        state = (dict(zip(fields, values, strict=True)), given, None, None)
        for name, value in zip(STATE, state, strict=True):
            put(row, name, value)
        found.append(row)
    return found


def _column(values: Sequence[Any]) -> dict[str, Any]:
    """The values of a field: numbers as they are, words, days and lists once each."""
    kinds = {type(value) for value in values}
    if kinds <= SHARED:
        places: dict[Any, int] = {}
        index = [places.setdefault(value, len(places)) for value in values]
        return {"values": [_plain(value) for value in places], "index": index if len(places) > 1 else []}
    if kinds <= {int, float, bool, type(None)}:
        return {"numbers": values}
    return {"values": [_plain(value) for value in values], "index": list(range(len(values)))}


def _values(column: Mapping[str, Any], count: int) -> list[Any]:
    if "numbers" in column:
        numbers: list[Any] = column["numbers"]
        return numbers
    values = [_restored(value) for value in column["values"]]
    return [values[at] for at in column["index"]] if column["index"] else values * count


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON has not, under a name of what it is."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is dt.date:
        return {"day": value.isoformat()}
    if isinstance(value, tuple):
        return {"list": [_plain(part) for part in value]}
    if isinstance(value, dict):
        # A key of a mapping may be a number, which in JSON it could not be.
        return {"map": [[_plain(key), _plain(part)] for key, part in value.items()]}
    raise TypeError(f"no row holds a {type(value).__name__}")


def _restored(plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, given),) = plain.items()
    if kind == "day":
        return dt.date.fromisoformat(given)
    if kind == "list":
        return tuple(_restored(part) for part in given)
    return {_restored(key): _restored(part) for key, part in given}
