"""Cost by tag: who is told which dollar, by hand; and that the values of every tag add up to all cost."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.accounts import Account
from planner.accounts.cashflow import totals_of
from planner.accounts.ledger import Resource, ledger_lines
from planner.accounts.tags import Tagged, cost_by_tag
from planner.accounts.workload_cost import cost_by_workload, expected_shares
from planner.errors import ScenarioError
from planner.kinds.cash import CAPEX, OPEX
from planner.scenario import load_scenario, scenario_digest
from planner.scenario.models import Scenario
from tests.payments import CHAT, HALL, MIDDLE, catalog, decisions, scenario
from tests.small import SCENARIO as SMALL
from tests.strategies import Case, cases, examples, solved, with_part

HOURS = 8760
OFFER = "acme/us/node/on_demand"
SIGNED = {"provider": "bolt", "system": "node", "gpus": 8, "usd_per_gpu_hour": 2, "start": "2026-06", "end": "2028-01"}


def shared_by_two() -> Account:
    """Twelve GPUs by the hour at 3 USD, of which chat uses eight and search four, and a contract that nobody uses."""
    asked = scenario(
        sites=[HALL | {"tags": {"cost_centre": "100"}}],
        workloads=[
            CHAT | {"tags": {"product": "assistant", "cost_centre": "7"}},
            CHAT | {"name": "search", "tags": {"product": "search"}},
        ],
        contracts=[SIGNED | {"tags": {"cost_centre": "200"}}],
    )
    rents = [("base", OFFER, 0, block, 6.0, 6.0, False) for block in ("day", "night")]
    point = next(iter(catalog().serving.values())).name
    serving = [
        ("base", workload, "rented", point, 0, block, gpus, float("nan"))
        for workload, gpus in (("chat", 8.0), ("search", 4.0))
        for block in ("day", "night")
    ]
    return Account(asked, catalog(), decisions(pools=[("rented", f"offer:{OFFER}")], rents=rents, serving=serving))


def told(table: pd.DataFrame, column: str = "usd") -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = table.groupby(["tag", "value"])[column].sum().to_dict()
    return found


def test_what_is_paid_for_has_the_first_word_and_workloads_share_the_rest() -> None:
    """The hours cost 315,360 USD, two thirds of them chat's; the contract costs 140,160, shared by GPU-hours too."""
    hourly, signed = 12 * 3.0 * HOURS, 8 * 2.0 * HOURS
    usd = told(cost_by_tag(shared_by_two()).frame())
    assert usd == pytest.approx(
        {
            ("cost_centre", "200"): signed,
            ("cost_centre", "7"): hourly * 2 / 3,
            ("cost_centre", ""): hourly / 3,
            ("product", "assistant"): (hourly + signed) * 2 / 3,
            ("product", "search"): (hourly + signed) / 3,
        }
    )
    table = cost_by_tag(shared_by_two()).frame()
    assert set(table["period"]) == {"2027"}
    assert list(dict.fromkeys(zip(table["tag"], table["value"], strict=True)))[:3] == [
        ("cost_centre", "200"), ("cost_centre", "7"), ("cost_centre", ""),
    ]  # fmt: skip
    npv = told(table, "npv_usd")
    assert npv["cost_centre", "7"] == pytest.approx(hourly * 2 / 3 * MIDDLE[0])


def test_a_group_has_the_tags_of_its_site_unless_its_own_say_otherwise() -> None:
    group = {"system": "node", "count": 1, "in_service": "2026-01"}
    hall = HALL | {"tags": {"cost_centre": "100", "team": "halls"}}
    tags = {"cost_centre": "300"}
    quote: dict[str, Any] = {"provider": "bolt", "system": "node", "term_months": 12, "usd_per_gpu_hour": 2}
    calls = {"provider": "zenith", "model": "m", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
    tagged = Tagged(
        scenario(
            sites=[hall | {"existing": [group, group | {"tags": tags}]}],
            workloads=[CHAT | {"tags": {"product": "assistant"}}],
            quotes=[quote | {"lot_gpus": 8, "tags": {"deal": "bolt-27"}}],
            token_quotes=[calls | {"tags": {"deal": "zenith-27"}}],
        )
    )

    def of(kind: str, key: str, who: str = "hall", workload: str = "") -> dict[str, str]:
        return tagged.of(Resource(kind, key, who, "", "node", pd.Series(dtype=float).to_numpy(), workload=workload))

    site = {"cost_centre": "100", "team": "halls"}
    assert (
        of("own", "own:hall/node/2027") == of("site", "energy:hall/node") == of("existing", "existing:hall/0") == site
    )
    assert of("existing", "existing:hall/1") == site | tags
    assert of("reserved", "bolt/quoted/node/reserved-12m/2027") == {"deal": "bolt-27"}
    assert of("reserved", "acme/us/node/reserved-24m/2027") == of("hourly", OFFER) == {}
    calls_of_chat = of("api", "zenith/m/chat", "zenith", "chat")
    assert calls_of_chat == {"deal": "zenith-27", "product": "assistant"}
    assert of("api", "acme/m/chat", "acme", "chat") == {"product": "assistant"}


def with_tags(asked: Scenario, told: list[dict[str, str]]) -> Scenario:
    """Tags for everything that takes some, one after another, round and round."""
    turn = iter(range(10**6))

    def tagged(items: Any) -> Any:
        return tuple(with_part(item, tags=told[next(turn) % len(told)]) for item in items)

    sites = tuple(with_part(site, existing=tagged(site.existing)) for site in tagged(asked.sites))
    parts = {name: tagged(getattr(asked, name)) for name in ("workloads", "contracts", "quotes", "token_quotes")}
    return asked.model_copy(update={"sites": sites, **parts})


TAGS = st.dictionaries(st.sampled_from(["cost_centre", "product"]), st.sampled_from(["a", "b", "c"]))


@pytest.mark.slow
@pytest.mark.property
@examples(1)
@given(cases(), st.lists(TAGS, min_size=1, max_size=5))
def test_the_values_of_a_tag_add_up_to_all_cost_and_change_no_plan(case: Case, tags: list[dict[str, str]]) -> None:
    found = solved(case)
    if found.high == float("inf"):
        return
    tagged = Case(with_tags(case.scenario, tags), case.catalog)
    again = solved(tagged)
    assert (again.low, again.high) == (found.low, found.high)
    plan = planner.solve(tagged.scenario, tagged.catalog)
    account = Account(tagged.scenario, tagged.catalog, plan.decisions)
    weight = dict(zip(plan.futures, account.inputs.probability, strict=True))
    reported = plan.cashflow[~plan.cashflow["lookahead"] & plan.cashflow["category"].isin([*CAPEX, *OPEX])]
    cash = float((reported["usd"] * reported["future"].map(weight)).sum())
    table = plan.cost_by_tag
    for tag in set(table["tag"]):
        mine = table[table["tag"] == tag]
        assert mine.loc[~mine["lookahead"].astype(bool), "usd"].sum() == pytest.approx(cash, rel=1e-9, abs=1e-6)
        assert mine["npv_usd"].sum() == pytest.approx(plan.kpis["npv_usd"], rel=1e-9, abs=1e-6)


def test_tags_of_workloads_alone_say_what_the_workloads_bear() -> None:
    found = shared_by_two()
    bears, _ = cost_by_workload(found)
    npv = told(cost_by_tag(found).frame(), "npv_usd")
    assert [npv["product", "assistant"], npv["product", "search"]] == pytest.approx(list(bears))
    assert sum(bears) == pytest.approx(totals_of(found).cost_usd)


def test_every_part_of_a_line_bears_one_set_of_tags() -> None:
    found = shared_by_two()
    tagged = Tagged(found.scenario)
    for line, shares in expected_shares(found, ledger_lines(found)):
        parts = tagged.parts(line, shares)
        assert sum(part.share for part in parts) == pytest.approx(1.0)
        assert len({tuple(part.tags.items()) for part in parts}) == len(parts)
        assert all(part.workloads.sum() == pytest.approx(1.0) for part in parts)


def test_tags_are_no_part_of_a_scenario_without_any() -> None:
    plain = scenario()
    tagged = scenario(workloads=[CHAT | {"tags": {}}])
    assert scenario_digest(plain) == scenario_digest(tagged)
    assert scenario_digest(plain) != scenario_digest(scenario(workloads=[CHAT | {"tags": {"product": "x"}}]))
    account = shared_by_two()
    assert not len(cost_by_tag(Account(plain, catalog(), decisions())))
    assert len(cost_by_tag(account))


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ("{cost_centre: 4711}", "sites.dallas.tags.cost_centre: 4711 is not text; write it in quotes"),
        ("{cost_centre: true}", "write it in quotes, so that it stays as it is"),
        ("{cost_centre: }", "sites.dallas.tags.cost_centre: this is empty; give it a value"),
        ("{period: x}", "'period' is a column of the files that `plan actuals` reads; name the tag otherwise"),
        ("[a, b]", "sites.dallas.tags: "),
    ],
)
def test_bad_tags_are_refused_where_they_stand(tags: str, sentence: str) -> None:
    text = io.StringIO(SMALL.replace("    region: us\n", f"    region: us\n    tags: {tags}\n", 1))
    text.name = "s.yaml"
    with pytest.raises(ScenarioError) as refused:
        load_scenario(text)
    assert sentence in str(refused.value)
    assert "s.yaml:8" in str(refused.value)
