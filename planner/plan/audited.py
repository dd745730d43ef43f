"""From a solved model to what is shown of it: the audit first, then the tables."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from planner.accounts import Account, totals_of
from planner.accounts.cashflow import Totals
from planner.accounts.tags import cost_by_tag
from planner.audit import Audit, audit_of
from planner.catalog import Catalog
from planner.errors import AuditFailure
from planner.frozen import dataclass
from planner.milp import Model
from planner.plan import tables
from planner.plan.extract import decisions
from planner.plan.kpis import kpis
from planner.plan.notes import Solved, notes_of
from planner.plan.plan import Plan
from planner.plan.proof import Proof
from planner.plan.simulated import Simulated
from planner.plan.trace import trace
from planner.plan.workload_cost import workload_cost
from planner.scenario import Scenario, scenario_digest
from planner.solvers import Options
from planner.solvers.answer import relative_gap
from planner.solvers.objectives import Outcome


@dataclass(frozen=True, eq=False)
class Audited:
    """A solved model whose plan the audit has passed: what its tables and figures are made of."""

    scenario: Scenario
    catalog: Catalog
    model: Model
    outcome: Outcome
    account: Account
    audit: Audit
    totals: Totals
    proof: Proof
    simulated: Simulated | None = None

    @property
    def status(self) -> Literal["optimal", "feasible"]:
        """Whether the gap that was asked for is proven."""
        return "optimal" if self.proof.gap <= self.proof.gap_asked * (1 + 1e-9) else "feasible"


def audited(
    scenario: Scenario,
    catalog: Catalog,
    model: Model,
    outcome: Outcome,
    solver: str,
    options: Options,
    seconds: float,
) -> Audited:
    """A solved model with its account. Raises AuditFailure where the audit refuses it."""
    assert outcome.x is not None
    account = Account(scenario, catalog, decisions(model, outcome.x))
    audit = audit_of(account, model.milp.objective(outcome.x))
    if not audit.passed:
        first = "; ".join(violation.sentence for violation in audit.violations[:3])
        raise AuditFailure(f"the audit refused the plan ({len(audit.violations)} violations): {first}")
    totals = totals_of(account)
    proof = _proof(model, outcome, totals.objective_usd, solver, options, seconds)
    return Audited(scenario, catalog, model, outcome, account, audit, totals, proof)


def tabled(found: Audited) -> Plan:
    """The plan with all of its tables."""
    scenario, catalog, model, account = found.scenario, found.catalog, found.model, found.account
    problem, outcome, totals = model.problem, found.outcome, found.totals
    assert outcome.x is not None
    serving = tables.serving(problem, account)
    reach = outcome.answer.duals if scenario.objective == "cost" and not model.relaxation else None
    made = {
        "purchases": tables.purchases(problem, account),
        "retirements": tables.retirements(problem, account),
        "contracts": tables.contracts(problem, account),
        "on_demand": tables.on_demand(problem, account),
        "token_api": tables.token_api(problem, account),
        "serving": serving,
        "unserved": tables.unserved(problem, account),
        "fleet": tables.fleet_table(problem, account),
        "cashflow": tables.cashflow(problem, account),
        "workload_cost": workload_cost(account),
        "cost_by_tag": cost_by_tag(account),
        "binding": tables.binding(model, outcome.x, reach),
    }
    origins = trace(scenario, catalog, made)
    known = {**made, "origins": origins}
    return Plan(
        scenario=scenario.name,
        scenario_digest=scenario_digest(scenario) if found.simulated is None else found.simulated.digest,
        status=found.status,
        proof=found.proof,
        kpis=kpis(problem, account, totals, serving),
        **made,
        audit=found.audit,
        decisions=account.decisions,
        catalog_digest=catalog.digest,
        sources=_sources(catalog, model, account),
        left_out=problem.left_out,
        origins=origins,
        periods=problem.timeline.names,
        futures=problem.futures,
        solution=outcome.x,
        notes=notes_of(Solved(scenario, catalog, problem, known, abs(totals.objective_usd))),
        simulated=found.simulated,
    )


def served_rows(found: Audited) -> list[dict[str, Any]]:
    """The table of what serves what, as rows."""
    return tables.serving(found.model.problem, found.account).records()


def _proof(model: Model, outcome: Outcome, cost_usd: float, solver: str, options: Options, seconds: float) -> Proof:
    """The proof with the audited cost, unserved at its value, as incumbent, in the objective's own unit."""
    value = outcome.value
    if outcome.objective == "cost":
        value = cost_usd
    gap = outcome.gap if outcome.objective != "cost" else relative_gap(cost_usd, outcome.bound)
    milp = model.milp
    return Proof(
        name=outcome.answer.solver if solver in ("auto", "relay") else solver,
        version=outcome.answer.version,
        objective=outcome.objective,
        unit=outcome.unit,
        value=value,
        bound=min(outcome.bound, value) if outcome.objective in ("cost", "cost_per_token") else outcome.bound,
        objective_usd=cost_usd,
        best_bound_usd=min(outcome.cost_bound_usd, cost_usd) if np.isfinite(outcome.cost_bound_usd) else None,
        in_parts_usd=outcome.answer.in_parts if outcome.objective == "cost" else None,
        gap=gap,
        gap_asked=options.gap,
        seconds=seconds,
        seed=options.seed,
        variables=milp.columns,
        integers=int(milp.integer.sum()),
        constraints=milp.rows,
        coefficients=len(milp.data),
        reproducible=not outcome.stopped,
        legs=outcome.legs,
    )


def _sources(catalog: Catalog, model: Model, account: Account) -> tuple[str, ...]:
    """Source ids of the rows that the model could draw on."""
    supply, problem = model.problem.supply, model.problem
    used: set[str] = set()
    for asset in supply.assets:
        used |= set(asset.system.source)
    for offer in supply.offers:
        used |= set(offer.source)
    for name in {candidate.name for candidate in problem.assignments.candidates}:
        for point in catalog.named.get(name, ()):
            used |= set(point.source)
    apis = {problem.api.names[index] for index in problem.api.api}
    for api in catalog.token_apis.values():
        if api.name in apis:
            used |= set(api.source)
    return tuple(sorted(used))
