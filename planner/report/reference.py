"""The scenario reference: every field of a scenario as Markdown, written from the models themselves."""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from planner.scenario.models import Scenario
from planner.scenario.section import Section
from planner.schedule import Schedule

# Meanings of fields whose name and section say it all in the code.
PLAIN: dict[tuple[str, str], str] = {
    ("Horizon", "period"): "length of a period",
    ("Trust", "measured"): "the user's own benchmarks",
    ("Trust", "independent"): "benchmarks by third parties",
    ("Trust", "vendor"): "benchmarks by the seller",
    ("Trust", "predicted"): "points from a performance model",
    ("Trust", "estimate"): "points reasoned from others",
    ("TailRatio", "ttft"): "p90, p95 or p99 TTFT ÷ its median or mean",
    ("TailRatio", "tpot"): "p90, p95 or p99 TPOT ÷ its median or mean",
    ("Existing", "system"): "key of systems.yaml",
    ("Existing", "count"): "systems, not GPUs",
    ("Conversion", "cost_usd"): "paid at the start of the period it takes effect in",
    ("Conversion", "lead_weeks"): "from decision to liquid cooling",
    ("Site", "name"): "unique among sites",
    ("Site", "region"): "of energy.csv, whose price holds where the site gives none",
    ("Site", "existing"): "groups already owned or on order; may be retired early",
    ("Tokens", "input"): "input tokens, mean",
    ("Tokens", "output"): "output tokens, mean",
    ("Sla", "ttft_percentile"): "percentile that ttft_s is a target for",
    ("Sla", "tpot_percentile"): "percentile that tpot_ms is a target for",
    ("Workload", "name"): "unique among workloads",
    ("Workload", "kind"): "interactive: met in every load block; batch, gpu_hours: met over each period",
    ("Workload", "model"): "model of the serving points and token APIs; not for gpu_hours",
    ("Workload", "precisions"): "precisions that the workload accepts",
    ("Future", "name"): "unique among futures",
    ("Future", "probability"): "all futures' add up to 1",
    ("Quota", "system"): "key of systems.yaml",
    ("Quota", "gpus"): "GPUs, not lots",
    ("Quota", "per"): "each provider has the quota to itself",
    ("Systems", "allow"): "only these; default: every system",
    ("Systems", "deny"): "not these",
    ("Providers", "allow"): "only these; default: every provider",
    ("Providers", "deny"): "not these",
    ("Procurement", "buy"): "systems may be bought for the sites",
    ("Procurement", "rent"): "kinds of offer that may be used",
    ("Procurement", "token_api"): "token APIs may be used",
    ("TokenQuote", "provider"): "who quotes, in place of its listed price; new names are fine",
    ("TokenQuote", "model"): "a model of the workloads",
    ("TokenQuote", "input_usd_per_mtok"): "fixed; no price path moves it",
    ("TokenQuote", "cached_input_usd_per_mtok"): "default: the price of other input",
    ("TokenQuote", "output_usd_per_mtok"): "fixed; no price path moves it",
    ("TokenQuote", "ttft_ms"): "unknown, only batch is served",
    ("TokenQuote", "ttft_statistic"): "p50, mean, p90, p95 or p99",
    ("TokenQuote", "tpot_ms"): "unknown, only batch is served",
    ("TokenQuote", "tpot_statistic"): "p50, mean, p90, p95 or p99",
    ("Quote", "provider"): "who quotes; new names are fine",
    ("Quote", "system"): "key of systems.yaml",
    ("Quote", "region"): "free text",
    ("Quote", "kind"): "quotes are for reserved terms",
    ("Quote", "term_months"): "a whole number of periods",
    ("Quote", "usd_per_gpu_hour"): "fixed for the term; no price path moves it",
    ("Quote", "lot_gpus"): "GPUs the quote is sold by",
    ("Quote", "min_lots"): "zero or at least this many at a signing",
    ("Quote", "max_lots"): "lots running at once, at most",
    ("Quote", "upfront_share"): "share of the whole contract paid at its start",
    ("Quote", "usable_share"): "share of GPUs that serve; default: the system's",
    ("Quote", "service"): "bare metal runs any stack, an endpoint only what capabilities name",
    ("Quote", "interconnect"): "rdma is needed by replicas larger than an NVLink domain",
    ("Quote", "capabilities"): "endpoint: what the contract enables",
    ("Contract", "provider"): "with whom; counts towards quotas and max_share",
    ("Contract", "system"): "key of systems.yaml",
    ("Contract", "region"): "free text",
    ("Contract", "gpus"): "GPUs under contract",
    ("Contract", "start"): "first day with it",
    ("Contract", "usable_share"): "share of GPUs that serve; default: the system's",
    ("Contract", "service"): "bare metal runs any stack, an endpoint only what capabilities name",
    ("Contract", "interconnect"): "rdma is needed by replicas larger than an NVLink domain",
    ("Contract", "capabilities"): "endpoint: what the contract enables",
    ("Solve", "time_limit_s"): "seconds after which the clock breaks a solve off; until then it decides nothing",
    ("Solve", "seed"): "of the solvers' random choices",
    ("Scenario", "version"): "of this format",
    ("Scenario", "name"): "stands in every result",
    ("Scenario", "description"): "free text",
    ("Scenario", "objective"): "what is best: least cost, least cost per token, most tokens, most profit",
}

HEAD = """\
# Scenario reference

A scenario is one YAML file (1.2). Every field, with its unit in its name; what a field does to the plan is in
[conventions](conventions.md) and the [model](model.md). Unknown fields are refused, with the line and the nearest
known field. This page is written from the models by `planner.report.reference`; edit those, not this.

How to read the types:

- **schedule**: a number, or values by date: `{2027-01: 1.0, 2028-01: 4.0}`. Limits and prices step at each date;
  demand grows geometrically between dates.
- **date**: `2027-01-31`, `2027-01` (its first day) or `2027` (its first day).
- **name → number**: one number per name, such as `{surge: 0.05, business: 0.25}`.
- **share**: 0 to 1. **count**: a whole number, at least 1. Money is in USD, or in any one currency used throughout.
- **required** stands where a field has no default. A section whose fields all have defaults may be left out.

`extends: other.yaml` at the top of a file takes another scenario as its base and overlays this one on it.
`--set path=value` on the command line overrides one field; items of a list are named by their `name`:
`--set sites.dallas.power_mw=12`.
"""

NAMES: dict[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    dt.date: "date",
    Schedule: "schedule",
}
Bounds = dict[str, float]


def scenario_reference() -> str:
    """The page docs/scenario-reference.md: a section per model, a table row per field."""
    parts = [HEAD]
    for model, path in sections(Scenario):
        doc = " ".join((model.__doc__ or "").split("``origin``")[0].split())
        parts += [f"## {_title(model, path)}\n", f"{doc}\n", _table(model)]
    return "\n".join(parts).rstrip() + "\n"


def sections(root: type[Section]) -> Iterator[tuple[type[Section], str]]:
    """``root`` and every section inside it, each once, with its path as a user writes it."""
    seen: set[type[Section]] = set()

    def walk(model: type[Section], at: str) -> Iterator[tuple[type[Section], str]]:
        if model in seen:
            return
        seen.add(model)
        yield model, at
        for name, field in model.model_fields.items():
            for found, many in _models(field.annotation):
                yield from walk(found, f"{at}.{name}".lstrip(".") + many)

    yield from walk(root, "")


def _models(annotation: Any) -> Iterator[tuple[type[Section], str]]:
    """Sections inside an annotation, and what stands behind the field's name: ``[]`` for a list, ``{}`` by name."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation, ""
    elif origin is tuple:
        yield from ((found, "[]") for found, _ in _models(get_args(annotation)[0]))
    elif origin is dict:
        yield from ((found, "{}") for found, _ in _models(get_args(annotation)[1]))
    elif origin in (Union, types.UnionType):
        for choice in get_args(annotation):
            yield from _models(choice)


def _title(model: type[Section], path: str) -> str:
    return "The file" if model is Scenario else f"`{path}`"


def _table(model: type[Section]) -> str:
    lines = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        cells = [f"`{name}`", _type(field), _default(field), meaning(model, name)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def meaning(model: type[Section], name: str) -> str:
    """What a field means: its description, else what ``PLAIN`` says, else the first line of the section it holds."""
    field = model.model_fields[name]
    if field.description:
        return field.description
    if (plain := PLAIN.get((model.__name__, name))) is not None:
        return plain
    inner = [found for found, _ in _models(field.annotation)]
    doc = (inner[0].__doc__ or "").splitlines()[0].rstrip(".") if inner else ""
    return doc[:1].lower() + doc[1:] if doc[1:2].islower() or doc[1:2] == " " else doc


def _type(field: FieldInfo) -> str:
    return _words(field.annotation, field.metadata)


def _words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """An annotation in a planner's words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0], arguments[1:])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        choices = [choice for choice in arguments if choice is not type(None)]
        return " or ".join(_words(choice, metadata) for choice in choices)
    if origin is tuple:
        each = _words(arguments[0])
        return "list of sections" if each == "section" else f"list of {each}"
    if origin is dict:
        inner = _words(arguments[1])
        return f"{_key(arguments[0])} → ({inner})" if "→" in inner else f"{_key(arguments[0])} → {inner}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "section"
    return _bounded(annotation, metadata)


def _key(annotation: Any) -> str:
    return {str: "name", int: "year"}.get(annotation) or _words(annotation)


def _flat(metadata: Sequence[Any]) -> Iterator[Any]:
    """Metadata with that of nested fields in their place."""
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def _bounded(annotation: Any, metadata: Sequence[Any]) -> str:
    bounds: Bounds = {}
    for item in _flat(metadata):
        for kind in ("ge", "gt", "le", "lt"):
            if isinstance(item, getattr(annotated_types, kind.capitalize())):
                bounds[kind] = getattr(item, kind)
    if annotation is float and bounds == {"ge": 0, "le": 1}:
        return "share"
    if annotation is int and bounds == {"ge": 1}:
        return "count"
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    limits = " and ".join(f"{sign} {bounds[kind]:g}" for kind, sign in signs.items() if kind in bounds)
    return f"{NAMES[annotation]} {limits}".rstrip()


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "none"
    return "**required**" if field.default is PydanticUndefined else _value(field.default)


def _value(value: Any) -> str:
    """A default as YAML would write it."""
    if value is None or value == () or value == "":
        return "none"
    if isinstance(value, Section):
        return "its defaults"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Schedule):
        return f"`{value.values[0]:g}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(str(item) for item in value) + "]`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    print(scenario_reference(), end="")
