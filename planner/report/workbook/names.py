"""Names of sheets and words of cells, as a reader says them; the sheet Columns gives the result's own for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from planner.frozen import dataclass
from planner.kinds.cash import BY_KEY, RESERVED
from planner.kinds.limits import limit_kind
from planner.render.words import UNITS

DECISION, PROOF, COLUMNS = "Decision", "Proof", "Columns"
CASH, PAYMENTS = "Cash flow", "Ledger"
CASH_BY_PERIOD, GPUS_BY_PERIOD, POWER_BY_PERIOD = "Cash by period", "GPUs by period", "Power by period"
# The plan's tables, in their order.
TABLES = {
    "purchases": "Purchases",
    "retirements": "Retirements",
    "contracts": "Contracts",
    "on_demand": "GPUs by the hour",
    "token_api": "Token APIs",
    "serving": "Serving",
    "unserved": "Left unserved",
    "fleet": "Systems in service",
    "cashflow": "Cash by category",
    "workload_cost": "Cost by workload",
    "cost_by_tag": "Cost by tag",
    "binding": "Limits reached",
}
# What is paid upfront for contracts has a column of its own, since it falls on another day than the rest.
UPFRONT = "reserved_upfront"
UPFRONT_WORDS = f"{RESERVED.words}, upfront"
_LATENCIES = {"ttft": "time to first token", "tpot": "time per output token"}


@dataclass(frozen=True)
class Named:
    """A column for the sheet Columns: where it stands, its heading, its name in the result, its unit and meaning."""

    sheet: str
    heading: str
    name: str
    unit: str
    meaning: str


def category(key: str) -> str:
    """A category of cash; ``reserved_upfront`` is a column of the cash flow, too."""
    if key == UPFRONT:
        return UPFRONT_WORDS
    return BY_KEY[key].words if key in BY_KEY else _apart(key)


def kind_of_limit(key: str) -> str:
    """``min_served`` is *served floor*: what its sentences call one, without whose it is."""
    words = limit_kind(key).binding.format("").strip().removesuffix(" of")
    return words or _apart(key)


def _apart(word: str) -> str:
    return word.replace("_", " ")


def _unit(name: str) -> str:
    return str(UNITS.get(name, name))  # type: ignore[call-overload]


def _latencies(word: str) -> str:
    return " and ".join(_LATENCIES.get(part, part) for part in word.split("+"))


# Columns whose texts are keys of the result, and how a reader says them.
CELLS: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("cashflow", "category"): category,
    ("contracts", "kind"): _apart,
    ("on_demand", "kind"): _apart,
    ("binding", "constraint"): kind_of_limit,
    ("binding", "unit"): _unit,
    ("serving", "by_tail_ratio"): _latencies,
}
