"""Every published field says what it means and what its numbers are in; schemas and tables agree with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import TypedDict

from planner.catalog.models import DerivedPoint
from planner.fields import Extra, doc, explanation, fields_of, left_out, plain, unit_of
from planner.kinds.evidence import CLASSES
from planner.pages.schema import sections
from planner.plan import Plan
from planner.plan.plan import TABLES
from planner.plan.proof import Proof
from planner.plan.trace import COLUMNS as TRACED
from planner.scenario import Scenario
from planner.scenario.models import Trust
from planner.schedule import Schedule
from planner.schema.published import ROWS, Which, schema
from planner.schema.result import Figures, InfeasibleResult, Kpis, PlanResult, Solver, table_rows
from planner.schema.result_rows import Origin, Row
from planner.schema.words import is_section, meaning
from planner.units import Unit

ROOTS = (Scenario, *ROWS.values(), DerivedPoint, PlanResult, InfeasibleResult)
MODELS = tuple(dict.fromkeys(model for root in ROOTS for model, _ in sections(root)))
FIELDS = [(model, name, field) for model in MODELS for name, field in fields_of(model).items()]

# What the end of a name promises; the longest end counts.
ENDINGS: dict[str, Unit] = {
    "usd": "USD",
    "marginal_usd_lp": "USD per unit",
    "usd_per_mtok": "USD per Mtok",
    "usd_per_gpu_hour": "USD per GPU-hour",
    "usd_per_gpu_year": "USD per GPU-year",
    "usd_per_mwh": "USD per MWh",
    "usd_per_kw_month": "USD per kW-month",
    "usd_per_mw_year": "USD per MW-year",
    "kw": "kW",
    "kw_per_rack_position": "kW",
    "mw": "MW",
    "mwh": "MWh",
    "gco2e_per_kwh": "gCO₂e per kWh",
    "ms": "ms",
    "s": "s",
    "seconds": "s",
    "weeks": "weeks",
    "months": "months",
    "years": "years",
    "periods": "periods",
    "input_tokens": "tokens",
    "output_tokens": "tokens",
    "tokens_output": "tokens",
    "tokens_total": "tokens",
    "mtok": "Mtok",
    "mtok_input": "Mtok",
    "mtok_output": "Mtok",
    "mtok_per_day": "Mtok per day",
    "tokens_per_kwh": "tokens per kWh",
    "tok_s_per_gpu": "tok/s per GPU",
    "tokens_per_s_per_provisioned_mw": "tok/s per MW",
    "concurrency": "requests",
    "requests_per_s": "requests/s",
    "gpus": "GPUs",
    "gpus_per_replica": "GPUs",
    "hours": "hours",
    "gpu_hours": "GPU-hours",
    "gpu_hours_per_day": "GPU-hours per day",
    "systems": "systems",
    "lots": "lots",
    "replicas": "replicas",
    "rack_positions": "rack positions",
    "gb_per_gpu": "GB per GPU",
    "tb_per_s_per_gpu": "TB/s per GPU",
    "pflops_per_gpu": "PFLOP/s per GPU",
    "params_billion": "billion parameters",
    "share": "share",
    "probability": "share",
    "gap": "share",
    "share_per_year": "share per year",
    "gain_per_year": "share per year",
    "escalator_per_year": "share per year",
    "discount_rate": "share per year",
    "percentile": "percentile",
}
# What may stand behind it: of what, which of several, by what.
BEHIND = "_(output|total|drawn|owned|asked|nominal|mean)"
BY = "_by_.*"

# What results have and those of 0.1.0 lack, so that the format does not require it.
SINCE_0_1_0 = {
    "notes", "reported_cost_by_part_usd", "reported_cost_usd", "reported_levelised_usd_per_mtok_output",
    "reported_levelised_usd_per_mtok_total", "resale_npv_usd", "resale_share_of_npv",
    "npv_unserved_usd", "value_usd", "workload_cost", "cost_by_tag", "in_parts_usd",
}  # fmt: skip


def numeric(annotation: Any) -> bool:
    """Whether a value of this type is, or holds, numbers that are not a choice among a few."""
    if get_origin(annotation) is Literal or is_section(annotation):
        return False
    inside = get_args(annotation)[1:] if get_origin(annotation) is dict else get_args(annotation)
    return annotation in (int, float, Schedule) or any(map(numeric, inside))


def promised(name: str) -> Unit | None:
    """The unit that a name ends with; None where it promises none."""
    bare = re.sub(BY, "", name.replace("_p99_", "_"))
    ends = [end for end in ENDINGS if re.fullmatch(f"(.*_)?{end}({BEHIND})?", bare)]
    return ENDINGS[max(ends, key=len)] if ends else None


def faults(name: str, field: FieldInfo) -> list[str]:
    """What a field leaves unsaid, or says of its unit although its name or type says otherwise."""
    unit, expected = unit_of(field), promised(name)
    found = [] if meaning(field) else ["no meaning"]
    if numeric(field.annotation) and unit is None:
        found.append("no unit")
    if unit is not None and unit not in get_args(Unit):
        found.append(f"{unit} is no unit")
    if unit is not None and expected not in (None, unit):
        found.append(f"{unit}, where the name promises {expected}")
    return found


@pytest.mark.parametrize("model", MODELS)
def test_every_field_says_what_it_means_and_what_it_is_in(model: type[Any]) -> None:
    found = {name: faults(name, field) for name, field in fields_of(model).items()}
    assert {name: said for name, said in found.items() if said} == {}


def test_only_a_required_field_is_plain() -> None:
    quiet = [
        field for _, _, field in FIELDS if isinstance(field.json_schema_extra, Extra) and field.json_schema_extra.plain
    ]
    assert quiet
    assert all(field.is_required() for field in quiet)


def test_no_unit_is_there_for_nothing() -> None:
    assert {unit_of(field) for _, _, field in FIELDS} - {None} == set(get_args(Unit))


class Wrong(BaseModel):
    """Fields that the checks above have to find."""

    silent: Annotated[str, plain("")]
    cost_usd: Annotated[float, doc("in megawatts", "MW")]
    cost_usd_by_block: Annotated[dict[str, float], doc("in megawatts", "MW")]
    power_mw: Annotated[Schedule | None, doc("in nothing")] = None
    choice: Annotated[Literal[50, 99], doc("one of two")] = 50
    ttft_p99_ms: Annotated[float, doc("in seconds", "s")] = 1.0
    start: Annotated[dt.date, doc("a day")]
    levels: Annotated[dict[int, dict[str, float]], doc("in nothing")]
    lost: Annotated[float, doc("in leagues", "leagues")]


def test_what_is_unsaid_or_contradicted_is_found() -> None:
    assert {name: faults(name, field) for name, field in fields_of(Wrong).items()} == {
        "silent": ["no meaning"],
        "cost_usd": ["MW, where the name promises USD"],
        "cost_usd_by_block": ["MW, where the name promises USD"],
        "power_mw": ["no unit"],
        "choice": [],
        "ttft_p99_ms": ["s, where the name promises ms"],
        "start": [],
        "levels": ["no unit"],
        "lost": ["leagues is no unit"],
    }


def test_a_fault_explains_what_its_name_does_not_say() -> None:
    known = fields_of(Wrong)
    assert explanation(known["lost"]) == "in leagues"
    assert explanation(fields_of(Scenario)["name"]) == ""
    assert explanation(fields_of(Scenario)["horizon"]) == ""


def test_trust_speaks_of_classes_of_evidence_as_their_records_do() -> None:
    assert {name: field.description for name, field in fields_of(Trust).items()} == {
        found.key: found.points for found in CLASSES
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_the_published_row(tiny: Plan, table: str) -> None:
    own = [name for name in fields_of(table_rows()[table]) if name not in fields_of(Row)]
    # What a workload costs is an expectation over futures and periods, what bears a tag one over futures.
    future = [] if table in ("workload_cost", "cost_by_tag") else ["future"]
    ahead = [] if table == "workload_cost" else ["lookahead"]
    assert list(tiny.tables[table].columns) == [*future, *own, *ahead]


def test_figures_proof_and_trace_have_the_published_fields(tiny: Plan) -> None:
    assert set(table_rows()) == set(TABLES)
    assert list(TRACED) == list(fields_of(Origin)) == list(tiny.trace().columns)
    assert list(fields_of(Solver)) == [field.name for field in fields(Proof)]
    assert list(tiny.kpis) == [name for name in fields_of(Kpis) if name not in left_out(Kpis) - SINCE_0_1_0]
    assert [name for name in tiny.kpis if name in fields_of(Figures)] == list(fields_of(Figures))
    told = [name for name in fields_of(PlanResult) if name not in left_out(PlanResult) - SINCE_0_1_0]
    assert list(tiny.to_dict()) == [name for name in told if name != "notes" or tiny.notes]


def _properties(part: Any, path: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    if isinstance(part, dict):
        for name, found in part.get("properties", {}).items():
            yield f"{path}.{name}", name, found
        for name, inside in part.items():
            yield from _properties(inside, f"{path}.{name}")


@pytest.mark.parametrize("which", get_args(Which))
def test_published_schemas_say_all_that_the_fields_say(which: Which) -> None:
    told = {(name, field.description, unit_of(field)) for _, name, field in FIELDS}
    whole = schema(which)
    for path, name, found in _properties(whole):
        if path in (".extends", *(f".{file}" for file in ROWS)):
            continue
        assert (name, found.get("description"), found.get("unit")) in told, path
        assert "description" in found or "$ref" in str(found), path


def test_a_typed_dictionary_says_which_keys_may_be_left_out() -> None:
    assert left_out(Row) == {"future", "lookahead"}
    optional = {"information", "other_percentile", "replan", "simulated", "stands", "trace"}
    assert left_out(PlanResult) - SINCE_0_1_0 == optional

    class Nothing(TypedDict):
        """No keys."""

    assert left_out(Nothing) == frozenset()
