"""The page: its figures are the result's, its names are inert, its bytes are the same again."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from planner.pipeline import solve
from planner.render.colours import RED, colour_of
from planner.report.headline import headline
from planner.report.html import flows
from planner.report.html.board import board_page
from planner.report.html.page import html_report
from planner.report.html.parts import Beside
from planner.report.html.words import in_words
from planner.report.serving import serving_sheet
from planner.report.view import timeline_of
from tests import browser, small
from tests.reports import (  # noqa: F401
    HOSTILE,
    MORE,
    Made,
    check_plots,
    either_page,
    elements,
    matches,
    settled,
    several_page,
    tiny_page,
)


def weight(result: dict[str, Any], row: dict[str, Any]) -> float:
    chances = {item["name"]: item["probability"] for item in result["kpis"].get("futures", [])}
    return float(chances.get(row.get("future"), 1.0))


def value_of(made: Made, path: str) -> float:
    """What the result holds at a figure's path (see planner.report.html.cells)."""
    result, (op, _, rest) = made.result, path.partition(" ")
    if not rest:
        found: Any = result
        for step in path.split("."):
            found = found[int(step)] if isinstance(found, list) else found[step]
        return float(found)
    place, _, query = rest.partition("?")
    table, field = place.split(".")
    filters = dict(parse_qsl(query, keep_blank_values=True))
    if op == "served":
        return rate_of(made, filters)
    rows = [row for row in result[table] if matches(field, row, filters)]
    if op == "first":
        return float(rows[0][field])
    assert op in ("sum", "levelised")
    total = math.fsum(row[field] * (weight(result, row) if "usd" in field else 1.0) for row in rows)
    basis = f"levelised_usd_per_mtok_{made.scenario.finance.token_basis}"
    return total / result["kpis"]["npv_usd"] * result["kpis"][basis] if op == "levelised" else total


def rate_of(made: Made, filters: dict[str, str]) -> float:
    """Requests/s of one supply: GPUs by system and pool, an API from its tokens, or what is unserved."""
    supply, result = filters.get("supply", ""), made.result
    if not supply:
        timeline = timeline_of(made.scenario, made.catalog)
        frames = [flows.served(made.plan, made.scenario, timeline, future) for future in made.plan.futures]
        known = {str(name) for frame in frames for name in frame["supply"]}
        return math.fsum(rate_of(made, filters | {"supply": name}) for name in sorted(known))
    where = {key: value for key, value in filters.items() if key != "supply"}

    def rows(table: str) -> list[dict[str, Any]]:
        return [row for row in result[table] if matches("", row, where)]

    if supply == "unserved":
        return math.fsum(row["requests_per_s"] for row in rows("unserved"))
    if supply.startswith("token API "):
        timeline = timeline_of(made.scenario, made.catalog)
        at = timeline.names.index(filters["period"]), timeline.blocks.index(filters["block"])
        seconds = float(timeline.block_hours[at]) * 3600
        output = next(w.tokens.output for w in made.scenario.workloads if w.name == filters["workload"] and w.tokens)
        mine = [row for row in rows("token_api") if row["provider"] == supply.removeprefix("token API ")]
        return math.fsum(row["mtok_output"] for row in mine) * 1e6 / output / seconds
    system, _, kind = supply.rpartition(" ")
    kinds = {"rented": "rented", "spot": "spot"}
    return math.fsum(
        row["requests_per_s"]
        for row in rows("serving")
        if row["system"] == system and kinds.get(row["pool"].split("/")[0].split("-")[0], "own") == kind
    )


def shown(text: str) -> tuple[float, float]:
    """The number a text shows and half of its last digit; shares never round up, so theirs is a whole one."""
    if text == "-":
        return 0.0, 0.5
    if text in ("under 0.0001 %", "0.0001 %"):
        return 0.0, 1e-6
    found = re.fullmatch(r"(-?)\$?([\d,]+)(?:\.(\d+))?(?:e(-?\d+))?( M| k| %| MW| MWh| trillion)?", text)
    assert found, text
    sign, whole, decimals, power, unit = found.groups()
    scale = {None: 1.0, " M": 1e6, " k": 1e3, " %": 0.01, " trillion": 1e12}.get(unit, 1.0) * 10 ** int(power or 0)
    number = float(f"{whole.replace(',', '')}.{decimals or 0}")
    last = 10.0 ** -len(decimals or "")
    return (-number if sign else number) * scale, (1.0 if unit == " %" else 0.5) * last * scale


@pytest.mark.solve
def test_every_figure_is_the_results(either: Made) -> None:
    figures = [element for element in elements(either.page) if "data-figure" in element.attributes]
    for element in figures:
        path, value = element.attributes["data-figure"], float(element.attributes["data-value"])
        assert value == pytest.approx(value_of(either, path), rel=1e-9, abs=1e-9), path
        seen, half = shown(element.text)
        scale = float(element.attributes["data-scale"])
        # A dash is nothing in the unit of its column.
        assert seen * scale == pytest.approx(value, rel=1e-9, abs=half * scale * (1 + 1e-9)), (path, element.text)
    paths = " ".join(element.attributes["data-figure"] for element in figures)
    for part in ("kpis.npv_usd", "solver.gap", "audit.checks", "purchases.0", "sum cash", "levelised cash", "served "):
        assert part in paths
    assert len(figures) > 80


def test_every_number_of_a_table_says_where_it_comes_from(either: Made) -> None:
    found = elements(either.page)
    cells = [e for e in found if e.tag == "td" and e.attributes.get("class") == "n"]
    beside = {"table.data-sheet", "table.data-study"}
    free = [cell.text for cell in cells if not beside & set(cell.inside) and re.search(r"\d", cell.text)]
    named = [e.text for e in found if e.tag == "span" and "td.class" in e.inside and e.inside["td.class"] == "n"]
    assert len(cells) > 20
    # The cap of a period in which nothing stands is in no row of the result.
    unnamed = sorted(free)
    for text in named:
        if text in unnamed:
            unnamed.remove(text)
    assert set(unnamed) <= {f"{value:.2f}" for value in (0.06, 2.0, 4.0)}


def test_the_sums_are_the_key_figures(either: Made) -> None:
    figures = {e.attributes["data-figure"]: float(e.attributes["data-value"])
               for e in elements(either.page) if "data-figure" in e.attributes}  # fmt: skip
    kpis = either.result["kpis"]
    assert figures["sum cashflow.usd?category=cost&lookahead=no"] == pytest.approx(kpis["cash_usd"])
    whole = figures["levelised cashflow.npv_usd?category=cost"]
    assert whole == pytest.approx(kpis[f"levelised_usd_per_mtok_{either.scenario.finance.token_basis}"])


def test_the_terminals_tables_are_on_it(either: Made) -> None:
    timeline = timeline_of(either.scenario, either.catalog)
    sheets = (
        headline(either.plan, either.scenario, timeline),
        serving_sheet(either.plan, either.scenario, timeline),
    )
    texts = {e.text for e in elements(either.page) if e.tag in ("th", "td")}
    for sheet in sheets:
        for row in sheet.rows:
            if row[0] not in ("solved in", "audit"):
                assert {in_words(cell) for cell in row} <= texts
    assert "solved in" not in texts


def test_options_without_a_plan_say_why(several: Made) -> None:
    text = " ".join(e.text for e in elements(several.page) if e.tag == "section")
    assert "no plan" in text
    assert "hopper has no plan: " in text
    assert "buy" in text


def test_names_are_inert(several: Made) -> None:
    found = elements(several.page)
    assert [e.text for e in found if e.tag == "h1"] == [HOSTILE]
    assert [e.attributes for e in found if e.tag == "script"] == [{"type": "application/json", "id": "figures"}, {}, {}]
    assert not [e for e in found if e.tag == "img"]
    assert not [key for e in found for key in e.attributes if key.startswith("on")]
    data = next(e.text for e in found if e.attributes.get("id") == "figures")
    assert not set("<>&") & set(data)
    # Plotly takes tags in a text for its own: none is left in what it is given.
    words = [word for word in strings(json.loads(data)) if "script" in word or "img" in word]
    assert words
    assert not [word for word in words if re.search(r"<(?!br>|extra>|/extra>)", word)]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        # The page compares meta with what is chosen and shows it nowhere.
        return [word for key, item in value.items() if key != "meta" for word in strings(item)]
    if isinstance(value, list):
        return [word for item in value for word in strings(item)]
    return [value] if isinstance(value, str) else []


def test_only_the_pages_own_scripts_may_run(several: Made) -> None:
    policy = next(e.attributes["content"] for e in elements(several.page) if "http-equiv" in e.attributes)
    assert "default-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", several.page, flags=re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(scripts) == 2
    assert re.findall(r"script-src (.*?);", policy)[0].split() == [f"'sha256-{hash}'" for hash in hashes]


def test_nothing_on_it_is_fetched(several: Made) -> None:
    for element in elements(several.page):
        assert not {"src", "srcset", "poster", "background"} & set(element.attributes)
        assert element.tag not in ("link", "iframe", "object", "embed", "base", "form")


@pytest.mark.solve
def test_only_addresses_on_the_web_are_links(tmp_path: Path) -> None:
    scenario, catalog = settled(tmp_path, small.SCENARIO + MORE)
    sources = dict(catalog.sources)
    sources["maker"] = sources["maker"].model_copy(update={"address": "javascript:alert(1)"})
    sources["bench"] = sources["bench"].model_copy(update={"address": "https://bench.example/a?b=1&c=2"})
    catalog = replace(catalog, sources=sources)
    page = html_report(solve(scenario, catalog), scenario, catalog)
    links = [e.attributes["href"] for e in elements(page) if e.tag == "a" and not e.attributes["href"].startswith("#")]
    assert links == ["https://bench.example/a?b=1&c=2"]
    assert "javascript:alert(1)" in page


def test_headings_and_tables_can_be_read_aloud(either: Made) -> None:
    found = elements(either.page)
    assert next(e for e in found if e.tag == "html").attributes["lang"] == "en"
    levels = [int(e.tag[1]) for e in found if re.fullmatch(r"h\d", e.tag)]
    assert levels == [1, *[2] * (len(levels) - 1)]
    plots = [e for e in found if e.attributes.get("class") == "plot"]
    assert len(plots) >= 6
    assert all(e.attributes["role"] == "img" and e.attributes["aria-label"].endswith(".") for e in plots)
    captions = [e for e in found if e.tag == "caption"]
    assert len(captions) == len([e for e in found if e.tag == "table"])
    ids = [e.attributes["id"] for e in found if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [e.attributes["href"][1:] for e in found if e.attributes.get("href", "").startswith("#")]
    assert set(targets) <= set(ids)


@pytest.mark.solve
def test_the_same_plan_makes_the_same_bytes(several: Made, tmp_path: Path) -> None:
    plan = solve(several.scenario, several.catalog)
    assert plan.proof.seconds != several.plan.proof.seconds
    pages = [html_report(one, several.scenario, several.catalog) for one in (plan, several.plan)]
    assert pages[0] == pages[1]


def test_plots_hold_the_results_figures(either: Made) -> None:
    drawn = json.loads(next(e.text for e in elements(either.page) if e.attributes.get("id") == "figures"))
    check_plots(either, {name: figure["data"] for name, figure in drawn.items()})


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_machine_without_a_browser(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(outcome, match="chromium and chromedriver not installed"), browser.chromium(tmp_path):
        pass


RAW = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b|\d[eE][+-]?\d")


def test_page_one_answers_and_the_rest_is_folded(either: Made) -> None:
    found = elements(either.page)
    asked = [e.text for e in found if e.tag == "dt" and e.inside.get("dl.class") == "verdict"]
    assert asked == [
        "What to sign this month",
        "What it costs",
        "What if we only rent, or only buy",
        "What could make it wrong",
    ]
    said = [e.text for e in found if e.tag == "dd" and e.inside.get("dl.class") == "verdict"]
    assert all(sentence.endswith(".") for sentence in said)
    parts = [e.attributes for e in found if e.tag == "details" and e.attributes.get("class") == "part"]
    assert [part["id"] for part in parts][:3] == ["steps", "comparison", "cost"]
    assert not [part for part in parts if "open" in part]
    pictures = [e.text for e in found if e.tag == "caption" and e.inside.get("table.class") == "bars"]
    assert pictures[0].startswith("Buy or rent: what each option costs in all, 2027")
    assert pictures[1:] == ["Cost by workload", "Power and budget used"]


def test_no_raw_field_name_and_no_exponent(either: Made) -> None:
    found = elements(either.page)
    # What a plan rests on is named as the files name it, for those who change it there.
    parts = [e for e in found if e.tag == "details" and e.attributes.get("class") == "part"]
    said = [e.text for e in parts if e.attributes["id"] != "assumptions"]
    said += [e.text for e in found if e.attributes.get("id") == "verdict" or e.tag == "nav"]
    drawn = json.loads(next(e.text for e in found if e.attributes.get("id") == "figures"))
    for figure in drawn.values():
        said += [str(trace.get("name", "")) for trace in figure["data"]]
        said += [str(note.get("text", "")) for note in figure["layout"].get("annotations", [])]
        said += [axis["title"]["text"] for axis in axes(figure).values() if "title" in axis]
    assert len(said) > 20
    assert sorted({word for text in said for word in RAW.findall(text)}) == []


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("procurement.token_api is false", "the scenario’s “token API” is false"),
        ("not on the allow list, procurement.providers.allow", "not on the allow list, the scenario’s “allow”"),
        ("budget.capex_usd holds", "the scenario’s “capex budget” holds"),
        ("sites.oslo.power_mw gives 2 MW. The hall", "the scenario’s “power at oslo” gives 2 MW. The hall"),
        ("no service. Sites. are", "no service. Sites. are"),
        ("acme/us/hgx-h200/reserved-12m is dearer", "“acme (us): hgx-h200 for 12 months” is dearer"),
        ("acme/us/hgx-h200/on_demand", "“acme (us): hgx-h200 by the hour”"),
    ],
)
def test_a_field_in_words(raw: str, said: str) -> None:
    assert in_words(raw) == said


def axes(figure: dict[str, Any]) -> dict[str, Any]:
    return {name: axis for name, axis in figure["layout"].items() if re.fullmatch(r"[xy]axis\d*", name)}


def test_every_axis_of_numbers_says_what_they_are(either: Made) -> None:
    drawn = json.loads(next(e.text for e in elements(either.page) if e.attributes.get("id") == "figures"))
    seen = 0
    for name, figure in drawn.items():
        for trace in figure["data"]:
            for way in "xy":
                if any(isinstance(value, int | float) for value in trace[way]):
                    axis = axes(figure)[f"{way}axis{trace.get(f'{way}axis', way)[1:]}"]
                    assert axis["title"]["text"], (name, trace["name"], way)
                    seen += 1
    assert seen > 8


def test_a_system_has_one_colour_in_every_report() -> None:
    names = ["gb300-nvl72", "hgx-b200", "hgx-h100", "mine", "yours"]
    together = {name: colour_of(name, names) for name in names}
    assert len(set(together.values())) == len(names)
    assert RED not in together.values()
    for name in names[:3]:
        assert colour_of(name, [name]) == together[name] == colour_of(name, names[::-1])


def test_the_board_page_needs_no_scripts(either: Made) -> None:
    page = board_page(either.plan, either.scenario, either.catalog, Beside())
    found = elements(page)
    assert not [e for e in found if e.tag in ("script", "link", "img", "button")]
    assert len(page) < 40_000
    first = next(e.text for e in found if e.attributes.get("id") == "verdict")
    assert "plan compare works it out" in first
    assert not RAW.findall(first)
    levels = [e.tag for e in found if re.fullmatch(r"h\d", e.tag)]
    assert levels == ["h1", *["h2"] * (len(levels) - 1)]
