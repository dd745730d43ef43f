"""The form of `plan serve`: fields from the schema, what may be asked, and a question as an overlay file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from planner.pipeline import catalog_of
from planner.scenario import Scenario, load_scenario, scenario_digest
from planner.serve.asked import Refused, read, scenario_with
from planner.serve.fields import OFF, ON, Field
from planner.serve.form import Form, form_of
from planner.serve.overlay import overlay_text, save
from tests.what_if import hall_in

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shipped() -> tuple[Scenario, Form]:
    scenario = load_scenario(ROOT / "scenarios" / "10mw.yaml")
    return scenario, form_of(scenario, catalog_of(scenario))


def test_fields_have_the_schemas_meaning_unit_and_limits(shipped: tuple[Scenario, Form]) -> None:
    fields = shipped[1].by_name()
    power = fields["sites.dallas.power_mw.2029-01"]
    assert (power.label, power.now, power.unit) == ("at dallas, from 2029-01", 10.0, "MW")
    assert power.about.startswith("power cap")
    assert (power.low, power.high, power.step) == (0.0, 20.0, 0.2)
    assert fields["budget.capex_usd.2028"].shown == "90"
    assert fields["budget.capex_usd.2028"].unit == "$ M"
    assert fields["budget.opex_usd"].shown == ""
    assert fields["workloads.rag.headroom"].now == 15.0
    assert fields["workloads.rag.headroom"].most == 100.0
    assert fields["procurement.providers.max_share"].now == 70.0
    assert fields["workloads.assistant.sla.tpot_ms"].unit == "ms"
    assert fields["quotes.0.usd_per_gpu_hour"].unit == "$/GPU-hour"
    assert fields["procurement.systems.mi355x-oam"].now is False
    assert fields["procurement.providers.nscale"].now is True


def test_a_question_becomes_overrides_and_a_link_that_asks_the_same(shipped: tuple[Scenario, Form]) -> None:
    scenario, form = shipped
    items = [
        ("sites.dallas.power_mw.2029-01", "12"),
        ("workloads.rag.demand", "1.3"),
        ("procurement.rent.spot", OFF),
        ("procurement.systems.mi355x-oam", ON),
        ("procurement.providers.aws", ON),
        ("procurement.providers.nebius", OFF),
        ("budget.capex_usd.2028", "100"),
        ("workloads.rag.headroom", "57"),
        # As it is already: no move.
        ("workloads.research.headroom", "15.0"),
    ]
    asked = read(form, scenario, items)
    assert asked.overrides == (
        "sites.dallas.power_mw.2029-01=12",
        "workloads.rag.demand=x1.3",
        "budget.capex_usd.2028=100000000",
        "workloads.rag.headroom=0.57",
        'procurement.rent=["on_demand", "reserved"]',
        'procurement.systems.deny=["mi300x-oam", "mi325x-oam"]',
        'procurement.providers.allow=["coreweave", "nebius", "nscale", "together", "aws"]',
        'procurement.providers.deny=["nebius"]',
    )
    assert read(form, scenario, parse_qsl(asked.link)) == asked
    wanted = scenario_with(scenario, asked)
    assert wanted.sites[0].power_mw.values == (1, 2.5, 4, 7, 12)
    assert wanted.budget.capex_usd == {2027: 70e6, 2028: 100e6, 2029: 90e6}
    assert scenario_with(scenario, read(form, scenario, [])) is scenario


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("workloads.chat.demand.csv", "/etc/passwd", "does not have"),
        ("catalogs", "../..", "does not have"),
        ("sites.dallas.power_mw.2029-01", "../../etc/passwd", "write a number"),
        ("sites.dallas.power_mw.2029-01", "1e999", "finite"),
        ("sites.dallas.power_mw.2029-01", "nan", "write a number"),
        ("sites.dallas.power_mw.2029-01", "1" * 31, "write a number"),
        ("sites.dallas.power_mw.2029-01", "", "write a number"),
        ("workloads.rag.headroom", "101", "above 100"),
        ("workloads.rag.demand", "-1", "below 0"),
        ("procurement.buy", "[1, 2]", "on or off"),
    ],
)
def test_what_the_form_does_not_have_is_refused(
    shipped: tuple[Scenario, Form], name: str, text: str, words: str
) -> None:
    scenario, form = shipped
    with pytest.raises(Refused) as refused:
        read(form, scenario, [(name, text)])
    (place, sentence), *others = refused.value.sentences.items()
    assert words in sentence
    assert place in ("", name)
    assert others == []


def test_what_the_scenario_refuses_is_told_at_its_field(shipped: tuple[Scenario, Form]) -> None:
    scenario, form = shipped
    asked = read(form, scenario, [("workloads.rag.sla.ttft_s", "0"), ("sites.dallas.power_mw.2029-01", "-3")])
    with pytest.raises(Refused) as refused:
        scenario_with(scenario, asked)
    assert refused.value.sentences == {
        "workloads.rag.sla.ttft_s": "this has to be above 0, not 0",
        "sites.dallas.power_mw.2029-01": "-3 is negative",
    }


def moved(field: Field) -> str:
    """Another value of a field."""
    if isinstance(field.now, bool):
        return OFF if field.now else ON
    return "50" if field.now is None else field.written(field.now + (field.step or 1.0))


def test_every_field_can_be_moved_and_kept_as_a_file(shipped: tuple[Scenario, Form]) -> None:
    scenario, form = shipped
    # Without any way at all there would be no scenario; the ways have a test of their own.
    items = [(field.name, moved(field)) for field in form.fields if field.group != "Buy or rent"]
    asked = read(form, scenario, items)
    assert len(asked.moves) == len(items) > 40
    wanted = scenario_with(scenario, asked)
    text = overlay_text(scenario, wanted, "10mw.yaml", ROOT / "scenarios")
    assert text.startswith("# 10mw.yaml, and what was asked of it")
    assert "horizon" not in text


def test_the_three_buttons_leave_what_the_scenario_allows(shipped: tuple[Scenario, Form]) -> None:
    scenario, form = shipped
    found = {
        label: scenario_with(scenario, read(form, scenario, list(sets.items()))).procurement
        for label, _, sets in form.ways()
    }
    assert found["Mix"] == scenario.procurement
    assert (found["Buy"].buy, found["Buy"].rent, found["Buy"].token_api) == (True, (), False)
    assert (found["Rent"].buy, set(found["Rent"].rent)) == (False, set(scenario.procurement.rent))


def test_a_saved_question_says_what_changed_and_overwrites_nothing(tmp_path: Path) -> None:
    path = hall_in(tmp_path)
    scenario = load_scenario(path)
    form = form_of(scenario, catalog_of(scenario))
    wanted = scenario_with(scenario, read(form, scenario, [("sites.hall.power_mw", "12")]))
    first, second = save(scenario, wanted, path), save(scenario, wanted, path)
    assert (first.name, second.name) == ("hall-what-if-1.yaml", "hall-what-if-2.yaml")
    said = first.read_text(encoding="utf-8").split("\n", 1)[1]
    assert said == "extends: hall.yaml\nsites:\n- {name: hall, power_mw: 12}\n"
    assert scenario_digest(load_scenario(first)) == scenario_digest(wanted)


def test_a_name_that_set_cannot_take_has_no_field(tmp_path: Path) -> None:
    path = hall_in(tmp_path)
    path.write_text(path.read_text().replace("name: chat", "name: 'a=b'"))
    scenario = load_scenario(path)
    assert not [field for field in form_of(scenario, catalog_of(scenario)).fields if "a=b" in field.path]
