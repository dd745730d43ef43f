"""``plan catalog list``, ``show``, ``sources`` and ``diff``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from planner.catalog import Catalog, load_catalog
from planner.catalog.load import BUILTIN
from planner.catalog.models import Row
from planner.catalog.tables import (
    by_maker,
    differences,
    fields_of,
    find,
    name_of,
    rows_by_kind,
    rows_by_source,
    rows_of_source,
)
from planner.cli.catalog.rows_sheet import (
    BY_PLACE,
    LISTS,
    difference_sheet,
    overview,
    row_sheet,
    rows_sheet,
    source_sheet,
    sources_sheet,
)
from planner.errors import InputError
from planner.render.sheet import Sheet
from planner.studies.command import Outcome
from planner.validation import nearest

SOURCES = "sources"
# In a pipe a row of a list is one line, whatever its length: other programs read it.
WHOLE_LINES = 10_000


def list_rows(table: str | None, catalogs: list[str] | None, wanted: dict[str, str | None]) -> Outcome:
    """The rows of a table whose fields are as wanted; without a table, how many each has."""
    catalog = load_catalog(catalogs or [BUILTIN])
    asked = {field: value for field, value in wanted.items() if value is not None}
    if table is None and asked:
        raise InputError(f"--{next(iter(asked))}: name the table to list, one of {', '.join(LISTS)}")
    if table is None:
        counts = {kind: len(rows) for kind, rows in rows_by_kind(catalog).items()}
        result = {"digest": catalog.digest, "rows": counts, SOURCES: len(catalog.sources)}
        return Outcome([overview(catalog)], result, width=WHOLE_LINES)
    if table == SOURCES:
        return sources(catalogs)
    if table not in LISTS:
        raise InputError(f"{table}: no such table{nearest(table, [*LISTS, SOURCES])}")
    # Told in sentences, which no program reads.
    width = None if table in BY_PLACE else WHOLE_LINES
    rows = _filtered(table, by_maker(catalog, rows_by_kind(catalog)[table]), asked)
    return Outcome([rows_sheet(table, rows)], {table: [_placed(row) for row in rows]}, width=width)


def show_row(name: str, catalogs: list[str] | None) -> Outcome:
    """Every field of a row, of the rows that share a name, or of a source."""
    catalog = load_catalog(catalogs or [BUILTIN])
    if name in catalog.sources:
        resting = [{"table": kind, "row": name_of(row)} for kind, row in rows_of_source(catalog, name)]
        source = {SOURCES: {name: {**_source(catalog, name), "rows": resting}}}
        return Outcome([source_sheet(name, catalog)], source)
    found = find(catalog, name)
    result = {"rows": [{"table": kind, **_placed(row)} for kind, row in found]}
    return Outcome([row_sheet(kind, row, catalog) for kind, row in found], result)


def sources(catalogs: list[str] | None) -> Outcome:
    """How many rows rest on each source."""
    catalog = load_catalog(catalogs or [BUILTIN])
    result = {
        source: {**_source(catalog, source), "rows": counts} for source, counts in rows_by_source(catalog).items()
    }
    return Outcome([sources_sheet(catalog)], {SOURCES: result}, width=WHOLE_LINES)


def diff(before: str, after: str) -> Outcome:
    """What a second catalog adds, removes and changes."""
    found = differences(load_catalog(before.split("+")), load_catalog(after.split("+")))
    result = {
        one.kind: {
            "added": list(one.added),
            "removed": list(one.removed),
            "changed": [
                {"row": row.name, "fields": {f: list(pair) for f, pair in row.fields.items()}} for row in one.changed
            ],
        }
        for one in found
    }
    sheets = [difference_sheet(one) for one in found] or [Sheet(f"{before} and {after}: the same rows")]
    return Outcome(sheets, result, width=WHOLE_LINES)


def _filtered(table: str, rows: Iterable[Row], asked: dict[str, str]) -> list[Row]:
    kept = list(rows)
    for field, value in asked.items():
        if field not in LISTS[table][0].model_fields:
            raise InputError(f"--{field}: {table} have no {field}")
        known = {getattr(row, field) for row in kept}
        kept = [row for row in kept if getattr(row, field) == value]
        if not kept:
            raise InputError(f"--{field} {value}: none of these {table} has it{nearest(value, known)}")
    return kept


def _placed(row: Row) -> dict[str, Any]:
    return {"row": name_of(row), **fields_of(row), "file": row.file, "line": row.line}


def _source(catalog: Catalog, name: str) -> dict[str, Any]:
    return catalog.sources[name].model_dump(mode="json")
