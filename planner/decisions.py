"""What a plan decides, as labelled tables: all that the audit and the cash flow ever see of a solution."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from planner.framed import Framed
from planner.frozen import dataclass
from planner.table import Table

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: dict[str, tuple[str, ...]] = {
    "pools": ("pool", "supply"),
    "buys": ("future", "site", "system", "period", "count"),
    "keeps": ("future", "site", "group", "period", "count"),
    "signs": ("future", "offer", "period", "lots"),
    "rents": ("future", "offer", "period", "block", "lots", "at_once", "by_job"),
    "conversions": ("future", "site", "period"),
    "serving": ("future", "workload", "pool", "point", "period", "block", "gpus", "replicas"),
    "api": ("future", "workload", "api", "period", "block", "requests_per_s"),
    "unserved": ("future", "workload", "period", "block", "requests_per_s"),
}


@dataclass(frozen=True)
class Decisions(Framed):
    """One frame per kind of decision, columns as in ``COLUMNS``; rows at zero are left out.

    ``future`` and ``block`` are names, ``period`` is the index of the period (lookahead periods go on
    counting), ``group`` the index of the site's existing group, ``offer``, ``api`` and ``point`` the names of
    catalog rows (of quotes: their name as an offer; of GPU-hour workloads: the system). Decisions common to
    all futures stand once per future. ``pools`` says which supplies feed a pool: ``own:site/system``
    (bought), ``existing:site/group``, ``offer:name`` and ``contract:index``; ``job:name`` are lots of an hourly offer
    that run no longer than the batch work on them. ``lots`` are the mean of a block, ``at_once`` those that run at
    once: the same but ``by_job``. Each may be given as a table too, which is what the accounts read.
    """

    pools: pd.DataFrame
    buys: pd.DataFrame
    keeps: pd.DataFrame
    signs: pd.DataFrame
    rents: pd.DataFrame
    conversions: pd.DataFrame
    serving: pd.DataFrame
    api: pd.DataFrame
    unserved: pd.DataFrame

    def __post_init__(self) -> None:
        for field in fields(self):
            held = vars(self)[field.name]
            columns = held.names if isinstance(held, Table) else tuple(held.columns)
            if columns != COLUMNS[field.name]:
                raise ValueError(f"{field.name} has columns {columns}, not {COLUMNS[field.name]}")

    @property
    def decided(self) -> Decided:
        """The same for the core."""
        return Decided(**{name: self.table(name) for name in COLUMNS})


@dataclass(frozen=True)
class Decided:
    """The tables of ``Decisions``, as the accounts read them."""

    pools: Table
    buys: Table
    keeps: Table
    signs: Table
    rents: Table
    conversions: Table
    serving: Table
    api: Table
    unserved: Table
