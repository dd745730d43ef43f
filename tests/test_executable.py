"""Whole replicas and whole lots: the planner against the second model, engines that are given all, and the laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.milp import Milp, Model
from planner.solvers import Answer, Options, executable
from planner.solvers.answer import Floats
from planner.solvers.executable import Relaxed
from tests.laws import larger_depth, larger_lots, larger_quotas, larger_share, never_cheaper
from tests.limits import IN_FULL
from tests.oracle import least_cost, program
from tests.strategies import (
    Case,
    Interval,
    demand_scaled,
    examples,
    packed,
    seeded_case,
    solved,
    tiny_whole_cases,
    whole_cases,
    with_part,
)

pytestmark = pytest.mark.property

# Random scenarios by number; the first of them in CI, which takes about a minute.
SCENARIOS = 200
IN_CI = 120


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case is packed, however small."""
    monkeypatch.setattr(executable, "OUTRIGHT", -1)


# --- the second model ---


@examples(1)
@given(tiny_whole_cases())
def test_every_combination_of_whole_replicas(case: Case) -> None:
    best = program(case.scenario, case.catalog).enumerated()
    assert solved(case).meets(Interval(best, best)), best


@examples(2)
@given(whole_cases())
def test_the_second_model_in_whole_replicas(case: Case) -> None:
    low, high = least_cost(case.scenario, case.catalog)
    found = solved(case)
    assert math.isinf(found.high) == math.isinf(high)
    assert found.meets(Interval(low, high)), (found, low, high)


# --- packing ---


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
@pytest.mark.usefixtures("packing")
def test_a_packed_plan_is_within_its_proof(seed: int) -> None:
    """The optimum of the whole matrix lies between the bound of what is packed and its audited cost."""
    case = seeded_case(seed)
    found, whole = packed(case), solved(case)
    assert math.isinf(found.high) == math.isinf(whole.high)
    assert found.meets(whole), (found, whole)
    assert found.may_reach(whole), (found, whole)


@pytest.mark.solve
@pytest.mark.parametrize("seed", range(SCENARIOS))
@pytest.mark.usefixtures("packing")
def test_engines_given_all_agree(seed: int) -> None:
    """SCIP and HiGHS with every replica and lot as a whole number, the packing, and the planner's own choice."""
    if seed >= IN_CI and not IN_FULL:
        pytest.skip("in the thorough profile")
    case = seeded_case(seed)
    answers = {solver: solved(case, solver) for solver in ("scip", "highs", "auto")} | {"packing": packed(case)}
    feasible = {math.isfinite(found.high) for found in answers.values()}
    assert len(feasible) == 1, answers
    assert all(one.meets(other) for one in answers.values() for other in answers.values()), answers


@pytest.mark.solve
@pytest.mark.parametrize("seed", [26, 44])
@pytest.mark.usefixtures("packing")
def test_demand_that_found_no_room_is_asked_for_again_however_little_the_root_finds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such relaxations end at their root; where that finds no plan, they go on."""
    outright, roots = executable.solve, []

    def solve(model: Model, milp: Milp, relaxed: Milp, relax: Relaxed, *rest: Any) -> Answer:
        def finding_none(matrix: Milp, options: Options, start: Floats | None) -> Answer:
            found = relax(matrix, options, start)
            roots.append(options.nodes == executable.RAISED_NODES)
            return replace(found, status="unknown", x=None) if roots[-1] else found

        return outright(model, milp, relaxed, finding_none, *rest)

    monkeypatch.setattr(executable, "solve", solve)
    case = seeded_case(seed)
    assert packed(case).meets(solved(case))
    assert any(roots)
    assert not all(roots)


# --- laws ---


def deeper(case: Case) -> Case:
    """Quotas, lots and what providers are taken to have reach further."""
    return larger_depth(larger_quotas(larger_lots(case)))


def in_parts(case: Case) -> Case:
    """The same in parts of replicas and lots: a relaxation."""
    rules = with_part(case.scenario.procurement, whole_on_demand_lots=False)
    workloads = tuple(with_part(w, whole_replicas=False, min_replicas=0) for w in case.scenario.workloads)
    return case.with_scenario(procurement=rules, workloads=workloads)


def no_fewest(case: Case) -> Case:
    """No fewest replicas."""
    return case.with_scenario(workloads=tuple(with_part(w, min_replicas=0) for w in case.scenario.workloads))


def no_survival(case: Case) -> Case:
    """Nothing that has to be survived."""
    return case.with_scenario(service=with_part(case.scenario.service, survive="none"))


def less_asked(case: Case) -> Case:
    return demand_scaled(case, 0.7)


CHEAPER: dict[str, Callable[[Case], Case]] = {
    "deeper": deeper, "depth": larger_depth, "share": larger_share, "in parts": in_parts, "no fewest": no_fewest,
    "no survival": no_survival, "less asked": less_asked,
}  # fmt: skip


@examples(2)
@given(case=whole_cases(), what=st.sampled_from(sorted(CHEAPER)))
@pytest.mark.slow
def test_what_is_looser_is_never_dearer_in_whole_replicas(case: Case, what: str) -> None:
    never_cheaper(CHEAPER[what](case), case)


@cache
def packed_case(seed: int) -> Interval:
    return packed(seeded_case(seed))


@pytest.mark.parametrize(
    "what", ["deeper", *(pytest.param(what, marks=pytest.mark.slow) for what in sorted(CHEAPER)[1:])]
)
@pytest.mark.parametrize("seed", [1])
@pytest.mark.usefixtures("packing")
def test_what_is_looser_is_never_dearer_when_packed(what: str, seed: int) -> None:
    """By intervals: the dearer one's audited plan is not below what was proven of the cheaper one."""
    case: Any = seeded_case(seed)
    less, more = packed(CHEAPER[what](case)), packed_case(seed)
    assert math.isfinite(less.high) or math.isinf(more.high)
    assert more.may_reach(less), (less, more)


@pytest.mark.slow
def test_no_more_replicas_stand_than_their_work_takes_or_somebody_asks_for() -> None:
    """By day 13 at home and four in a rented lot, by night nine: docs/tiny-by-hand.md."""
    plan = planner.solve(planner.load("scenarios/tiny.yaml"))
    assert plan.serving["replicas"].tolist() == [13, 4, 9] * 3
    spare = planner.solve(planner.load("scenarios/tiny.yaml", ("workloads.chat.min_replicas=19",)))
    standing = spare.serving.groupby(["period", "block"])["replicas"].sum()
    assert standing.min() >= 19


ALONE = (
    *("sites.hall.cooling=[]", "workloads.chat.sla={}"),
    *("procurement.systems={allow: [hgx-h200]}", "procurement.providers={allow: [together]}"),
)


@pytest.mark.solve
@pytest.mark.parametrize("mtok", [1e-6, 2.75e-6, 8e-6])
def test_next_to_no_demand_has_a_replica_all_the_same(mtok: float) -> None:
    """A token to eight a day: as dear as a thousand, since both take one replica in one rented lot."""
    few, many = (
        planner.solve(planner.load("scenarios/tiny.yaml", (*ALONE, f"workloads.chat.demand.output_mtok_per_day={day}")))
        for day in (mtok, 1e-3)
    )
    assert few.audit.passed
    assert set(few.serving["replicas"]) == {1}
    assert few.kpis["npv_usd"] == pytest.approx(many.kpis["npv_usd"], rel=1e-6)


def test_next_to_no_demand_may_go_unserved_where_that_is_cheaper() -> None:
    """At a dollar a million tokens nobody rents a lot for three a day."""
    worth = ("workloads.chat.unserved_usd_per_mtok=1", "workloads.chat.demand.output_mtok_per_day=2.75e-6")
    plan = planner.solve(planner.load("scenarios/tiny.yaml", (*ALONE, *worth)))
    assert plan.serving.empty
    assert plan.kpis["npv_usd"] == pytest.approx(0.0, abs=1e-3)
