"""The reference pages: every field of a scenario, a catalog and a result as Markdown, written from the models."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from pydantic.fields import FieldInfo

from planner.catalog.row import PLACE, Row
from planner.fields import fields_of, left_out, unit_of
from planner.render.markdown import table
from planner.scenario import Scenario
from planner.schema import result_rows
from planner.schema.published import ROWS
from planner.schema.result import Figures, FutureFigures, InfeasibleResult, PlanResult, table_rows
from planner.schema.words import default_of, meaning, sections_in, type_of

SCENARIO_HEAD = """\
# Scenario reference

A scenario is one YAML file (1.2). Every field, with its unit in its name; what a field does to the plan is in
[conventions](conventions.md) and the [model](model.md). Unknown fields are refused, with the line and the nearest
known field. This page is written from the models by `python -m planner.pages`; edit those, not this.

How to read the types:

- **schedule**: a number, or values by date: `{2027-01: 1.0, 2028-01: 4.0}`. Limits and prices step at each date;
  demand grows geometrically between dates.
- **date**: `2027-01-31`, `2027-01` (its first day) or `2027` (its first day).
- **name → number**: one number per name, such as `{surge: 0.05, business: 0.25}`.
- **share**: 0 to 1. **count**: a whole number, at least 1. Money is in USD, or in any one currency used throughout.
- **required** stands where a field has no default. A section whose fields all have defaults may be left out.

Defaults are those of `version: 2`. A file of version 1, or without a version, has other ones where [versions of the
formats](versions.md) says so; `plan migrate FILE` rewrites it.

`extends: other.yaml` at the top of a file takes another scenario as its base and overlays this one on it; a file that
states no version has its base's.
`--set path=value` on the command line overrides one field; items of a list are named by their `name`, and `*` is every
one of them: `--set sites.dallas.power_mw=12`, `--set workloads.*.headroom=0.2`. With an `x` in front, what the scenario
says is multiplied, a schedule or a limit by year as a whole: `--set workloads.*.demand=x1.3`; `--set demand=x1.3` is
every forecast, also those in CSV files. Factors come after values, and multiply each other.
"""

CATALOG_HEAD = """\
# Catalog reference

A catalog is a folder of these files; it needs only those it has something to say in. Every column with its unit; where
the shipped figures come from is in [catalogs and evidence](catalogs-and-evidence.md), what a figure does to the plan
in [conventions](conventions.md). Unknown columns are refused, with the nearest known one. This page is written from the
models by `python -m planner.pages`; edit those, not this.

How to read it:

- In a CSV file a blank cell is a missing value, and a list is joined by semicolons: `mtp;disagg`. A column that is
  not required may be left out. A YAML file lists its rows under `systems`, `shapes`, `paths` or `models`; `sources`
  has them by id, and `load_shapes.yaml` has also `blocks`, each load block's share of the hours.
- **share**: 0 to 1. **count**: a whole number, at least 1. **date**: `2027-01-31`, `2027-01` or `2027`.
- Units: a *share* is part of a whole, a *ratio* one amount over another of its kind, a *factor* what another figure is
  multiplied with. Money is in USD, or in any one currency used throughout. A missing price is missing, never zero.
- **required** stands where a row has to have a value.
"""

RESULT_HEAD = """\
# Result reference

What `plan SCENARIO --json FILE` writes, `plan.to_dict()` gives and, table by table, `--csv`, Parquet and the workbook
hold: every field with its unit. How a figure is counted is in [conventions](conventions.md). This page is written from
the models by `python -m planner.pages`; edit those, not this.

How to read it:

- **date**: ISO, `2027-01-31`. **null**: there is no such figure, or no limit. **name → number**: one number per name.
- Units: a *share* is part of a whole, a *ratio* one amount over another of its kind, a *count* is of what the field
  names, an *index* counts nothing. *unit* is the one that the field `unit` beside it says. Money is in the scenario's
  currency, called USD.
- *may be left out* stands where a key is not always there. What every table's rows may have stands once, first; frames,
  CSV, Parquet and the workbook always have both, `future` in front and `lookahead` at the end.
- The workbook's headings are in words, *Cost, $* for `cost_usd`; its sheet Columns has each one's name, unit and
  meaning.
- A future has the figures of `kpis` down to `idle_cost_usd`, beside its own.
"""

Cells = Callable[[type[Any], str, FieldInfo], list[str]]


def scenario_reference() -> str:
    """The page docs/scenario-reference.md: a section per model, a table row per field."""
    parts = [SCENARIO_HEAD]
    for model, path in sections(Scenario):
        parts += _section(f"`{path}`" if path else "The file", model, _table(_SCENARIO, model))
    return _page(parts)


def catalog_reference() -> str:
    """The page docs/catalog-reference.md: a section per file, a table row per column."""
    parts = [CATALOG_HEAD, *_section("Every row", Row, _table(_CATALOG, Row, PLACE))]
    for file, model in ROWS.items():
        parts += _section(f"`{file}`", model, _table(_CATALOG, model, Row.model_fields))
    return _page(parts)


def result_reference() -> str:
    """The page docs/result-reference.md: a section per part of a result, a table row per field."""
    parts = [RESULT_HEAD, *_section("Every row of a table", result_rows.Row, _table(_RESULT, result_rows.Row))]
    told = dict.fromkeys(table_rows().values(), fields_of(result_rows.Row)) | {FutureFigures: fields_of(Figures)}
    for root, title in ((PlanResult, "A plan"), (InfeasibleResult, "No plan")):
        for model, path in sections(root):
            parts += _section(f"`{path}`" if path else title, model, _table(_RESULT, model, told.get(model, ())))
    return _page(parts)


def sections(root: type[Any]) -> Iterator[tuple[type[Any], str]]:
    """``root`` and every section inside it, each once, with its path as a user writes it."""
    seen: set[type[Any]] = set()

    def walk(model: type[Any], at: str) -> Iterator[tuple[type[Any], str]]:
        if model in seen:
            return
        seen.add(model)
        yield model, at
        for name, field in fields_of(model).items():
            for found, many in sections_in(field.annotation):
                yield from walk(found, f"{at}.{name}".lstrip(".") + many)

    yield from walk(root, "")


def _section(title: str, model: type[Any], table: str) -> list[str]:
    """A heading, what the model says of itself to readers of a page, and its table."""
    doc = " ".join((model.__doc__ or "").split("``origin``")[0].split())
    return [f"## {title}\n", f"{doc}\n", table]


def _scenario_cells(model: type[Any], name: str, field: FieldInfo) -> list[str]:
    return [f"`{name}`", type_of(field), default_of(field), meaning(field)]


def _catalog_cells(model: type[Any], name: str, field: FieldInfo) -> list[str]:
    return [f"`{name}`", type_of(field), unit_of(field) or "", default_of(field), meaning(field)]


def _result_cells(model: type[Any], name: str, field: FieldInfo) -> list[str]:
    kind = type_of(field, null=True) + (", may be left out" if name in left_out(model) else "")
    return [f"`{name}`", kind, unit_of(field) or "", meaning(field)]


_SCENARIO = (("field", "type", "default", "meaning"), _scenario_cells)
_CATALOG = (("column", "type", "unit", "default", "meaning"), _catalog_cells)
_RESULT = (("field", "type", "unit", "meaning"), _result_cells)


def _table(kind: tuple[Collection[str], Cells], model: type[Any], told: Collection[str] = ()) -> str:
    """A row per field of ``model`` but for those ``told`` elsewhere."""
    heads, cells = kind
    rows = [cells(model, name, field) for name, field in fields_of(model).items() if name not in told]
    return table(heads, (map(_plain, row) for row in rows))


def _plain(cell: str) -> str:
    """A cell's text that is neither the table's own sign nor a tag."""
    return re.sub(r"<(?=\w)", "&lt;", cell.replace("|", "\\|"))


def _page(parts: Iterable[str]) -> str:
    return "\n".join(parts).rstrip() + "\n"
