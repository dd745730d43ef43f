"""Files that benchmark tools and price lists write, as rows of a catalog."""

from planner.importers.bring import Brought, bring
from planner.importers.given import Given

__all__ = ["Brought", "Given", "bring"]
