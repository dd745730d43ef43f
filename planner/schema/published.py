"""The published JSON Schemas of what people write and of what the planner answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any, Literal, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from planner.catalog.models import (
    Accuracy,
    Energy,
    Gain,
    LoadShape,
    ModelSize,
    Offer,
    PricePath,
    ServingPoint,
    Source,
    System,
    TokenApi,
)
from planner.plan.plan import RESULT_VERSION
from planner.scenario import Scenario
from planner.scenario.versions import NEWEST
from planner.schema.result import Result

Which = Literal["scenario", "catalog", "result"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY = r"^\d{4}(-\d{1,2}){0,2}$"
# The version of each format that the planner writes and describes by its models.
VERSIONS: dict[Which, int] = {"scenario": NEWEST, "catalog": 1, "result": RESULT_VERSION}
# Where the schemas of earlier versions are kept, as they were published.
FROZEN: dict[tuple[Which, int], str] = {("scenario", 1): "planner.scenario", ("result", 1): "planner.schema"}

# One row or entry of each file of a catalog.
ROWS = {
    "systems.yaml": System,
    "offers.csv": Offer,
    "token_apis.csv": TokenApi,
    "serving/*.csv": ServingPoint,
    "load_shapes.yaml": LoadShape,
    "energy.csv": Energy,
    "accuracy.csv": Accuracy,
    "gains.csv": Gain,
    "price_paths.yaml": PricePath,
    "models.yaml": ModelSize,
    "sources.yaml": Source,
}


def published() -> Iterator[tuple[Which, int]]:
    """Every format with each of its versions, oldest first."""
    for which in get_args(Which):
        yield from ((which, version) for version in range(1, VERSIONS[which] + 1))


def schema_name(which: Which, version: int | None = None) -> str:
    """The file that a schema is published as, below docs/schemas/; the newest version's by default."""
    return f"{which}-{version or VERSIONS[which]}.json"


def schema_text(which: Which, version: int | None = None) -> str:
    """The schema of a version, by default the newest, as JSON text; that of an earlier one is as it was published."""
    folder = FROZEN.get((which, version or VERSIONS[which]))
    if folder is not None:
        return (resources.files(folder) / schema_name(which, version)).read_text(encoding="utf-8")
    return json.dumps(schema(which), indent=1, ensure_ascii=False) + "\n"


def schema(which: Which) -> dict[str, Any]:
    """The schema of a scenario, of a catalog's rows by file, or of a result, in its newest version."""
    head = {"$schema": DIALECT, "$id": f"token-factory-planner/{schema_name(which)}"}
    if which == "scenario":
        return {**head, **_with_days(_scenario())}
    if which == "catalog":
        return {**head, **_with_days(_catalog())}
    return head | {"title": "Result"} | TypeAdapter(Result).json_schema()


def _scenario() -> dict[str, Any]:
    body = Scenario.model_json_schema()
    properties = body["properties"]
    # A scenario that states no version is one of version 1, so one of this has to.
    properties["version"] = {"const": NEWEST, "description": "of this format", "title": "Version", "type": "integer"}
    # An overlay's own key, gone once the files are put together; the base has what the overlay leaves out.
    properties["extends"] = {"type": "string", "description": "scenario that this one is laid over"}
    needed = {"required": ["version", *body.pop("required")]}
    return body | {"if": {"not": {"required": ["extends"]}}, "then": needed}


def _with_days(part: Any) -> Any:
    """``part`` of a schema with days as people may write them: 2027-01-31, 2027-01 or 2027."""
    if isinstance(part, list):
        return [_with_days(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("format") == "date":
        return {key: value for key, value in part.items() if key != "format"} | {"pattern": DAY}
    return {key: _with_days(value) for key, value in part.items()}


def _catalog() -> dict[str, Any]:
    """Rows as they are after reading: cells of a CSV file are text before."""
    models = [(model, "validation") for model in ROWS.values()]
    references, definitions = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    by_file = {
        name: {"type": "array", "items": references[(model, "validation")]}  # type: ignore[index]
        for name, model in ROWS.items()
    }
    for row in definitions["$defs"].values():
        for internal in ("file", "line"):
            row["properties"].pop(internal, None)
    return {
        "title": "Catalog",
        "description": "The rows of each file of a catalog. Columns of a CSV file are these fields.",
        "type": "object",
        "properties": by_file,
        "additionalProperties": False,
        **definitions,
    }
