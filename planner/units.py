"""Every unit and every conversion of the planner, each conversion with its units in the name.

Tokens are counted in tokens here and in Mtok (10⁶ tokens) at the edges; power is kW for one system and MW for
a site; money is the scenario's currency, called USD throughout.
"""

from __future__ import annotations

from typing import Literal, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Number = TypeVar("Number", float, Floats)

# What a published number may be counted in. A *share* is part of a whole, a *ratio* one amount over another of its
# kind, a *factor* what another figure is multiplied with; a *count* is of what the field names, and an *index* counts
# nothing. ``unit`` is the one that the field of that name beside it says.
Unit = Literal[
    "USD", "USD per Mtok", "USD per GPU-hour", "USD per GPU-year", "USD per MWh", "USD per kW-month", "USD per MW-year",
    "USD or Mtok", "USD per unit", "unit",
    "kW", "MW", "MWh", "gCO₂e per kWh",
    "ms", "s", "weeks", "month", "months", "years", "periods",
    "tokens", "Mtok", "Mtok per day", "tokens per kWh", "tok/s per GPU", "tok/s per MW", "requests", "requests/s",
    "users", "sessions per day", "requests per session", "requests per hour",
    "GPUs", "hours", "GPU-hours", "GPU-hours per day", "systems", "lots", "replicas", "rack positions",
    "GB per GPU", "TB/s per GPU", "PFLOP/s per GPU", "billion parameters",
    "share", "share per year", "points", "ratio", "factor", "percentile", "count", "index",
]  # fmt: skip

HOURS_PER_DAY = 24.0
SECONDS_PER_HOUR = 3_600.0
SECONDS_PER_DAY = 86_400.0
DAYS_PER_YEAR = 365.25
DAYS_PER_WEEK = 7.0
HOURS_PER_YEAR = HOURS_PER_DAY * DAYS_PER_YEAR
MONTHS_PER_YEAR = 12.0
HOURS_PER_MONTH = HOURS_PER_YEAR / MONTHS_PER_YEAR
TOKENS_PER_MTOK = 1e6
KW_PER_MW = 1e3
MS_PER_S = 1e3


def mw_from_kw(kw: Number) -> Number:
    """MW from kW."""
    return kw / KW_PER_MW


def kw_from_mw(mw: Number) -> Number:
    """KW from MW."""
    return mw * KW_PER_MW


@overload
def mwh_from_kw_hours(kw: float, hours: float) -> float: ...
@overload
def mwh_from_kw_hours(kw: float | Floats, hours: Floats) -> Floats: ...
def mwh_from_kw_hours(kw: float | Floats, hours: float | Floats) -> float | Floats:
    """MWh drawn by a load of ``kw`` over ``hours``."""
    return kw * hours / KW_PER_MW


def ms_from_s(seconds: Number) -> Number:
    """Milliseconds from seconds."""
    return seconds * MS_PER_S


def s_from_ms(ms: Number) -> Number:
    """Seconds from milliseconds."""
    return ms / MS_PER_S


def user_tok_per_s(tpot_ms: Number) -> Number:
    """Tok/s that one user sees, from the ms per output token."""
    return MS_PER_S / tpot_ms


def mtok_from_tokens(tokens: Number) -> Number:
    """Mtok (10⁶ tokens) from tokens."""
    return tokens / TOKENS_PER_MTOK


def tokens_from_mtok(mtok: Number) -> Number:
    """Tokens from Mtok (10⁶ tokens)."""
    return mtok * TOKENS_PER_MTOK


def requests_per_s_from_mtok_per_day(mtok_per_day: Number, tokens_per_request: float) -> Number:
    """Requests/s that make ``mtok_per_day`` Mtok a day at ``tokens_per_request`` tokens each."""
    return mtok_per_day * (TOKENS_PER_MTOK / SECONDS_PER_DAY / tokens_per_request)


@overload
def requests_from_rate(requests_per_s: float, hours: float) -> float: ...
@overload
def requests_from_rate(requests_per_s: float | Floats, hours: Floats) -> Floats: ...
def requests_from_rate(requests_per_s: float | Floats, hours: float | Floats) -> float | Floats:
    """Requests made in ``hours`` at ``requests_per_s``."""
    return requests_per_s * hours * SECONDS_PER_HOUR


def usd_per_mtok_from_gpu_hour(usd_per_gpu_hour: float, tok_per_s_per_gpu: float) -> float:
    """USD per Mtok of a GPU that costs ``usd_per_gpu_hour`` and makes ``tok_per_s_per_gpu``.

    >>> round(usd_per_mtok_from_gpu_hour(1.41, 90), 2)
    4.35
    >>> round(usd_per_mtok_from_gpu_hour(2.65, 6000), 3)
    0.123
    """
    return usd_per_gpu_hour / (tok_per_s_per_gpu * SECONDS_PER_HOUR) * TOKENS_PER_MTOK


def tok_per_s_per_mw(tok_per_s_per_gpu: float, kw_per_gpu: float) -> float:
    """Tok/s that one MW makes, from tok/s and kW per GPU (say which kW: nameplate, all-in, drawn)."""
    return tok_per_s_per_gpu * KW_PER_MW / kw_per_gpu


def tokens_per_hour(tok_per_s: float) -> float:
    """Tokens made in an hour at ``tok_per_s``."""
    return tok_per_s * SECONDS_PER_HOUR


def years_from_days(days: Number) -> Number:
    """Years of 365.25 days."""
    return days / DAYS_PER_YEAR


def days_from_weeks(weeks: Number) -> Number:
    """Days from weeks."""
    return weeks * DAYS_PER_WEEK
