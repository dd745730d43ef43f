"""What really came, beside what was planned: tokens, cost and power by period and workload, from a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner._version import __version__
from planner.document import read_text
from planner.errors import Fault, InputError
from planner.history.run import Run
from planner.kinds.cash import CAPEX, OPEX
from planner.records import amount, records
from planner.studies.result import Result
from planner.timeline import build_timeline
from planner.validation import nearest

ACTUALS_VERSION = 1
# What can be measured: column of the file, unit.
MEASURES = {"output_mtok": "Mtok", "cost_usd": "USD", "power_mw": "MW"}
KEYS = ("period", "workload")
ALL_WORKLOADS = "all"
Cell = tuple[str, str]


@dataclass(frozen=True)
class Pair:
    """A measure as planned and as it came, None where that is not known."""

    plan: float | None
    actual: float | None

    @property
    def more(self) -> float | None:
        """What came less what was planned."""
        return None if self.plan is None or self.actual is None else self.actual - self.plan

    @property
    def share(self) -> float | None:
        """What came over what was planned, less 1; None where nothing was planned."""
        return None if self.more is None or not self.plan else self.more / self.plan


@dataclass(frozen=True)
class Line:
    """A period, of one workload or of ``all``, with the measures of the file."""

    period: str
    workload: str
    pairs: dict[str, Pair]


@dataclass(frozen=True)
class Actuals(Result):
    """Plan and reality by period, in the plan's order, to the last period that the file has.

    ``output_mtok`` counts output tokens, ``cost_usd`` cash out (capex and opex, undiscounted), ``power_mw`` the mean
    power drawn at the utility meters; of several futures the plan is the expectation. Where the file tells workloads
    apart, ``all`` of them come after them: what the file says of them, or their sum where it knows every one. ``sums``
    add up tokens and cost over the periods in which both sides are known.
    """

    run: Run
    measures: tuple[str, ...]
    by_workload: bool
    lines: tuple[Line, ...]
    sums: dict[str, Pair]

    @property
    def usd_per_mtok(self) -> Pair:
        """Cash per Mtok of output over the lines on which tokens and cost are known."""
        measures = ("output_mtok", "cost_usd")
        whole = [line for line in self.lines if line.workload == ALL_WORKLOADS]
        both = [line for line in whole if all(_known(line.pairs.get(name)) for name in measures)]
        sides: list[float | None] = []
        for side in ("plan", "actual"):
            mtok, usd = (sum(getattr(line.pairs[name], side) for line in both) for name in measures)
            sides.append(usd / mtok if mtok else None)
        return Pair(sides[0], sides[1])

    def to_dict(self) -> dict[str, Any]:
        """As plain values, null for what is not known."""
        return {
            "version": ACTUALS_VERSION,
            "planner": __version__,
            "run": self.run.id,
            "scenario": self.run.scenario,
            "scenario_digest": self.run.scenario_digest,
            "lines": [
                {"period": line.period}
                | ({"workload": line.workload} if self.by_workload else {})
                | {name: _pair(pair) for name, pair in line.pairs.items()}
                for line in self.lines
            ],
            "sums": {name: _pair(pair) for name, pair in self.sums.items()},
            "usd_per_mtok_output": _pair(self.usd_per_mtok),
        }


def actuals(run: Run, path: Path) -> Actuals:
    """The plan of ``run`` beside the file at ``path``: columns period, workload, output_mtok, cost_usd, power_mw.

    All but period may be left out, and cells may be empty. Raises InputError with every fault of the file.
    """
    if not run.planned:
        raise InputError(f"run {run.id} has no plan to hold anything against")
    planned = _planned(run)
    given, measures, by_workload = _read(run, path, planned)
    periods = list(planned.periods)
    last = max(periods.index(period) for period, _ in given)
    found = []
    for period in periods[: last + 1]:
        came = {workload: given.get((period, workload), {}) for workload in (*planned.workloads, ALL_WORKLOADS)}
        if by_workload:
            came[ALL_WORKLOADS] = _whole([came[name] for name in planned.workloads], measures) | came[ALL_WORKLOADS]
        for workload in (*(planned.workloads if by_workload else ()), ALL_WORKLOADS):
            pairs = {name: Pair(planned.of(name, period, workload), came[workload].get(name)) for name in measures}
            found.append(Line(period, workload, pairs))
    whole = [line for line in found if line.workload == ALL_WORKLOADS]
    sums = {name: _sum([line.pairs[name] for line in whole]) for name in measures if name != "power_mw"}
    return Actuals(run, measures, by_workload, tuple(found), sums)


def _whole(parts: list[dict[str, float]], measures: tuple[str, ...]) -> dict[str, float]:
    """The sum of what all workloads came to, of the measures known of every one."""
    return {name: sum(part[name] for part in parts) for name in measures if all(name in part for part in parts)}


@dataclass(frozen=True)
class _Planned:
    """What the run planned, by measure, period and workload."""

    periods: tuple[str, ...]
    workloads: tuple[str, ...]
    in_tokens: frozenset[str]
    amounts: Mapping[str, Mapping[Cell, float]]

    def of(self, measure: str, period: str, workload: str) -> float | None:
        """0 where nothing is planned; None of a single workload's cost and power, and of tokens where it makes none."""
        if workload != ALL_WORKLOADS and (measure != "output_mtok" or workload not in self.in_tokens):
            return None
        return self.amounts[measure].get((period, workload), 0.0)


def _planned(run: Run) -> _Planned:
    scenario, result = run.question(), run.result
    timeline = build_timeline(scenario.horizon, {"all": 1.0}, scenario.finance.discount_rate)
    weight = {future["name"]: future["probability"] for future in result["kpis"].get("futures", ())}

    def total(rows: list[Any], value: Callable[[Any], float], workload: Callable[[Any], str]) -> dict[Cell, float]:
        found: dict[Cell, float] = {}
        for row in rows:
            cell = (row["period"], workload(row))
            found[cell] = found.get(cell, 0.0) + value(row) * weight.get(row.get("future"), 1.0)
        return found

    def whole(row: Any) -> str:
        return ALL_WORKLOADS

    cash = [row for row in result["cashflow"] if row["category"] in (*CAPEX, *OPEX)]
    hours = dict(zip(timeline.names, timeline.hours, strict=True))
    tokens = total(run.served, lambda row: float(row["output_mtok"]), lambda row: str(row["workload"]))
    return _Planned(
        periods=timeline.names[: timeline.reported],
        workloads=tuple(workload.name for workload in scenario.workloads),
        in_tokens=frozenset(workload.name for workload in scenario.workloads if workload.tokens is not None),
        amounts={
            "output_mtok": tokens | total(run.served, lambda row: float(row["output_mtok"]), whole),
            "cost_usd": total(cash, lambda row: float(row["usd"]), whole),
            "power_mw": total(result["fleet"], lambda row: row["energy_mwh"] / hours[row["period"]], whole),
        },
    )


def _read(run: Run, path: Path, planned: _Planned) -> tuple[dict[Cell, dict[str, float]], tuple[str, ...], bool]:
    """The file's figures by period and workload, the measures it has, and whether it tells workloads apart."""
    shown = str(path)
    faults: list[Fault] = []
    lines = records(read_text(path, shown), shown, faults)
    line, header = next(lines, (0, []))
    if faults:
        raise InputError(faults)
    measures = tuple(name for name in MEASURES if name in header)
    if "period" not in header or not measures or len(set(header)) < len(header):
        raise InputError(
            [Fault(shown, line, "", f"expected columns period, workload and some of {', '.join(MEASURES)}, each once")]
        )
    known = (*KEYS, *MEASURES)
    faults += [
        Fault(shown, line, "", f"no column '{column}'{nearest(column, known)}")
        for column in header
        if column not in known
    ]
    found: dict[Cell, dict[str, float]] = {}
    for line, cells in lines:
        row = dict(zip(header, cells, strict=True))
        cell = (row["period"], row.get("workload", "") or ALL_WORKLOADS)
        before = len(faults)
        if cell[0] not in planned.periods:
            words = f"'{cell[0]}' is no period of run {run.id}{nearest(cell[0], planned.periods)}"
            faults.append(Fault(shown, line, "period", words))
        if cell[1] not in (*planned.workloads, ALL_WORKLOADS):
            words = f"'{cell[1]}' is no workload of run {run.id}{nearest(cell[1], planned.workloads)}"
            faults.append(Fault(shown, line, "workload", words))
        if cell in found:
            faults.append(Fault(shown, line, "", f"{' '.join(cell)} is given twice"))
        amounts = {name: amount(row[name], shown, line, name, faults) for name in measures if row[name]}
        if len(faults) == before:
            found[cell] = amounts
    if not found and not faults:
        faults.append(Fault(shown, line, "", "this file holds no figures, only a header"))
    if faults:
        raise InputError(faults)
    return found, measures, any(workload != ALL_WORKLOADS for _, workload in found)


def _known(pair: Pair | None) -> bool:
    return pair is not None and pair.more is not None


def _sum(pairs: list[Pair]) -> Pair:
    both = [pair for pair in pairs if _known(pair)]
    if not both:
        return Pair(None, None)
    return Pair(sum(pair.plan or 0.0 for pair in both), sum(pair.actual or 0.0 for pair in both))


def _pair(pair: Pair) -> dict[str, float | None]:
    return {"plan": pair.plan, "actual": pair.actual, "more": pair.more, "more_share": pair.share}
