"""What to ask of a token API: price, quantity, latency, end, and what is behind it."""

from __future__ import annotations

from planner.catalog.models import Catalog, TokenApi
from planner.cli.catalog.asked import (
    AGENTS,
    DRAFTING,
    FP4_AND_ACCURACY,
    ONE_FLEET,
    SERVING_STACK,
    Asked,
    always,
)
from planner.render.figures import short


def _list_price(api: TokenApi, catalog: Catalog) -> str:
    return f"{short(api.input_usd_per_mtok)} in and {short(api.output_usd_per_mtok)} out, USD per Mtok, of {api.as_of}"


def _cached(api: TokenApi, catalog: Catalog) -> str | None:
    return None if api.cached_input_usd_per_mtok is not None else "that of other input"


def _rate(api: TokenApi, catalog: Catalog) -> str | None:
    return None if api.max_mtok_per_day is not None else "any number"


def _ttft(api: TokenApi, catalog: Catalog) -> str | None:
    return None if api.ttft_ms is not None else "unknown: it meets no target"


def _tpot(api: TokenApi, catalog: Catalog) -> str | None:
    return None if api.tpot_ms is not None else "unknown: it meets no target"


def _end(api: TokenApi, catalog: Catalog) -> str | None:
    return None if api.available_until is not None else "without end"


def _precision(api: TokenApi, catalog: Catalog) -> str:
    formats = dict.fromkeys(row.precision for row in catalog.accuracy.values() if row.model == api.model)
    known = f"scores of {', '.join(formats)}" if formats else "no score"
    return f"not known, whatever precisions a workload accepts; {known} in accuracy.csv"


APIS: tuple[Asked[TokenApi], ...] = (
    Asked("Price", "input_usd_per_mtok", "What is the price at the quantity wanted, and until when?", _list_price),
    Asked("Price", "cached_input_usd_per_mtok", "What does input cost that its cache holds?", _cached),
    Asked("Quantity", "max_mtok_per_day", "How many tokens a day are promised, at which rate at the peak?", _rate),
    Asked("Latency", "ttft_ms", "What is the time to first token, at which percentile and input length?", _ttft),
    Asked("Latency", "tpot_ms", "What is the time per output token, at which percentile?", _tpot),
    Asked("End", "available_until", "Until which day is the model served, and how is its end announced?", _end),
    Asked(
        FP4_AND_ACCURACY, "accuracy.csv",
        f"{FP4_AND_ACCURACY}: in which precision is the model served, and what does it score there beside the weights "
        "as published?",
        _precision,
    ),
    Asked(
        DRAFTING, "tpot_ms", f"{DRAFTING}: which of them, and does its speed hold on real traffic?",
        always("in its latency, where that is stated"),
    ),
    Asked(
        SERVING_STACK, "cached_input_share",
        f"{SERVING_STACK}: which share of the input does its cache find, and is that what it bills as cached?",
        always("cached_input_share of the workload"),
    ),
    Asked(
        AGENTS, "ttft_ms",
        f"{AGENTS}: which input lengths, turns and sessions at once does it serve, and for how long does a prefix stay "
        "in its cache?",
        always("any length, at the same latency"),
    ),
    Asked(
        ONE_FLEET, "model",
        f"{ONE_FLEET}: does it train or tune weights of a customer, and serve them at the same price?",
        always("the model as published"),
    ),
)  # fmt: skip
