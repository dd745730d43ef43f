"""Eligibility: which point may serve a workload, at what rate, and why not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from planner import bits
from planner.audit.premises import Floats, Premises
from planner.catalog.models import ServingPoint, TokenApi
from planner.scenario.models import Sla, TailRatio, Workload
from planner.units import ms_from_s

SHAPE_TOLERANCE = 0.10
ROUNDING = 1e-9
MEDIAN = 50
PROVEN = ("independent", "measured")


def latency_ms(
    percentile: int, stated_ms: float | None, statistic: str | None, p99_ms: float | None, tail: float | None
) -> float | None:
    """The latency that a target at ``percentile`` is held against, None where none is known.

    At 50 the p50, or the mean; at 90, 95 and 99 that percentile, or the p99, or p50 or mean × the ``tail`` ratio.
    """
    central = statistic in ("p50", "mean")
    if percentile == MEDIAN:
        return stated_ms if central else None
    if statistic in (f"p{percentile}", "p99"):
        return stated_ms
    if p99_ms is not None:
        return p99_ms
    return stated_ms * tail if central and stated_ms is not None and tail is not None else None


def latency_fault(sla: Sla, what: ServingPoint | TokenApi, tail: TailRatio) -> str:
    """Why a point or API misses the latency targets, '' where it meets them."""
    p99 = (what.ttft_p99_ms, what.tpot_p99_ms) if isinstance(what, ServingPoint) else (None, None)
    ttft = latency_ms(sla.ttft_percentile, what.ttft_ms, what.ttft_statistic, p99[0], tail.ttft)
    tpot = latency_ms(sla.tpot_percentile, what.tpot_ms, what.tpot_statistic, p99[1], tail.tpot)
    target_ttft = None if sla.ttft_s is None else ms_from_s(sla.ttft_s)
    for name, percentile, known, target in (
        ("TTFT", sla.ttft_percentile, ttft, target_ttft),
        ("TPOT", sla.tpot_percentile, tpot, sla.tpot_ms),
    ):
        if target is not None and known is None:
            return f"its {name} at percentile {percentile} is unknown"
        if target is not None and known is not None and known > target * (1 + ROUNDING):
            return f"its {name} at percentile {percentile} is {known:g} ms, the target {target:g} ms"
    return ""


def point_fault(premises: Premises, workload: Workload, point: ServingPoint) -> str:
    """Why a point may not serve a workload anywhere, '' where it may."""
    assert workload.tokens is not None
    if point.model != workload.model:
        return f"it runs {point.model}, not {workload.model}"
    if not point.serves(workload.name):
        return "it was derived for another workload"
    if point.precision not in workload.precisions:
        return f"{point.precision} is not among the precisions accepted"
    if fault := accuracy_fault(premises, workload, point):
        return fault
    for name, mean, wanted in (
        ("input", point.input_tokens_mean, workload.tokens.input),
        ("output", point.output_tokens_mean, workload.tokens.output),
    ):
        if abs(mean - wanted) > SHAPE_TOLERANCE * wanted * (1 + ROUNDING):
            return f"its mean {name} of {mean:g} tokens is over 10 % off the {wanted:g} served"
    domain = premises.catalog.systems[point.system].nvlink_domain_usable_gpus
    if point.largest_worker_gpus > domain:
        return f"its worker of {point.largest_worker_gpus} GPUs exceeds the domain of {domain}"
    return latency_fault(workload.sla, point, premises.scenario.tail_ratio)


def accuracy_fault(premises: Premises, workload: Workload, point: ServingPoint) -> str:
    """Why a point's precision is not accurate enough for a workload, '' where it is or need not be."""
    if workload.accuracy is None:
        return ""
    evaluation, floor = workload.accuracy.evaluation, workload.accuracy.min_score_share
    known = [
        row.score_share
        for row in premises.catalog.accuracy.values()
        if row.model == point.model and row.precision == point.precision and row.evaluation == evaluation
    ]
    if not known:
        return f"no score of {point.model} in {point.precision} at {evaluation} is known"
    if max(known) < floor:
        return f"{point.model} in {point.precision} scores {max(known):.3g} at {evaluation}, the floor is {floor:.3g}"
    return ""


def needs_rdma(premises: Premises, point: ServingPoint) -> bool:
    """Whether a replica is larger than one NVLink domain."""
    return point.gpus_per_replica > premises.catalog.systems[point.system].nvlink_domain_usable_gpus


def large_workers(premises: Premises, point: ServingPoint) -> int:
    """Workers of a replica of which a domain hosts only one."""
    domain = premises.catalog.systems[point.system].nvlink_domain_usable_gpus
    large = point.largest_worker_gpus > domain / 2
    return point.gpus_per_replica // point.largest_worker_gpus if large else 0


def api_fault(premises: Premises, workload: Workload, api: TokenApi) -> str:
    """Why a token API may not serve a workload at any time, '' where it may."""
    if not premises.scenario.procurement.token_api:
        return "procurement.token_api is off"
    if not workload.token_api or workload.kind == "gpu_hours":
        return f"{workload.name} may not be sent to token APIs"
    if api.model != workload.model:
        return f"it serves {api.model}, not {workload.model}"
    if fault := premises.provider_faults(api.provider):
        return fault
    if workload.kind != "interactive":
        return ""
    return latency_fault(workload.sla, api, premises.scenario.tail_ratio)


def gpu_rate(premises: Premises, workload: Workload, system: str) -> Floats:
    """Weighted GPUs that one GPU of a system is worth to a gpu_hours workload, (T,)."""
    weight = workload.gpu_hours_weight.get(system, 0.0)
    return np.full(premises.timeline.periods, weight * (1 - workload.headroom))


def point_rate(premises: Premises, workload: Workload, point: ServingPoint, rivals: Iterable[ServingPoint]) -> Floats:
    """Requests/s per GPU of a point, (T,); ``rivals`` are the points that may cap a predicted one."""
    rate = trusted_rate(premises, workload, point)
    if point.evidence == "predicted":
        proven = [trusted_rate(premises, workload, rival) for rival in rivals if _caps(rival, point, workload)]
        rate = min(rate, max(proven, default=rate))
    procurement, timeline = premises.scenario.procurement, premises.timeline
    years = timeline.years_to_middle
    if procurement.software_gain_from == "measured":
        years = timeline.years_since(point.as_of)
    growth = bits.power(1 + procurement.software_gain_per_year.get(point.system, 0.0), years)
    return np.asarray(rate * growth * (1 - workload.headroom))


def trusted_rate(premises: Premises, workload: Workload, point: ServingPoint) -> float:
    """Requests/s per GPU after trust, before software gain and headroom."""
    assert workload.tokens is not None
    closed_loop = min(
        point.input_tok_s_per_gpu / workload.tokens.input, point.output_tok_s_per_gpu / workload.tokens.output
    )
    return closed_loop * premises.scenario.trust.of(point.evidence)


def capped_by(point: ServingPoint) -> tuple[object, ...]:
    """What proven points share with the predicted ones that they cap: model, system and nominal lengths."""
    return point.model, point.system, point.input_tokens_nominal, point.output_tokens_nominal


def _caps(rival: ServingPoint, point: ServingPoint, workload: Workload) -> bool:
    """Whether a proven point that may serve the workload is of the same model, system and shape, and no slower."""
    return (
        rival.evidence in PROVEN
        and rival.serves(workload.name)
        and rival.derivation != "interpolated"
        and capped_by(rival) == capped_by(point)
        and rival.ttft_ms <= point.ttft_ms
        and rival.tpot_ms <= point.tpot_ms
    )
