"""Files that benchmark tools and price lists write, as rows of a catalog."""

from planner import _moved
from planner.importers.import_files import import_files
from planner.importers.options import ImportOptions
from planner.importers.tally import ImportSummary

__all__ = ["ImportOptions", "ImportSummary", "import_files"]

__getattr__ = _moved.attributes(__name__)
