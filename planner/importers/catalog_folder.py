"""The catalog folder that an import adds to: what it knows, and its tables with the rows that are new."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from planner.catalog import load_catalog
from planner.catalog.load import SOURCES
from planner.catalog.models import Offer, Row, ServingPoint, System
from planner.catalog.rows import csv_rows
from planner.catalog.table import cells, csv_of
from planner.document import read_text
from planner.errors import CatalogError, Fault, InputError
from planner.importers.tally import ImportSummary
from planner.paths import is_there
from planner.render.files import write_file

Key = tuple[str, ...]


def sources_in(into: Path) -> dict[str, Any]:
    """The folder's sources by id."""
    path = into / SOURCES
    if not is_there(path):
        return {}
    loaded = YAML().load(read_text(path, str(path)))
    if not isinstance(loaded, dict) or not isinstance(loaded.get("sources"), dict):
        raise InputError([Fault(str(path), 1, "", "expected a mapping that begins with sources:")])
    found: dict[str, Any] = loaded["sources"]
    return found


def systems_of(into: Path) -> dict[str, System]:
    """The systems that rows may be about: those of the built-in catalog and of the folder."""
    return load_catalog(["builtin", str(into)]).systems if is_there(into / "systems.yaml") else _builtin_systems()


@lru_cache(maxsize=1)
def _builtin_systems() -> dict[str, System]:
    return load_catalog(["builtin"]).systems


def merged(
    into: Path, points: Iterable[ServingPoint], offers: Sequence[Offer], summary: ImportSummary
) -> dict[str, str]:
    """The texts of the tables that change, by their name in the folder."""
    by_file: dict[tuple[str, type[Row]], list[Row]] = {}
    for point in points:
        by_file.setdefault((f"serving/{_file_name(point.model)}.csv", ServingPoint), []).append(point)
    if offers:
        by_file["offers.csv", Offer] = list(offers)
    return {name: _table(into / name, model, rows, summary) for (name, model), rows in by_file.items()}


def _table(path: Path, model: type[Row], new: Iterable[Row], summary: ImportSummary) -> str:
    faults: list[Fault] = []
    old = csv_rows(read_text(path, str(path)), str(path), model, faults) if is_there(path) else []
    if faults:
        raise CatalogError(faults)
    rows: dict[Key, Row] = {known.key: known for known in old}  # type: ignore[attr-defined]
    for one in new:
        key: Key = one.key  # type: ignore[attr-defined]
        same = key in rows and cells(rows[key]) == cells(one)
        to = summary.unchanged if same else summary.replaced if key in rows else summary.added
        to.append(one.name)  # type: ignore[attr-defined]
        rows[key] = one
    return csv_of(model, rows.values())


def written(into: Path, texts: Mapping[str, str]) -> list[Path]:
    """The files of the folder that a text changes, written."""
    changed = []
    for name, text in texts.items():
        path = into / name
        if not is_there(path) or read_text(path, str(path)) != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, text)
            changed.append(path)
    return changed


def _file_name(model: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in model)


def yaml_text(value: Any) -> str:
    """A value as a YAML file."""
    text = io.StringIO()
    writer = YAML()
    writer.width = 120
    writer.dump(value, text)
    return text.getvalue()
