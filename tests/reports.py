"""Pages to look into: one of tiny, one with something of everything and names that would like to be scripts."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from planner.catalog import Catalog
from planner.kinds.cash import CAPEX, OPEX
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.report.html.page import html_report
from planner.report.html.parts import Beside
from planner.report.view import timeline_of
from planner.scenario import Scenario, load_scenario
from planner.studies.compare.sheet import comparison_sheets
from planner.studies.compare.study import Comparison, compare
from planner.studies.speeds import cost_at_speed
from tests import small

ROOT = Path(__file__).parents[1]
HOSTILE = "<script>alert(1)</script>"
IMAGE = "</script><img src=x onerror=alert(2)>"
# Something of everything: a purchase and a contract for both futures, one purchase for each, rentals, an API, revenue.
MORE = f"""\
  - name: research
    model: tiny
    tokens: {{input: 100, output: 100}}
    demand: {{output_mtok_per_day: {{2027-01: 2e3, 2028-01: 4e3}}}}
    load: office
    token_api: false
    price_usd_per_mtok: {{input: 1, output: 3}}
budget: {{capex_usd: 1.6e6}}
futures:
  - {{name: calm, probability: 0.75}}
  - {{name: '{IMAGE}', probability: 0.25, demand: 1.6}}
revealed: 2027-07
"""
VOID = {"meta", "wbr", "br", "img", "link", "input"}


@dataclass(frozen=True)
class Made:
    """A plan, its result and its page."""

    scenario: Scenario
    catalog: Catalog
    plan: Plan
    page: str
    beside: Beside = field(default_factory=Beside)

    @property
    def result(self) -> dict[str, Any]:
        return self.plan.to_dict()


@dataclass
class Element:
    """A tag with its attributes and all text inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: dict[str, str] = field(default_factory=dict)


class Elements(HTMLParser):
    """Every element of a page, in order, as a browser without scripts would see it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outer = {f"{element.tag}.{key}": value for element in self.open for key, value in element.attributes.items()}
        element = Element(tag, {key: value or "" for key, value in attrs}, inside=outer)
        self.found.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


@cache
def elements(page: str) -> list[Element]:
    # The plots' own library is long and says nothing here.
    parser = Elements()
    parser.feed(re.sub(r"(<script>)\n/\*\*\n\* plotly.*?(</script>)", r"\1\2", page, flags=re.S))
    assert parser.open == []
    return parser.found


def settled(folder: Path, scenario: str) -> tuple[Scenario, Catalog]:
    cheap = small.edited("price_usd: 400000", "price_usd: 250000", small.CATALOG["systems.yaml"])
    for name, text in (small.CATALOG | {"systems.yaml": cheap}).items():
        path = folder / "cat" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "s.yaml").write_text(scenario)
    loaded = load_scenario(folder / "s.yaml")
    return loaded, catalog_of(loaded)


def compared(found: Comparison) -> Beside:
    sheets = comparison_sheets(found.table, found.sentences, "The plan (mixed) beside each option", float("inf"))
    return Beside(options=found.table, compared=tuple(sheets))


def beside_of(plan: Plan, scenario: Scenario, catalog: Catalog, found: Comparison) -> Beside:
    return replace(compared(found), speeds=cost_at_speed(plan, scenario, catalog))


def made(folder: Path, text: str, options: tuple[str, ...] = ()) -> Made:
    scenario, catalog = settled(folder, text)
    plan = solve(scenario, catalog)
    beside = Beside(uncompared="Nothing.")
    if options:
        found = compare(scenario, ("mixed", *options), known={"mixed": plan})
        beside = beside_of(plan, scenario, catalog, found)
    return Made(scenario, catalog, plan, html_report(plan, scenario, catalog, beside), beside)


@pytest.fixture(scope="module", name="several")
def several_page(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two futures, a lookahead, purchases, contracts, rentals, an API: names that would like to be scripts."""
    text = small.SCENARIO.replace("name: small", f"name: '{HOSTILE}'").replace("name: dallas", f"name: '{IMAGE}'")
    text = text.replace("name: chat", f"name: '{HOSTILE}'").replace("periods: 4}", "periods: 4, lookahead: 1}")
    text = text.replace("blocks: {day:", f"blocks: {{'{HOSTILE}':").replace("{day: 1.5,", f"{{'{HOSTILE}': 1.5,")
    return made(tmp_path_factory.mktemp("several"), text + MORE, ("buy", "rent", "hopper"))


@pytest.fixture(scope="module", name="tiny")
def tiny_page() -> Made:
    return tiny_made()


@cache
def tiny_made() -> Made:
    scenario = load_scenario(ROOT / "scenarios" / "tiny.yaml")
    catalog = catalog_of(scenario)
    plan = solve(scenario, catalog)
    found = compare(scenario, ("mixed", "buy", "rent"), known={"mixed": plan})
    beside = beside_of(plan, scenario, catalog, found)
    return Made(scenario, catalog, plan, html_report(plan, scenario, catalog, beside), beside)


@pytest.fixture(params=[pytest.param("tiny", marks=pytest.mark.slow), "several"], name="either")
def either_page(request: pytest.FixtureRequest) -> Made:
    found: Made = request.getfixturevalue(request.param)
    return found


def matches(field: str, row: dict[str, Any], filters: dict[str, str]) -> bool:
    for key, value in filters.items():
        if key == "future" and row.get("future", "all") in (value, "all"):
            continue
        if key == "lookahead":
            if row.get("lookahead"):
                return False
            continue
        if key == "category" and value == "cost":
            if row["category"] == "revenue" or (field == "usd" and row["category"] not in (*CAPEX, *OPEX)):
                return False
            continue
        if row[key] != value:
            return False
    return True


def check_plots(made: Made, drawn: dict[str, Any]) -> None:
    """Sums of what is drawn against the result."""
    result = made.result
    unit = 1e3 if made.plan.kpis["cash_usd"] < 1e7 else 1e6
    cash = math.fsum(value for trace in drawn["cash"] for value in trace["y"])
    assert cash * unit == pytest.approx(result["kpis"]["cash_usd"])
    whole = math.fsum(value for trace in drawn["levelised"] for value in trace["y"])
    assert whole == pytest.approx(result["kpis"]["levelised_usd_per_mtok_output"])
    timeline = timeline_of(made.scenario, made.catalog)
    hours = {
        (period, block): float(timeline.block_hours[t, b] / timeline.block_hours[t].sum())
        for t, period in enumerate(timeline.names)
        for b, block in enumerate(timeline.blocks)
    }
    for name in made.plan.futures:
        rows = [row for row in result["fleet"] if matches("", row, {"future": name, "lookahead": "no"})]
        bars = [trace for trace in drawn["power"] if trace["type"] == "bar" and of(trace, name)]
        expected = math.fsum(row["provisioned_utility_mw"] for row in rows)
        assert math.fsum(value for trace in bars for value in trace["y"]) == pytest.approx(expected)
        served = [trace for plot, traces in drawn.items() if plot.startswith("served-") for trace in traces]
        bars = [trace for trace in served if of(trace, name) and "token API" not in trace["name"]]
        expected = math.fsum(
            row["requests_per_s"] * hours[row["period"], row["block"]]
            for table in ("serving", "unserved")
            for row in result[table]
            if matches("", row, {"future": name, "lookahead": "no"})
        )
        assert math.fsum(value for trace in bars for value in trace["y"]) == pytest.approx(expected)
    steps = [trace for trace in drawn["timeline"] if trace["name"] == "contract runs"]
    assert sum(len(trace["y"]) for trace in steps) == len(result["contracts"])
    bought = [trace for trace in drawn["timeline"] if trace["name"] == "in service"]
    assert sum(len(trace["y"]) for trace in bought) == len(result["purchases"])


def of(trace: dict[str, Any], future: str) -> bool:
    return bool(trace.get("meta", {"future": future})["future"] == future)
