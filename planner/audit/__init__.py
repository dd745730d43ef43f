"""The audit: every limit of a plan held against its accounts, knowing no matrix."""

from planner.audit.audit import Audit, Violation, audit, audit_of

__all__ = ["Audit", "Violation", "audit", "audit_of"]
