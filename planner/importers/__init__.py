"""Files that benchmark tools and price lists write, as rows of a catalog."""

from planner.importers.import_files import Brought, import_files
from planner.importers.options import Given

__all__ = ["Brought", "Given", "import_files"]
