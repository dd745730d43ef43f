"""The rows of a result's tables: every column with its meaning and its unit."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, WithJsonSchema, with_config

# Pydantic takes the standard library's TypedDict only from Python 3.12 on.
from typing_extensions import TypedDict

from planner.fields import doc
from planner.kinds.cash import CATEGORIES
from planner.kinds.evidence import Evidence
from planner.kinds.limits import LIMITS

CLOSED = ConfigDict(extra="forbid")
DATE = WithJsonSchema({"type": "string", "format": "date"})
Day = Annotated[str, DATE]
Period = Annotated[str, doc("2027-01, 2027-Q1 or 2027")]
Category = Annotated[str, doc(f"what it is paid for, one of {', '.join(CATEGORIES)}; `revenue` is negative")]
Block = Annotated[str, doc("load block")]
Derivation = Literal["", "interpolated", "fitted", "extrapolated"]


class Row(TypedDict):
    """What every row may say of itself."""

    future: NotRequired[Annotated[str, doc("only where there are several; `all` for every one")]]
    lookahead: NotRequired[Annotated[Literal[True], doc("a period after the reported horizon")]]


@with_config(CLOSED)
class Purchase(Row):
    """Systems bought; ``cost_usd`` is undiscounted capex."""

    site: Annotated[str, doc("where they stand")]
    system: Annotated[str, doc("key of systems.yaml")]
    order_by: Annotated[Day, doc("in_service less lead weeks")]
    in_service: Annotated[Day, doc("first day of the period")]
    period: Period
    count: Annotated[float, doc("systems, not GPUs", "systems")]
    gpus: Annotated[float, doc("GPUs in them", "GPUs")]
    cost_usd: Annotated[float, doc("hardware, network and installation, undiscounted", "USD")]


@with_config(CLOSED)
class Retirement(Row):
    """Systems of an existing group gone from a period on."""

    site: Annotated[str, doc("where they stood")]
    system: Annotated[str, doc("key of systems.yaml")]
    period: Period
    count: Annotated[float, doc("systems, not GPUs", "systems")]
    gpus: NotRequired[Annotated[float, doc("GPUs in them", "GPUs")]]


@with_config(CLOSED)
class SignedContract(Row):
    """A reserved contract; ``cost_usd`` is the whole of it, ``remaining_commitment_usd`` due after the reported end."""

    provider: Annotated[str, doc("with whom")]
    region: Annotated[str, doc("the offer's")]
    system: Annotated[str, doc("key of systems.yaml")]
    kind: Annotated[Literal["reserved"], doc("for a term")]
    term_months: Annotated[float, doc("length of the term", "months")]
    order_by: Annotated[Day, doc("day to sign: start less lead weeks")]
    start: Annotated[Day, doc("first day with it")]
    end: Annotated[Day, doc("first day without it")]
    period: Period
    lots: Annotated[float, doc("lots signed", "lots")]
    gpus: Annotated[float, doc("GPUs in them", "GPUs")]
    usd_per_gpu_hour: Annotated[float, doc("mean over the term, upfront payment included", "USD per GPU-hour")]
    cost_usd: Annotated[float, doc("whole value of the contract, undiscounted", "USD")]
    remaining_commitment_usd: Annotated[float, doc("part of it due after the reported end", "USD")]


@with_config(CLOSED)
class Rental(Row):
    """GPUs rented by the hour, the mean over a load block."""

    provider: Annotated[str, doc("from whom")]
    region: Annotated[str, doc("the offer's")]
    system: Annotated[str, doc("key of systems.yaml")]
    kind: Annotated[Literal["on_demand", "spot"], doc("whether it can be taken away")]
    period: Period
    block: Block
    lots: Annotated[float, doc("that run at once", "lots")]
    hours: Annotated[float, doc("that each runs: those of the block, or fewer for batch work", "hours")]
    gpus: Annotated[float, doc("mean over the block", "GPUs")]
    cost_usd: Annotated[float, doc("of the hours that they run, undiscounted", "USD")]


@with_config(CLOSED)
class ApiCalls(Row):
    """Tokens bought from a token API."""

    provider: Annotated[str, doc("from whom")]
    model: Annotated[str, doc("the workload's")]
    workload: Annotated[str, doc("whose requests they are")]
    period: Period
    block: Block
    mtok_input: Annotated[float, doc("input tokens, cached ones included", "Mtok")]
    mtok_output: Annotated[float, doc("output tokens", "Mtok")]
    cost_usd: Annotated[float, doc("of the block's hours in the period, undiscounted", "USD")]


@with_config(CLOSED)
class Served(Row):
    """A workload on a pool at a serving point; latencies are null for GPU-hours."""

    workload: Annotated[str, doc("what is served")]
    system: Annotated[str, doc("key of systems.yaml")]
    pool: Annotated[str, doc("GPUs that serving cannot tell apart")]
    point: Annotated[str, doc("name of the serving point; the system for GPU-hours")]
    engine: Annotated[str, doc("serving engine that the point ran on; empty for GPU-hours")]
    engine_version: Annotated[str, doc("its version or image; empty where no source says, several joined by `; `")]
    period: Period
    block: Block
    gpus: Annotated[float, doc("serving, mean over the block", "GPUs")]
    replicas: Annotated[float, doc("rounded up", "replicas")]
    gpus_per_replica: Annotated[float, doc("of the point", "GPUs")]
    requests_per_s: Annotated[float, doc("rate served; weighted GPUs for GPU-hours", "requests/s")]
    ttft_ms: Annotated[float | None, doc("time to first token, at the target's percentile", "ms")]
    tpot_ms: Annotated[float | None, doc("time per output token, at the target's percentile", "ms")]
    by_tail_ratio: Annotated[str, doc("latencies converted by tail_ratio: ttft, tpot, ttft+tpot or none")]
    evidence: Annotated[Evidence, doc("class of the point; measured for GPU-hours")]
    derived: Annotated[Derivation, doc("how the point was made of measured ones; empty where it was not")]
    note: Annotated[str, doc("what a derived point rests on; why prefix-cache hits count for nothing")]


@with_config(CLOSED)
class Unserved(Row):
    """What is left unserved; its value is no cash."""

    workload: Annotated[str, doc("whose demand it is")]
    period: Period
    block: Block
    requests_per_s: Annotated[float, doc("rate left unserved; weighted GPUs for GPU-hours", "requests/s")]
    value_usd: NotRequired[
        Annotated[float, doc("at the workload's value of unserved demand, undiscounted; not cash", "USD")]
    ]


@with_config(CLOSED)
class Fleet(Row):
    """Systems in service at a site, and the power provisioned for them."""

    site: Annotated[str, doc("where they stand")]
    system: Annotated[str, doc("key of systems.yaml")]
    period: Period
    count: Annotated[float, doc("systems, bought and existing", "systems")]
    provisioned_utility_mw: Annotated[float, doc("at the meter, at design PUE", "MW")]
    provisioned_it_mw: Annotated[float, doc("nameplate with network adder", "MW")]
    limit_mw: Annotated[float | None, doc("the site's usable cap, on the side that cap_at names", "MW")]
    energy_mwh: Annotated[float, doc("drawn at the meter in the period", "MWh")]


@with_config(CLOSED)
class Cash(Row):
    """Cash of a category, out positive, undiscounted and discounted."""

    period: Period
    category: Category
    usd: Annotated[float, doc("undiscounted", "USD")]
    npv_usd: Annotated[float, doc("discounted to the horizon's start", "USD")]


@with_config(CLOSED)
class WorkloadCost(TypedDict):
    """What a workload bears of the cost, and what it costs more; money and ratios are of the solved horizon."""

    workload: Annotated[str, doc("whose cost it is")]
    model: Annotated[str, doc("the workload's; empty for GPU-hours")]
    mtok_output: Annotated[float, doc("output tokens served in the reported periods", "Mtok")]
    mtok_total: Annotated[float, doc("input and output tokens served in the reported periods", "Mtok")]
    gpu_hours: Annotated[float, doc("used in the reported periods, those of token APIs left out", "GPU-hours")]
    npv_usd: Annotated[float, doc("share of the NPV of all cost: over the workloads they add up to it", "USD")]
    idle_npv_usd: Annotated[float, doc("part of npv_usd that pays for hours in which its supplies were idle", "USD")]
    usd_per_mtok_output: Annotated[float | None, doc("npv_usd ÷ NPV of its output tokens served", "USD per Mtok")]
    usd_per_mtok_total: Annotated[float | None, doc("npv_usd ÷ NPV of its tokens served", "USD per Mtok")]
    usd_per_gpu_hour: Annotated[
        float | None, doc("npv_usd ÷ discounted GPU-hours used; GPU-hours workloads only", "USD per GPU-hour")
    ]
    incremental_npv_usd: Annotated[
        float | None,
        doc("least cost with it less least cost without it, by the LP relaxation; null where not computed", "USD"),
    ]
    incremental_usd_per_mtok_output: Annotated[
        float | None, doc("incremental_npv_usd ÷ NPV of its output tokens", "USD per Mtok")
    ]
    incremental_usd_per_mtok_total: Annotated[
        float | None, doc("incremental_npv_usd ÷ NPV of its tokens", "USD per Mtok")
    ]


@with_config(CLOSED)
class CostByTag(TypedDict):
    """What bears a value of a tag, expected over the futures; over the values of a tag it adds up to all cost."""

    tag: Annotated[str, doc("tag of the scenario, such as cost_centre")]
    value: Annotated[str, doc("its value; empty for what does not bear the tag")]
    period: Period
    usd: Annotated[float, doc("cash out, capex and opex, undiscounted", "USD")]
    npv_usd: Annotated[float, doc("all cost, discounted; what falls due after the horizon in the last period", "USD")]
    lookahead: NotRequired[Annotated[Literal[True], doc("a period after the reported horizon")]]


@with_config(CLOSED)
class Origin(TypedDict):
    """A catalog row behind an item of a table; empty where the scenario states the figure itself."""

    table: Annotated[str, doc("table of the result")]
    item: Annotated[str, doc("what a row of that table is about")]
    gives: Annotated[str, doc("figures that the catalog row gives")]
    row: Annotated[str, doc("name of the catalog row")]
    evidence: Annotated[Evidence | Literal["scenario"], doc("class of the row")]
    as_of: Annotated[str, doc("day the row's figures were valid or read")]
    where: Annotated[str, doc("file and line")]
    source: Annotated[str, doc("ids in sources.yaml")]
    note: Annotated[str, doc("the row's")]


@with_config(CLOSED)
class Binding(Row):
    """A limit whose slack not one more system could use; ``marginal_usd_lp`` is the LP's hint, by unit."""

    constraint: Annotated[str, doc(f"kind of limit: {', '.join(LIMITS)}")]
    where: Annotated[str, doc("site, provider, workload or budget that it holds for")]
    period: Annotated[str, doc("empty where the limit spans several")]
    limit: Annotated[float | None, doc("what the limit allows", "unit")]
    slack: Annotated[float, doc("what the plan leaves of it", "unit")]
    unit: Annotated[str, doc("unit of limit and slack")]
    marginal_usd_lp: Annotated[
        float, doc("shadow price: NPV that one more unit is worth in the LP relaxation", "USD per unit")
    ]
