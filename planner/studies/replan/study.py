"""A plan for what is left to decide, once some of an earlier plan is bought and signed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from planner.catalog import Catalog
from planner.errors import InputError
from planner.frozen import dataclass
from planner.history.run import Run
from planner.kinds.cash import CAPEX, END_OF_HORIZON, PROCEEDS, REVENUE
from planner.pipeline import catalog_of, solve
from planner.plan import Plan
from planner.problem import Reductions
from planner.report.view import probabilities
from planner.scenario import Scenario, scenario_digest
from planner.studies.replan.decided import decided, ordered_before
from planner.studies.result import Result
from planner.timeline import build_timeline

# Paid, or brought in, as a period begins.
AT_START = (*CAPEX, *PROCEEDS)
# Revenue is no cost, and what stands at the horizon's end is due after it.
NOT_PAID = (*AT_START, REVENUE.key, *END_OF_HORIZON)


@dataclass(frozen=True)
class Sunk:
    """Money of a plan that later decisions no longer change, expected over its futures, USD.

    ``paid_usd`` is the capex of the periods begun and all other cash out of the periods over by the day,
    ``paid_npv_usd`` the same discounted;
    ``rest_npv_usd`` what the plan costs beside it. ``bought_usd`` is the capex of all systems ordered by then and
    ``signed_usd`` the whole value of the contracts signed by then, paid or not.
    """

    as_of: dt.date
    paid_usd: float
    paid_npv_usd: float
    rest_npv_usd: float
    systems: float
    bought_usd: float
    lots: float
    signed_usd: float

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {name: value for name, value in vars(self).items() if name != "as_of"}


@dataclass(frozen=True)
class Replanned(Result):
    """The plan for the rest: ``scenario`` as it was planned for, ``plan`` the whole of it, ``sunk`` the part behind.

    ``before_usd`` is the NPV of the run it starts from. ``notes`` say what is not as it was.
    """

    run: Run
    as_of: dt.date
    scenario: Scenario
    catalog: Catalog
    plan: Plan
    sunk: Sunk
    before_usd: float
    notes: tuple[str, ...]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the plan."""
        return self.plan.tables

    def to_dict(self) -> dict[str, Any]:
        """The result of the plan, with what it started from."""
        start = {"run": self.run.id, "as_of": self.as_of.isoformat(), "before_npv_usd": self.before_usd}
        return self.plan.to_dict() | {"replan": start | self.sunk.to_dict()}


def replan(
    run: Run,
    as_of: dt.date,
    scenario: Scenario | None = None,
    *,
    future: str | None = None,
    solver: str | None = None,
    gap: float | None = None,
    time_limit_s: float | None = None,
) -> Replanned:
    """The cheapest plan in which all that ``run`` orders, signs, converts and retires before ``as_of`` stays.

    ``scenario`` says what is known today, by default what was known then; its calendar has to be the run's, and the day
    of decision is the run's. ``future`` is the one of several that came true. What is rented by the hour, called and
    served is planned anew in every period. Raises InputError where that does not fit together, InfeasiblePlan where
    nothing that is left to decide keeps every limit, and what ``solve`` raises.
    """
    if not run.planned:
        raise InputError(f"run {run.id} has no plan, so nothing was decided by it")
    then = run.question()
    now = then if scenario is None else scenario
    if (now.horizon.start, now.horizon.period) != (then.horizon.start, then.horizon.period):
        raise InputError(
            f"run {run.id} is planned by {then.horizon.period} from {then.horizon.start:%Y-%m} on, the scenario by "
            f"{now.horizon.period} from {now.horizon.start:%Y-%m}; periods have to be the same ones"
        )
    fixed = decided(run, then, now, as_of)
    horizon = now.horizon.model_copy(update={"decided_on": then.horizon.decided_on})
    now = _changed(now, horizon=horizon) if horizon != now.horizon else now
    if future is not None:
        names = [item.name for item in then.futures]
        if future not in names:
            raise InputError(f"--future {future}: run {run.id} knows {', '.join(names) or 'only one future'}")
        fixed = fixed.in_future(future)
        known = [item for item in now.futures if item.name == future] or [
            item for item in then.futures if item.name == future
        ]
        now = _changed(now, futures=(known[0].model_copy(update={"probability": 1.0}),), revealed=None)
    catalog = catalog_of(now)
    same = scenario_digest(now) == scenario_digest(then) and catalog.digest == run.catalog_digest
    plan = solve(
        now,
        catalog,
        solver=solver,
        gap=gap if gap is not None else run.result["solver"]["gap_asked"],
        time_limit_s=time_limit_s,
        # What was signed then may be outdone by another offer today.
        reductions=None if same else Reductions(offers=False),
        fixed=fixed,
    )
    notes = []
    if catalog.digest != run.catalog_digest:
        notes.append(f"The catalog is not the one of run {run.id}: what was fixed is priced as it says now.")
    return Replanned(
        run, as_of, now, catalog, plan, sunk(plan, now, as_of), float(run.result["kpis"]["npv_usd"]), tuple(notes)
    )


def _changed(scenario: Scenario, **fields: Any) -> Scenario:
    """The scenario with other sections; a copy keeps where the rest was written."""
    return scenario.model_copy(update=fields)


def sunk(plan: Plan, scenario: Scenario, as_of: dt.date) -> Sunk:
    """What of ``plan`` lies behind on ``as_of``."""
    timeline = build_timeline(scenario.horizon, {"all": 1.0}, scenario.finance.discount_rate)
    begun = [name for name, start in zip(timeline.names, timeline.starts[:-1], strict=True) if start < as_of]
    over = [name for name, (_, end) in zip(timeline.names, timeline.spans, strict=True) if end <= as_of]
    weight = probabilities(plan) | {"all": 1.0}
    cash = plan.cashflow
    capital = cash["category"].isin(AT_START) & cash["period"].isin(begun)
    running = ~cash["category"].isin(NOT_PAID) & cash["period"].isin(over)
    cash = cash[capital | running]
    paid = _expected(cash, "npv_usd", weight)
    bought, signed = (ordered_before(table, as_of) for table in (plan.purchases, plan.contracts))
    return Sunk(
        as_of=as_of,
        paid_usd=_expected(cash, "usd", weight),
        paid_npv_usd=paid,
        rest_npv_usd=float(plan.kpis["npv_usd"]) - paid,
        systems=_expected(bought, "count", weight),
        bought_usd=_expected(bought, "cost_usd", weight),
        lots=_expected(signed, "lots", weight),
        signed_usd=_expected(signed, "cost_usd", weight),
    )


def _expected(rows: pd.DataFrame, column: str, weight: dict[str, float]) -> float:
    return float((rows[column] * rows["future"].map(weight)).sum()) if len(rows) else 0.0
