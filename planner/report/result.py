"""The result as it is published: its shape by field, and its text. Numbers are in the unit that their name says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, with_config
from typing_extensions import TypedDict

from planner._version import __version__
from planner.errors import InfeasiblePlan
from planner.plan.plan import RESULT_VERSION
from planner.report.result_rows import (
    CLOSED,
    ApiCalls,
    Binding,
    Cash,
    Day,
    Fleet,
    Origin,
    Purchase,
    Rental,
    Retirement,
    Served,
    SignedContract,
    Unserved,
)
from planner.report.sheet import Sheet, left
from planner.scenario import Scenario, scenario_digest


@with_config(CLOSED)
class Step(TypedDict):
    """One solve of a relay."""

    name: str
    solver: str
    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    objective: float | None
    bound: float | None
    seconds: float


@with_config(CLOSED)
class Solver(TypedDict):
    """The proof: ``value`` is the audited plan's objective, no plan is better than ``bound``, both in ``unit``."""

    name: str
    version: str
    objective: Literal["cost", "cost_per_token", "tokens", "profit"]
    unit: str
    value: float
    bound: float | None
    objective_usd: Annotated[float, Field(description="expected NPV of cost, audited")]
    best_bound_usd: float | None
    gap: float | None
    gap_asked: float
    seconds: float
    seed: int
    variables: int
    integers: int
    constraints: int
    coefficients: int
    reproducible: Annotated[bool, Field(description="false where the wall clock ended the search")]
    legs: list[Step]


@with_config(CLOSED)
class EvidenceShare(TypedDict):
    """Shares by evidence class: of output tokens, and of NPV cost (``scenario``: what the scenario itself states)."""

    tokens: dict[str, float]
    cost: dict[str, float]


@with_config(CLOSED)
class Figures(TypedDict):
    """Sums over the reported periods; NPV and levelised cost over the solved horizon."""

    levelised_usd_per_mtok_output: float | None
    levelised_usd_per_mtok_total: float | None
    npv_usd: float
    npv_revenue_usd: float
    npv_profit_usd: float
    cash_usd: float
    capex_usd: float
    opex_usd: float
    revenue_usd: float
    peak_cumulative_cash_usd: float
    tokens_output: float
    tokens_total: float
    served_share: float | None
    peak_provisioned_utility_mw: float
    energy_mwh: float
    output_tokens_per_s_per_provisioned_mw: float | None
    tokens_per_kwh_drawn: float | None
    usd_per_gpu_hour: float | None
    usd_per_gpu_hour_owned: float | None
    utilisation_by_block: dict[str, float | None]
    idle_cost_usd: float


@with_config(CLOSED)
class FutureFigures(Figures):
    """Key figures of one future."""

    name: str
    probability: float


@with_config(CLOSED)
class Kpis(Figures):
    """Key figures: the expectation, and one entry per future where there are several."""

    evidence_share: EvidenceShare
    rounding_gpu_hours: Annotated[float, Field(description="GPU-hours that whole replicas would take beyond the plan")]
    rounding_usd: float
    futures: NotRequired[list[FutureFigures]]


@with_config(CLOSED)
class AuditResult(TypedDict):
    """What the audit compared; the worst deviation is relative."""

    passed: bool
    checks: int
    worst_violation: float


@with_config(CLOSED)
class CatalogUsed(TypedDict):
    """Which figures the plan rests on."""

    digest: str
    sources: list[str]


@with_config(CLOSED)
class Information(TypedDict):
    """What knowing the future, and planning for several, is worth. Ranges are [least, most]; null is no limit."""

    here_and_now_usd: float
    wait_and_see_usd: float
    evpi_usd: float
    evpi_range_usd: list[float | None]
    mean_plan_feasible: bool
    mean_plan_expected_usd: Annotated[float | None, Field(description="null where it cannot serve every future")]
    vss_usd: Annotated[float | None, Field(description="null where the mean plan cannot serve every future")]
    vss_range_usd: list[float | None]
    reproducible: Annotated[bool, Field(description="false where the wall clock ended one of the solves")]


@with_config(CLOSED)
class OtherPercentile(TypedDict):
    """What is proven of the cost with every latency target at another percentile, by the LP relaxation."""

    percentile: int
    feasible: Annotated[Literal[False] | None, Field(description="null: not excluded by the LP relaxation")]
    npv_at_least_usd: float | None
    levelised_at_least_usd_per_mtok: Annotated[float | None, Field(description="on the scenario's token basis")]
    unmet: Annotated[list[str], Field(description="workloads whose targets nothing known meets at that percentile")]


@with_config(CLOSED)
class Replan(TypedDict):
    """What a plan for the rest started from; money is expected over the futures, in USD."""

    run: Annotated[int, Field(description="the saved run whose decisions were kept")]
    as_of: Annotated[Day, Field(description="what had to be ordered before that day is fixed")]
    before_npv_usd: Annotated[float, Field(description="NPV of all cost as that run planned it")]
    paid_usd: Annotated[
        float, Field(description="capex of the periods begun, other cash out of those over; undiscounted")
    ]
    paid_npv_usd: float
    rest_npv_usd: Annotated[float, Field(description="NPV of all cost less paid_npv_usd")]
    systems: Annotated[float, Field(description="ordered before that day")]
    bought_usd: Annotated[float, Field(description="their whole capex, undiscounted")]
    lots: Annotated[float, Field(description="signed before that day")]
    signed_usd: Annotated[float, Field(description="their whole value, undiscounted")]


@with_config(CLOSED)
class PlanResult(TypedDict):
    """A plan that has passed its audit."""

    version: Literal[1]
    planner: str
    scenario: str
    scenario_digest: str
    status: Literal["optimal", "feasible"]
    solver: Solver
    kpis: Kpis
    information: NotRequired[Information]
    other_percentile: NotRequired[OtherPercentile]
    replan: NotRequired[Replan]
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
    binding: list[Binding]
    audit: AuditResult
    catalog: CatalogUsed


@with_config(CLOSED)
class RelaxedLimit(TypedDict):
    """One limit that stands in the way and what it would have to be where it is worst."""

    kind: str
    subject: str
    period: str
    needed: float | None
    limit: float | None
    unit: str
    sentence: str


@with_config(CLOSED)
class InfeasibleResult(TypedDict):
    """No plan meets every limit: a set of limits to relax together."""

    version: Literal[1]
    planner: str
    scenario: str
    scenario_digest: str
    status: Literal["infeasible"]
    relaxations: list[RelaxedLimit]
    smallest_proven: Annotated[bool, Field(description="whether no smaller set would do")]


Result = PlanResult | InfeasibleResult


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
    }


def infeasible_sheet(found: InfeasiblePlan) -> Sheet:
    """What stands in the way of a plan, as the terminal says it."""
    first, *rest = str(found).splitlines()
    return Sheet(first, (left(),), tuple((line,) for line in rest))


def text_of(result: Mapping[str, Any]) -> str:
    """JSON text: keys in a fixed order, one line per value."""
    return json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
