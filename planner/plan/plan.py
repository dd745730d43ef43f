"""A plan: what to buy, sign, rent and run, when; its cash, key figures, proof and audit."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from planner._version import __version__
from planner.audit import Audit
from planner.decisions import Decisions
from planner.errors import InputError
from planner.framed import Framed
from planner.frozen import dataclass
from planner.plan.notes import Note
from planner.plan.proof import Proof
from planner.plan.simulated import Simulated
from planner.plan.trace import item_of
from planner.scenario import Scenario
from planner.table import Table

if TYPE_CHECKING:
    import pandas as pd

# A result of version 2 has every field of version 1, with its name and its meaning, and further ones.
RESULT_VERSION = 2
TABLES = (
    "purchases",
    "retirements",
    "contracts",
    "on_demand",
    "token_api",
    "serving",
    "unserved",
    "fleet",
    "cashflow",
    "workload_cost",
    "cost_by_tag",
    "binding",
)


@dataclass(frozen=True)
class Plan(Framed):
    """A plan that has passed its audit. Tables are pandas frames; see ``planner.plan.tables`` for their columns.

    ``status`` is ``optimal`` within the gap asked for, or ``feasible`` where the search was stopped above it.
    ``kpis`` sum over the reported periods, as do those that begin with ``reported``; other NPVs and levelised costs are
    over the solved horizon. ``notes`` are what a reader of them should know, a sentence each. ``left_out`` says what
    rules and reductions dropped, ``sources`` which catalog sources the plan's figures come from, ``origins`` which rows
    (see ``trace``). ``solution`` (columns,) is the vector of the matrix, from which a search for a similar plan starts.
    """

    scenario: str
    scenario_digest: str
    status: Literal["optimal", "feasible"]
    proof: Proof
    kpis: dict[str, Any]
    purchases: pd.DataFrame
    retirements: pd.DataFrame
    contracts: pd.DataFrame
    on_demand: pd.DataFrame
    token_api: pd.DataFrame
    serving: pd.DataFrame
    unserved: pd.DataFrame
    fleet: pd.DataFrame
    cashflow: pd.DataFrame
    workload_cost: pd.DataFrame
    cost_by_tag: pd.DataFrame
    binding: pd.DataFrame
    audit: Audit
    decisions: Decisions
    catalog_digest: str
    sources: tuple[str, ...]
    left_out: tuple[str, ...]
    origins: pd.DataFrame
    periods: tuple[str, ...]
    futures: tuple[str, ...]
    solution: NDArray[np.float64] = field(repr=False, compare=False)
    notes: tuple[Note, ...] = ()
    simulated: Simulated | None = None

    def trace(self, table: str | None = None, row: int | None = None) -> pd.DataFrame:
        """The catalog rows that a plan's figures were computed from, with file, line, evidence and sources.

        Of the whole plan, of one ``table``, or of its row number ``row``. Columns: see ``planner.plan.trace``.
        """
        if table is None:
            return self.origins
        if table not in TABLES:
            raise InputError(f"{table}: no such table; one of {', '.join(TABLES)}")
        origins, rows = self.table("origins"), self.table(table)
        found = origins.take(origins["table"] == table)
        if row is None:
            return found.frame()
        if not 0 <= row < len(rows):
            raise InputError(f"{table} has no row {row}; it has {len(rows)}, counted from 0")
        item = item_of(table, rows.take(slice(row, row + 1)).records()[0])
        return found.take(found["item"] == item).frame()

    def settled(self, scenario: Scenario) -> Scenario:
        """The plan's ``scenario``, with the headroom that simulations found for it."""
        return scenario if self.simulated is None else self.simulated.settled(scenario)

    @property
    def weighty_notes(self) -> tuple[str, ...]:
        """The sentences of those notes that may change the cost by more than the gap that was asked for."""
        least = self.proof.gap_asked * abs(self.proof.objective_usd)
        return tuple(note.sentence for note in self.notes if note.most_usd > least)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """All tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values, in the shape of the published result schema."""
        several = len(self.futures) > 1
        return {
            "version": RESULT_VERSION,
            "planner": __version__,
            "scenario": self.scenario,
            "scenario_digest": self.scenario_digest,
            "status": self.status,
            "solver": _plain(self.proof.to_dict()),
            "kpis": _plain(self.kpis),
            **{name: _records(self.table(name), several) for name in TABLES},
            "audit": {
                "passed": self.audit.passed,
                "checks": self.audit.checks,
                "worst_violation": self.audit.worst_violation,
            },
            "catalog": {"digest": self.catalog_digest, "sources": list(self.sources)},
            **({"simulated": _plain(self.simulated.to_dict(several))} if self.simulated is not None else {}),
            **({"notes": [note.sentence for note in self.notes]} if self.notes else {}),
        }

    def to_json(self) -> str:
        """The result as JSON text, keys in a fixed order, numbers in the unit their name says."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _records(table: Table, several_futures: bool) -> list[dict[str, Any]]:
    """Rows as plain values; ``future`` only where there are several, ``lookahead`` only where true."""
    if not several_futures:
        table = table.only([name for name in table.names if name != "future"])
    rows = []
    for row in table.records():
        if not row.get("lookahead", True):
            del row["lookahead"]
        rows.append(_plain(row))
    return rows


def _plain(value: Any) -> Any:
    """A value that JSON knows: no NumPy types, no NaN, dates as ISO text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not np.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value
