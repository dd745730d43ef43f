"""A plan in files that others work with: an Excel workbook, Parquet, FinOps FOCUS cost rows, and the model itself.

>>> import planner
>>> from planner.export import write_focus, write_model, write_parquet, write_workbook
>>> scenario = planner.load("scenarios/tiny.yaml")
>>> write_model(scenario, "tiny.mps")
(16, 16)
"""

from planner.export.focus import focus_rows, write_focus
from planner.export.ledger import ledger
from planner.export.mps import write_model
from planner.export.parquet import write_parquet
from planner.plan.ledger import Ledger
from planner.report.workbook import write_workbook

__all__ = ["Ledger", "focus_rows", "ledger", "write_focus", "write_model", "write_parquet", "write_workbook"]
