"""The result as it is published: every field with its meaning and its unit, and its text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, get_args

from pydantic import with_config
from typing_extensions import TypedDict

from planner._version import __version__
from planner.errors import InfeasiblePlan
from planner.fields import doc, fields_of
from planner.kinds.limits import LIMITS, REQUIREMENTS
from planner.plan.plan import RESULT_VERSION, TABLES
from planner.render.sheet import Sheet, left
from planner.scenario import Scenario, scenario_digest
from planner.schema.result_rows import (
    CLOSED,
    ApiCalls,
    Binding,
    Cash,
    CostByTag,
    Day,
    Fleet,
    Origin,
    Purchase,
    Rental,
    Retirement,
    Served,
    SignedContract,
    Unserved,
    WorkloadCost,
)
from planner.schema.result_simulated import SimulatedPlan
from planner.schema.result_stands import Stands
from planner.schema.result_supply import PeakGpus


@with_config(CLOSED)
class Step(TypedDict):
    """One solve of a relay."""

    name: Annotated[str, doc("what it is for")]
    solver: Annotated[str, doc("engine that ran")]
    status: Annotated[Literal["optimal", "feasible", "infeasible", "unknown"], doc("how it ended")]
    objective: Annotated[float | None, doc("best value found of what it minimises", "USD or Mtok")]
    bound: Annotated[float | None, doc("no value is below", "USD or Mtok")]
    seconds: Annotated[float, doc("wall clock", "s")]


@with_config(CLOSED)
class Solver(TypedDict):
    """The proof: ``value`` is the audited plan's objective, no plan is better than ``bound``, both in ``unit``."""

    name: Annotated[str, doc("engine, or relay of engines")]
    version: Annotated[str, doc("of the library that has the engines")]
    objective: Annotated[Literal["cost", "cost_per_token", "tokens", "profit"], doc("what is best")]
    unit: Annotated[str, doc("unit of value and bound")]
    value: Annotated[float, doc("objective of the audited plan", "unit")]
    bound: Annotated[float | None, doc("no plan is better", "unit")]
    objective_usd: Annotated[float, doc("expected NPV of cost, plus unserved demand at its value, audited", "USD")]
    best_bound_usd: Annotated[
        float | None, doc("no plan's objective_usd is less; null where cost is not the objective", "USD")
    ]
    in_parts_usd: NotRequired[
        Annotated[
            float | None,
            doc("cost in parts of replicas and lots that whole ones were packed from; null where not", "USD"),
        ]
    ]
    gap: Annotated[float | None, doc("between value and bound, share of the value", "share")]
    gap_asked: Annotated[float, doc("gap at which the search may stop", "share")]
    seconds: Annotated[float, doc("wall clock, all solves", "s")]
    seed: Annotated[int, doc("of the solvers' random choices", "index")]
    variables: Annotated[int, doc("columns of the matrix", "count")]
    integers: Annotated[int, doc("columns that are whole", "count")]
    constraints: Annotated[int, doc("rows of the matrix", "count")]
    coefficients: Annotated[int, doc("entries of the matrix that are not zero", "count")]
    reproducible: Annotated[bool, doc("false where the wall clock ended the search")]
    legs: list[Step]


@with_config(CLOSED)
class EvidenceShare(TypedDict):
    """Shares by evidence class: of output tokens, and of NPV cost (``scenario``: what the scenario itself states)."""

    tokens: Annotated[dict[str, float], doc("of output tokens, by the class of the serving point", "share")]
    cost: Annotated[dict[str, float], doc("of NPV of cost, by the class of the price", "share")]


@with_config(CLOSED)
class Figures(TypedDict):
    """Sums over the reported periods, and what begins with ``reported``; other NPVs over the solved horizon."""

    levelised_usd_per_mtok_output: Annotated[
        float | None, doc("NPV of cost ÷ NPV of output tokens served", "USD per Mtok")
    ]
    levelised_usd_per_mtok_total: Annotated[
        float | None, doc("NPV of cost ÷ NPV of input and output tokens served", "USD per Mtok")
    ]
    reported_cost_usd: NotRequired[
        Annotated[float, doc("NPV of the reported periods' cost, each charged for what serves in it", "USD")]
    ]
    reported_levelised_usd_per_mtok_output: NotRequired[
        Annotated[float | None, doc("that ÷ NPV of the output tokens served in them", "USD per Mtok")]
    ]
    reported_levelised_usd_per_mtok_total: NotRequired[
        Annotated[float | None, doc("that ÷ NPV of the input and output tokens served in them", "USD per Mtok")]
    ]
    npv_usd: Annotated[float, doc("NPV of all cost, residual values and contract tails included", "USD")]
    resale_npv_usd: NotRequired[
        Annotated[float, doc("NPV of what hardware brings or is worth at the end, taken off npv_usd", "USD")]
    ]
    npv_unserved_usd: NotRequired[
        Annotated[float, doc("NPV of unserved demand at the workloads' value; not cash, in no other figure", "USD")]
    ]
    npv_revenue_usd: Annotated[float, doc("NPV of tokens sold", "USD")]
    npv_profit_usd: Annotated[float, doc("NPV of revenue less NPV of cost", "USD")]
    cash_usd: Annotated[float, doc("capex and opex, undiscounted", "USD")]
    capex_usd: Annotated[float, doc("hardware, network, installation, conversion", "USD")]
    opex_usd: Annotated[float, doc("everything else, upfront payments included", "USD")]
    revenue_usd: Annotated[float, doc("tokens sold, undiscounted", "USD")]
    peak_cumulative_cash_usd: Annotated[float, doc("most paid out up to any period's end, no revenue", "USD")]
    tokens_output: Annotated[float, doc("output tokens served", "tokens")]
    tokens_total: Annotated[float, doc("input and output tokens served", "tokens")]
    served_share: Annotated[float | None, doc("tokens served ÷ tokens asked for, on the token basis", "share")]
    peak_provisioned_utility_mw: Annotated[float, doc("of all sites together, at design PUE", "MW")]
    energy_mwh: Annotated[float, doc("drawn at the meters", "MWh")]
    output_tokens_per_s_per_provisioned_mw: Annotated[
        float | None, doc("of the sites' own GPUs, per utility MW provisioned", "tok/s per MW")
    ]
    tokens_per_kwh_drawn: Annotated[float | None, doc("output tokens of the sites' own GPUs", "tokens per kWh")]
    usd_per_gpu_hour: Annotated[
        float | None, doc("cash but for token APIs ÷ GPU-hours owned and rented", "USD per GPU-hour")
    ]
    usd_per_gpu_hour_owned: Annotated[
        float | None,
        doc("NPV of owning, residual values included ÷ discounted GPU-hours owned", "USD per GPU-hour"),
    ]
    utilisation_by_block: Annotated[
        dict[str, float | None], doc("GPUs in use ÷ usable GPUs, over the reported periods", "share")
    ]
    idle_cost_usd: Annotated[float, doc("cash but for token APIs × share of usable GPU-hours not in use", "USD")]


@with_config(CLOSED)
class FutureFigures(Figures):
    """Key figures of one future."""

    name: Annotated[str, doc("the future's")]
    probability: Annotated[float, doc("all futures' add up to 1", "share")]


@with_config(CLOSED)
class Kpis(Figures):
    """Key figures: the expectation, and one entry per future where there are several."""

    resale_share_of_npv: NotRequired[Annotated[float | None, doc("resale_npv_usd ÷ npv_usd", "share")]]
    reported_cost_by_part_usd: NotRequired[
        Annotated[
            dict[str, float],
            doc(
                "reported_cost_usd by category of cash, what is bought or paid upfront as the charge for its service; "
                "`existing` is what the resale value of existing systems loses",
                "USD",
            ),
        ]
    ]
    evidence_share: EvidenceShare
    rounding_gpu_hours: Annotated[float, doc("GPU-hours that whole replicas would take beyond the plan", "GPU-hours")]
    rounding_usd: Annotated[float, doc("those at the plan's mean rate", "USD")]
    peak_gpus: PeakGpus
    futures: NotRequired[list[FutureFigures]]


@with_config(CLOSED)
class AuditResult(TypedDict):
    """What the audit compared; the worst deviation is relative."""

    passed: Annotated[bool, doc("always true: a plan that is refused is none")]
    checks: Annotated[int, doc("figures and limits compared", "count")]
    worst_violation: Annotated[float, doc("largest relative deviation", "ratio")]


@with_config(CLOSED)
class CatalogUsed(TypedDict):
    """Which figures the plan rests on."""

    digest: Annotated[str, doc("of all rows of the scenario's catalogs")]
    sources: Annotated[list[str], doc("ids in sources.yaml of the rows that the model could draw on")]


@with_config(CLOSED)
class Information(TypedDict):
    """What knowing the future, and planning for several, is worth. Ranges are [least, most]; null is no limit."""

    here_and_now_usd: Annotated[float, doc("expected NPV of cost of the plan", "USD")]
    wait_and_see_usd: Annotated[float, doc("mean NPV of cost where each future is planned for alone", "USD")]
    evpi_usd: Annotated[float, doc("expected value of perfect information: here and now less wait and see", "USD")]
    evpi_range_usd: Annotated[list[float | None], doc("what the gaps of the solves leave open of it", "USD")]
    mean_plan_feasible: Annotated[bool, doc("whether the plan found for the mean future can serve every one")]
    mean_plan_expected_usd: Annotated[float | None, doc("null where it cannot serve every future", "USD")]
    mean_plan_range_usd: NotRequired[
        Annotated[
            list[float | None],
            doc("from what no plan for the mean future within the gap is below, to the one found", "USD"),
        ]
    ]
    vss_usd: Annotated[float | None, doc("null where the mean plan found cannot serve every future", "USD")]
    vss_range_usd: Annotated[
        list[float | None],
        doc("what the gaps of the solves, and several plans for the mean future, leave open of it", "USD"),
    ]
    reproducible: Annotated[bool, doc("false where the wall clock ended one of the solves")]
    in_parts: NotRequired[
        Annotated[
            Literal[True], doc("every plan of these is in parts of replicas and of hourly lots, here and now too")
        ]
    ]


@with_config(CLOSED)
class OtherPercentile(TypedDict):
    """What is proven of the cost with every latency target at another percentile, by the LP relaxation."""

    percentile: Annotated[int, doc("the other one, 50 or 99", "percentile")]
    feasible: Annotated[Literal[False] | None, doc("null: not excluded by the LP relaxation")]
    npv_at_least_usd: Annotated[float | None, doc("no plan for it costs less; null where there is none", "USD")]
    levelised_at_least_usd_per_mtok: Annotated[float | None, doc("on the scenario's token basis", "USD per Mtok")]
    unmet: Annotated[list[str], doc("workloads whose targets nothing known meets at that percentile")]


@with_config(CLOSED)
class Replan(TypedDict):
    """What a plan for the rest started from; money is expected over the futures, in USD."""

    run: Annotated[int, doc("the saved run whose decisions were kept", "index")]
    as_of: Annotated[Day, doc("what had to be ordered before that day is fixed")]
    before_npv_usd: Annotated[float, doc("NPV of all cost as that run planned it", "USD")]
    paid_usd: Annotated[float, doc("capex of the periods begun, other cash out of those over; undiscounted", "USD")]
    paid_npv_usd: Annotated[float, doc("the same, discounted", "USD")]
    rest_npv_usd: Annotated[float, doc("NPV of all cost less paid_npv_usd", "USD")]
    systems: Annotated[float, doc("ordered before that day", "systems")]
    bought_usd: Annotated[float, doc("their whole capex, undiscounted", "USD")]
    lots: Annotated[float, doc("signed before that day", "lots")]
    signed_usd: Annotated[float, doc("their whole value, undiscounted", "USD")]


class Head(TypedDict):
    """What every result begins with."""

    version: Annotated[Literal[2], doc("of this format")]
    planner: Annotated[str, doc("version that made it")]
    scenario: Annotated[str, doc("name of the scenario")]
    scenario_digest: Annotated[str, doc("of all that the scenario says")]


@with_config(CLOSED)
class PlanResult(Head):
    """A plan that has passed its audit."""

    status: Annotated[Literal["optimal", "feasible"], doc("proven within the gap asked for, or stopped above it")]
    solver: Solver
    kpis: Kpis
    information: NotRequired[Information]
    other_percentile: NotRequired[OtherPercentile]
    stands: NotRequired[Stands]
    replan: NotRequired[Replan]
    simulated: NotRequired[SimulatedPlan]
    trace: NotRequired[list[Origin]]
    purchases: list[Purchase]
    retirements: list[Retirement]
    contracts: list[SignedContract]
    on_demand: list[Rental]
    token_api: list[ApiCalls]
    serving: list[Served]
    unserved: list[Unserved]
    fleet: list[Fleet]
    cashflow: list[Cash]
    workload_cost: NotRequired[list[WorkloadCost]]
    cost_by_tag: NotRequired[list[CostByTag]]
    binding: list[Binding]
    audit: AuditResult
    catalog: CatalogUsed
    notes: NotRequired[Annotated[list[str], doc("what a reader of the figures should know, a sentence each")]]


@with_config(CLOSED)
class RelaxedLimit(TypedDict):
    """One limit that stands in the way and what it would have to be where it is worst."""

    kind: Annotated[str, doc(f"kind of limit: {', '.join([*LIMITS, *(kind.key for kind in REQUIREMENTS)])}")]
    subject: Annotated[str, doc("site, provider, workload or budget that it holds for")]
    period: Annotated[str, doc("where it is worst; empty where the limit spans several")]
    needed: Annotated[float | None, doc("what it would have to be", "unit")]
    limit: Annotated[float | None, doc("what it is", "unit")]
    unit: Annotated[str, doc("unit of needed and limit")]
    sentence: Annotated[str, doc("the same in words")]


@with_config(CLOSED)
class InfeasibleResult(Head):
    """No plan meets every limit: a set of limits to relax together."""

    status: Annotated[Literal["infeasible"], doc("no plan meets every limit")]
    relaxations: list[RelaxedLimit]
    smallest_proven: Annotated[bool, doc("whether no smaller set would do")]
    notes: NotRequired[Annotated[list[str], doc("what of the scenario no plan can use, a sentence each")]]


Result = PlanResult | InfeasibleResult


def table_rows() -> dict[str, type[Any]]:
    """What a row of each of a plan's tables is."""
    fields = fields_of(PlanResult)
    return {name: get_args(fields[name].annotation)[0] for name in TABLES}


def infeasible(scenario: Scenario, found: InfeasiblePlan) -> dict[str, Any]:
    """The result of a scenario without a plan."""
    return {
        "version": RESULT_VERSION,
        "planner": __version__,
        "scenario": scenario.name,
        "scenario_digest": scenario_digest(scenario),
        "status": "infeasible",
        "relaxations": [
            {name: None if value in (math.inf, -math.inf) else value for name, value in vars(relaxation).items()}
            for relaxation in found.relaxations
        ],
        "smallest_proven": found.proven,
        **({"notes": list(found.notes)} if found.notes else {}),
    }


def infeasible_sheet(found: InfeasiblePlan) -> Sheet:
    """What stands in the way of a plan, as the terminal says it."""
    first, *rest = str(found).splitlines()
    return Sheet(first, (left(),), tuple((line,) for line in rest))


def text_of(result: Mapping[str, Any]) -> str:
    """JSON text: keys in a fixed order, one line per value."""
    return json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
