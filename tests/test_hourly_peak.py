"""GPUs at the peak of what is rented by the hour: whose they are, who promised them, and the line that says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given

import planner
from planner.accounts import Account
from planner.milp import build_model
from planner.plan.extract import decisions
from planner.plan.hourly_peak import peak_gpus
from planner.problem import build_problem
from planner.report.hourly_peak import hourly_line
from planner.solvers import Options
from planner.solvers.objectives import minimise
from tests.audit_catalog import DAY, HOURLY, NIGHT, catalog
from tests.audit_plan import Change, add, hourly, plan, scenario, with_procurement
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, examples, with_part


def peak(change: Change = lambda decisions: decisions, **changes: Any) -> dict[str, Any]:
    return peak_gpus(Account(scenario(**changes), catalog(), change(plan())))


def test_the_peak_by_hand() -> None:
    """A rack at acme and 2.5 GPUs of spot by night, in 2027-Q2 beside 32 owned, 16 reserved and 8 signed before."""
    assert peak() == {
        "future": "base",
        "period": "2027-Q2",
        "block": NIGHT,
        "in_service": 72 + 2.5 + 32 + 24,
        "owned": 32,
        "signed": 24,
        "hourly": 74.5,
        "unpromised": 0,
        "by_hour": [
            {"provider": "acme", "system": "rack", "gpus": 72, "promised_by": "max_lots", "limit_gpus": 144},
            {"provider": "bolt", "system": "node", "gpus": 2.5, "promised_by": "quota", "limit_gpus": 40},
        ],
    }


@pytest.mark.parametrize(
    ("rules", "by", "limit", "unpromised"),
    [
        ({"hourly_depth_gpus": 40}, "quota", 40, 0),
        ({"hourly_depth_gpus": 39}, "assumed depth", 39, 2.5),
        ({"hourly_depth_gpus": {"bolt": 4}}, "assumed depth", 4, 2.5),
        ({"hourly_depth_gpus": {"acme": 4}, "quotas": []}, "assumed depth", 512, 2.5),
        ({"quotas": []}, "nobody", None, 2.5),
        ({"quotas": [{"system": "node", "gpus": 4, "provider": "acme"}]}, "nobody", None, 2.5),
        ({"quotas": [{"system": "node", "gpus": 30}, {"system": "node", "gpus": 3}]}, "quota", 3, 0),
    ],
)
def test_who_promised_is_the_tightest_limit(rules: dict[str, Any], by: str, limit: float, unpromised: float) -> None:
    found = peak(**with_procurement(**rules))
    (spot,) = (row for row in found["by_hour"] if row["provider"] == "bolt")
    assert (spot["promised_by"], spot["limit_gpus"]) == (by, limit)
    assert found["unpromised"] == unpromised


def test_a_quota_below_what_an_offer_states_is_the_promise() -> None:
    (rack, _) = peak(**with_procurement(quotas=[{"system": "rack", "gpus": 72}, {"system": "node", "gpus": 40}]))[
        "by_hour"
    ]
    assert (rack["promised_by"], rack["limit_gpus"]) == ("quota", 72)


def test_lookahead_is_no_peak_and_another_future_may_be() -> None:
    assert peak(add("rents", *hourly("base", HOURLY, 4, DAY, 500.0))) == peak()
    found = peak(add("rents", *hourly("boom", HOURLY, 3, DAY, 100.0)))
    assert (found["future"], found["period"], found["block"]) == ("boom", "2027-Q4", DAY)
    assert found["hourly"] == 100


def test_without_hourly_gpus_it_is_the_block_with_most_in_service() -> None:
    """From 2027-Q3 on there are an own rack, two nodes at dallas, one at ashburn, and 24 GPUs of contracts."""
    empty = plan().rents.iloc[:0]
    found = peak(lambda decisions: replace(decisions, rents=empty))
    assert found["by_hour"] == []
    assert found["hourly"] == found["unpromised"] == 0
    assert (found["period"], found["in_service"], found["owned"]) == ("2027-Q3", 72 + 24 + 24, 72 + 24)


def line(**figures: Any) -> list[tuple[str, str]]:
    tiny = planner.solve(planner.load("scenarios/tiny.yaml"))
    return hourly_line(replace(tiny, kpis=tiny.kpis | {"peak_gpus": tiny.kpis["peak_gpus"] | figures}))


def row(provider: str, gpus: float, by: str, limit: float | None, system: str = "hgx-b200") -> dict[str, Any]:
    return {"provider": provider, "system": system, "gpus": gpus, "promised_by": by, "limit_gpus": limit}


def test_the_line_groups_what_is_alike_and_ends_with_what_nobody_promised() -> None:
    rows = [
        row("core", 512.0, "quota", 512.0),
        row("nebius", 512.0, "quota", 512.0),
        row("nebius", 64.0, "max_lots", 80),
    ]
    loose = [row("core", 300.0, "assumed depth", 512.0), row("lake", 4.0, "nobody", None, "hgx-h100")]
    named = {"period": "2029-Q4", "block": "surge", "in_service": 9216.0, "owned": 3704.0, "signed": 4120.0}
    ((label, told),) = line(**named, hourly=1392.0, unpromised=304.0, by_hour=rows + loose)
    assert label == "hourly at peak"
    assert told == (
        "1,392 of 9,216 GPUs in 2029-Q4 surge (3,704 owned, 4,120 signed); "
        "promised: 512 hgx-b200 at each of core and nebius (quota 512), 64 hgx-b200 at nebius (max_lots 80); "
        "promised by nobody, 304: 300 hgx-b200 at core (assumed depth 512), 4 hgx-h100 at lake"
    )


def test_there_is_no_line_where_nothing_is_by_the_hour() -> None:
    assert line(by_hour=[], hourly=0.0, unpromised=0.0) == []


@pytest.mark.property
@examples(1)
@given(case=cases())
def test_parts_make_up_the_whole_and_no_promise_is_exceeded(case: Case) -> None:
    rules = with_part(case.scenario.procurement, hourly_depth_gpus=150.0)
    asked = case.with_scenario(procurement=rules)
    model = build_model(build_problem(asked.scenario, asked.catalog))
    found = minimise(model, "cost", "auto", Options(1e-3, AMPLE_S, 1), None)
    assume(found.x is not None)
    assert found.x is not None
    account = Account(asked.scenario, asked.catalog, decisions(model, found.x))
    figures = peak_gpus(account)
    parts = figures["owned"] + figures["signed"] + figures["hourly"]
    assert parts == pytest.approx(figures["in_service"], abs=1e-4)
    assert sum(row["gpus"] for row in figures["by_hour"]) == pytest.approx(figures["hourly"], abs=1e-4)
    for row_ in figures["by_hour"]:
        assert row_["gpus"] <= row_["limit_gpus"] * (1 + 1e-6) + 1e-6
    lots = account.decisions.rents
    gpus = {terms.name: terms.lot_gpus for terms in account.inputs.contract_terms}
    shares = dict(zip(account.inputs.timeline.blocks, account.inputs.timeline.block_share, strict=True))
    there = lots[lots["block"].map(shares).gt(0) & lots["period"].lt(account.inputs.timeline.reported)]
    by_block = (there["lots"] * there["offer"].map(gpus)).groupby([there["future"], there["period"], there["block"]])
    most = float(by_block.sum().max()) if len(there) else 0.0
    assert most == pytest.approx(figures["hourly"], abs=1e-4)
