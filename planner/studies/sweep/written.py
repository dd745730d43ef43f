"""The results of a sweep as a file: Parquet with meanings and units in its metadata, or CSV."""

from __future__ import annotations

import pandas as pd

from planner._version import __version__
from planner.export.parquet import Kind, parquet_bytes
from planner.fields import fields_of, unit_of
from planner.render.csv import csv_text
from planner.schema.words import meaning
from planner.studies.sweep.row import Row
from planner.studies.sweep.study import CASE, Sweep


def written(found: Sweep, suffix: str) -> str | bytes:
    """The results as ``.parquet`` or ``.csv``; the same results give the same bytes."""
    if suffix == ".csv":
        return csv_text(found.results)
    metadata = {
        "planner": __version__,
        "scenario": found.scenario,
        "scenario_digest": found.scenario_digest,
        "gap_asked": found.gap_asked,
        "table": "sweep",
        "columns": columns_of(found.results),
    }
    kinds = {str(name): _kind(column) for name, column in found.results.items()}
    return parquet_bytes(found.results, kinds, metadata)


def columns_of(results: pd.DataFrame) -> dict[str, dict[str, str]]:
    """What each column means, and the unit of those that have one."""
    known = fields_of(Row)
    columns: dict[str, dict[str, str]] = {}
    for name in results.columns:
        if name in known:
            unit = unit_of(known[name])
            columns[name] = {"meaning": meaning(known[name])} | ({"unit": unit} if unit else {})
        else:
            columns[name] = {"meaning": "the case's name" if name == CASE else "what the case overrides"}
    return columns


def _kind(column: pd.Series[object]) -> Kind:
    if column.dtype == bool:
        return "bool"
    return "float" if column.dtype == float else "string"
