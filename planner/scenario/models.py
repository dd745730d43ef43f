"""What a scenario says: one frozen model per section, every field with its unit in its name."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

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
from planner.kinds.evidence import Evidence
from planner.scenario.origin import Origin
from planner.scenario.procurement import Contract, Procurement, Providers, Quota, Quote, Systems, TokenQuote
from planner.scenario.section import Amounts, BelowOne, Name, Overhead, Section, YearlyLimit
from planner.scenario.site import Conversion, Existing, Lease, Pue, Site
from planner.scenario.workload import Demand, Sla, TokenPrice, Tokens, Workload
from planner.schedule import Schedule, add_months

PeriodLength = Literal["month", "quarter", "year"]
Objective = Literal["cost", "cost_per_token", "tokens", "profit"]
TokenBasis = Literal["output", "total"]
MONTHS_PER_PERIOD: dict[PeriodLength, int] = {"month": 1, "quarter": 3, "year": 12}
MOST_YEARS = 50
ALWAYS = Schedule(anchors=((dt.date.min, 1.0),))

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
    "Workload",
    "YearlyLimit",
]


class Horizon(Section):
    """The calendar: when the decision is taken, when service starts, in which steps."""

    decided_on: Day = Field(description="day the plan is decided; lead times count from here")
    start: Day = Field(description="first day of the first period")
    periods: Count = Field(description="periods reported")
    period: PeriodLength = "quarter"
    lookahead: NonNegativeCount = Field(
        0,
        description="further periods, solved at the demand of the last reported one and marked in every table",
    )

    @model_validator(mode="after")
    def _periods_within_years(self) -> Horizon:
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

    discount_rate: BelowOne = Field(0.10, description="per year, nominal, pre-tax")
    token_basis: TokenBasis = Field("output", description="tokens that the headline and `tokens` count")
    contract_tail_share: Share = Field(
        1.0, description="share of a contract's payments after the horizon that the plan is charged"
    )
    residual_haircut: Share = Field(1.0, description="share of the residual curve credited at the horizon's end")
    price_path: str = Field("flat", description="named path of price_paths.yaml")


class Trust(Section):
    """Factor on throughput by evidence class."""

    measured: Fraction = 1.0
    independent: Fraction = 1.0
    vendor: Fraction = 0.9
    predicted: Fraction = 0.65
    estimate: Fraction = 0.65

    def of(self, evidence: Evidence) -> float:
        """The factor of an evidence class."""
        factor: float = getattr(self, evidence)
        return factor


class TailRatio(Section):
    """Tail latency over the mean or median, for points that state no tail; without it they miss any tail target."""

    ttft: Overhead | None = None
    tpot: Overhead | None = None

    def of(self, metric: Literal["ttft", "tpot"]) -> float | None:
        """The ratio of a metric, None where tails that are not stated stay unknown."""
        return self.ttft if metric == "ttft" else self.tpot


class Future(Section):
    """One way things may turn out; factors on the scenario's forecast and prices."""

    name: Name
    probability: Fraction
    demand: Amounts = Field(ALWAYS, description="factor on every demand")
    demand_by_workload: dict[str, Amounts] = Field(default_factory=dict, description="further factor, by workload")
    rent_price: Amounts = Field(ALWAYS, description="factor on on-demand and spot prices")


class Budget(Section):
    """Undiscounted cash limits: a number for the reported horizon, or one per calendar year (the last holds on)."""

    capex_usd: YearlyLimit = Field(None, description="hardware, network, installation, conversion")
    opex_usd: YearlyLimit = Field(None, description="everything else, upfront payments included")
    total_usd: YearlyLimit = Field(None, description="capex and opex")
    commitments_usd: YearlyLimit = Field(None, description="whole value of the contracts that start in the year")


class Service(Section):
    """What must be served."""

    min_served: Share = Field(1.0, description="per workload and period, share of tokens")


class Solve(Section):
    """How to solve."""

    solver: str = Field("auto", description="auto, relay, scip, highs, cpsat, or pulp:NAME")
    gap: Annotated[float, Field(gt=0, lt=1), BeforeValidator(not_bool)] = Field(
        0.001, description="relative, against the audited cost"
    )
    time_limit_s: Annotated[Positive, Field(le=1e6)] = 60.0
    seed: NonNegativeCount = 1


class Scenario(Section):
    """A planning question. ``origin`` keeps where each field was written."""

    version: Literal[1] = 1
    name: Name
    description: str = ""
    horizon: Horizon
    catalogs: tuple[str, ...] = Field(("builtin",), min_length=1, description="builtin, or folders; later rows win")
    finance: Finance = Finance()
    trust: Trust = Trust()
    tail_ratio: TailRatio = TailRatio()
    blocks: dict[str, Share] | None = Field(None, description="shares of every period's hours; default: the catalog's")
    sites: tuple[Site, ...] = ()
    load_shapes: dict[str, dict[str, NonNegative]] = Field(default_factory=dict, description="over the catalog's")
    workloads: tuple[Workload, ...] = Field(min_length=1)
    futures: tuple[Future, ...] = ()
    revealed: Day | None = Field(None, description="day the future is known; default: the horizon's end")
    procurement: Procurement = Procurement()
    quotes: tuple[Quote, ...] = ()
    token_quotes: tuple[TokenQuote, ...] = ()
    contracts: tuple[Contract, ...] = Field((), description="already signed")
    budget: Budget = Budget()
    objective: Objective = "cost"
    service: Service = Service()
    solve: Solve = Solve()

    _origin: Origin = PrivateAttr(default_factory=Origin)

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
