"""Names of fields and columns as a planner says them: in words, with the unit behind a comma."""

from __future__ import annotations

from itertools import pairwise

from planner.units import Unit

# Words that are not what a name's parts say, by part.
PARTS = {
    "api": "API",
    "apis": "APIs",
    "capex": "capex",
    "fp4": "FP4",
    "fp8": "FP8",
    "gpu": "GPU",
    "gpus": "GPUs",
    "id": "ID",
    "it": "IT",
    "kv": "KV",
    "lp": "LP",
    "mtok": "Mtok",
    "npv": "NPV",
    "opex": "opex",
    "pue": "PUE",
    "tpot": "time per output token",
    "ttft": "time to first token",
}
# Names whose parts say too little, or too much.
WHOLE = {
    "by_tail_ratio": "tail by ratio",
    "capex_usd": "capex budget",
    "cash_usd": "cash budget",
    "concurrent": "concurrent users",
    "daily": "daily users",
    "idle_npv_usd": "NPV of idle capacity",
    "incremental_npv_usd": "NPV added by this workload",
    "incremental_usd_per_mtok_output": "cost added by this workload",
    "incremental_usd_per_mtok_total": "cost added by this workload",
    "marginal_usd_lp": "shadow price (LP)",
    "mtok_input": "input tokens",
    "mtok_output": "output tokens",
    "mtok_total": "input and output tokens",
    "npv_usd": "NPV",
    "usd": "cash",
    "gpu_hours": "GPU-hours",
    "requests_per_s": "requests/s",
    "usd_per_gpu_hour": "cost",
    "usd_per_gpu_hour_owned": "cost of owned GPUs",
    "usd_per_mtok_output": "cost",
    "usd_per_mtok_total": "cost",
}
# How a name ends where its unit is part of it, longest first, and the unit.
ENDINGS: dict[str, str] = {
    "usd_per_mtok_output": "$/Mtok output",
    "usd_per_mtok_total": "$/Mtok input + output",
    "usd_per_gpu_hour": "$/GPU-hour",
    "usd_per_gpu_year": "$/GPU-year",
    "usd_per_mw_year": "$/MW-year",
    "usd_per_kw_month": "$/kW-month",
    "usd_per_mtok": "$/Mtok",
    "usd_per_mwh": "$/MWh",
    "requests_per_s": "requests/s",
    "mtok_per_day": "Mtok/day",
    "marginal_usd_lp": "$ per unit",
    "gpu_hours": "GPU-hours",
    "mtok_output": "Mtok",
    "mtok_input": "Mtok",
    "mtok_total": "Mtok",
    "weeks": "weeks",
    "months": "months",
    "years": "years",
    "hours": "hours",
    "mtok": "Mtok",
    "gpus": "",
    "mwh": "MWh",
    "usd": "$",
    "mw": "MW",
    "kw": "kW",
    "ms": "ms",
    "s": "s",
}
UNITS: dict[Unit, str] = {
    "USD": "$",
    "USD per Mtok": "$/Mtok",
    "USD per GPU-hour": "$/GPU-hour",
    "USD per GPU-year": "$/GPU-year",
    "USD per MWh": "$/MWh",
    "USD per kW-month": "$/kW-month",
    "USD per MW-year": "$/MW-year",
    "USD or Mtok": "$ or Mtok",
    "USD per unit": "$ per unit",
    "Mtok per day": "Mtok/day",
    "tok/s per GPU": "tokens/s per GPU",
    "tok/s per MW": "tokens/s per MW",
    "GPU-hours per day": "GPU-hours/day",
}
# Units that a name in words needs no telling of.
UNTOLD: frozenset[Unit] = frozenset(("count", "index", "share", "ratio", "factor", "unit", "GPUs", "systems", "lots"))
# Lists of a scenario whose items a path names.
NAMED = frozenset(("sites", "workloads", "fleet", "providers", "quotes", "contracts", "systems", "models", "regions"))
# Of these, the one whose items are places.
PLACES = "sites"
ALL = "*"


def header(name: str, unit: Unit | None = None) -> str:
    """A column's heading: ``cost_usd`` is *Cost, $*; its ``unit`` is its field's own, where it has one to say.

    >>> header("order_by"), header("energy_mwh"), header("gpus_per_replica")
    ('Order by', 'Energy, MWh', 'GPUs per replica')
    """
    return upper(_with_unit(_words(name), _unit(name, unit)))


def label(path: str, scaled: bool = False) -> str:
    """A scenario's field by its path, for an axis or a heading; ``scaled`` where its values are factors on it.

    >>> label("sites.dallas.power_mw"), label("budget.capex_usd"), label("demand", scaled=True)
    ('Power at dallas, MW', 'Capex budget, $', 'Demand, × the forecast')
    """
    *owners, name = path.split(".")
    words = _words(name)
    named = [(section, part) for section, part in pairwise(owners) if section in NAMED and part != ALL]
    for section, part in reversed(named):
        words += f" {'at' if section == PLACES else 'of'} {part}"
    if not named and ALL in owners:
        words += f" of all {owners[owners.index(ALL) - 1].replace('_', ' ')}"
    unit = _unit(name, None)
    if scaled:
        unit = "× the forecast" if name == "demand" else "× the scenario's"
    return upper(_with_unit(words, unit))


def _words(name: str) -> str:
    if name in WHOLE:
        return WHOLE[name]
    ending = _ending(name)
    bare = name.removesuffix(ending).rstrip("_") if ending and ENDINGS[ending] else name
    parts = (bare or name).split("_")
    return " ".join(PARTS.get(part, part) for part in parts)


def _unit(name: str, unit: Unit | None) -> str:
    ending = _ending(name)
    if ending:
        return ENDINGS[ending]
    return "" if unit is None or unit in UNTOLD else UNITS.get(unit, unit)


def _ending(name: str) -> str:
    return next((one for one in ENDINGS if name == one or name.endswith(f"_{one}")), "")


def _with_unit(words: str, unit: str) -> str:
    return f"{words}, {unit}" if unit and not words.endswith(unit) else words


def upper(words: str) -> str:
    """``words`` with a capital, as a sentence begins."""
    return words[:1].upper() + words[1:]
