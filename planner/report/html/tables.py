"""The tables of the page beside its plots, every figure with its place in the result."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd

from planner.kinds.cash import in_words
from planner.plan import Plan
from planner.plan.tables import ALL
from planner.render.figures import Unit, count, digits, gap_percent, money, money_unit, percent, price, short, within
from planner.report.html import flows
from planner.report.html.cells import Cell, Grid, heading, headings, number, rows_where, words
from planner.report.limits import power_use
from planner.scenario import Scenario
from planner.timeline import Timeline


def tiles(plan: Plan, scenario: Scenario) -> list[tuple[str, Cell, tuple[Cell, ...]]]:
    """The figures at the top: what it is, the figure, and the words and figures below it."""
    kpis = plan.kpis
    found = [
        *_cost(plan, scenario),
        (
            "cash",
            _kpi(plan, "cash_usd", money),
            (words("capex"), _kpi(plan, "capex_usd", money), words("opex"), _kpi(plan, "opex_usd", money)),
        ),
        (
            "peak power, utility side" + (", expected" if len(plan.futures) > 1 else ""),
            _kpi(plan, "peak_provisioned_utility_mw", lambda mw: f"{mw:,.2f} MW"),
            (_kpi(plan, "energy_mwh", lambda mwh: f"{digits(mwh)} MWh"), words("drawn")),
        ),
        *_by_the_hour(plan),
        (
            "served",
            _kpi(plan, "served_share", lambda share: percent(share, 1)),
            (
                _kpi(plan, "tokens_output", lambda tokens: f"{digits(tokens / 1e12)} trillion"),
                words("output tokens"),
                *_unserved(plan),
            ),
        ),
        (
            "proven within",
            Cell(within(plan.proof.gap), "solver.gap", plan.proof.gap),
            (
                words("audit:"),
                Cell(f"{plan.audit.checks:,}", "audit.checks", plan.audit.checks),
                words("checks passed"),
            ),
        ),
    ]
    if kpis["npv_revenue_usd"]:
        found.insert(
            3,
            (
                "profit, NPV",
                _kpi(plan, "npv_profit_usd", money),
                (words("revenue"), _kpi(plan, "npv_revenue_usd", money)),
            ),
        )
    return found


def _cost(plan: Plan, scenario: Scenario) -> list[tuple[str, Cell, tuple[Cell, ...]]]:
    """The levelised cost of the reported periods, and the NPV of the solved ones."""
    basis = flows.basis(scenario)
    other = "levelised_usd_per_mtok_total" if basis.endswith("output") else "levelised_usd_per_mtok_output"
    names = {
        "levelised_usd_per_mtok_output": "per Mtok output",
        "levelised_usd_per_mtok_total": "per Mtok, input + output",
    }
    last = plan.periods[scenario.horizon.periods - 1]
    levelised = (
        _kpi(plan, f"reported_{other}", price),
        words(f"{names[other]};"),
        _kpi(plan, "reported_cost_usd", money),
        words(f"{plan.periods[0]} to {last}"),
    )
    discounted = words(f"{plan.periods[0]} to {plan.periods[-1]}, discounted;")
    return [
        (f"levelised cost, {names[basis]}", _kpi(plan, f"reported_{basis}", price), levelised),
        ("NPV of all cost", _kpi(plan, "npv_usd", money), (discounted, _kpi(plan, basis, price), words(names[basis]))),
    ]


def _by_the_hour(plan: Plan) -> list[tuple[str, Cell, tuple[Cell, ...]]]:
    """GPUs by the hour at their peak, and how many of them nobody promised; nothing where none are."""
    peak = plan.kpis["peak_gpus"]
    if not peak["by_hour"]:
        return []
    cells = {name: Cell(count(peak[name]), f"kpis.peak_gpus.{name}", peak[name]) for name in ("hourly", "unpromised")}
    when = f"promised by nobody, in {peak['period']} {peak['block']}"
    return [("GPUs by the hour at the peak", cells["hourly"], (cells["unpromised"], words(when)))]


def _unserved(plan: Plan) -> tuple[Cell, ...]:
    """What is not served, at its value, where it has one."""
    if not plan.kpis["npv_unserved_usd"]:
        return ()
    return words("; the rest valued at"), _kpi(plan, "npv_unserved_usd", money), words("NPV (no cash)")


def purchases(plan: Plan) -> Grid:
    """Every purchase."""
    unit = money_unit(plan.purchases["cost_usd"])
    rows = tuple(
        (
            *_future(plan, row.future),
            words(row.order_by),
            words(row.in_service),
            words(row.site),
            words(row.system),
            number(count(row.count), f"purchases.{index}.count", row.count),
            number(count(row.gpus), f"purchases.{index}.gpus", row.gpus),
            _money(unit, f"purchases.{index}.cost_usd", row.cost_usd),
            words("lookahead" if row.lookahead else ""),
        )
        for index, row in enumerate(plan.purchases.itertuples())
    )
    columns = (
        *_future_heading(plan),
        *headings("order by", "in service", "site", "system"),
        *headings("count", "GPUs", f"capex, {unit.name}", numbers_from=0),
        heading(""),
    )
    return Grid("Purchases", columns, rows)


def contracts(plan: Plan) -> Grid:
    """Every contract with its end."""
    unit = money_unit(plan.contracts["cost_usd"])
    rows = tuple(
        (
            *_future(plan, row.future),
            words(row.order_by),
            words(row.start),
            words(row.end),
            words(row.provider),
            words(row.system),
            number(short(row.term_months), f"contracts.{index}.term_months", row.term_months),
            number(count(row.gpus), f"contracts.{index}.gpus", row.gpus),
            number(f"{row.usd_per_gpu_hour:.2f}", f"contracts.{index}.usd_per_gpu_hour", row.usd_per_gpu_hour),
            _money(unit, f"contracts.{index}.cost_usd", row.cost_usd),
            _money(unit, f"contracts.{index}.remaining_commitment_usd", row.remaining_commitment_usd),
            words("lookahead" if row.lookahead else ""),
        )
        for index, row in enumerate(plan.contracts.itertuples())
    )
    after = "due after the reported end"
    columns = (
        *_future_heading(plan),
        *headings("sign by", "start", "end", "provider", "system"),
        *headings("months", "GPUs", "$/GPU-h", f"cost, {unit.name}", f"{after}, {unit.name}", numbers_from=0),
        heading(""),
    )
    return Grid("Contracts and their ends", columns, rows)


def retirements(plan: Plan) -> Grid:
    """Every retirement."""
    rows = tuple(
        (
            *_future(plan, row.future),
            words(row.period),
            words(row.site),
            words(row.system),
            number(count(row.count), f"retirements.{index}.count", row.count),
            number(count(row.gpus), f"retirements.{index}.gpus", row.gpus),
        )
        for index, row in enumerate(plan.retirements.itertuples())
    )
    columns = (*headings("from", "site", "system"), heading("count", right=True), heading("GPUs", right=True))
    return Grid("Retirements", (*_future_heading(plan), *columns), rows)


def power(plan: Plan, scenario: Scenario, timeline: Timeline) -> Grid:
    """MW by site, period and system against the cap, as the plot has it."""
    caps = power_use(plan, scenario, timeline).frame().set_index(["site", "period"])["cap_mw"]
    frames = {future: flows.power(plan, scenario, future) for future in plan.futures}
    systems = sorted({str(name) for frame in frames.values() for name in frame["system"]})
    several = len(plan.futures) > 1
    rows = []
    for site in scenario.sites:
        field = f"provisioned_{site.cap_at}_mw"
        for future, frame in frames.items():
            mine = frame[frame["site"] == site.name].pivot_table(
                index="period", columns="system", values="mw", aggfunc="sum", fill_value=0.0
            )
            mine = mine.reindex(index=list(timeline.names[: timeline.reported]), columns=systems, fill_value=0.0)
            for period, row in zip(mine.index, mine.to_numpy(dtype=float), strict=True):
                where = {"site": site.name, "period": str(period)} | ({"future": future} if several else {})
                used, cap = float(row.sum()), float(caps[site.name, period])
                rows.append(
                    (
                        *_future(plan, future),
                        words(site.name),
                        words(period),
                        *(
                            number(
                                f"{value:.2f}" if value else "-",
                                rows_where("sum", "fleet", field, **where, system=system),
                                float(value),
                            )
                            for system, value in zip(systems, row, strict=True)
                        ),
                        number(f"{used:.2f}", rows_where("sum", "fleet", field, **where), used),
                        number(f"{cap:.2f}", rows_where("first", "fleet", "limit_mw", **where) if used else "", cap),
                    )
                )
    columns = (
        *_future_heading(plan),
        *headings("site", "period"),
        *headings(*systems, "used, MW", "cap, MW", numbers_from=0),
    )
    return Grid("Power provisioned against the cap, MW", columns, tuple(rows))


def served(plan: Plan, scenario: Scenario, timeline: Timeline) -> Grid:
    """Requests a second by workload, period and block, a column for each supply."""
    frames = {future: flows.served(plan, scenario, timeline, future) for future in plan.futures}
    supplies = flows.supplies(list(frames.values()))
    rows = []
    for future, frame in frames.items():
        rates = frame.set_index(["workload", "period", "block", "supply"])["rate"].to_dict()
        for workload in scenario.workloads:
            for period in timeline.names[: timeline.reported]:
                for block in timeline.blocks:
                    made = [rates.get((workload.name, period, block, supply), 0.0) for supply in supplies]
                    if any(made):
                        where = {"workload": workload.name, "period": period, "block": block}
                        where |= {"future": future} if len(plan.futures) > 1 else {}
                        cells = (
                            number(
                                digits(rate) if rate else "-",
                                rows_where("served", "serving", "requests_per_s", **where, supply=supply),
                                float(rate),
                            )
                            for supply, rate in zip(supplies, made, strict=True)
                        )
                        names = (words(workload.name), words(period), words(block))
                        rows.append((*_future(plan, future), *names, *cells))
    columns = (
        *_future_heading(plan),
        *headings("workload", "period", "block"),
        *headings(*supplies, numbers_from=0),
    )
    notes = ("Requests/s; of a workload in GPU-hours, weighted GPUs.",)
    return Grid("Served demand by load block, requests/s", columns, tuple(rows), notes, long=True)


def cost(table: pd.DataFrame, caption: str, unit: Unit, op: str, field: str) -> Grid:
    """A row per period, a column per category of ``flows.cash`` or ``flows.levelised``.

    ``op`` and ``field`` say how the result's cash flow gives a figure (see ``cells.Cell``).
    """
    only = {"lookahead": "no"} if op == "sum" else {}

    def cell(amount: float, category: str = "cost", **filters: str) -> Cell:
        figure = rows_where(op, "cashflow", field, category=category, **filters, **only)
        return number(unit.of(amount), figure, amount, unit.usd)

    rows = []
    for period, row in table.iterrows():
        cells = [cell(float(row[category]), str(category), period=str(period)) for category in table.columns]
        rows.append((words(period), *cells, cell(float(row.sum()), period=str(period))))
    sums = [cell(float(table[category].sum()), str(category)) for category in table.columns]
    rows.append((words("sum"), *sums, cell(float(table.to_numpy(dtype=float).sum()))))
    columns = (
        heading("period"),
        *(heading(in_words(str(category)), right=True) for category in table.columns),
        heading("sum", right=True),
    )
    return Grid(caption, columns, tuple(rows))


def fine(cost: float, name: str) -> Unit:
    """A unit in which parts of a levelised cost can be told apart: four digits of the whole."""
    return Unit(name, 1.0, max(2, 3 - math.floor(math.log10(abs(cost)))) if cost else 2)


def evidence(plan: Plan) -> Grid:
    """Shares by evidence class."""
    shares = plan.kpis["evidence_share"]
    names = list(dict.fromkeys([*shares["tokens"], *shares["cost"]]))
    rows = tuple(
        (
            words(name),
            *(
                number(
                    _share(shares[of].get(name, 0.0)),
                    f"kpis.evidence_share.{of}.{name}" if name in shares[of] else "",
                    shares[of].get(name, 0.0),
                )
                for of in ("tokens", "cost")
            ),
        )
        for name in names
    )
    columns = (heading("evidence"), heading("of output tokens", right=True), heading("of NPV cost", right=True))
    return Grid("What the figures rest on", columns, rows)


def proof(plan: Plan) -> Grid:
    """The proof, without the clock."""
    proven = plan.proof

    def line(what: str, text: str, figure: str, value: float | None) -> tuple[Cell, ...]:
        return words(what), Cell(text, figure, value)

    def amount(value: float) -> str:
        return f"${value:,.0f}" if proven.objective == "cost" else f"{digits(value, 5)} {proven.unit}"

    rows = (
        (words("status"), words(plan.status)),
        (words("objective"), words(f"{proven.objective.replace('_', ' ')}, {proven.unit}")),
        line("the plan", amount(proven.value), "solver.value", proven.value),
        line("no plan is better than", amount(proven.bound), "solver.bound", proven.bound),
        line("gap", gap_percent(proven.gap), "solver.gap", proven.gap),
        line("gap asked for", gap_percent(proven.gap_asked), "solver.gap_asked", proven.gap_asked),
        (words("engine"), words(f"{proven.name} ({proven.version})")),
        line("variables", f"{proven.variables:,}", "solver.variables", proven.variables),
        line("of them in whole numbers", f"{proven.integers:,}", "solver.integers", proven.integers),
        line("constraints", f"{proven.constraints:,}", "solver.constraints", proven.constraints),
        line("coefficients", f"{proven.coefficients:,}", "solver.coefficients", proven.coefficients),
        line("seed", str(proven.seed), "solver.seed", proven.seed),
        (
            words("the same again"),
            words("yes: every run gives this plan" if proven.reproducible else "no: the wall clock ended the search"),
        ),
        line("checks of the audit, all passed", f"{plan.audit.checks:,}", "audit.checks", plan.audit.checks),
        line(
            "worst deviation, relative",
            gap_percent(plan.audit.worst_violation),
            "audit.worst_violation",
            plan.audit.worst_violation,
        ),
    )
    return Grid("The proof", (heading("what"), heading("figure")), rows)


def _kpi(plan: Plan, name: str, form: Callable[[float], str]) -> Cell:
    value = plan.kpis[name]
    return Cell("-" if value is None else form(value), f"kpis.{name}", value)


def _money(unit: Unit, figure: str, usd: float) -> Cell:
    return number(unit.of(usd), figure, usd, unit.usd)


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if share else "-"


def _future(plan: Plan, future: str) -> tuple[Cell, ...]:
    """The future's name where there are several."""
    return (words("every one" if future == ALL else future),) if len(plan.futures) > 1 else ()


def _future_heading(plan: Plan) -> tuple[Cell, ...]:
    return headings("future") if len(plan.futures) > 1 else ()
