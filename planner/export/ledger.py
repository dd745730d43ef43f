"""The ledger of a plan with the scenario's own catalog where none is given."""

from __future__ import annotations

from planner.catalog import Catalog
from planner.pipeline import catalog_of
from planner.plan import Plan
from planner.plan.ledger import Ledger, ledger_of
from planner.scenario import Scenario


def ledger(plan: Plan, scenario: Scenario, catalog: Catalog | None = None) -> Ledger:
    """The ledger of ``plan``, which ``scenario`` and ``catalog`` (by default the scenario's own) have to be those of.

    Raises InputError where they are others, AuditFailure where its rows do not add up to the plan's cash flow.
    """
    return ledger_of(plan, scenario, catalog_of(scenario) if catalog is None else catalog)
