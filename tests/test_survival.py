"""What has to go on serving when something fails, by hand: a spare replica, a spare system, two providers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import planner
from planner.plan import Plan
from tests.strategies import CHAT, Case, catalog, offer, point, scenario, solved, system
from tests.survival_mutants import (
    a_spare_replica,
    a_spare_system,
    replicas_of_two_nodes,
    replicas_over_two_nodes,
    two_providers,
)

# A year without discounting, so that costs are hours times prices.
YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year", "lookahead": 0}
HOURS = 8760.0
MIDDLE = 1.1 ** -(182.5 / 365.25)


@pytest.mark.parametrize(
    ("made", "usd_per_hour"),
    [
        (a_spare_replica, 24 * 9.0),
        (a_spare_system, 28 * 9.0),
        (replicas_over_two_nodes, 48 * 9.0),
        (replicas_of_two_nodes, 48 * 9.0),
        (two_providers, 20 * 9.0 + 20 * 10.0),
    ],
)
def test_what_surviving_costs(made: Callable[[], Case], usd_per_hour: float) -> None:
    found = solved(made())
    cost = usd_per_hour * HOURS * MIDDLE
    assert (found.low, found.high) == pytest.approx((cost, cost), rel=1e-6)


def both(survive: str, shape: dict[str, float]) -> Plan:
    """3 requests/s by day and batch work for one replica, each of four GPUs, on nodes of eight at 2 USD a GPU."""
    blocks = {"day": 0.5, "night": 0.5}
    batch = CHAT | {"name": "later", "kind": "batch", "demand": {"requests_per_s": 3.0}}
    asked = scenario(
        version=2,
        horizon=YEAR,
        blocks=blocks,
        load_shapes={"shape": shape},
        workloads=[CHAT | {"demand": {"requests_per_s": 3.0}, "load": "shape"}, batch],
        finance={"discount_rate": 0.0, "price_path": "flat"},
        procurement={"rent": ["reserved"]},
        service={"survive": survive},
    )
    year = offer(kind="reserved", term_months=12, lot_gpus=8, usd_per_gpu_hour=2.0)
    return planner.solve(asked, catalog([system("h-node", usable_share=1.0)], [year], [point()], blocks=blocks))


@pytest.mark.parametrize(
    ("survive", "nodes"), [("none", 1), ("replica", 2), pytest.param("system", 2, marks=pytest.mark.slow)]
)
def test_batch_work_waits(survive: str, nodes: int) -> None:
    """A node does for both, one replica each. A spare replica, or a node's two, are on a second node; batch has none.

    Were its one replica held to what is gone with a node, the audit would refuse the plan.
    """
    plan = both(survive, {"day": 1.0, "night": 1.0})
    assert plan.audit.passed
    assert plan.proof.objective_usd == pytest.approx(nodes * 8 * 2.0 * HOURS)


def test_nothing_asked_for_has_nothing_to_survive() -> None:
    """All demand by day: 6 requests/s are two replicas, four with a node's to spare; batch has room by night."""
    plan = both("system", {"day": 2.0, "night": 0.0})
    assert plan.proof.objective_usd == pytest.approx(2 * 8 * 2.0 * HOURS)
