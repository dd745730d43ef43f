"""Plausible wrong versions of what engines and what is switched on mean for serving, and cases in which they matter."""

from __future__ import annotations

from planner.rules import eligibility, families
from tests.rule_cases import DEAR, TRIANGLE, at, case, chat
from tests.rule_mutants import Mutant, constant, dropping
from tests.strategies import Case, offer, point, system


def an_engine_asked_for() -> Case:
    """Another engine is five times as fast, and the workload runs on no other than its own."""
    return case(points=(point(), point(series="other", rate=5.0, engine="f")), workloads=[chat(engines=["e"])])


def a_triangle_half_of_it_with_offload() -> Case:
    """Shapes around the workload, two with the cache offloaded: no fit joins both, so another system serves."""
    on = {"kv_offload": "on", "requires": "kv_offload"}
    half = [at((row.input_tokens_mean, row.output_tokens_mean), 1.0, **on) for row in TRIANGLE[:2]]
    other = at((2000, 1000), 6.0, system="b-node")
    rented = (DEAR, offer(system="b-node", usd_per_gpu_hour=9.0))
    asked = [chat(tokens={"input": 2000, "output": 1000})]
    return case(rented, (*half, *TRIANGLE[2:], other), (system("h-node"), system("b-node")), workloads=asked)


SERVING = [
    Mutant(eligibility, "unfit", dropping("engine"), an_engine_asked_for),
    Mutant(families, "switched_on", constant(()), a_triangle_half_of_it_with_offload),
]
