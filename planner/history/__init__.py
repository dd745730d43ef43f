"""What was planned before: runs, the store that keeps them, and scenarios of earlier git revisions."""

from planner.history.run import Run, run_of
from planner.history.store import find, listed, save, store_path

__all__ = ["Run", "find", "listed", "run_of", "save", "store_path"]
