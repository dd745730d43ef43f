"""A catalog as tables: its rows by kind and name, how many rest on a source, what differs between two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from planner.catalog.models import Catalog
from planner.catalog.row import Row
from planner.errors import InputError
from planner.frozen import dataclass
from planner.validation import nearest

AnyRow = TypeVar("AnyRow", bound=Row)

# Kinds of rows as commands call them, and the fields of a catalog that hold them.
KINDS = {
    "systems": ("systems",),
    "offers": ("offers",),
    "apis": ("token_apis",),
    "serving": ("serving", "superseded"),
    "energy": ("energy",),
    "shapes": ("load_shapes",),
    "paths": ("price_paths",),
    "accuracy": ("accuracy",),
    "models": ("models",),
    "gains": ("gains",),
}


@dataclass(frozen=True)
class Changed:
    """A row that two catalogs have alike in name only: each field that differs, before and after."""

    name: str
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Difference:
    """What a second catalog adds to, removes from and changes in a kind of rows."""

    kind: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]


def by_maker(catalog: Catalog, rows: Iterable[AnyRow]) -> list[AnyRow]:
    """Rows by the maker of their system, in the order of the catalog's systems, and otherwise as they come."""
    places: dict[str, int] = {}
    for system in catalog.systems.values():
        places.setdefault(system.maker, len(places))

    def place(row: AnyRow) -> int:
        system = catalog.systems.get(str(getattr(row, "system", "")))
        return places[system.maker] if system is not None else 0

    return sorted(rows, key=place)


def rows_by_kind(catalog: Catalog) -> dict[str, list[Row]]:
    """All rows of a catalog by kind, in file order; points that another stands in for come last."""
    return {
        kind: [row for field in fields for row in getattr(catalog, field).values()] for kind, fields in KINDS.items()
    }


def name_of(row: Row) -> str:
    """The row's name as one word, as a plan's trace and this command print it."""
    key: tuple[str, ...] = row.key  # type: ignore[attr-defined]
    name = getattr(row, "name", "")
    # A system's name is its long one.
    return str(name) if name and len(key) > 1 else key[0]


def place_of(row: Row) -> str:
    """The file and line a row was read from."""
    return f"{row.file}:{row.line}"


def fields_of(row: Row) -> dict[str, Any]:
    """The row's fields as JSON holds them."""
    return row.model_dump(mode="json")


def find(catalog: Catalog, name: str) -> list[tuple[str, Row]]:
    """The rows of a name, or on a ``file:line``. Raises InputError with the nearest name where there is none."""
    every = [(kind, row) for kind, rows in rows_by_kind(catalog).items() for row in rows]
    found = [(kind, row) for kind, row in every if name in (name_of(row), place_of(row))]
    if not found:
        found = [(kind, row) for kind, row in every if place_of(row).endswith(f"/{name}")]
    if not found:
        known = {name_of(row) for _, row in every} | set(catalog.sources)
        raise InputError(f"{name}: no such row{nearest(name, known)}")
    return found


def rows_of_source(catalog: Catalog, source: str) -> list[tuple[str, Row]]:
    """The rows that rest on a source, by kind."""
    return [(kind, row) for kind, rows in rows_by_kind(catalog).items() for row in rows if source in row.source]


def rows_by_source(catalog: Catalog) -> dict[str, dict[str, int]]:
    """How many rows of which kind rest on each source, in the order of the sources."""
    counts: dict[str, dict[str, int]] = {source: {} for source in catalog.sources}
    for kind, rows in rows_by_kind(catalog).items():
        for row in rows:
            for source in row.source:
                of_source = counts.setdefault(source, {})
                of_source[kind] = of_source.get(kind, 0) + 1
    return counts


def differences(before: Catalog, after: Catalog) -> list[Difference]:
    """What differs, by kind; kinds without a difference are left out."""
    found = []
    all_before, all_after = rows_by_kind(before), rows_by_kind(after)
    for kind in KINDS:
        old, new = _by_key(all_before[kind]), _by_key(all_after[kind])
        difference = Difference(
            kind,
            tuple(name_of(row) for key, row in new.items() if key not in old),
            tuple(name_of(row) for key, row in old.items() if key not in new),
            tuple(
                Changed(name_of(row), changes)
                for key, row in new.items()
                if key in old and (changes := _changes(old[key], row))
            ),
        )
        if difference.added or difference.removed or difference.changed:
            found.append(difference)
    return found


def _by_key(rows: Iterable[Row]) -> Mapping[tuple[str, ...], Row]:
    return {row.key: row for row in rows}  # type: ignore[attr-defined]


def _changes(old: Row, new: Row) -> dict[str, tuple[Any, Any]]:
    before, after = fields_of(old), fields_of(new)
    return {field: (before[field], value) for field, value in after.items() if before[field] != value}
