"""Cost by workload: dollars that add up to the plan's NPV of cost, and what a workload costs more.

A GPU makes one request/s of 500 output tokens: 1.8 Mtok an hour. A day is half of the time, and so is a night.
"""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from rich.console import Console

import planner
from planner import solvers
from planner.accounts import Account
from planner.accounts.ledger import ledger_lines
from planner.accounts.workload_cost import cost_by_workload, line_shares
from planner.decisions import COLUMNS
from planner.errors import InfeasiblePlan, StoppedByClock
from planner.export.focus import focus_rows
from planner.milp import build_model
from planner.problem import build_problem
from planner.report.terminal import render
from planner.report.workloads import workload_sheets
from planner.solvers import Answer, Options
from planner.studies.increments import increments, with_increments
from tests.limits import AMPLE_S
from tests.strategies import (
    CHAT,
    SITE,
    TOKENS,
    Case,
    cases,
    catalog,
    examples,
    offer,
    point,
    scenario,
    system,
    token_api,
    with_workloads,
)
from tests.year import FOR_A_YEAR, HOURS, MIDDLE, MTOK_PER_HOUR

BLOCKS: dict[str, Any] = {
    "blocks": {"day": 0.5, "night": 0.5},
    "load_shapes": {"sunny": {"day": 2.0, "night": 0.0}, "dark": {"day": 0.0, "night": 2.0}},
}
EXACT = Options(1e-6, AMPLE_S, 1)
ALONE = {"rent": ["reserved"], "buy": False, "token_api": False}


def made(workloads: list[dict[str, Any]], offers: list[Any], apis: list[Any] | None = None, **fields: Any) -> Case:
    parts: dict[str, Any] = FOR_A_YEAR | {"solve": {"gap": 1e-9}}
    rows = catalog([system("h-node")], offers, [point()], apis=apis or [])
    return Case(scenario(**(parts | {"workloads": workloads} | fields)), rows)


def chat(name: str, requests_per_s: float, **fields: Any) -> dict[str, Any]:
    return CHAT | {"name": name, "demand": {"requests_per_s": requests_per_s}} | fields


def plan_of(case: Case) -> planner.Plan:
    found = planner.solve(case.scenario, case.catalog)
    return with_increments(found, case.scenario, case.catalog, EXACT)


def by_name(plan: planner.Plan) -> pd.DataFrame:
    return plan.workload_cost.set_index("workload")


def the_surge_and_the_night() -> Case:
    """Ten GPUs' worth of chat by day; a batch of four GPUs' worth a day, which the night has room for."""
    reserved = offer(kind="reserved", term_months=12, usd_per_gpu_hour=2.0)
    workloads = [chat("chat", 5, load="sunny"), chat("batch", 2, kind="batch")]
    return made(workloads, [reserved], procurement=ALONE, **BLOCKS)


def test_a_batch_in_the_hours_that_others_leave_bears_more_than_it_costs() -> None:
    """Ten GPUs for a year at 2 USD an hour: 175,200 USD. Chat uses ten for half of the hours, 43,800 GPU-hours.

    The batch uses two GPUs' worth of all hours, 17,520 at night. A price for every hour that is used shares the 175,200
    as 43,800 : 17,520, that is 5 : 2. Without the batch the ten GPUs would be there all the same: it costs nothing
    more. Without chat two would do: chat costs eight GPUs more, 140,160 USD.
    """
    found = by_name(plan_of(the_surge_and_the_night()))
    whole = 10 * 2.0 * HOURS * MIDDLE
    assert found["npv_usd"].to_dict() == {
        "chat": pytest.approx(whole * 5 / 7, rel=1e-6),
        "batch": pytest.approx(whole * 2 / 7, rel=1e-6),
    }
    assert found["gpu_hours"].to_dict() == {"chat": pytest.approx(5 * HOURS), "batch": pytest.approx(2 * HOURS)}
    assert found["idle_npv_usd"].sum() == pytest.approx(whole * 3 / 10, rel=1e-6)
    assert found["incremental_npv_usd"].to_dict() == {
        "chat": pytest.approx(8 * 2.0 * HOURS * MIDDLE, rel=1e-6),
        "batch": pytest.approx(0.0, abs=1e-3),
    }
    per_mtok = found["npv_usd"] / (np.array([5, 2]) * MTOK_PER_HOUR * HOURS * MIDDLE)
    assert found["usd_per_mtok_output"].to_numpy() == pytest.approx(per_mtok.to_numpy())
    assert found["usd_per_mtok_total"].to_numpy() == pytest.approx(per_mtok.to_numpy() / 3)
    assert found.loc["chat", "incremental_usd_per_mtok_output"] == pytest.approx(16 / (5 * MTOK_PER_HOUR), rel=1e-6)


def test_what_is_rented_by_the_hour_is_paid_by_who_uses_it() -> None:
    """By day chat alone rents, at night the batch alone, at the same price."""
    hourly = offer(usd_per_gpu_hour=3.0)
    workloads = [chat("chat", 5, load="sunny"), chat("other", 2, load="dark")]
    found = by_name(plan_of(made(workloads, [hourly], **BLOCKS)))
    assert found["npv_usd"].to_dict() == {
        "chat": pytest.approx(5 * 3.0 * HOURS * MIDDLE),
        "other": pytest.approx(2 * 3.0 * HOURS * MIDDLE),
    }
    assert found["incremental_npv_usd"].to_numpy() == pytest.approx(found["npv_usd"].to_numpy())
    assert found["idle_npv_usd"].to_numpy() == pytest.approx(0.0, abs=1e-6)


def test_a_token_api_and_the_power_of_serving_go_to_who_causes_them() -> None:
    """A hall of one node for chat; the other goes to an API at 1 USD per Mtok of output and 0.1 of input."""
    hall = SITE | {"power_mw": 0.5, "electricity_usd_per_mwh": 100.0, "existing": [NODE]}
    api = token_api(output_usd_per_mtok=1.0, input_usd_per_mtok=0.1)
    workloads = [chat("chat", 4, token_api=False), chat("other", 2, model="m2")]
    case = made(workloads, [], apis=[api.model_copy(update={"model": "m2"})], sites=[hall], procurement={"buy": False})
    found = by_name(plan_of(case))
    sent = 2 * HOURS * 3600 * (TOKENS["output"] * 1.0 + TOKENS["input"] * 0.1) / 1e6 * MIDDLE
    assert found.loc["other", "npv_usd"] == pytest.approx(sent)
    assert found.loc["other", "gpu_hours"] == 0
    assert found.loc["other", "idle_npv_usd"] == 0
    assert found.loc["chat", "npv_usd"] > 0


NODE = {"system": "h-node", "count": 1, "in_service": "2026-01", "price_usd": 100_000.0, "until": "2030-01"}


def test_what_nobody_uses_is_borne_by_all_as_they_use_anything() -> None:
    """A contract already signed that can serve nothing: 8,760 USD, shared 2 : 1 as the hours on demand are."""
    idle: dict[str, Any] = {
        "provider": "bolt",
        "region": "north",
        "system": "b-node",
        "start": "2027-01-01",
        "end": "2028-01-01",
    }
    idle |= {"gpus": 1, "usd_per_gpu_hour": 1.0}
    rows = catalog([system("h-node"), system("b-node")], [offer(usd_per_gpu_hour=3.0)], [point()])
    fields: dict[str, Any] = FOR_A_YEAR | {"contracts": [idle]}
    case = Case(scenario(workloads=[chat("one", 4), chat("two", 2)], **fields), rows)
    found = by_name(plan_of(case))
    assert found["npv_usd"].to_dict() == {
        "one": pytest.approx((4 * 3.0 + 2 / 3) * HOURS * MIDDLE),
        "two": pytest.approx((2 * 3.0 + 1 / 3) * HOURS * MIDDLE),
    }
    assert found["idle_npv_usd"].sum() == pytest.approx(HOURS * MIDDLE)
    assert found["incremental_npv_usd"].sum() == pytest.approx(6 * 3.0 * HOURS * MIDDLE)


def test_what_is_shed_costs_nothing_more_and_bears_nothing() -> None:
    """Its own value counts on neither side; half of a workload that is shed costs what serves the other half."""
    cheap = offer(usd_per_gpu_hour=1.0, max_lots=6)
    workloads = [
        chat("dear", 4),
        chat("half", 4, unserved_usd_per_mtok=5.0),
        chat("none", 4, unserved_usd_per_mtok=0.1),
    ]
    found = by_name(plan_of(made(workloads, [cheap])))
    hour = HOURS * MIDDLE
    assert found["npv_usd"].to_numpy() == pytest.approx(np.array([4, 2, 0]) * hour)
    assert found.loc["half", "incremental_npv_usd"] == pytest.approx(2 * hour)
    assert found.loc["none", "incremental_npv_usd"] == pytest.approx(0.0, abs=1e-3)
    # Without the dear one, the two GPUs' worth that is short would be served: 5 USD for 1.8 Mtok less 1 for the hour.
    assert found.loc["dear", "incremental_npv_usd"] == pytest.approx((4 + 2 * (5 * MTOK_PER_HOUR - 1)) * hour)
    assert math.isnan(found.loc["none", "usd_per_mtok_output"])
    assert math.isnan(found.loc["none", "incremental_usd_per_mtok_output"])


def test_gpu_hours_have_a_price_of_their_own() -> None:
    training = {
        "name": "training",
        "kind": "gpu_hours",
        "headroom": 0.0,
        "demand": {"gpu_hours_per_day": 48},
        "gpu_hours_weight": {"h-node": 1.0},
    }
    found = by_name(plan_of(made([training, chat("chat", 3)], [offer(usd_per_gpu_hour=3.0)])))
    assert found["npv_usd"].to_numpy() == pytest.approx(np.array([2, 3]) * 3.0 * HOURS * MIDDLE)
    assert found.loc["training", "usd_per_gpu_hour"] == pytest.approx(3.0)
    assert math.isnan(found.loc["training", "usd_per_mtok_output"])
    assert math.isnan(found.loc["chat", "usd_per_gpu_hour"])


def test_tiny_has_one_workload_and_it_bears_everything(tiny: planner.Plan) -> None:
    table = tiny.workload_cost
    assert list(table["workload"]) == ["chat"]
    assert table.loc[0, "npv_usd"] == pytest.approx(tiny.kpis["npv_usd"], rel=1e-12)
    assert table.loc[0, "usd_per_mtok_output"] == pytest.approx(tiny.kpis["levelised_usd_per_mtok_output"], rel=1e-12)
    assert table.loc[0, "mtok_output"] == pytest.approx(tiny.kpis["tokens_output"] / 1e6)
    assert tiny.to_dict()["workload_cost"][0]["incremental_npv_usd"] is None


def test_only_the_least_cost_has_increments() -> None:
    case = the_surge_and_the_night().with_scenario(objective="tokens")
    found = planner.solve(case.scenario, case.catalog)
    assert with_increments(found, case.scenario, case.catalog, EXACT) is found


def test_the_clock_stops_the_increments(monkeypatch: pytest.MonkeyPatch) -> None:
    case = the_surge_and_the_night()
    model = build_model(build_problem(case.scenario, case.catalog))
    given_up = Answer("unknown", "glop", "1", None, math.inf, -math.inf, 1.0, wall_clock_stop=True)
    monkeypatch.setattr(solvers, "run", lambda *_, **__: given_up)
    with pytest.raises(StoppedByClock, match=r"the clock stopped the search \(2000 s\)"):
        increments(model, EXACT)


def solved_or_none(case: Case) -> planner.Plan | None:
    try:
        return planner.solve(case.scenario, case.catalog)
    except InfeasiblePlan:
        return None


@examples(1)
@given(case=cases())
def test_the_dollars_add_up(case: Case) -> None:
    """By line, by workload and in all; what is idle is a part of what is borne where money only goes out."""
    plan = solved_or_none(case)
    assume(plan is not None)
    assert plan is not None
    account = Account(case.scenario, case.catalog, plan.decisions)
    usd, idle = cost_by_workload(account)
    size = max(1.0, float(plan.cashflow["npv_usd"].abs().sum()))
    assert usd.sum() == pytest.approx(plan.kpis["npv_usd"], abs=1e-9 * size)
    assert np.isfinite(usd).all()
    for share in line_shares(account, ledger_lines(account)):
        whole = share.usd.sum(axis=1)
        assert np.abs(share.idle_usd).sum(axis=1) == pytest.approx(np.abs(share.idle_usd.sum(axis=1)), abs=1e-9 * size)
        assert (np.abs(share.idle_usd.sum(axis=1)) <= np.abs(whole) + 1e-9 * size).all()
    assert np.abs(idle).sum() <= size


@examples(1)
@given(case=cases())
def test_a_workload_alone_bears_everything(case: Case) -> None:
    case = with_workloads(case, lambda w: {})
    case = case.with_scenario(workloads=case.scenario.workloads[:1])
    plan = solved_or_none(case)
    assume(plan is not None)
    assert plan is not None
    assert plan.workload_cost["npv_usd"].tolist() == [pytest.approx(plan.kpis["npv_usd"], rel=1e-9, abs=1e-6)]


@examples(1)
@given(case=cases())
def test_names_and_order_of_workloads_do_not_matter(case: Case) -> None:
    """The same tables with other names, in another order: the same dollars, each at its own workload."""
    plan = solved_or_none(case)
    assume(plan is not None)
    assert plan is not None
    workloads = case.scenario.workloads
    names = {workload.name: f"z{len(workloads) - index}" for index, workload in enumerate(workloads)}
    turned = tuple(w.model_copy(update={"name": names[w.name]}) for w in reversed(workloads))
    futures = tuple(
        f.model_copy(update={"demand_by_workload": {names[n]: s for n, s in f.demand_by_workload.items()}})
        for f in case.scenario.futures
    )
    renamed = case.scenario.model_copy(update={"workloads": turned, "futures": futures})
    tables = {
        name: frame.assign(workload=frame["workload"].map(names)) if "workload" in frame else frame
        for name, frame in ((name, getattr(plan.decisions, name)) for name in COLUMNS)
    }
    usd, idle = cost_by_workload(Account(case.scenario, case.catalog, plan.decisions))
    again = cost_by_workload(Account(renamed, case.catalog, type(plan.decisions)(**tables)))
    size = 1e-9 * max(1.0, float(plan.cashflow["npv_usd"].abs().sum()))
    assert again[0][::-1] == pytest.approx(usd, abs=size)
    assert again[1][::-1] == pytest.approx(idle, abs=size)


@examples(1)
@given(case=cases())
def test_increments_are_never_below_nothing_nor_above_the_whole(case: Case) -> None:
    """Of a workload that is served alone all that depends on demand; of several no more than what the plan costs."""
    plan = solved_or_none(case)
    assume(plan is not None)
    assert plan is not None
    usd, output, total = increments(build_model(build_problem(case.scenario, case.catalog)), EXACT)
    assert (usd >= 0).all()
    assert (output <= total + 1e-9).all()
    assert (usd <= plan.proof.objective_usd * (1 + 1e-6) + 1e-3).all()


def test_focus_rows_say_whose_they_are() -> None:
    """Of a contract 5 : 2 as its hours are used; shares add up to 1, and the dollars of all rows to the plan's cash."""
    case = the_surge_and_the_night()
    plan = planner.solve(case.scenario, case.catalog)
    rows = focus_rows(plan, case.scenario, case.catalog)
    shares = [json.loads(text) for text in rows["x_WorkloadShares"]]
    assert all(share == {"chat": pytest.approx(5 / 7), "batch": pytest.approx(2 / 7)} for share in shares)
    billed = pd.DataFrame(shares).mul(rows["BilledCost"].astype(float), axis=0).sum()
    assert billed.sum() == pytest.approx(plan.kpis["cash_usd"])
    assert billed["chat"] == pytest.approx(plan.kpis["cash_usd"] * 5 / 7)


def test_focus_rows_of_a_token_api_are_the_workloads_own() -> None:
    case = made([chat("one", 4), chat("two", 2)], [], apis=[token_api()])
    plan = planner.solve(case.scenario, case.catalog)
    rows = focus_rows(plan, case.scenario, case.catalog)
    assert sorted(rows["x_WorkloadShares"]) == ['{"one":1.0}', '{"two":1.0}']


@pytest.mark.slow
def test_the_terminal_shows_what_each_bears_and_costs() -> None:
    case = the_surge_and_the_night()
    plan = plan_of(case)
    [sheet] = workload_sheets(plan, case.scenario)
    usd = plan.kpis["npv_usd"]
    assert [row[0] for row in sheet.rows] == ["chat", "batch", "together"]
    assert [row[3] for row in sheet.rows] == [f"{usd * part / 1e3:,.0f}" for part in (5 / 7, 2 / 7, 1)]
    assert sheet.rows[1][6] == "-"
    text = io.StringIO()
    render(plan, case.scenario, Console(file=text, width=100), catalog=case.catalog)
    assert "Cost by workload" in text.getvalue()
    unknown = planner.solve(case.scenario, case.catalog)
    [short] = workload_sheets(unknown, case.scenario)
    assert len(short.columns) == len(sheet.columns) - 2
