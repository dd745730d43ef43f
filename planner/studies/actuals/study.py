"""What really came, beside what was planned: tokens, cost and power by period and workload, from a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from planner._version import __version__
from planner.errors import InputError
from planner.frozen import dataclass
from planner.history.baseline import Baseline
from planner.history.run import Run
from planner.kinds.cash import CAPEX, OPEX
from planner.studies.actuals.given import ALL_WORKLOADS, UNTAGGED, Cell, Given, Names, TagCell, read_given
from planner.studies.result import Result
from planner.timeline import build_timeline

ACTUALS_VERSION = 1


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
class TagLine:
    """Cash of a period that bears a value of a tag, ``(none)`` for what does not bear it, as planned and as it came."""

    period: str
    tag: str
    value: str
    pair: Pair


@dataclass(frozen=True)
class Actuals(Result):
    """Plan and reality by period, in the plan's order, to the last period that the file has.

    ``output_mtok`` counts output tokens, ``cost_usd`` cash out (capex and opex, undiscounted), ``power_mw`` the mean
    power drawn at the utility meters; of several futures the plan is the expectation. Where the file tells workloads
    apart, ``all`` of them come after them: what the file says of them, or their sum where it knows every one. ``sums``
    add up tokens and cost over the periods in which both sides are known. ``tags`` are the tags that the file tells.
    ``baseline`` is the approved plan where ``run`` is that of one.
    """

    run: Run
    measures: tuple[str, ...]
    by_workload: bool
    lines: tuple[Line, ...]
    sums: dict[str, Pair]
    tags: tuple[TagLine, ...] = ()
    baseline: Baseline | None = None

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
            **({"tags": [_tag_line(line) for line in self.tags]} if self.tags else {}),
            **({"baseline": self.baseline.summary()} if self.baseline else {}),
        }


def actuals(run: Run, path: Path, baseline: Baseline | None = None) -> Actuals:
    """The plan of ``run`` beside the file at ``path``: columns period, workload, tags, output_mtok, cost_usd, power_mw.

    All but period may be left out, and cells may be empty. ``baseline`` is the one that the run was read from. Raises
    InputError with every fault of the file.
    """
    if not run.planned:
        raise InputError(f"{run.label} has no plan to hold anything against")
    planned = _planned(run)
    given = read_given(path, planned.names(run.label))
    measures = given.measures
    periods = planned.periods[: max(planned.periods.index(period) for period in given.periods) + 1]
    tags = tuple(_of_tags(given, planned, periods))
    found = []
    for period in periods:
        came = {workload: given.cells.get((period, workload), {}) for workload in (*planned.workloads, ALL_WORKLOADS)}
        whole = _whole([came[name] for name in planned.workloads], measures) if given.by_workload else {}
        came[ALL_WORKLOADS] = _whole_of_tags(tags, period) | whole | came[ALL_WORKLOADS]
        for workload in (*(planned.workloads if given.by_workload else ()), ALL_WORKLOADS):
            pairs = {name: Pair(planned.of(name, period, workload), came[workload].get(name)) for name in measures}
            found.append(Line(period, workload, pairs))
    all_of_it = [line for line in found if line.workload == ALL_WORKLOADS]
    sums = {name: sum_of([line.pairs[name] for line in all_of_it]) for name in measures if name != "power_mw"}
    return Actuals(run, measures, given.by_workload, tuple(found), sums, tags, baseline)


def _of_tags(given: Given, planned: _Planned, periods: Sequence[str]) -> Iterator[TagLine]:
    """A line for each value of each tag of the file, planned or given, in every period."""
    for tag in given.tags:
        values = [value for cells in (planned.by_tag, given.by_tag) for _, of, value in cells if of == tag]
        for value in sorted(set(values), key=lambda value: (value == UNTAGGED, value)):
            for period in periods:
                at = (period, tag, value)
                yield TagLine(period, tag, value, Pair(planned.by_tag.get(at, 0.0), given.by_tag.get(at)))


def _whole_of_tags(tags: Sequence[TagLine], period: str) -> dict[str, float]:
    """What everything came to in a period, where of some tag every value is known that was planned to cost anything."""
    for tag in dict.fromkeys(line.tag for line in tags):
        mine = [line.pair for line in tags if (line.period, line.tag) == (period, tag)]
        if all(pair.actual is not None or not pair.plan for pair in mine):
            return {"cost_usd": sum(pair.actual or 0.0 for pair in mine)}
    return {}


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
    by_tag: Mapping[TagCell, float]

    def names(self, label: str) -> Names:
        """What a file may name."""
        return Names(label, self.periods, self.workloads, tuple(dict.fromkeys(tag for _, tag, _ in self.by_tag)))

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
        by_tag={
            (row["period"], row["tag"], row["value"] or UNTAGGED): float(row["usd"])
            for row in result.get("cost_by_tag", ())
        },
    )


def _known(pair: Pair | None) -> bool:
    return pair is not None and pair.more is not None


def sum_of(pairs: list[Pair]) -> Pair:
    """Plan and actual added up where both are known."""
    both = [pair for pair in pairs if _known(pair)]
    if not both:
        return Pair(None, None)
    return Pair(sum(pair.plan or 0.0 for pair in both), sum(pair.actual or 0.0 for pair in both))


def _tag_line(line: TagLine) -> dict[str, Any]:
    return {"period": line.period, "tag": line.tag, "value": line.value, "cost_usd": _pair(line.pair)}


def _pair(pair: Pair) -> dict[str, float | None]:
    return {"plan": pair.plan, "actual": pair.actual, "more": pair.more, "more_share": pair.share}
