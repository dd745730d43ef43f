"""Names with a slash, as model hubs and regions of providers have them: nothing is told from a name by cutting it."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner.catalog.models import Catalog
from planner.errors import CatalogError
from planner.export.focus import focus_rows
from planner.plan import Plan
from planner.rules import apply_quotes
from planner.scenario.models import Scenario
from tests.small import SCENARIO, edited, here, load, refusal, write  # noqa: F401
from tests.strategies import CHAT, catalog, offer, point, scenario, system, token_api

QUOTE = {"provider": "acme/eu", "system": "h-node", "term_months": 12, "usd_per_gpu_hour": 1.5, "lot_gpus": 4}
PRICE = {"provider": "acme/eu", "model": "hub/m1", "input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.1}


def solved(**fields: Any) -> tuple[Plan, Scenario, Catalog]:
    rows = catalog(
        [system("h-node")],
        [offer(provider="acme/eu", region="north/2", usd_per_gpu_hour=9.0)],
        [point(model="hub/m1")],
        [token_api(provider="acme/eu", model="hub/m1")],
    )
    chat = CHAT | {"model": "hub/m1", "load": "flat", "demand": {"requests_per_s": 4.0}}
    asked = scenario(workloads=[chat | fields.pop("chat", {})], **fields)
    rows = apply_quotes(asked, rows)
    return planner.solve(asked, rows), asked, rows


def test_a_contract_of_a_provider_with_a_slash_is_traced() -> None:
    plan, *_ = solved(quotes=[QUOTE], procurement={"token_api": False, "buy": False})
    assert set(plan.contracts["provider"]) == {"acme/eu"}
    traced = plan.trace()
    assert "h-node" in set(traced.loc[traced["table"] == "contracts", "row"])


def test_hours_in_a_region_with_a_slash_are_traced() -> None:
    plan, *_ = solved(procurement={"token_api": False, "buy": False})
    assert set(plan.on_demand["provider"]) == {"acme/eu"}
    traced = plan.trace()
    assert {"h-node", "acme/eu/north/2/h-node/on_demand"} == set(traced.loc[traced["table"] == "on_demand", "row"])


def test_an_api_of_a_provider_and_a_model_with_slashes_keeps_both() -> None:
    plan, *_ = solved(procurement={"buy": False, "rent": []}, token_quotes=[PRICE])
    assert set(zip(plan.token_api["provider"], plan.token_api["model"], strict=True)) == {("acme/eu", "hub/m1")}
    # 4 requests/s of 1,500 tokens at 0.1 USD per million, through 2027.
    assert plan.token_api["cost_usd"].sum() == pytest.approx(4 * 8760 * 3600 * 1500 / 1e6 * 0.1)


def test_a_bill_names_the_provider_whole() -> None:
    plan, asked, rows = solved(procurement={"buy": False, "rent": []}, token_quotes=[PRICE])
    bill = focus_rows(plan, asked, rows)
    assert set(bill["ProviderName"]) == {"acme/eu"}


def test_what_survives_a_provider_knows_it_by_its_whole_name() -> None:
    both = [QUOTE, QUOTE | {"provider": "acme/us"}]
    rented = {"token_api": False, "buy": False, "rent": ["reserved"]}
    plan, *_ = solved(quotes=both, service={"survive": "provider"}, procurement=rented, chat={"whole_replicas": True})
    assert set(plan.contracts["provider"]) == {"acme/eu", "acme/us"}


def test_two_rows_of_one_name_are_refused() -> None:
    write({
        "cat/token_apis.csv": "provider,model,input_usd_per_mtok,output_usd_per_mtok,source,as_of,evidence\n"
        "a/b,c,1,1,bench,2026-01-01,vendor\na,b/c,1,1,bench,2026-01-01,vendor\n"
    })  # fmt: skip
    with pytest.raises(CatalogError, match=r"token_apis\.csv:3: a/b/c is also what .*token_apis\.csv:2 is called"):
        load()


LINES = """
{kind}:
  - {{provider: quay, {row}}}
  - {{provider: other, {row}}}
  - {{provider: quay, {row}}}
"""
HOURS = "system: node, term_months: 12, usd_per_gpu_hour: 2, lot_gpus: 8"
TOKENS = "model: tiny, input_usd_per_mtok: 1, output_usd_per_mtok: 1"


@pytest.mark.parametrize(
    ("kind", "row", "name"),
    [("quotes", HOURS, "quay/quoted/node/reserved-12m"), ("token_quotes", TOKENS, "quay/tiny")],
)
def test_a_second_quote_of_one_thing_is_refused_with_its_line(kind: str, row: str, name: str) -> None:
    write({"s.yaml": SCENARIO + LINES.format(kind=kind, row=row)})
    line = SCENARIO.count("\n") + 5
    assert refusal().startswith(f"s.yaml:{line}: {kind}.2: {name} is quoted already, as number 0; drop one")


def test_the_same_rate_for_another_term_is_another_quote() -> None:
    longer = HOURS.replace("12", "24")
    write({"s.yaml": SCENARIO + f"\nquotes:\n  - {{provider: q, {HOURS}}}\n  - {{provider: q, {longer}}}\n"})
    assert len(load().quotes) == 2
