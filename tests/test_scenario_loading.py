"""Scenarios put together from files, overlays, overrides and forecasts; and where each field was written."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

import planner.scenario
from planner.catalog import load_catalog
from planner.document import KeyPath, Node
from planner.errors import ScenarioError
from planner.rules import check_references
from planner.scenario import Scenario, load_scenario, scenario_digest
from planner.schedule import Schedule, parse_date
from tests.small import SCENARIO, edited, settle, write

TEMPLATE = Path(planner.scenario.__file__).parent / "template.yaml"
SHIPPED = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    settle()
    return tmp_path


def read(text: str, *overrides: str) -> Scenario:
    return load_scenario(io.StringIO(text), overrides)


def power(scenario: Scenario) -> dict[dt.date, float]:
    return dict(scenario.sites[0].power_mw.anchors)


@pytest.mark.parametrize("path", [TEMPLATE, *SHIPPED], ids=lambda path: path.name)
def test_shipped_scenarios_are_fine(path: Path) -> None:
    scenario = load_scenario(path)
    check_references(scenario, load_catalog(scenario.catalogs, scenario.origin.folder))


def test_the_template_is_fine_with_every_comment_that_is_a_field_taken_in() -> None:
    text = re.sub(r"^( *)# ( *(- \{|[a-z_]+:( |$)))", r"\1\2", TEMPLATE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    scenario = read(text)
    check_references(scenario, load_catalog(scenario.catalogs))
    assert scenario.quotes
    assert scenario.futures
    assert scenario.budget.capex_usd
    assert scenario.procurement.quotas
    assert scenario.sites[0].existing
    assert scenario.workloads[0].price_usd_per_mtok


# YAML 1.2


def test_numbers_and_words() -> None:
    scenario = read(
        edited("region: us", "region: NO").replace("1e3, 2028-01: 2e3", "900e6, 2028-01: 1.5e+3, 2029-01: 2_000")
    )
    assert scenario.sites[0].region == "NO"
    assert scenario.workloads[0].demand.output_mtok_per_day is not None
    assert scenario.workloads[0].demand.output_mtok_per_day.values == (900e6, 1500, 2000)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("010", 10), ("0o10", 8), ("0x10", 16), ("+3", 3), ("4.", 4), (".5", 0.5), ("12e-1", 1.2), ("'7'", 7)],
)
def test_notations(written: str, meant: float) -> None:
    assert read(SCENARIO, f"solve.time_limit_s={written}").solve.time_limit_s == meant


def test_dates_in_every_form() -> None:
    scenario = read(edited("start: 2027-01", "start: 2027"))
    assert scenario.horizon.decided_on == dt.date(2026, 12, 1)
    assert scenario.horizon.start == dt.date(2027, 1, 1)
    assert power(scenario) == {dt.date(2027, 1, 1): 2, dt.date(2028, 1, 1): 4}


def test_anchors_and_aliases() -> None:
    scenario = read(edited("office: {day: 1.5, night: 0.5}", "office: &a {day: 1.5, night: 0.5}\n  other: *a"))
    assert scenario.load_shapes["other"] == scenario.load_shapes["office"]


def test_a_byte_order_mark_is_no_text(here: Path) -> None:
    write({"s.yaml": b"\xef\xbb\xbf" + SCENARIO.encode()})
    assert load_scenario("s.yaml").name == "small"


# Where fields were written


def test_the_origin_knows_the_line_of_every_field() -> None:
    scenario = read(SCENARIO)
    assert scenario.origin.place(("horizon", "periods")) == ("<text>", 2)
    assert scenario.origin.place(("sites", 0, "power_mw", "2028-01")) == ("<text>", 8)
    assert scenario.origin.place(("sites", 0, "usable_share")) == ("<text>", 6), (
        "the site, where the field is not given"
    )
    assert scenario.origin.place(("solve", "gap")) == ("<text>", 1)
    assert str(scenario.origin.fault(("sites", 0, "region"), "why")) == "<text>:7: sites.dallas.region: why"


def test_where_a_scenario_was_written_does_not_matter_to_what_it_says(here: Path) -> None:
    from_file = load_scenario(here / "s.yaml")
    assert from_file.origin.folder == here
    assert read(SCENARIO) == from_file
    assert Scenario.model_validate(from_file.model_dump()) == from_file
    assert scenario_digest(read("# a comment\n" + SCENARIO)) == scenario_digest(from_file)
    assert scenario_digest(read(SCENARIO, "horizon.periods=5")) != scenario_digest(from_file)


# Overlays


def test_an_overlay_merges_mappings_and_named_things(here: Path) -> None:
    write(
        {
            "over.yaml": """\
extends: s.yaml
name: over
horizon: {periods: 8}
sites:
  - {name: dallas, usable_share: 0.9}
  - name: oslo
    region: NO
    power_mw: 1
    pue: {air: {design: 1.1, annual: 1.1}, liquid: {design: 1.1, annual: 1.1}}
workloads:
  - name: chat
    headroom: 0.2
"""
        }
    )
    over = load_scenario("over.yaml")
    assert over.name == "over"
    assert (over.horizon.start, over.horizon.periods) == (dt.date(2027, 1, 1), 8)
    assert [(site.name, site.usable_share) for site in over.sites] == [("dallas", 0.9), ("oslo", 1.0)]
    assert over.sites[0].region == "us"
    assert (over.workloads[0].headroom, over.workloads[0].model) == (0.2, "tiny")
    assert over.origin.place(("sites", 0, "usable_share")) == ("over.yaml", 5)
    assert over.origin.place(("sites", 0, "region")) == ("s.yaml", 7)


def test_an_overlay_replaces_schedules_demands_and_other_lists(here: Path) -> None:
    write(
        {
            "s.yaml": SCENARIO + "procurement: {rent: [spot, reserved]}\nbudget: {capex_usd: {2027: 1e6, 2028: 2e6}}\n",
            "over.yaml": """\
extends: s.yaml
sites: [{name: dallas, power_mw: {2029-01: 7}}]
workloads: [{name: chat, demand: {requests_per_s: 3}}]
procurement: {rent: [on_demand]}
budget: {capex_usd: {2027: 3e6}}
""",
        }
    )
    over = load_scenario("over.yaml")
    assert power(over) == {dt.date(2029, 1, 1): 7}
    assert over.workloads[0].demand.output_mtok_per_day is None
    assert over.procurement.rent == ("on_demand",)
    assert over.budget.capex_usd == {2027: 3e6}


def test_an_overlay_takes_away_with_nothing(here: Path) -> None:
    write({"s.yaml": SCENARIO + "revealed: 2027-07\n", "over.yaml": "extends: s.yaml\nrevealed:\n"})
    assert load_scenario("over.yaml").revealed is None


def test_overlays_stack_and_paths_are_those_of_the_file_that_names_them(here: Path) -> None:
    write(
        {
            "base/deep/root.yaml": edited("[cat]", "[../../cat, builtin]").replace(
                "{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}", "{csv: ../d.csv}"
            ),
            "base/d.csv": "date,requests_per_s\n2027-01,3\n2027-06,4\n",
            "base/middle.yaml": "extends: deep/root.yaml\nname: middle\n",
            "top.yaml": "extends: base/middle.yaml\nhorizon: {periods: 6}\n",
        }
    )
    top = load_scenario("top.yaml")
    assert (top.name, top.horizon.periods) == ("middle", 6)
    assert top.catalogs == ("cat", "builtin")
    assert top.workloads[0].demand.requests_per_s == Schedule.model_validate({"2027-01": 3, "2027-06": 4})
    assert top.origin.place(("horizon", "start")) == ("base/deep/root.yaml", 2)
    assert top.origin.place(("name",)) == ("base/middle.yaml", 2)


# Forecasts


@pytest.mark.parametrize("unit", ["requests_per_s", "output_mtok_per_day"])
def test_a_forecast_is_read_beside_the_scenario(here: Path, unit: str) -> None:
    write(
        {
            "sub/s.yaml": edited("{output_mtok_per_day: {2027-01: 1e3, 2028-01: 2e3}}", "{csv: d.csv}"),
            "sub/d.csv": f"{unit}, date\r\n1e3, 2027-01\r\n\r\n2e3, 2028-01-15\r\n",
        }
    )
    scenario = load_scenario("sub/s.yaml")
    demand = scenario.workloads[0].demand
    assert getattr(demand, unit) == Schedule.model_validate({"2027-01": 1000, "2028-01-15": 2000})
    assert demand.csv is None
    assert scenario.origin.place(("workloads", 0, "demand", unit, "2028-01-15")) == ("sub/d.csv", 4)


# Overrides


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("sites.dallas.power_mw=12", "sites.0.power_mw", Schedule.model_validate(12)),
        ("sites.0.power_mw={2027-01: 4}", "sites.0.power_mw", Schedule.model_validate({"2027-01": 4})),
        ("sites.dallas.power_mw.2028-01=9", "sites.0.power_mw.values", (2, 9)),
        ("sites.dallas.power_mw.2029-01=9", "sites.0.power_mw.values", (2, 4, 9)),
        ("sites.dallas.power_mw.2027=9", "sites.0.power_mw.values", (9, 4)),
        ("workloads.chat.sla.ttft_s=1", "workloads.0.sla.ttft_s", 1),
        ("horizon.periods=8", "horizon.periods", 8),
        ("budget.capex_usd.2027=70e6", "budget.capex_usd", {2027: 70e6}),
        ("budget.capex_usd=70e6", "budget.capex_usd", 70e6),
        ("procurement.systems.deny=[a,b]", "procurement.systems.deny", ("a", "b")),
        ("procurement.lead_weeks.hgx-b200=3", "procurement.lead_weeks", {"hgx-b200": 3}),
        ("procurement.lead_weeks.gpt-3.5=3", "procurement.lead_weeks", {"gpt-3.5": 3}),
        ("sites.dallas.lease={it_kw: 5, usd_per_kw_month: 9}", "sites.0.lease.usd_per_kw_month", 9),
        ("sites.dallas.pue.air.design=1.4", "sites.0.pue.air.design", 1.4),
        ("load_shapes.new.day=2", "load_shapes.new", {"day": 2}),
        ("catalogs.0=builtin", "catalogs", ("builtin",)),
        ("sites.dallas.electricity_usd_per_mwh=", "sites.0.electricity_usd_per_mwh", None),
        ("description=a = b", "description", "a = b"),
        ("name='2027'", "name", "2027"),
    ],
)
def test_an_override(override: str, path: str, value: Any) -> None:
    scenario: Any = read(SCENARIO.replace("name: small", "name: small\ndescription: ''"), override)
    for key in path.split("."):
        scenario = scenario[int(key)] if isinstance(scenario, tuple) else _part(scenario, key)
    assert scenario == value


def test_the_last_override_wins_and_is_where_the_field_comes_from() -> None:
    scenario = read(SCENARIO, "horizon.periods=5", "horizon.periods=6")
    assert scenario.horizon.periods == 6
    assert scenario.origin.place(("horizon", "periods")) == ("--set horizon.periods", 0)
    assert scenario.origin.place(("horizon", "start")) == ("<text>", 2)


def test_names_may_hold_dots() -> None:
    text = SCENARIO.replace("name: chat", "name: llama-3.3 chat").replace("name: dallas", "name: a.b")
    scenario = read(text, "workloads.llama-3.3 chat.headroom=0.3", "sites.a.b.usable_share=0.5")
    assert scenario.workloads[0].headroom == 0.3
    assert scenario.sites[0].usable_share == 0.5


def _part(value: Any, key: Any) -> Any:
    if isinstance(value, Schedule) and key != "values":
        return dict(value.anchors)[parse_date(key)]
    return value[key] if isinstance(value, dict | tuple) else getattr(value, key)


def _numbers(node: Node, path: KeyPath = ()) -> list[KeyPath]:
    if isinstance(node.value, dict | list):
        items = node.value.items() if isinstance(node.value, dict) else enumerate(node.value)
        return [found for key, part in items for found in _numbers(part, (*path, key))]
    return [path] if isinstance(node.value, int | float) and not isinstance(node.value, bool) else []


LARGEST = max(SHIPPED, key=lambda path: path.stat().st_size).read_text(encoding="utf-8")
NUMBERS = _numbers(read(LARGEST).origin.root)


@given(st.sampled_from(NUMBERS), st.floats(0, 2) | st.integers(1, 100))
def test_any_number_may_be_set_within_its_range(path: KeyPath, value: float) -> None:
    base = read(LARGEST)
    title = base.origin.root.title(path)
    try:
        scenario: Any = read(LARGEST, f"{title}={value!r}")
    except ScenarioError as refused:
        # Out of the field's range, or of a whole that has to add up: said of the override and of nothing else.
        (fault,) = refused.faults
        assert fault.file == f"--set {title}" or fault.field == path[0]
        assume(False)
        return
    found = scenario
    for key in path:
        found = _part(found, key)
    assert (found.anchors[0][1] if isinstance(found, Schedule) else found) == pytest.approx(value, rel=0, abs=0)
    changed = _plain(scenario) ^ _plain(base)
    assert len(changed) in (0, 2), "and nothing else changes"


def _plain(value: Any, path: tuple[Any, ...] = ()) -> set[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, dict | tuple):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {leaf for key, part in items for leaf in _plain(part, (*path, key))}
    return {(path, value)}
