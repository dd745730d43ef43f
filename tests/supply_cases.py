"""Small cases in which what a provider has by the hour decides what the best plan costs."""

from __future__ import annotations

from typing import Any

from tests.rule_cases import DEAR, case, chat
from tests.strategies import Case, offer

DEARER = offer(provider="bolt", usd_per_gpu_hour=10.0)


def _depth(gpus: Any) -> dict[str, Any]:
    return {"procurement": {"hourly_depth_gpus": gpus}}


def sixteen_gpus_at_a_provider() -> Case:
    """Twenty GPUs: sixteen at 9 USD, four at 10."""
    return case((DEAR, DEARER), **_depth(16))


def sixteen_gpus_at_one_provider_only() -> Case:
    """Acme is taken to have 16, any other 512: of 600 GPUs 16 at 9 USD, 512 at 10 and 72 at 11."""
    three = (DEAR, DEARER, offer(provider="core", usd_per_gpu_hour=11.0))
    return case(three, workloads=[chat(demand={"requests_per_s": 600.0})], **_depth({"acme": 16}))


def an_offer_of_eighteen_lots() -> Case:
    """Eighteen lots that acme states, whatever it is taken to have elsewhere, and two at 10 USD."""
    stated = offer(usd_per_gpu_hour=9.0, max_lots=18)
    return case((stated, DEARER), **_depth(4))
