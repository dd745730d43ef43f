"""Audit: a plan's tables held against every limit of its Scenario, without any knowledge of the matrix."""

from __future__ import annotations

from planner.accounts.account import Account
from planner.audit.choice_rules import check_choices
from planner.audit.contract_rules import check_contracts
from planner.audit.findings import FAMILIES, Findings, Violation
from planner.audit.foresight_rules import check_foresight
from planner.audit.money_rules import check_money
from planner.audit.service_rules import check_service
from planner.audit.site_rules import check_sites
from planner.audit.table_rules import check_tables
from planner.catalog.models import Catalog
from planner.decisions import Decisions
from planner.frozen import dataclass
from planner.scenario.models import Scenario

__all__ = ["FAMILIES", "Audit", "Violation", "audit", "audit_of"]


@dataclass(frozen=True)
class Audit:
    """What the audit found.

    ``checks`` counts single comparisons, ``worst_violation`` is the largest excess over max(|limit|, Σ|terms|), 0 where
    everything holds exactly. ``violations`` are those above 1e-6, the worst first; of a limit broken in very many
    places only the worst are listed.
    """

    passed: bool
    checks: int
    worst_violation: float
    violations: tuple[Violation, ...]


def audit(scenario: Scenario, catalog: Catalog, decisions: Decisions, claimed_cost_usd: float | None = None) -> Audit:
    """Hold a plan's tables against its Scenario and Catalog.

    ``claimed_cost_usd`` is the expected discounted cost that the plan says it has: revenue left out, what is not served
    at its value.
    """
    return audit_of(Account(scenario, catalog, decisions), claimed_cost_usd)


def audit_of(account: Account, claimed_cost_usd: float | None = None) -> Audit:
    """``audit`` of a plan that is already being recomputed."""
    findings = Findings()
    if check_tables(account, findings):
        check_choices(account, findings)
        check_service(account, findings)
        check_sites(account, findings)
        check_contracts(account, findings)
        check_money(account, findings, claimed_cost_usd)
        check_foresight(account, findings)
    order = {family: index for index, family in enumerate(FAMILIES)}
    violations = sorted(findings.violations, key=lambda found: (-found.relative, order[found.family]))
    return Audit(not violations, findings.checks, findings.worst, tuple(violations))
