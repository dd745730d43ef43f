"""The shape of the rows of a result's tables. Numbers are in the unit that their name says."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config

# Pydantic takes the standard library's TypedDict only from Python 3.12 on.
from typing_extensions import TypedDict

from planner.kinds.cash import CATEGORIES

CLOSED = ConfigDict(extra="forbid")
Period = Annotated[str, Field(description="2027-01, 2027-Q1 or 2027")]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Category = Annotated[str, Field(description=f"one of {', '.join(CATEGORIES)}")]
Evidence = Literal["measured", "independent", "vendor", "predicted", "estimate"]
Derivation = Literal["", "interpolated", "fitted"]


class Row(TypedDict):
    """What every row may say of itself."""

    future: NotRequired[Annotated[str, Field(description="only where there are several; `all` for every one")]]
    lookahead: NotRequired[Annotated[Literal[True], Field(description="a period after the reported horizon")]]


@with_config(CLOSED)
class Purchase(Row):
    """Systems bought; ``cost_usd`` is undiscounted capex."""

    site: str
    system: str
    order_by: Day
    in_service: Day
    period: Period
    count: float
    gpus: float
    cost_usd: float


@with_config(CLOSED)
class Retirement(Row):
    """Systems of an existing group gone from a period on."""

    site: str
    system: str
    period: Period
    count: float


@with_config(CLOSED)
class SignedContract(Row):
    """A reserved contract; ``cost_usd`` is the whole of it, ``remaining_commitment_usd`` due after the reported end."""

    provider: str
    region: str
    system: str
    kind: Literal["reserved"]
    term_months: float
    order_by: Day
    start: Day
    end: Day
    period: Period
    lots: float
    gpus: float
    usd_per_gpu_hour: float
    cost_usd: float
    remaining_commitment_usd: float


@with_config(CLOSED)
class Rental(Row):
    """GPUs rented by the hour, the mean over a load block."""

    provider: str
    region: str
    system: str
    kind: Literal["on_demand", "spot"]
    period: Period
    block: str
    gpus: float
    cost_usd: float


@with_config(CLOSED)
class ApiCalls(Row):
    """Tokens bought from a token API."""

    provider: str
    model: str
    workload: str
    period: Period
    block: str
    mtok_input: float
    mtok_output: float
    cost_usd: float


@with_config(CLOSED)
class Served(Row):
    """A workload on a pool at a serving point; latencies are null for GPU-hours."""

    workload: str
    system: str
    pool: str
    point: str
    period: Period
    block: str
    gpus: float
    replicas: Annotated[float, Field(description="rounded up")]
    gpus_per_replica: float
    requests_per_s: float
    ttft_ms: float | None
    tpot_ms: float | None
    by_tail_ratio: Annotated[str, Field(description="latencies converted by tail_ratio: ttft, tpot, ttft+tpot or none")]
    evidence: Evidence
    derived: Annotated[Derivation, Field(description="how the point was made of measured ones; empty where it was not")]
    note: Annotated[str, Field(description="what a derived point rests on; why prefix-cache hits count for nothing")]


@with_config(CLOSED)
class Unserved(Row):
    """What is left unserved."""

    workload: str
    period: Period
    block: str
    requests_per_s: float


@with_config(CLOSED)
class Fleet(Row):
    """Systems in service at a site, and the power provisioned for them."""

    site: str
    system: str
    period: Period
    count: float
    provisioned_utility_mw: float
    provisioned_it_mw: float
    limit_mw: float | None
    energy_mwh: float


@with_config(CLOSED)
class Cash(Row):
    """Cash of a category, out positive, undiscounted and discounted."""

    period: Period
    category: Category
    usd: float
    npv_usd: float


@with_config(CLOSED)
class Origin(TypedDict):
    """A catalog row behind an item of a table; empty where the scenario states the figure itself."""

    table: str
    item: str
    gives: str
    row: str
    evidence: Evidence | Literal["scenario"]
    as_of: str
    where: Annotated[str, Field(description="file and line")]
    source: Annotated[str, Field(description="ids in sources.yaml")]
    note: str


@with_config(CLOSED)
class Binding(Row):
    """A limit whose slack not one more system could use; ``marginal_usd_lp`` is the LP's hint, by unit."""

    constraint: str
    where: str
    period: Annotated[str, Field(description="empty where the limit spans several")]
    limit: float | None
    slack: float
    unit: str
    marginal_usd_lp: float
