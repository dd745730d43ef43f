"""A plan's tables as Parquet files, one each: the columns and units of the result, types that never change.

Each file carries one entry of metadata, ``planner``: JSON with the scenario's name and digest, the catalog's digest,
the planner's version, the table's name and its columns, each with its meaning and unit.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from pydantic.fields import FieldInfo

from planner._version import __version__
from planner.fields import fields_of, unit_of
from planner.plan import Plan
from planner.render.files import write_folder
from planner.schema.result import table_rows
from planner.schema.result_rows import DATE
from planner.schema.words import meaning

Kind = Literal["string", "float", "date", "time", "bool"]
METADATA = "planner"
_EPOCH = dt.date(1970, 1, 1)
_MICROSECONDS_PER_DAY = 86_400 * 10**6


def write_parquet(plan: Plan, folder: str | Path) -> None:
    """Write ``purchases.parquet`` and its like into ``folder``, which need not exist; other files in it stay.

    Raises InputError where that fails.
    """
    write_folder(Path(folder), parquet_files(plan))


def parquet_files(plan: Plan) -> dict[str, bytes]:
    """The files by name; the same plan gives the same bytes."""
    kinds = column_kinds()
    return {
        f"{name}.parquet": parquet_bytes(frame, kinds[name], metadata_of(plan, name) | {"columns": columns_of(name)})
        for name, frame in plan.tables.items()
    }


def metadata_of(plan: Plan, table: str) -> dict[str, object]:
    """What a file says of where it comes from."""
    return {
        "planner": __version__,
        "scenario": plan.scenario,
        "scenario_digest": plan.scenario_digest,
        "catalog_digest": plan.catalog_digest,
        "status": plan.status,
        "table": table,
    }


def columns_of(table: str) -> dict[str, dict[str, str]]:
    """What each column of a table means, and the unit of those that have one."""
    fields = fields_of(table_rows()[table])
    return {
        name: {"meaning": meaning(field)} | ({"unit": unit} if (unit := unit_of(field)) else {})
        for name, field in fields.items()
    }


def column_kinds() -> dict[str, dict[str, Kind]]:
    """The type of every column of every table, as the published result has them."""
    return {
        table: {name: _kind(field) for name, field in fields_of(row).items()} for table, row in table_rows().items()
    }


def parquet_bytes(frame: pd.DataFrame, kinds: Mapping[str, Kind], metadata: Mapping[str, object]) -> bytes:
    """One table; ``kinds`` is the type of each column, an empty one too."""
    from arro3 import core
    from arro3 import io as files

    types = {
        "string": core.DataType.string(),
        "float": core.DataType.float64(),
        "bool": core.DataType.bool(),
        "date": core.DataType.date32(),
        "time": core.DataType.timestamp("us", tz="UTC"),
    }
    raw = types | {"date": core.DataType.int32(), "time": core.DataType.int64()}
    columns, fields = [], []
    for name in frame.columns:
        kind = kinds[name]
        values = [_value(cell, kind) for cell in frame[name].tolist()]
        column = core.Array(values, type=raw[kind])
        columns.append(column.cast(types[kind]) if kind in ("date", "time") else column)
        fields.append(core.Field(name, types[kind], True))
    table = core.Table.from_arrays(columns, schema=core.Schema(fields))
    buffer = io.BytesIO()
    # One entry and no other: several would stand in another order every time.
    files.write_parquet(
        table,
        buffer,
        compression="zstd(3)",
        key_value_metadata={METADATA: json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True)},
        skip_arrow_metadata=True,
    )
    return buffer.getvalue()


def _value(cell: object, kind: Kind) -> object:
    """A cell as the writer takes it; days count from 1970, moments in microseconds."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and not np.isfinite(cell)):
        return None
    if kind == "string":
        return str(cell)
    if kind == "float":
        return float(cell)  # type: ignore[arg-type]
    if kind == "bool":
        return bool(cell)
    assert isinstance(cell, dt.date)
    days = (cell - _EPOCH).days
    return days if kind == "date" else days * _MICROSECONDS_PER_DAY


def _kind(field: FieldInfo) -> Kind:
    if DATE in field.metadata:
        return "date"
    types = {field.annotation, *get_args(field.annotation)}
    if True in types:
        return "bool"
    return "float" if float in types else "string"
