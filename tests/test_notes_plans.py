"""Notes of solved plans: caches, catalogs, files and defaults; which of them a terminal shows, where all stand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import planner
from planner.errors import InfeasiblePlan
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.plan.notes import Note
from planner.plan.notes.defaults import stated, title
from planner.report.headline import headline
from planner.report.html.page import html_report
from planner.report.view import timeline_of
from planner.schema.result import infeasible
from tests.rule_cases import DEAR, HALL, YEARS, case, chat, node, owning
from tests.small import settle
from tests.strategies import Case, cases, examples, offer, point, system, token_api
from tests.tiny import whole

TINY = "scenarios/tiny.yaml"


def solved(asked: Case) -> Plan:
    return planner.solve(asked.scenario, asked.catalog)


def about(plan: Plan, kind: str) -> list[Note]:
    return [note for note in plan.notes if note.about == kind]


@pytest.mark.solve
def test_cache_hits_without_effect_are_told_with_their_share() -> None:
    (note,) = about(solved(case(workloads=[chat(prefix_cache_hit_share=0.5)])), "cache")
    assert note.sentence.startswith("chat: prefix_cache_hit_share 0.5 has no effect on all of what h-node serve:")
    plain = solved(case())
    assert about(plain, "cache") == []
    # Half of 20 requests/s at 9 USD an hour and GPU for a year: the most that hits could ever save.
    assert note.most_usd == pytest.approx(0.5 * plain.kpis["npv_usd"])


def test_offers_systems_and_apis_that_are_not_taken_are_counted_by_reason() -> None:
    rows = (DEAR, offer(provider="bolt"), offer(provider="denied"), offer(provider="gone", available_until="2026-11"))
    unknown = token_api(provider="unknown", tpot_ms=None, tpot_statistic=None)
    asked = case(
        (*rows, offer(kind="spot"), offer(system="b-node", provider="new")),
        systems=(system("h-node"), system("b-node", announced=True)),
        tables={"apis": [token_api(provider="denied"), token_api(provider="late", tpot_ms=500), unknown]},
        workloads=[chat(sla={"tpot_ms": 100})],
        sites=[HALL],
        procurement={"providers": {"deny": ["denied"]}, "rent": ["on_demand", "reserved"]},
    )
    said = " ".join(note.sentence for note in about(solved(asked), "catalog"))
    assert re.search(r"\d of 6 offers in the catalogs are not taken: ", said)
    for reason in (
        "1 of a kind that procurement.rent leaves out", "1 of providers that procurement.providers rules out",
        "1 of systems that procurement.systems rules out, or that are only announced",
        "1 not there in any whole period",
    ):  # fmt: skip
        assert reason in said
    assert "1 of 2 systems is not for sale to this plan: 1 only announced." in said
    assert (
        "chat: 3 of 3 token APIs for m1 are not called: 1 of providers that procurement.providers rules out, " in said
    )
    assert "1 too slow for its latency targets, 1 without a known latency, of which it has a target." in said


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    settle()
    return tmp_path


def plan_of(folder: Path, *overrides: str) -> Plan:
    return planner.solve(planner.load(folder / "s.yaml", overrides))


@pytest.mark.solve
def test_a_catalog_file_that_no_plan_can_use_is_named(own_folder: Path) -> None:
    prices = Path("cat/offers.csv").read_text()
    header = prices.splitlines()[0]
    Path("mine").mkdir()
    Path("mine/sources.yaml").write_text(Path("cat/sources.yaml").read_text())
    Path("mine/offers.csv").write_text(f"{header}\nshut,us,node,on_demand,,1,8,acme-prices,2026-01-01,vendor\n")
    both = "catalogs=[cat, mine]"
    (note,) = [
        n for n in plan_of(own_folder, both, "procurement.providers={deny: [shut]}").notes if "mine/" in n.sentence
    ]
    assert note.sentence == (
        f"{own_folder}/mine/offers.csv was read and its one row is not in the plan (shut/us/node/on_demand), "
        "and no plan of this scenario can use any; `plan explain SCENARIO --why-not NAME` says why."
    )
    assert note.most_usd == float("inf")
    # The same row where it may be used: it is cheap, so it is in the plan and needs no note.
    assert not [n for n in plan_of(own_folder, both).notes if "mine/" in n.sentence]
    Path("mine/offers.csv").write_text(f"{header}\ndear,us,node,on_demand,,99,8,acme-prices,2026-01-01,vendor\n")
    (note,) = [n for n in plan_of(own_folder, both).notes if "mine/" in n.sentence]
    assert note.sentence.endswith("(dear/us/node/on_demand): no cheaper plan with them was found.")
    assert note.most_usd == 0


@pytest.mark.solve
def test_a_default_is_told_by_its_value_and_not_where_it_is_stated() -> None:
    said = {note.sentence for note in about(planner.solve(planner.load(TINY)), "default")}
    assert "sites.hall.cap_at is not stated: power_mw is on the utility side of the meter." in said
    assert not [sentence for sentence in said if "discount_rate" in sentence or "headroom" in sentence]
    haircut = "finance.residual_haircut is not stated: a sale of hardware brings 65 % of its residual curve."
    assert haircut in said
    again = {note.sentence for note in planner.solve(planner.load(TINY, ("finance.residual_haircut=0.5",))).notes}
    assert not [sentence for sentence in again if "residual_haircut is" in sentence]


def test_defaults_of_a_scenario_built_in_python_are_known_by_what_it_was_given() -> None:
    scenario = owning(finance={"discount_rate": 0.08}).scenario
    assert stated(scenario, ("finance", "discount_rate"))
    assert not stated(scenario, ("finance", "price_path"))
    assert title(scenario, ("workloads", 0, "headroom")) == "workloads.chat.headroom"


@pytest.mark.solve
def test_a_terminal_shows_what_may_change_the_cost_by_more_than_the_gap() -> None:
    scenario = planner.load(TINY)
    plan = planner.solve(scenario)
    gap = plan.proof.gap_asked * plan.proof.objective_usd
    notes = tuple(Note("test", f"note {factor:g}", factor * gap) for factor in (0.0, 0.99, 1.01, 50.0))
    noted = replace(plan, notes=notes)
    assert noted.weighty_notes == ("note 1.01", "note 50")
    shown = headline(noted, scenario, timeline_of(scenario)).notes
    assert [note for note in shown if note.startswith("note ")] == ["note 1.01", "note 50"]
    assert noted.to_dict()["notes"] == [note.sentence for note in notes]
    page = html_report(noted, scenario, catalog_of(scenario))
    assert all(note.sentence in page for note in notes)


@pytest.mark.parametrize(("lookahead", "where"), [(0, ""), (1, "; it lies in the lookahead")])
def test_a_budget_that_holds_on_is_named_where_it_leaves_no_plan(lookahead: int, where: str) -> None:
    # What was signed costs 7 million in 2028 alone, and the two million of 2027 hold on.
    dear = {"provider": "core", "system": "h-node", "gpus": 16, "usd_per_gpu_hour": 50.0}
    signed = [dear | {"start": "2028-01", "end": "2029-01"}]
    horizon = YEARS | {"periods": 2 - lookahead, "lookahead": lookahead}
    with pytest.raises(InfeasiblePlan) as refused:
        solved(case(contracts=signed, horizon=horizon, budget={"opex_usd": {2027: 2e6}}))
    (relaxed,) = refused.value.relaxations
    assert relaxed.subject == "opex in 2028"
    assert relaxed.sentence.endswith(f" (that of 2027, the last year that budget.opex_usd names{where})")
    with pytest.raises(InfeasiblePlan) as stated_too:
        solved(case(contracts=signed, horizon=horizon, budget={"opex_usd": {2027: 2e6, 2028: 2e6}}))
    assert "that of" not in str(stated_too.value)


def test_without_a_plan_the_notes_stand_in_message_and_result() -> None:
    hall = HALL | {"cooling": ["liquid"], "existing": [node()]}
    asked = case((), systems=(system("h-node", cooling="air"),), sites=[hall])
    with pytest.raises(InfeasiblePlan) as refused:
        solved(asked)
    (note,) = refused.value.notes
    assert "2 × h-node (16 GPUs) at dallas never run: they need air cooling" in note
    assert f"what the scenario says may not be what was meant:\n  - {note}" in str(refused.value)
    assert infeasible(asked.scenario, refused.value)["notes"] == [note]


@pytest.mark.solve
@pytest.mark.parametrize("overrides", [(), ("workloads.chat.demand.output_mtok_per_day={2027-07: 2400}",)])
def test_notes_say_nothing_of_what_is_as_it_should_be(overrides: tuple[str, ...]) -> None:
    notes = planner.solve(whole(*overrides)).notes
    assert [note.about for note in notes if note.about not in ("default", "catalog", "horizon", "accuracy")] == [
        "forecast"
    ] * len(overrides)


def test_a_wide_point_in_small_lots_leaves_no_plan_and_says_why() -> None:
    small = offer(provider="vm", lot_gpus=1, domain_gpus=1)
    wide: Any = (point(gpus_per_replica=4, largest_worker_gpus=4),)
    with pytest.raises(InfeasiblePlan, match="all of 1 points that fit on h-node have workers of 4 GPUs or more"):
        solved(case((small,), wide))


@pytest.mark.solve
@given(cases())
@examples(40)
def test_nothing_is_silent(asked: Case) -> None:
    """Whatever a scenario names that its plan does not use is named by a sentence, each a sentence and none twice."""
    plan: Plan | None
    try:
        plan = planner.solve(asked.scenario, asked.catalog, gap=0.05)
    except InfeasiblePlan as refused:
        plan, sentences = None, list(refused.notes)
    if plan is None:
        assert all(sentence.endswith(".") for sentence in sentences)
        return
    scenario, sentences = asked.scenario, [note.sentence for note in plan.notes]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") and "\n" not in sentence and "nan" not in sentence for sentence in sentences)
    assert all(note.most_usd >= 0 for note in plan.notes)

    def named(*words: str) -> bool:
        return any(all(word in sentence for word in words) for sentence in sentences)

    signed = {(row.provider, row.region, row.system, row.term_months) for row in plan.contracts.itertuples()}
    for quote in scenario.quotes:
        taken = (quote.provider, quote.region, quote.system, quote.term_months) in signed
        assert taken != named(f"The quote {quote.provider}/{quote.region}/{quote.system}/reserved-{quote.term_months}m")
    called = {(row.provider, row.model) for row in plan.token_api.itertuples()}
    for token_quote in scenario.token_quotes:
        name = (token_quote.provider, token_quote.model)
        assert (name in called) != named(f"The token quote {'/'.join(name)} is not called")
    for site in scenario.sites:
        stands = (plan.fleet["site"] == site.name).any()
        assert stands != named(f"at {site.name}: ", "Nothing ")
    for row in plan.retirements.itertuples():
        retired = named(f"{row.system} at {row.site} are retired in {row.period}")
        assert retired or named(f"{row.system} (", f"at {row.site} never run")
    for site in scenario.sites:
        for existing in site.existing:
            mine = plan.fleet[(plan.fleet["site"] == site.name) & (plan.fleet["system"] == existing.system)]
            assert len(mine) or named(existing.system, f"at {site.name}")
