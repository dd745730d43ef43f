"""What a scenario says: one frozen model per section, every field with its meaning and its unit."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, field_validator, model_validator

from planner.catalog.models import (
    Count,
    Day,
    Fraction,
    NonNegative,
    NonNegativeCount,
    Positive,
    Share,
    not_bool,
    wrong,
)
from planner.fields import doc, plain
from planner.kinds.evidence import POINTS, Evidence
from planner.scenario.demand import Demand, Users
from planner.scenario.origin import Origin
from planner.scenario.procurement import Contract, Procurement, Providers, Quota, Quote, Systems, TokenQuote
from planner.scenario.section import ALWAYS, Amounts, BelowOne, Month, Name, Overhead, Section, YearlyLimit
from planner.scenario.site import Conversion, Existing, Lease, Pue, Site
from planner.scenario.versions import OLDEST, in_todays_fields
from planner.scenario.workload import Sla, TokenPrice, Tokens, Workload
from planner.schedule import add_months

PeriodLength = Literal["month", "quarter", "year"]
Objective = Literal["cost", "cost_per_token", "tokens", "profit"]
TokenBasis = Literal["output", "total"]
MONTHS_PER_PERIOD: dict[PeriodLength, int] = {"month": 1, "quarter": 3, "year": 12}
MOST_YEARS = 50

__all__ = [
    "MONTHS_PER_PERIOD",
    "Budget",
    "Contract",
    "Conversion",
    "Demand",
    "Existing",
    "Finance",
    "Future",
    "Horizon",
    "Lease",
    "Name",
    "Objective",
    "PeriodLength",
    "Procurement",
    "Providers",
    "Pue",
    "Quota",
    "Quote",
    "Scenario",
    "Section",
    "Service",
    "Site",
    "Sla",
    "Solve",
    "Systems",
    "TailRatio",
    "TokenBasis",
    "TokenPrice",
    "TokenQuote",
    "Tokens",
    "Trust",
    "Users",
    "Workload",
    "YearlyLimit",
]


class Horizon(Section):
    """The calendar: when the decision is taken, when service starts, in which steps."""

    decided_on: Annotated[Day, doc("day the plan is decided; lead times count from here")]
    start: Annotated[Day, doc("first day of the first period")]
    periods: Annotated[Count, doc("periods reported", "periods")]
    period: Annotated[PeriodLength, doc("length of a period")] = "quarter"
    lookahead: Annotated[
        NonNegativeCount,
        doc(
            "further periods, solved at the demand of the last reported one and marked in every table; "
            "default: a year of them",
            "periods",
        ),
    ] = Field(default_factory=int)  # none until the length of a period is known

    @model_validator(mode="before")
    @classmethod
    def _a_year_ahead(cls, fields: Any) -> Any:
        if isinstance(fields, Mapping) and "lookahead" not in fields:
            period = fields.get("period", "quarter")
            # What is no period, a list among it, is left to be refused.
            lookahead = next((12 // months for name, months in MONTHS_PER_PERIOD.items() if name == period), 0)
            return {**fields, "lookahead": lookahead}
        return fields

    @model_validator(mode="after")
    def _periods_within_years(self) -> Self:
        months = MONTHS_PER_PERIOD[self.period]
        if self.start.day != 1 or (self.start.month - 1) % months:
            earlier = dt.date(self.start.year, (self.start.month - 1) // months * months + 1, 1)
            raise wrong(
                "start",
                f"{self.start} does not begin a calendar {self.period}, so periods would straddle years; "
                f"nearest: {earlier:%Y-%m} or {add_months(earlier, months):%Y-%m}",
            )
        if self.decided_on > self.start:
            raise wrong("decided_on", f"{self.decided_on} is after start {self.start}")
        years = months * (self.periods + self.lookahead) / 12
        if years > MOST_YEARS:
            raise wrong("periods", f"the horizon is {years:g} years long, lookahead included; at most {MOST_YEARS}")
        return self


class Finance(Section):
    """Discounting, the headline's token basis and how the horizon's end is priced."""

    discount_rate: Annotated[BelowOne, doc("per year, nominal, pre-tax", "share per year")] = 0.10
    token_basis: Annotated[TokenBasis, doc("tokens that the headline and `tokens` count")] = "output"
    contract_tail_share: Annotated[
        Share, doc("share of a contract's payments after the horizon that the plan is charged", "share")
    ] = 1.0
    residual_haircut: Annotated[Share, doc("share of the residual curve that a sale brings", "share")] = 0.65
    residual_of: Annotated[
        Literal["market", "price_paid"],
        doc(
            "what the residual curve is a share of: a new system's price on the day of the sale, never more than was "
            "paid, or the price paid"
        ),
    ] = "market"
    resell_existing: Annotated[
        bool,
        doc("whether existing systems are sold when retired, and credited at the horizon's end as bought ones are"),
    ] = True
    price_path: Annotated[str, doc("named path of price_paths.yaml")] = "flat"


class Trust(Section):
    """Factor on throughput by evidence class."""

    measured: Annotated[Fraction, doc(POINTS["measured"], "factor")] = 1.0
    independent: Annotated[Fraction, doc(POINTS["independent"], "factor")] = 1.0
    vendor: Annotated[Fraction, doc(POINTS["vendor"], "factor")] = 0.9
    predicted: Annotated[Fraction, doc(POINTS["predicted"], "factor")] = 0.65
    estimate: Annotated[Fraction, doc(POINTS["estimate"], "factor")] = 0.65

    def of(self, evidence: Evidence) -> float:
        """The factor of an evidence class."""
        factor: float = getattr(self, evidence)
        return factor


class TailRatio(Section):
    """Tail latency over the mean or median, for points that state no tail; without it they miss any tail target."""

    ttft: Annotated[Overhead | None, doc("p90, p95 or p99 TTFT ÷ its median or mean", "ratio")] = None
    tpot: Annotated[Overhead | None, doc("p90, p95 or p99 TPOT ÷ its median or mean", "ratio")] = None

    def of(self, metric: Literal["ttft", "tpot"]) -> float | None:
        """The ratio of a metric, None where tails that are not stated stay unknown."""
        return self.ttft if metric == "ttft" else self.tpot


class Future(Section):
    """One way things may turn out; factors on the scenario's forecast and prices."""

    name: Annotated[Name, plain("unique among futures")]
    probability: Annotated[Fraction, plain("those of all futures add up to 1", "share")]
    demand: Annotated[Amounts, doc("factor on every demand", "factor")] = ALWAYS
    demand_by_workload: Annotated[
        dict[str, Amounts],
        doc("further factor, by workload", "factor"),
    ] = Field(default_factory=dict)
    rent_price: Annotated[Amounts, doc("factor on on-demand and spot prices", "factor")] = ALWAYS


class Budget(Section):
    """Undiscounted cash limits: a number for the reported horizon, or one per fiscal year (the last one holds on)."""

    capex_usd: Annotated[YearlyLimit, doc("hardware, network, installation, conversion", "USD")] = None
    opex_usd: Annotated[YearlyLimit, doc("everything else, upfront payments included", "USD")] = None
    total_usd: Annotated[YearlyLimit, doc("capex and opex", "USD")] = None
    commitments_usd: Annotated[YearlyLimit, doc("whole value of the contracts that start in the year", "USD")] = None
    fiscal_year_start: Annotated[
        Month, doc("first month of a fiscal year, which has the number of the calendar year it ends in", "month")
    ] = 1


class Service(Section):
    """What must be served."""

    min_served: Annotated[Share, doc("per workload and period, share of tokens", "share")] = 1.0
    survive: Annotated[
        Literal["none", "replica", "system", "provider"],
        doc("interactive workloads in whole replicas are still served with the largest one of these gone"),
    ] = "none"


class Solve(Section):
    """How to solve."""

    solver: Annotated[str, doc("auto, relay, scip, highs, cpsat, or pulp:NAME")] = "auto"
    gap: Annotated[
        float, Field(gt=0, lt=1), BeforeValidator(not_bool), doc("relative, against the audited cost", "share")
    ] = 0.01
    time_limit_s: Annotated[
        Positive,
        Field(le=1e6),
        doc("seconds after which the clock stops a solve; until then it decides nothing", "s"),
    ] = 600.0
    seed: Annotated[NonNegativeCount, doc("of the solvers' random choices", "index")] = 1


class Scenario(Section):
    """A planning question. ``origin`` keeps where each field was written."""

    version: Annotated[
        Literal[1, 2], doc("of this format; a file of version 1, or of none, keeps what its fields meant")
    ] = OLDEST
    name: Annotated[Name, plain("appears in every result")]
    description: Annotated[str, doc("free text")] = ""
    horizon: Horizon
    catalogs: Annotated[tuple[str, ...], Field(min_length=1), doc("builtin, or folders; later rows win")] = ("builtin",)
    finance: Finance = Finance.model_construct()
    trust: Trust = Trust.model_construct()
    tail_ratio: TailRatio = TailRatio.model_construct()
    blocks: Annotated[
        dict[str, Share] | None, doc("shares of every period's hours; default: the catalog's", "share")
    ] = None
    sites: tuple[Site, ...] = ()
    load_shapes: Annotated[
        dict[str, dict[str, NonNegative]],
        doc("over the catalog's", "factor"),
    ] = Field(default_factory=dict)
    workloads: Annotated[tuple[Workload, ...], Field(min_length=1)]
    futures: tuple[Future, ...] = ()
    revealed: Annotated[Day | None, doc("day the future is known; default: the horizon's end")] = None
    procurement: Procurement = Procurement.model_construct()
    quotes: tuple[Quote, ...] = ()
    token_quotes: tuple[TokenQuote, ...] = ()
    contracts: Annotated[tuple[Contract, ...], doc("already signed")] = ()
    budget: Budget = Budget.model_construct()
    objective: Annotated[
        Objective,
        doc("what is best: least cost, least cost per token, most tokens, most profit"),
    ] = "cost"
    service: Service = Service.model_construct()
    solve: Solve = Solve.model_construct()

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @model_validator(mode="before")
    @classmethod
    def _todays_fields(cls, fields: Any) -> Any:
        return in_todays_fields(fields)

    @property
    def origin(self) -> Origin:
        """Where each field was written."""
        return self._origin

    @field_validator("blocks")
    @classmethod
    def _whole_hours(cls, blocks: dict[str, float] | None) -> dict[str, float] | None:
        if blocks is not None and abs(sum(blocks.values()) - 1) > 1e-9:
            raise ValueError(f"the shares add up to {sum(blocks.values()):.10g}, not 1")
        return blocks

    @field_validator("futures")
    @classmethod
    def _whole_probability(cls, futures: tuple[Future, ...]) -> tuple[Future, ...]:
        total = sum(future.probability for future in futures)
        if futures and abs(total - 1) > 1e-9:
            raise ValueError(f"the probabilities add up to {total:.10g}, not 1")
        return futures

    @field_validator("sites", "workloads", "futures")
    @classmethod
    def _own_names(cls, items: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [item.name for item in items]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise wrong(index, f"the name '{name}' is used twice")
        return items

    @field_validator("quotes", "token_quotes")
    @classmethod
    def _one_quote_each(cls, items: tuple[Any, ...]) -> tuple[Any, ...]:
        names = [item.name for item in items]
        for index, name in enumerate(names):
            if name in names[:index]:
                first, other = names.index(name), "region" if isinstance(items[index], Quote) else "provider"
                raise wrong(index, f"{name} is quoted already, as number {first}; drop one, or give it another {other}")
        return items
