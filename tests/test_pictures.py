"""Every picture of every study: its title says what was found, all is in words, no text covers another."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import planner
from planner.cli.commands import all_commands
from planner.kinds.cash import COSTS
from planner.pipeline import catalog_of
from planner.render.colours import RED, SYSTEM_COLOURS, WAY_COLOURS, colour_of
from planner.render.placing import Mark
from planner.render.plots import Picture, dollars, drawn, figure_of, log_ticks, wrapped
from planner.studies.compare.plot import COLOURS, cost_by_kind, kind_of
from planner.studies.compare.table import Entry
from planner.studies.frontier.axes import parse_axis
from planner.studies.frontier.plot import across, frontier_picture
from tests.pictures import Cell, along_budget, along_power, faults, frontier_of, pictures
from tests.tiny import TINY

PICTURES = pictures()
TITLES = {
    "frontier: flat from 10 MW on": "Up to 7 MW there is no plan. Above 10 MW more power at dallas saves nothing.",
    "frontier: dollars": "The cost falls from $470.0 M at $50.0 M to $350.0 M at $250.0 M.",
    "frontier: no plan": "There is no plan from 15 ms to 20 ms of time per output token of assistant.",
    "frontier: cells": "A million output tokens cost least, $0.812, at 4 MW and 1 × the forecast, and $1.88 at most. "
    "4 of 20 combinations have no plan.",
    "breakeven: five ways": "hgx-b200 held for 36 months costs least under a contract of 36 months above 56 % in use "
    "and as tokens of an API below.",
    "breakeven: three ways": "hgx-b200 held for 36 months costs least under a contract of 36 months throughout.",
    "sensitivity: ": "A token's cost depends most on hardware price: it falls by 11.6 % at × 0.8. There is no plan at "
    "demand × 1.2, energisation 6 months later.",
    "levers: ": "A token costs 1.80 times as much at half the utilisation. All together make it 2.60 times.",
    "alternatives: ": "All plans within 5 % of the least cost sign at least 11 hgx-b200 at nscale, 36 months, and buy "
    "at least 6 gb300-nvl72 for dallas. 2 others can be kept open.",
    "compare: ": "Buying and renting by the hour, without contracts, costs $25.9 M less than the plan, at 2.6 × the "
    "supply; signing contracts alone costs $198.6 M more than the plan, at 2 × the supply.",
    # 1 - 0.5² of assistant, 1 - 0.5^(1 ÷ 0.45) of research, 1 - 0.5^5 of rag: 75.0, 78.57 and 96.9 %: 83.48 %, cut.
    "simulate: bursts": "By simulation research misses its targets; 83.4 % of all requests are within theirs.",
    "simulate: no targets": "No workload has a target: this is how long requests take to their first token.",
    "stands: ": "The plan stands or falls with hourly GPUs: no plan below 104 GPUs. Most money rests on prices: "
    "$110.7 M less on falling-2024.",
    "catalog frontier: ": "Of deepseek-r1 at 8192/1024, mi355x-oam makes most per GPU, 1,200 tokens/s, and is fastest "
    "for one user, 320 tokens/s.",
}


def test_every_study_that_draws_has_a_picture_here() -> None:
    drawing = {command.name for command in all_commands() if hasattr(command.options, "plot")}
    drawing |= {f"catalog {one.name}" for one in all_commands(nested=True) if hasattr(one.options, "plot")}
    assert drawing == {name.split(":")[0] for name in PICTURES}


@pytest.mark.parametrize("name", TITLES)
def test_a_title_is_a_sentence_that_says_what_was_found(name: str) -> None:
    assert PICTURES[name].title == TITLES[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_in_a_picture_offends_the_eye(name: str) -> None:
    picture = PICTURES[name]
    assert re.match(r"^[\w$].* .* .*\.$", picture.title)
    assert list(faults(figure_of(picture))) == []


@pytest.mark.slow
def test_a_picture_is_the_same_bytes_every_time_and_says_no_date() -> None:
    for name in ("frontier: dollars", "compare: "):
        first = drawn(pictures()[name], "svg")
        assert first == drawn(pictures()[name], "svg")
        assert b"<dc:date>" not in first
        assert b"capex_usd" not in first
    assert drawn(PICTURES["levers: "], "png").startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_check_finds_what_offends_the_eye() -> None:
    def draw(figure: object) -> list[Mark]:
        axes = figure.subplots()  # type: ignore[attr-defined]
        axes.plot([1e7, 4e7], [1, 2])
        axes.set_xlabel("budget.capex_usd")
        axes.text(0.5, 0.5, "one", transform=axes.transAxes)
        axes.text(0.5, 0.5, "other", transform=axes.transAxes)
        axes.text(2.0, 0.5, "far away", transform=axes.transAxes).set_in_layout(False)
        return []

    found = list(faults(figure_of(Picture("Nothing is as it should be.", draw))))
    for start in (
        "a field's name",
        "over each other: 'one', 'other'",
        "outside: 'far away'",
        "no label: YAxis",
        "an offset",
    ):
        assert any(fault.startswith(start) for fault in found), start


@pytest.mark.slow
def test_every_crossing_that_is_told_stands_beside_its_dot() -> None:
    figure = figure_of(PICTURES["breakeven: five ways"])
    shares, months = ({text.get_text() for text in axes.texts} for axes in figure.axes)
    # Owning costs (1.5 + 40 ÷ 36) ÷ 0.95 an hour held and 0.2 in use: 2.749 ÷ share + 0.2 = 4.5 at 64 %, = 6 at 47 %.
    assert {"47 %", "64 %"} <= shares
    # A contract of 36 months costs 2.4 ÷ 0.95 = 2.526 an hour held: 56 % of 4.5 and 42 % of 6.
    assert {"56 %", "42 %", "own", "on demand", "token API"} <= shares
    assert "month 37" in months


@pytest.mark.slow
def test_months_in_which_another_way_costs_less_are_all_told() -> None:
    """Of 1.5 + 40 ÷ m, 48 ÷ m to month 12 and 86.4 ÷ m to month 36 (all ÷ 0.95, and owning 0.2 more in use)."""
    months = figure_of(PICTURES["breakeven: three ways"]).axes[1]
    words = months.get_title(loc="left").replace("\n", " ")
    # 1.69 + 40 ÷ m is above 48 ÷ m from 8 ÷ 1.69 = 4.7 on, and above 86.4 ÷ m from 46.4 ÷ 1.69 = 27.5 on.
    assert words == "100 % in use it costs least owned, but not from month 5 to 12 and from month 28 to 36."


def test_ticks_of_a_logarithmic_axis_are_round_and_enough() -> None:
    assert log_ticks(22, 40) == (25, 30, 35, 40)
    assert log_ticks(1, 1000) == (1, 3, 10, 30, 100, 300, 1000)
    assert log_ticks(1e-3, 1e9) == tuple(10.0**power for power in range(-3, 10))
    for low, high in ((0.9, 1.1), (3, 7), (15, 99), (0.02, 0.5)):
        assert len(log_ticks(low, high)) >= 3


def test_an_axis_of_dollars_is_in_millions() -> None:
    axis = across(parse_axis("budget.capex_usd=4e7,1e8"))
    assert (axis.label, axis.one) == ("Capex budget, $ M", 1e6)
    assert axis.said(4e7) == "$40.0 M"
    assert across(parse_axis("sites.dallas.power_mw=1,2")).said(0.055) == "0.055 MW"
    assert dollars([np.nan, 2e4]).name == "$ k"


def test_a_line_breaks_at_no_figure() -> None:
    assert wrapped("it falls by 11.6 % at × 0.8", 17) == "it falls by\n11.6 % at × 0.8"
    assert wrapped("a\x1b[31m name", 40) == "a?[31m name"


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ([5.0, 4.0, 4.0, 4.0], "Above 2 MW more power at dallas saves nothing."),
        ([4.0, 4.0, 4.0, 4.0], "More power at dallas saves nothing: the cost is $4.00 M from 1 MW on."),
        ([5.0, 4.0, 3.0, 2.0], "The cost falls from $5.00 M at 1 MW to $2.00 M at 4 MW."),
        ([2.0, 3.0, 4.0, 5.0], "The cost rises from $2.00 M at 1 MW to $5.00 M at 4 MW."),
        ([5.0, 3.0, 4.0, 5.0], "The plan costs least, $3.00 M, at 2 MW."),
        (
            [5.0, 4.0, 3.0, None],
            "From 4 MW on there is no plan. The cost falls from $5.00 M at 1 MW to $3.00 M at 3 MW.",
        ),
        ([None, None, None, 2.0], "Up to 3 MW there is no plan. At 4 MW the plan costs $2.00 M."),
        # A thousandth of the cost is nothing, four thousandths are something.
        ([4.0, 3.012, 3.003, 3.0], "Above 3 MW more power at dallas saves nothing."),
    ],
)
def test_a_frontier_says_where_it_bends(costs: list[float | None], said: str) -> None:
    cells: list[Cell] = [
        ((float(mw),), None if usd is None else usd * 1e6, {}) for mw, usd in enumerate(costs, start=1)
    ]
    picture = frontier_picture(frontier_of(["sites.dallas.power_mw=1:4:1"], cells))
    assert picture.title == said


def test_a_limit_has_a_colour_that_no_system_has() -> None:
    assert RED not in SYSTEM_COLOURS
    assert RED not in WAY_COLOURS.values()
    assert RED not in COLOURS.values()
    assert colour_of("gb300-nvl72", ["gb300-nvl72", "hgx-b200"]) == colour_of("gb300-nvl72", ["gb300-nvl72"])


@pytest.mark.solve
def test_kinds_of_cost_add_up_to_the_cost_of_all() -> None:
    assert {kind_of(category) for category in COSTS} <= set(COLOURS)
    scenario = planner.load(TINY)
    catalog = catalog_of(scenario)
    plan = planner.solve(scenario, catalog)
    costs = cost_by_kind(Entry("plan", scenario, catalog, plan))
    assert sum(costs.values()) == pytest.approx(plan.kpis["npv_usd"], rel=1e-12)
    # Three nodes of $373,750 with network and installation, bought on the first day.
    assert costs["hardware bought"] == pytest.approx(1_121_250)
    assert costs["resale and credits"] < 0
    assert cost_by_kind(Entry("api", scenario, catalog, None)) == {}


@pytest.mark.slow
def test_values_may_come_in_any_order(tmp_path: Path) -> None:
    found = along_power()
    mixed = replace(found, cells=tuple(reversed(found.cells)))
    assert drawn(frontier_picture(mixed), "svg") == drawn(frontier_picture(found), "svg")
    assert frontier_picture(replace(along_budget(), cells=along_budget().cells[:1])).title == (
        "At $50.0 M the plan costs $470.0 M."
    )
