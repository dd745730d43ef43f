"""Reasons: the rule by which a system, provider, point, pool or token API is kept out of a plan, in words."""

from __future__ import annotations

from planner.accounts.inputs import Inputs
from planner.catalog.models import ServingPoint, System, TokenApi
from planner.rules.eligibility import UNKNOWN, Misfit, api_ruled_out, misfits, provider_ruled_out, system_ruled_out
from planner.rules.latency import SLACK, latency_ms, row_sla, targets
from planner.scenario.models import Sla, TailRatio, Workload


def system_fault(inputs: Inputs, system: System, *, named: bool = False) -> str:
    """Why a plan may not take on this system, '' where it may; a quote for it names it."""
    rule = system_ruled_out(inputs.scenario, system, named=named)
    if rule == "announced":
        return f"{system.system} is announced and not switched on"
    return f"procurement.systems does not allow {system.system}" if rule else ""


def provider_fault(inputs: Inputs, provider: str) -> str:
    """Why a plan may not use this provider, '' where it may."""
    return f"procurement.providers does not allow {provider}" if provider_ruled_out(inputs.scenario, provider) else ""


def point_fault(inputs: Inputs, workload: Workload, point: ServingPoint) -> str:
    """Why a point may not serve a workload anywhere, '' where it may."""
    tail = inputs.scenario.tail_ratio
    misfit = next(misfits(point, workload, inputs.catalog, tail), None)
    if misfit is None:
        return ""
    if misfit.rule == "latency":
        return latency_fault(row_sla(workload), point, tail)
    if misfit.rule == "headroom":
        return f"no headroom was seen to hold the targets of {workload.name} on it"
    return _misfit(misfit, workload, point)


def _misfit(misfit: Misfit, workload: Workload, point: ServingPoint) -> str:
    rule, _, found, asked = misfit
    if rule == "model":
        return f"it runs {point.model}, not {workload.model}"
    if rule == "workload":
        return "it was derived for another workload"
    if rule == "precision":
        return f"{point.precision} is not among the precisions accepted"
    if rule == "engine":
        return f"{point.engine} is not among the engines accepted"
    if rule == "accuracy":
        assert workload.accuracy is not None
        what, evaluation = f"{point.model} in {point.precision}", workload.accuracy.evaluation
        if found == UNKNOWN:
            return f"no score of {what} at {evaluation} is known"
        if workload.accuracy.max_loss_points is not None:
            return f"{what} loses {found:.3g} points at {evaluation}, at most {asked:.3g} may be lost"
        return f"{what} scores {found:.3g} at {evaluation}, the floor is {asked:.3g}"
    if rule == "domain":
        return f"its worker of {found:.0f} GPUs exceeds the domain of {asked:.0f}"
    return f"its mean {rule} of {found:g} tokens is over 10 % off the {asked:g} served"


def latency_fault(sla: Sla, row: ServingPoint | TokenApi, tail: TailRatio) -> str:
    """Why a point or API misses the latency targets, '' where it meets them."""
    for metric, limit, percentile in targets(sla):
        known = latency_ms(row, metric, percentile, tail)
        name = f"its {metric.upper()} at percentile {percentile}"
        if known == float("inf"):
            return f"{name} is unknown"
        if known / limit - 1 > SLACK:
            return f"{name} is {known:g} ms, the target {limit:g} ms"
    return ""


def api_fault(inputs: Inputs, workload: Workload, api: TokenApi) -> str:
    """Why a token API may not serve a workload at any time, '' where it may."""
    rule = api_ruled_out(inputs.scenario, workload, api)
    reasons = {
        "": "",
        "off": "procurement.token_api is off",
        "workload": f"{workload.name} may not be sent to token APIs",
        "model": f"it serves {api.model}, not {workload.model}",
        "provider": provider_fault(inputs, api.provider),
        "latency": latency_fault(workload.sla, api, inputs.scenario.tail_ratio),
    }
    return reasons[rule]
