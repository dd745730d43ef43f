"""What can be bought, rented and run, and at what rate: rows with their sources."""

from planner.catalog.load import is_catalog, load_catalog
from planner.catalog.models import Catalog

__all__ = ["Catalog", "is_catalog", "load_catalog"]
