"""Figures that no fleet has: refused with their field, or told by an engine in words, never by a traceback."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from planner.errors import InputError, ScenarioError, SolverFailure
from planner.importers.options import ImportOptions
from planner.importers.recognise import found_in
from planner.importers.record import Record
from planner.milp.matrix import Builder, Milp, spread
from planner.pipeline import catalog_of
from planner.problem import build_problem
from planner.rules.measured import MeasuredPoints, derived_point
from planner.solvers import MATHOPT, Options, run
from planner.studies.diff.comparand import read
from tests.small import SCENARIO, cases, here, load, refusal, write  # noqa: F401

# What stands after --set, and the sentences.
SETTINGS = r"""
sites.dallas.colocation_usd_per_kw_month=1e308
! --set sites.dallas.colocation_usd_per_kw_month: this has to be at most 1e+15, not 1e+308
sites.dallas.power_mw=1e16
! --set sites.dallas.power_mw: this has to be at most 1e+15, not 1e+16
sites.dallas.power_mw={2027-01: 1, 2027-07: 1e300}
! --set sites.dallas.power_mw: sites.dallas.power_mw.2027-07: this has to be at most 1e+15, not 1e+300
sites.dallas.pue.air.design=1e308
! --set sites.dallas.pue.air.design: this has to be at most 1e+15, not 1e+308
sites.dallas.pue.liquid.annual=125
! --set sites.dallas.pue.liquid.annual: this has to be at most 10, not 125; a good hall has 1.2
workloads.chat.demand.output_mtok_per_day=1e-300
! --set workloads.chat.demand.output_mtok_per_day: this has to be 0, or at least 1e-09, not 1e-300
workloads.chat.demand.output_mtok_per_day=1e-7
! --set workloads.chat.demand.output_mtok_per_day: 1e-07 is less than a token a day; the unit is 10⁶ tokens
workloads.chat.tokens.output=1e-200
! --set workloads.chat.tokens.output: this has to be at least 1e-09, not 1e-200
workloads.chat.tokens.output=1e-6
! --set workloads.chat.tokens.output: 1e-06 is less than one token in a thousand requests; the unit is tokens
workloads.chat.tokens.input=0.0009
! --set workloads.chat.tokens.input: 0.0009 is less than one token in a thousand requests; the unit is tokens
procurement.software_gain_per_year.node=1e18
! --set procurement.software_gain_per_year.node: this has to be at most 10 a year, not 1e+18; 0.5 is half as much again
budget.capex_usd=1e200
! --set budget.capex_usd: this has to be at most 1e+15, not 1e+200
budget.opex_usd={2027: 1e200}
! --set budget.opex_usd: budget.opex_usd.2027: this has to be at most 1e+15, not 1e+200
procurement.hourly_depth_gpus={acme: 1e99}
! --set procurement.hourly_depth_gpus: procurement.hourly_depth_gpus.acme: this has to be at most 1e+15, not 1e+99
"""


@pytest.mark.parametrize(("setting", "sentences"), cases(SETTINGS))
def test_a_figure_that_no_fleet_has_is_refused_with_its_field(setting: str, sentences: str) -> None:
    assert refusal(setting) == sentences


def test_a_rent_that_rises_thirtyfold_a_year_is_refused() -> None:
    said = refusal("sites.dallas.lease={it_kw: 1, usd_per_kw_month: 1, escalator_per_year: 30}")
    assert said.endswith(
        "sites.dallas.lease.escalator_per_year: this has to be at most 10 a year, not 30; 0.5 is half as much again"
    )


QUOTE = (
    "{{provider: q, model: tiny, input_usd_per_mtok: 1, output_usd_per_mtok: 1, ttft_ms: 5, ttft_statistic: p50, "
    "tpot_ms: {tpot}, tpot_statistic: p50, concurrency: {flight}, tokens: {{input: 10, output: {output}}}}}"
)


@pytest.mark.parametrize(
    ("tpot", "flight", "output", "sentence"),
    [
        ("20", "4", "0.9", "tokens: 0.9 output tokens a request are less than one; write at least 1"),
        ("1e308", "4", "2", "tpot_ms: this has to be at most 1e+15, not 1e+308"),
        ("1e15", "1e-3", "2", "concurrency: at these latencies and tokens it would serve 1.04e-15 Mtok a day"),
    ],
)
def test_a_quote_that_serves_nothing_is_refused(tpot: str, flight: str, output: str, sentence: str) -> None:
    quote = QUOTE.format(tpot=tpot, flight=flight, output=output)
    assert refusal(f"token_quotes=[{quote}]") == f"--set token_quotes: token_quotes.0.{sentence}"


@pytest.mark.parametrize(("rate", "made"), [(5e-10, False), (1e-9, True), (1e15, True), (2e15, False)])
def test_a_point_whose_rate_no_row_could_say_is_not_made(rate: float, made: bool) -> None:
    scenario = load()
    points = list(catalog_of(scenario).serving.values())
    measured = MeasuredPoints(scenario, scenario.workloads[0], points)
    found = derived_point("extrapolated", measured, points[:1], output_tok_s_per_gpu=rate)
    assert (found is not None) == made


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_very_many_digits_is_refused(digits: int) -> None:
    number = "9" * digits
    assert "is not a finite number" in refusal(f"horizon.periods={number}")
    assert "is not a finite number" in refusal(f"budget.capex_usd={number}")
    assert "no site" in refusal(f"sites.{number}.power_mw=1")
    assert "is no date" in refusal(f"sites.dallas.power_mw.{number}=1")


def test_a_whole_number_beyond_all_counts_is_refused() -> None:
    assert "horizon.periods: this has to be at most" in refusal("horizon.periods=99999999999999999999")
    assert "solve.seed" in refusal("solve.seed=99999999999999999999")


def of_two(least: float, most: float) -> Milp:
    builder = Builder()
    x = builder.variables("buy", (["dallas", "oslo"],), 10.0)
    rows = builder.constraints("power", (["dallas", "oslo"],), lower=1.0, upper=5.0)
    builder.add(rows, x, [least, most])
    builder.add_cost(x, 1.0)
    return builder.build()


@pytest.mark.parametrize("figure", [np.inf, np.nan])
def test_no_engine_is_asked_about_what_is_no_number(figure: float) -> None:
    with pytest.raises(InputError, match=r"buy\[oslo\] in power\[oslo\] comes out as no finite number"):
        of_two(1.0, figure)
    builder = Builder()
    builder.add_cost(builder.variables("keep", (["dallas"],)), figure)
    with pytest.raises(InputError, match=r"keep\[dallas\] comes out as no finite number"):
        builder.build()
    builder = Builder()
    builder.constant = figure
    with pytest.raises(InputError, match="what is paid anyway comes out as no finite number"):
        builder.build()


def test_an_engine_that_gives_up_says_on_what(monkeypatch: pytest.MonkeyPatch) -> None:
    milp = of_two(1e-9, 1e12)
    assert spread(milp) == (
        "its figures lie between 1.0e-09 (buy[dallas] in power[dallas]) and 1.0e+12 (buy[oslo] in power[oslo])"
    )

    def gives_up(*_: object, **__: object) -> None:
        raise ValueError("kError [INTERNAL]")

    monkeypatch.setattr("ortools.math_opt.core.python.solver.solve", gives_up)
    with pytest.raises(SolverFailure, match=r"highs gave up on this model; its figures lie .* try --solver scip"):
        run(milp, "highs", Options())


@pytest.mark.parametrize("engine", MATHOPT)
def test_figures_no_engine_takes_end_in_a_sentence(engine: str) -> None:
    with suppress(SolverFailure):
        assert run(of_two(1e-300, 1e300), engine, Options(time_limit_s=300)).status in ("infeasible", "unknown")


def test_the_small_scenario_takes_large_figures() -> None:
    load("sites.dallas.power_mw=1e6", "budget.capex_usd=1e15", "procurement.hourly_depth_gpus=1e9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"hour": ' + "9" * 400 + "}", "no benchmark or price list that is known"),
        ('{"hour": ' + "9" * 5000 + "}", "no benchmark or price list that is known"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["400 digits", "5000 digits", "100,000 brackets"],
)
def test_a_benchmark_of_a_number_without_an_end_is_refused(text: str, said: str) -> None:
    write({"run.json": text})
    with pytest.raises(InputError, match=said):
        list(found_in(Path("run.json"), ImportOptions()))


def test_a_figure_of_a_benchmark_is_finite() -> None:
    with pytest.raises(InputError, match=r"run\.json:3: rate: this is not a finite number"):
        Record({"rate": 10**400}, "run.json", 3).maybe("rate")


@pytest.mark.parametrize("text", ["9" * 5000, "[" * 100_000, "7", "[7]", "{}"])
def test_a_result_that_is_none_is_told(text: str) -> None:
    write({"r.json": text})
    with pytest.raises(InputError, match=r"r\.json: this is not a result"):
        read("r.json", Path("runs.sqlite"))


DRIP = """\
  - name: drip
    model: tiny
    tokens: {input: 100, output: 100}
    load: office
    demand: {requests_per_s: RATE}
"""


def test_demand_that_no_engine_tells_from_nothing_is_refused_beside_any_other() -> None:
    """A GPU makes 5 requests/s, 4.25 with headroom; half of 1e-9 at night takes 1.2e-10 of one."""
    write({"s.yaml": SCENARIO + DRIP.replace("RATE", "1e-9")})
    scenario = load()
    said = r"s\.yaml:22: workloads\.drip\.demand: at its least this takes 1\.2e-10 of a GPU"
    with pytest.raises(ScenarioError, match=said):
        build_problem(scenario, catalog_of(scenario))
    write({"s.yaml": SCENARIO + DRIP.replace("RATE", "1e-4")})
    scenario = load()
    build_problem(scenario, catalog_of(scenario))


def test_a_whole_replica_serves_as_little_as_an_engine_sees() -> None:
    """The same in whole replicas of 8 GPUs: an eighth of it."""
    write({"s.yaml": SCENARIO + DRIP.replace("RATE", "1e-9") + "    whole_replicas: true\n"})
    scenario = load()
    with pytest.raises(ScenarioError, match=r"at its least this takes 1\.5e-11 of a replica"):
        build_problem(scenario, catalog_of(scenario))


def test_demand_for_more_gpus_than_there_are_is_refused() -> None:
    """A GPU makes 5 requests/s, 4.25 with headroom; of 1e10 requests/s half as many again come by day."""
    write({"s.yaml": SCENARIO + DRIP.replace("RATE", "1e10")})
    scenario = load()
    said = r"s\.yaml:22: workloads\.drip\.demand: at its most, in any future, this takes 3\.5e\+09 GPUs; no plan"
    with pytest.raises(ScenarioError, match=said):
        build_problem(scenario, catalog_of(scenario))
    write({"s.yaml": SCENARIO + DRIP.replace("RATE", "1e8")})
    scenario = load()
    build_problem(scenario, catalog_of(scenario))


def test_demand_is_counted_in_the_largest_of_its_futures() -> None:
    futures = "futures: [{name: base, probability: 0.5}, {name: boom, probability: 0.5, demand: 10}]\n"
    write({"s.yaml": futures + SCENARIO + DRIP.replace("RATE", "1e8")})
    scenario = load()
    with pytest.raises(ScenarioError, match=r"s\.yaml:23: workloads\.drip\.demand: at its most, in any future"):
        build_problem(scenario, catalog_of(scenario))
