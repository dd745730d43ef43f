"""The published JSON Schemas of what people write and of what the planner answers."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from planner.catalog.models import (
    Accuracy,
    Energy,
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
from planner.schema.result import Result

Which = Literal["scenario", "catalog", "result"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY = r"^\d{4}(-\d{1,2}){0,2}$"
VERSIONS = {"scenario": 1, "catalog": 1, "result": RESULT_VERSION}

# One row or entry of each file of a catalog.
ROWS = {
    "systems.yaml": System,
    "offers.csv": Offer,
    "token_apis.csv": TokenApi,
    "serving/*.csv": ServingPoint,
    "load_shapes.yaml": LoadShape,
    "energy.csv": Energy,
    "accuracy.csv": Accuracy,
    "price_paths.yaml": PricePath,
    "models.yaml": ModelSize,
    "sources.yaml": Source,
}


def schema_name(which: Which) -> str:
    """The file that a schema is published as, below docs/schemas/."""
    return f"{which}-{VERSIONS[which]}.json"


def schema_text(which: Which) -> str:
    """The schema as JSON text."""
    return json.dumps(schema(which), indent=1, ensure_ascii=False) + "\n"


def schema(which: Which) -> dict[str, Any]:
    """The schema of a scenario, of a catalog's rows by file, or of a result."""
    head = {"$schema": DIALECT, "$id": f"token-factory-planner/{schema_name(which)}"}
    if which == "scenario":
        body = Scenario.model_json_schema()
        # An overlay's own key, gone once the files are put together; the base has what the overlay leaves out.
        body["properties"]["extends"] = {"type": "string", "description": "scenario that this one is laid over"}
        needed = {"required": body.pop("required")}
        body |= {"if": {"not": {"required": ["extends"]}}, "then": needed}
        return {**head, **_with_days(body)}
    if which == "catalog":
        return {**head, **_with_days(_catalog())}
    return head | {"title": "Result"} | TypeAdapter(Result).json_schema()


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
