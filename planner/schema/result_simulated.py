"""What a result says of simulated requests, where a workload's headroom is what they need."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from planner.fields import doc
from planner.schema.result_rows import CLOSED


@with_config(CLOSED)
class PointHeadroom(TypedDict):
    """A configuration that was simulated and the headroom that its requests need."""

    workload: Annotated[str, doc("the workload")]
    system: Annotated[str, doc("system that runs it")]
    point: Annotated[str, doc("the serving point")]
    headroom_share: Annotated[
        float, doc("share of closed-loop saturation that stays free; 1 where no headroom holds", "share")
    ]
    replicas: Annotated[float, doc("at the most in any block of the plan; 0 where it is in use no more", "replicas")]


@with_config(CLOSED)
class SimulatedWorkload(TypedDict):
    """A workload's worst block, of those simulated with fresh requests."""

    workload: Annotated[str, doc("the workload")]
    future: NotRequired[Annotated[str, doc("future; only where there are several")]]
    period: Annotated[str | None, doc("where the fewest requests are in time; null where none were simulated")]
    block: Annotated[str | None, doc("load block of it; null where none were simulated")]
    requests_per_s: Annotated[float | None, doc("of it there; null where none were simulated", "requests/s")]
    within_share: Annotated[float | None, doc("of them within all targets; null where none were simulated", "share")]
    ttft_within_share: Annotated[float | None, doc("with the first token in time; null likewise", "share")]
    tpot_within_share: Annotated[float | None, doc("with tokens fast enough; null likewise", "share")]
    held_by: Annotated[
        Literal["simulation", "measured tail", "assumption"],
        doc(
            "what its targets rest on: requests that were simulated; latencies measured at the percentile, in closed "
            "loop; or, for a target at the median or by tail_ratio, the headroom that is assumed"
        ),
    ]


@with_config(CLOSED)
class SimulatedPlan(TypedDict):
    """The rounds of a plan with ``headroom: simulated``, and the last verdict on it."""

    rounds: Annotated[int, doc("plans that were solved and simulated, that of the result included", "count")]
    seed: Annotated[
        int, doc("of the requests that headroom was found with; of the first workload, where they differ", "index")
    ]
    fresh_seed: Annotated[int, doc("of those that the plan was judged by in the end; likewise", "index")]
    requests: Annotated[str, doc("what they are")]
    within_share: Annotated[
        float, doc("of the requests of all workloads simulated, each in its worst block, within all targets", "share")
    ]
    headroom: list[PointHeadroom]
    workloads: list[SimulatedWorkload]
