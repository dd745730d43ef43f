"""Files that benchmark tools and price lists write, as rows of a catalog."""

from planner import _moved
from planner.importers.import_files import ImportSummary, import_files
from planner.importers.options import ImportOptions

__all__ = ["ImportOptions", "ImportSummary", "import_files"]

__getattr__ = _moved.attributes(__name__)
