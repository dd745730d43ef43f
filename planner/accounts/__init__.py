"""What a plan holds, serves, draws and costs: recomputed from decisions, scenario and catalog alone."""

from planner.accounts.account import Account
from planner.accounts.cashflow import Totals, cash_flow, cash_flow_of, totals_of

__all__ = ["Account", "Totals", "cash_flow", "cash_flow_of", "totals_of"]
