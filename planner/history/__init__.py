"""What was planned before: runs kept in a store, what changed between them, what remains to plan, what really came."""

from planner.history.run import Run, run_of
from planner.history.store import find, listed, save, store_path

__all__ = ["Run", "find", "listed", "run_of", "save", "store_path"]
