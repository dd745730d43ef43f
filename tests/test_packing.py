"""Packing's short cuts: tight blocks first, and periods that ask the same once. What they leave out is not missed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import planner
from planner.milp import Model, build_model
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.solvers import Options, packing, room
from planner.solvers.answer import Floats
from planner.solvers.clock import Clock
from planner.solvers.executable import _Search, carried
from planner.solvers.optimise import optimise
from planner.solvers.packer import Packer, packer
from planner.solvers.packing import NOTICEABLE, pack, probe
from tests.limits import AMPLE_S

pytestmark = pytest.mark.slow

OPTIONS = Options(gap=0.01)
NEAR_USD, NEAR_10MW_USD, FINE = 2e7, 3.3e8, 3e-4
TOLERANCE = 1e-6


@cache
def _model(name: str) -> tuple[Model, Floats]:
    """A plan's matrix in whole replicas, and stocks that its relaxation thinks enough."""
    scenario = planner.load(f"scenarios/{name}.yaml")
    catalog = catalog_of(scenario)
    model = build_model(build_problem(scenario, catalog))
    inner = build_model(build_problem(scenario, catalog, whole=False))
    relaxed = optimise(inner, inner.milp, "auto", OPTIONS)
    assert relaxed.x is not None
    return model, carried(inner, model, relaxed.x)


def _ready(name: str = "agents") -> tuple[Packer, Floats]:
    model, stocks = _model(name)
    return packer(model, model.milp), stocks


def _tight(ready: Packer, stocks: Floats) -> list[str]:
    found = room.tight(ready, stocks, OPTIONS, Clock(AMPLE_S))
    labels = [label for block in ready.milp.row_blocks for label in block.labels()]
    return [label for label, at in zip(labels, found, strict=True) if at]


def test_periods_that_ask_the_same_are_packed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """At no more cost, within what a period may be off its best, than when each is packed."""
    ready, stocks = _ready()
    once = pack(ready, stocks, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S))
    packed = len(ready.packed)
    monkeypatch.setattr(packing, "_alike", lambda *_: {})
    again, _ = _ready()
    each = pack(again, stocks, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S))
    assert packed < len(again.packed)
    assert once.complete
    assert each.complete
    assert ready.milp.objective(once.x) == pytest.approx(again.milp.objective(each.x), abs=FINE * NEAR_USD)
    activity, slack = ready.milp.activity(once.x), TOLERANCE * np.maximum(1.0, np.abs(ready.milp.activity(once.x)))
    assert (activity >= ready.milp.row_lower - slack).all()
    assert (activity <= ready.milp.row_upper + slack).all()


def test_a_block_is_packed_once_at_the_same_stocks() -> None:
    ready, stocks = _ready()
    first = pack(ready, stocks, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S))
    packed = len(ready.packed)
    second = pack(ready, stocks, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S))
    assert len(ready.packed) == packed
    np.testing.assert_array_equal(first.x, second.x)


def test_what_is_cheaper_to_leave_over_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sliver of demand is, where one more replica costs more than its share of the price of a shortage."""
    ready, stocks = _ready()
    monkeypatch.setattr(packing, "SHORT", 1e-9)
    assert pack(ready, stocks, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S)).complete
    everywhere = np.ones(ready.milp.rows, dtype=bool)
    assert not probe(ready, stocks, everywhere, NEAR_USD, FINE, OPTIONS, Clock(AMPLE_S)).any()


@pytest.mark.parametrize(("gap", "within"), [(0.019, True), (0.011, False)])
def test_only_a_bound_that_is_likely_to_be_there_is_looked_for(gap: float, within: bool) -> None:
    """A plan at 100, in parts at 99, a bound of 98: one of 98.1 is looked for, one of 98.9 is not."""
    assert _Search(best=(np.zeros(1), 100.0), bound=98.0, in_parts=99.0).in_reach(gap) is within


def test_what_can_be_rented_or_asked_of_an_api_leaves_room() -> None:
    ready, stocks = _ready()
    assert _tight(ready, stocks) == []
    assert _tight(ready, np.zeros_like(stocks)) == []


def test_demand_that_nothing_else_can_meet_is_tight_without_room() -> None:
    ready, stocks = _ready()
    upper = ready.milp.upper.copy()
    for block in ready.milp.column_blocks:
        if block.name in ("rent", "at_once", "api", "unserved"):
            upper[block.span] = 0.0
    bare = replace(ready, milp=replace(ready.milp, upper=upper))
    assert _tight(bare, np.zeros_like(stocks))
    assert all(label.startswith("demand[") for label in _tight(bare, np.zeros_like(stocks)))


@pytest.mark.solve
def test_what_finds_no_room_in_a_tight_block_finds_none_when_all_is_packed() -> None:
    ready, stocks = _ready("10mw")
    tight = room.tight(ready, stocks, OPTIONS, Clock(AMPLE_S))
    asked = (NEAR_10MW_USD, FINE, OPTIONS, Clock(AMPLE_S))
    short = probe(ready, stocks, tight, *asked)
    assert 0 < tight.sum() < ready.demand.sum()
    assert np.any(short > NOTICEABLE)
    whole = pack(ready, stocks, *asked)
    assert not whole.complete
    np.testing.assert_array_equal(short[tight] > NOTICEABLE, whole.short[tight] > NOTICEABLE)
    together = probe(ready, stocks, tight, *asked, together=True)
    assert (together >= short).all()
    assert together.sum() > short.sum()


def test_a_search_from_its_own_plan_only_proves() -> None:
    """It looks for no other plan to start from, and its bound is that of a search that does."""
    scenario = planner.load("scenarios/agents.yaml")
    model = build_model(build_problem(scenario, catalog_of(scenario), whole=False))
    rough = optimise(model, model.milp, "auto", Options(gap=0.01))
    fine = Options(gap=1e-6, time_limit_s=AMPLE_S)
    best = optimise(model, model.milp, "auto", fine)
    proven = optimise(model, model.milp, "auto", replace(fine, from_start=True), rough.x)
    assert "neighbourhood" not in [leg.name for leg in proven.legs]
    assert rough.bound <= proven.bound <= best.objective * (1 + 1e-9)
    assert proven.objective == pytest.approx(best.objective, rel=2e-6)
