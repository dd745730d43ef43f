"""Plausible wrong versions of what ``planner.rules`` says of the GPUs that a provider has by the hour."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from planner.rules import offers
from tests import supply_cases as cases
from tests.rule_mutants import Mutant, constant


def unlimited_unless_named(right: Any) -> Callable[..., float]:
    return lambda rules, provider, most: (
        right(rules, provider, most) if provider in rules.hourly_depth_gpus else math.inf
    )


def whatever_it_states(right: Any) -> Callable[..., float]:
    return lambda rules, provider, most: right(rules, provider, None)


SUPPLIED = [
    Mutant(offers, "hourly_depth", constant(math.inf), cases.sixteen_gpus_at_a_provider),
    Mutant(offers, "hourly_depth", unlimited_unless_named, cases.sixteen_gpus_at_one_provider_only),
    Mutant(offers, "hourly_depth", whatever_it_states, cases.an_offer_of_eighteen_lots),
]
