"""Definitions that the model and the recount share: eligibility, latencies, dates, tariffs, the work of a request."""

from planner.rules.derive import derive_points
from planner.rules.quotes import apply_quotes
from planner.rules.references import check_references

__all__ = ["apply_quotes", "check_references", "derive_points"]
