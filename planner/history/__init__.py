"""What was planned before: runs, the store that keeps them, approved plans, and scenarios of earlier git revisions."""

from planner.history.baseline import approve, run_or_baseline
from planner.history.run import Run, run_of
from planner.history.store import find, listed, save, store_path

__all__ = ["Run", "approve", "find", "listed", "run_of", "run_or_baseline", "save", "store_path"]
