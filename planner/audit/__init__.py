"""The audit: every figure and limit of a plan recomputed from scenario, catalog and tables, knowing no matrix."""

from planner.audit.account import Account
from planner.audit.audit import Audit, Violation, audit, audit_of
from planner.audit.cashflow import Totals, cash_flow, cash_flow_of, totals_of

__all__ = ["Account", "Audit", "Totals", "Violation", "audit", "audit_of", "cash_flow", "cash_flow_of", "totals_of"]
