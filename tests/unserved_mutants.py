"""Plausible wrong versions of what a workload that is not served is worth, and the cases in which they matter.

A GPU-hour costs 9 USD and makes 1.8 Mtok of output, so 5 USD/Mtok is where serving begins to pay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from planner.rules import demand, tariffs
from planner.units import mtok_from_tokens
from tests.rule_cases import YEARS, case, chat
from tests.rule_mutants import Mutant
from tests.strategies import Case


def tokens_worth_leaving() -> Case:
    return case(workloads=[chat(unserved_usd_per_mtok={"2027-01": 4.0, "2028-01": 6.0})], horizon=YEARS)


def tokens_with_a_floor_and_a_value() -> Case:
    return case(workloads=[chat(unserved_usd_per_mtok=4.0, min_served=0.5)])


def gpu_hours_worth_leaving() -> Case:
    asked = {"kind": "gpu_hours", "demand": {"gpu_hours_per_day": 240}, "gpu_hours_weight": {"h-node": 1.0}}
    return case(workloads=[{"name": "training", "unserved_usd_per_gpu_hour": 5.0} | asked])


def by_all_tokens(_: Any) -> Callable[..., Any]:
    return lambda w, timeline: np.array(
        [mtok_from_tokens(w.tokens.input + w.tokens.output) * w.unserved_value.step_mean(*s) for s in timeline.spans]
    )


def by_the_first_day(right: Any) -> Callable[..., Any]:
    return lambda w, timeline: np.repeat(right(w, timeline)[:1], timeline.periods)


def of_tokens_alone(right: Any) -> Callable[..., Any]:
    return lambda w, timeline: right(w, timeline) if w.tokens else np.zeros(timeline.periods)


def floor_of_the_service(_: Any) -> Callable[..., Any]:
    return lambda scenario, w: scenario.service.min_served if w.min_served is None else w.min_served


UNSERVED = [
    Mutant(tariffs, "unserved_usd_per_request", by_all_tokens, tokens_worth_leaving),
    Mutant(tariffs, "unserved_usd_per_request", by_the_first_day, tokens_worth_leaving),
    Mutant(tariffs, "unserved_usd_per_request", of_tokens_alone, gpu_hours_worth_leaving),
    Mutant(demand, "least_served", floor_of_the_service, tokens_worth_leaving),
    Mutant(demand, "least_served", lambda _: lambda scenario, w: 0.0, tokens_with_a_floor_and_a_value),
]
