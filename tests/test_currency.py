"""The same question in another currency: to an engine it is the same question, whatever budgets there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.kinds.limits import BUDGET, SPENDING
from planner.milp.build import Model, build_model
from planner.pipeline import model_of
from planner.problem import build_problem
from planner.scenario.models import Budget, Scenario
from planner.solvers import Options, executable
from planner.solvers.objectives import minimise
from tests.limits import AMPLE_S
from tests.strategies import (
    SITE,
    Case,
    cases,
    catalog,
    examples,
    offer,
    packed,
    point,
    scenario,
    seeded_case,
    solved,
    system,
    token_api,
)
from tests.strategies.money import exchanged, money_fields

BUDGETS: dict[str, Any] = {
    "capex_usd": 700_000.0,
    "opex_usd": {2027: 900_000.0},
    "total_usd": 1_400_000.0,
    "commitments_usd": {2027: 300_000.0},
}


def asked(**budget: Any) -> Case:
    """Sixteen GPUs to buy, sign, rent or leave to an API, some of each within any budget."""
    quote = {"provider": "quay", "system": "h-node", "term_months": 12, "usd_per_gpu_hour": 2.1, "lot_gpus": 4}
    rows = catalog(
        [system("h-node")],
        [offer(usd_per_gpu_hour=3.0)],
        [point()],
        [token_api(input_usd_per_mtok=0.9, output_usd_per_mtok=1.2)],
    )
    return Case(scenario(sites=[SITE | {"electricity_usd_per_mwh": 71.0}], quotes=[quote], budget=budget), rows)


def matrix(case: Case) -> Model:
    return build_model(build_problem(case.scenario, case.catalog))


def plan_of(case: Case) -> np.ndarray[Any, Any] | None:
    model = model_of(case.scenario, case.catalog)
    wanted = case.scenario.solve
    return minimise(model, case.scenario.objective, "auto", Options(wanted.gap, AMPLE_S, wanted.seed)).x


def in_whole_replicas(case: Case) -> Case:
    """The case as a small one of version 2 is asked: whole replicas and whole lots."""
    workloads = tuple(each.model_copy(update={"whole_replicas": True}) for each in case.scenario.workloads)
    rules = case.scenario.procurement.model_copy(update={"whole_on_demand_lots": True})
    return replace(case, scenario=case.scenario.model_copy(update={"workloads": workloads, "procurement": rules}))


def the_same_to_an_engine(case: Case, power: int) -> None:
    """The matrix is the same to the last bit, but for the objective, every bit of whose mantissa is."""
    one, other = matrix(case).milp, matrix(exchanged(case, 2.0**power)).milp
    for part in ("lower", "upper", "integer", "row_lower", "row_upper", "indptr", "indices", "data"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part
    assert np.array_equal(one.cost * 2.0**power, other.cost)


def test_money_is_every_field_in_dollars() -> None:
    assert {f"{kind.key}_usd" for kind in SPENDING} == set(money_fields(Budget))
    assert "electricity_usd_per_mwh" in money_fields(Scenario.model_fields["sites"].annotation.__args__[0])  # type: ignore[union-attr]
    case = asked(**BUDGETS)
    assert exchanged(case, 1.0) == case
    twice = exchanged(case, 2.0)
    assert twice.scenario.budget.capex_usd == 1_400_000.0
    assert next(iter(twice.catalog.systems.values())).price_usd == 480_000.0


@pytest.mark.parametrize("kind", [kind.key for kind in SPENDING])
@pytest.mark.parametrize("power", [-20, 13])
def test_the_matrix_is_the_same_in_another_currency(kind: str, power: int) -> None:
    the_same_to_an_engine(asked(**{f"{kind}_usd": BUDGETS[f"{kind}_usd"]}), power)


def test_a_small_budget_is_kept_as_closely_as_a_large_one() -> None:
    """A row is kept to a millionth or so: each is as large as its own limit, whatever is bought."""
    model = matrix(asked(capex_usd=120.0, total_usd=2_000_000.0))
    (block,) = [block for block in model.milp.limits if block.kind is BUDGET]
    rooms = dict(zip(block.subject, model.milp.row_upper[block.rows], strict=True))
    assert all(1 <= room < 2 for room in rooms.values())
    assert block.limit == pytest.approx([120.0, 2_000_000.0])


@pytest.mark.slow
@pytest.mark.parametrize("power", [-20, -3, 1, 20])
def test_the_plan_is_the_same_in_another_currency(power: int) -> None:
    for kind in SPENDING:
        case = asked(**{f"{kind.key}_usd": BUDGETS[f"{kind.key}_usd"]})
        one, other = plan_of(case), plan_of(exchanged(case, 2.0**power))
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other), kind.key


@pytest.mark.slow
@pytest.mark.parametrize("power", [-20, -3, 1, 20])
def test_a_packed_plan_is_the_same_in_another_currency(power: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    for kind in SPENDING:
        case = in_whole_replicas(asked(**{f"{kind.key}_usd": BUDGETS[f"{kind.key}_usd"]}))
        assert model_of(case.scenario, case.catalog).relaxation is not None
        one, other = plan_of(case), plan_of(exchanged(case, 2.0**power))
        assert one is not None
        assert other is not None
        assert np.array_equal(one, other), kind.key


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_any_packed_plan_is_the_same_in_another_currency(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    case = seeded_case(seed, most=40.0)
    one = plan_of(case)
    for power in (-11, 6):
        other = plan_of(exchanged(case, 2.0**power))
        assert (one is None) == (other is None)
        assert one is None or other is None or np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind.key for kind in SPENDING])
def test_a_packed_plan_costs_as_much_in_a_currency_that_costs_bits(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executable, "OUTRIGHT", 0)
    case = in_whole_replicas(asked(**{f"{kind}_usd": BUDGETS[f"{kind}_usd"]}))
    one, other = packed(case), packed(exchanged(case, 7.3))
    assert other.low / 7.3 <= one.high + one.tolerance
    assert one.low <= other.high / 7.3 + one.tolerance


@pytest.mark.slow
@pytest.mark.property
@pytest.mark.no_cover
@examples(0.5)
@given(cases(), st.integers(-20, 20))
def test_any_case_has_the_same_plan_in_another_currency(case: Case, power: int) -> None:
    the_same_to_an_engine(case, power)
    one, other = plan_of(case), plan_of(exchanged(case, 2.0**power))
    assert (one is None) == (other is None)
    assert one is None or other is None or np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.property
@pytest.mark.no_cover
@examples(0.5)
@given(cases())
def test_any_case_costs_as_much_in_a_currency_that_costs_bits(case: Case) -> None:
    one, other = solved(case), solved(exchanged(case, 7.3))
    assert other.low / 7.3 <= one.high + one.tolerance + other.tolerance
    assert one.low <= other.high / 7.3 + one.tolerance + other.tolerance


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind.key for kind in SPENDING])
def test_every_kind_of_budget_costs_as_much_in_a_currency_that_costs_bits(kind: str) -> None:
    case = asked(**{f"{kind}_usd": BUDGETS[f"{kind}_usd"]})
    one, other = solved(case), solved(exchanged(case, 7.3))
    assert other.low / 7.3 <= one.high + one.tolerance
    assert one.low <= other.high / 7.3 + one.tolerance


@pytest.mark.slow
def test_a_world_where_systems_cost_ten_dollars_has_a_plan_within_120() -> None:
    """Four at 30 USD are within 120, five are not: what is left is rented."""
    rows = catalog([system("h-node", price_usd=30.0)], [offer(usd_per_gpu_hour=0.01)], [point()])
    for limit, systems in ((120.0, 4), (119.0, 3), (89.9999, 2)):
        case = Case(
            scenario(
                workloads=[{"name": "w", "model": "m1", "tokens": {"input": 1000.0, "output": 500.0},
                            "demand": {"requests_per_s": 40.0}, "headroom": 0.0}],
                sites=[SITE | {"electricity_usd_per_mwh": 0.001}], budget={"capex_usd": limit},
            ),
            rows,
        )  # fmt: skip
        model = matrix(case)
        x = minimise(model, "cost", "auto", Options(1e-6, 300.0, 1)).x
        assert x is not None
        bought = model.variables.buy
        assert x[bought[bought >= 0]].sum() == systems
        solved(case)
