"""Plausible wrong versions of the definitions in ``planner.rules``, each with a case in which it matters."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.catalog.models import Offer
from planner.kinds.evidence import PROVEN
from planner.rules import (
    accuracy,
    dates,
    demand,
    eligibility,
    families,
    latency,
    offers,
    quotes,
    rates,
    tariffs,
    work,
)
from planner.rules import fitted as fitted_points
from planner.rules import interpolated as interpolated_points
from planner.rules.families import shape_of
from planner.scenario.models import TokenQuote
from tests import rule_cases as cases
from tests.strategies import Case


@dataclass(frozen=True)
class Mutant:
    """A rule of a module, by name, what stands in its place, and a case in which that matters."""

    module: Any
    rule: str
    wrong: Callable[..., Any]
    case: Callable[[], Case]

    def __str__(self) -> str:
        return f"{self.rule}, {self.case.__name__}"


def constant(value: Any) -> Callable[..., Callable[..., Any]]:
    """A rule that says the same whatever it is asked."""
    return lambda _: lambda *args, **named: value


# --- dates ---


def by_years_first(_: Any) -> Callable[..., float]:
    return lambda procurement, months, own: procurement.lead_weeks.get(f"reserved_{months // 12}y", own)


DATES = [
    Mutant(
        dates, "lead_days", lambda _: lambda weeks: math.floor(7 * weeks), cases.a_lead_time_of_three_days_and_a_half
    ),
    Mutant(dates, "order_day", lambda _: lambda start, weeks: start, cases.an_order_of_the_year_before),
    Mutant(
        dates,
        "order_days",
        lambda _: lambda timeline, weeks: [start for start, _ in timeline.spans],
        cases.an_order_of_the_year_before,
    ),
    Mutant(
        dates,
        "can_start",
        lambda right: lambda t, day, weeks, first=None: right(t, day, weeks),
        cases.hardware_that_comes_in_july,
    ),
    Mutant(dates, "here_and_now_until", constant(0), cases.two_futures),
    Mutant(
        dates,
        "on_all_days",
        lambda right: lambda t, first, last: right(t, first, None),
        cases.an_offer_that_ends_in_june,
    ),
    Mutant(
        dates,
        "lies_within",
        lambda right: lambda t, first, after: right(t, dt.date.min, after),
        cases.a_contract_from_february,
    ),
    Mutant(
        dates, "lies_within", lambda right: lambda t, first, after: right(t, first, dt.date.max), cases.nodes_until_july
    ),
    Mutant(
        dates,
        "service_days",
        lambda right: lambda existing, row: (existing.in_service, dt.date.max),
        cases.nodes_at_the_end_of_their_life,
    ),
    Mutant(
        dates,
        "life_periods",
        lambda right: lambda row, months: 1 + right(row, months),
        cases.hardware_that_lives_half_a_year,
    ),
    Mutant(dates, "system_lead_weeks", lambda _: lambda rules, row: row.lead_weeks, cases.a_lead_time_of_the_scenario),
    Mutant(dates, "term_lead_weeks", by_years_first, cases.a_lead_time_by_months),
]

# --- tariffs ---


def input_only(_: Any) -> Callable[..., Any]:
    return lambda w, timeline: np.array(
        [w.tokens.input * w.price_usd_per_mtok.input.step_mean(*s) / 1e6 for s in timeline.spans]
    )


def without(field: str, value: Any) -> Callable[..., Callable[..., Any]]:
    """The rule asked about its first argument with another field: a site, or a row."""
    return lambda right: lambda row, *more: right(row.model_copy(update={field: value}), *more)


def no_escalation(right: Any) -> Callable[..., Any]:
    return lambda site, t: right(
        site.model_copy(update={"lease": site.lease.model_copy(update={"escalator_per_year": 0.0})}), t
    )


def no_cache(right: Any) -> Callable[..., Any]:
    return lambda workload, api: right(workload, api.model_copy(update={"cached_input_usd_per_mtok": None}))


MONEY = [
    Mutant(
        tariffs,
        "price_factors",
        lambda _: lambda scenario, catalog, kind, years: np.ones(len(years)),
        cases.a_path_of_rents,
    ),
    Mutant(
        tariffs, "electricity_usd_per_mwh", without("electricity_usd_per_mwh", None), cases.power_at_a_price_of_its_own
    ),
    Mutant(tariffs, "lease_usd", no_escalation, cases.an_escalating_lease),
    Mutant(tariffs, "api_usd_per_request", no_cache, cases.input_from_the_cache),
    Mutant(tariffs, "revenue_usd_per_request", input_only, cases.tokens_worth_serving),
]

# --- demand ---


def level(_: Any) -> Callable[..., Any]:
    return lambda scenario, catalog, workload, timeline: np.ones(len(timeline.blocks))


DEMAND = [
    Mutant(
        demand,
        "_held",
        lambda _: lambda s, t, growth=False: np.array([s.step_mean(*span) for span in t.spans]),
        cases.a_growing_forecast,
    ),
    Mutant(
        demand,
        "_held",
        lambda _: lambda s, t, growth=False: np.array([s.growth_mean(*span) for span in t.spans]),
        cases.a_growing_forecast,
    ),
    Mutant(
        demand,
        "forecast",
        lambda right: lambda workload, timeline: right(workload, timeline) * 1.01,
        cases.a_growing_forecast,
    ),
    Mutant(demand, "block_levels", level, cases.days_above_nights),
    Mutant(demand, "block_levels", level, cases.a_shape_of_the_catalog),
    Mutant(demand, "block_levels", level, cases.a_shape_of_its_trace),
    Mutant(demand, "cut", lambda right: lambda levels, shares: right(levels, shares)[::-1], cases.a_shape_of_its_trace),
    Mutant(
        demand,
        "_factor",
        lambda _: lambda future, workload, timeline: np.ones(timeline.periods),
        cases.one_workload_that_doubles,
    ),
    Mutant(demand, "demand_rates", lambda right: lambda *asked: right(*asked) * 0.99, cases.days_above_nights),
]

# --- rates ---


def growth_from_the_start(_: Any) -> Callable[..., Any]:
    return lambda scenario, timeline, row: 1.5**timeline.years_to_middle


def any_latency(_: Any) -> Callable[..., bool]:
    return lambda rival, row: rival.evidence in PROVEN and rates.capped_with(rival) == rates.capped_with(row)


def no_headroom(right: Any) -> Callable[..., Any]:
    return lambda workload, *more: right(workload.model_copy(update={"headroom": 0.0}), *more)


def output_alone(_: Any) -> Callable[..., float]:
    return lambda scenario, workload, row: (
        row.output_tok_s_per_gpu / workload.tokens.output * scenario.trust.of(row.evidence)
    )


RATES = [
    Mutant(
        rates,
        "point_rate",
        lambda right: lambda s, t, w, *more: right(s, t, w.model_copy(update={"headroom": 0.0}), *more),
        lambda: cases.case(workloads=[cases.chat(headroom=0.3)]),
    ),
    Mutant(
        rates,
        "point_rate",
        lambda right: lambda s, t, w, *more: right(s, t, w.model_copy(update={"headroom_by_point": None}), *more),
        cases.a_tail_met_by_simulation,
    ),
    Mutant(
        rates,
        "trusted_rate",
        lambda right: lambda s, w, row: right(s, w, row.model_copy(update={"evidence": "measured"})),
        cases.a_vendors_point,
    ),
    Mutant(rates, "trusted_rate", output_alone, cases.a_point_short_of_input),
    Mutant(rates, "caps", constant(False), cases.a_prediction_above_a_measurement),
    Mutant(
        rates,
        "capped_with",
        lambda _: lambda row: (row.model, row.system, row.precision),
        cases.a_prediction_above_a_measurement,
    ),
    Mutant(rates, "no_slower", any_latency, cases.a_prediction_beside_a_slower_measurement),
    Mutant(rates, "proven_by_shape", constant({}), cases.a_prediction_above_a_measurement),
    Mutant(rates, "telling", constant([]), cases.a_prediction_above_a_measurement),
    Mutant(rates, "software_gain", growth_from_the_start, cases.software_that_gains),
    Mutant(rates, "gpu_hours_rate", no_headroom, cases.gpu_hours),
]

# --- latency ---


def at_the_median(right: Any) -> Callable[..., float]:
    return lambda row, metric, percentile, tail: right(row, metric, 50, tail)


def first_token_alone(right: Any) -> Callable[..., float]:
    return lambda row, sla, tail: right(row, sla.model_copy(update={"tpot_ms": None}), tail)


LATENCY = [
    Mutant(latency, "latency_ms", at_the_median, cases.a_target_at_the_tail),
    Mutant(latency, "sla_excess", first_token_alone, cases.a_target_on_tokens),
    Mutant(latency, "targets", lambda right: lambda sla: list(right(sla))[:1], cases.a_target_on_tokens),
    Mutant(latency, "converts", constant(False), cases.a_tail_converted),
    Mutant(latency, "row_sla", lambda _: lambda workload: workload.sla, cases.a_tail_met_by_simulation),
    Mutant(latency, "api_excess", constant(0.0), cases.an_api_of_unknown_latency),
]

# --- eligibility ---


def dropping(field: str) -> Callable[..., Callable[..., Any]]:
    """Misfits without those of one rule."""
    return lambda right: lambda *asked: (found for found in right(*asked) if found.rule != field)


def allowing(**changes: Any) -> Callable[..., Callable[..., Any]]:
    return lambda right: lambda *asked, **named: right(*asked, **(named | changes))


def greatest_loss(_: Any) -> Callable[..., float]:
    """What the worst checkpoint of a precision loses."""
    return lambda catalog, model, precision, evaluation: max(
        row.loss_points
        for row in catalog.accuracy.values()
        if (row.model, row.precision, row.evaluation) == (model, precision, evaluation)
    )


ELIGIBILITY = [
    Mutant(eligibility, "system_ruled_out", constant(""), cases.a_system_denied),
    Mutant(
        eligibility,
        "system_ruled_out",
        lambda right: lambda s, row, named=False: right(s, row, named=True),
        cases.a_quote_for_what_is_announced,
    ),
    Mutant(
        eligibility,
        "system_ruled_out",
        lambda right: lambda s, row, named=False: right(s, row),
        cases.a_quote_for_what_is_announced,
    ),
    Mutant(eligibility, "provider_ruled_out", constant(""), cases.a_provider_not_allowed),
    Mutant(
        eligibility,
        "coolable",
        lambda _: lambda site, row: row.cooling in site.cooling,
        cases.a_hall_that_can_be_converted,
    ),
    Mutant(eligibility, "unfit", dropping("input"), cases.a_point_of_other_lengths),
    Mutant(work, "off_length", constant(False), cases.a_point_of_other_lengths),
    Mutant(eligibility, "unfit", dropping("precision"), cases.a_point_of_another_precision),
    Mutant(eligibility, "unfit", dropping("accuracy"), cases.an_accuracy_floor),
    Mutant(eligibility, "unfit", dropping("accuracy"), cases.a_loss_of_accuracy),
    Mutant(accuracy, "loss_points", greatest_loss, cases.two_checkpoints),
    Mutant(accuracy, "as_published", constant(False), cases.weights_as_published),
    Mutant(eligibility, "pool_ruled_out", allowing(preemptible=False), cases.chat_off_spot),
    Mutant(eligibility, "pool_ruled_out", allowing(rdma=True), cases.replicas_of_two_nodes),
    Mutant(eligibility, "pool_ruled_out", allowing(stack=None), cases.an_endpoint_without_mtp),
    Mutant(eligibility, "api_ruled_out", constant(""), cases.chat_off_apis),
]

# --- offers and quotes ---


def never_expires(right: Any) -> Callable[..., Offer]:
    return lambda quote, day: right(quote.model_copy(update={"expires": None}), day)


def of_the_catalog(right: Any) -> Callable[..., Any]:
    return lambda asked, rows: right(asked.model_copy(update={"quotes": ()}), rows)


def paid_is_useful(_: Any) -> Callable[..., Any]:
    return lambda asked, row, system, blocks: np.full(len(blocks), offers.usable_share(row, system))


OFFERS = [
    Mutant(offers, "quote_offer", never_expires, cases.an_expired_quote),
    Mutant(offers, "offers_by_name", of_the_catalog, cases.a_quote_for_a_row_of_the_catalog),
    Mutant(offers, "usable_share", lambda _: lambda row, system: system.usable_share, cases.an_offer_with_spares),
    Mutant(offers, "usable_share_by_block", paid_is_useful, cases.spot_half_the_time),
    Mutant(offers, "stack", constant(None), cases.an_endpoint_without_mtp),
]

# --- rows of a derived catalog ---


def without_margin(_: Any) -> Callable[..., float]:
    return lambda fit, i, o: fit.gpu_seconds(i, o)


def without_error(_: Any) -> Callable[..., float]:
    return lambda fit, shape, hits, seconds: hits * fit.per_input * shape[0]


def always_told(_: Any) -> property:
    return property(lambda fit: True)


DERIVED = [
    Mutant(quotes, "apply_quotes", lambda _: lambda scenario, catalog: catalog, cases.a_token_quote),
    Mutant(
        TokenQuote, "most_mtok_per_day", lambda _: property(lambda quote: None), cases.a_token_quote_at_a_concurrency
    ),
    Mutant(work.Work, "claimed_gpu_seconds", without_margin, cases.lengths_between),
    Mutant(work.Work, "saved_by_hits", without_error, cases.hits_in_the_cache),
    Mutant(work.Work, "tells_input", always_told, cases.shapes_in_no_triangle),
    Mutant(
        work, "fit_work", lambda right: lambda shapes, seconds: right(shapes[:1], seconds[:1]), cases.lengths_between
    ),
    Mutant(work, "covered", constant(True), cases.lengths_beyond),
    Mutant(work, "near", constant(True), cases.lengths_between),
    Mutant(
        families, "least_work", lambda _: lambda points: {shape_of(p): p for p in points}, cases.two_loads_of_a_shape
    ),
    Mutant(families, "families", lambda right: lambda points, rows: {}, cases.lengths_between),
    Mutant(fitted_points, "left_by_caps", constant(1.0), cases.a_prediction_between_shapes),
    Mutant(fitted_points, "between_shapes", constant(()), cases.lengths_between),
    Mutant(interpolated_points, "between_concurrencies", constant(()), cases.a_series_across_the_target),
    Mutant(
        interpolated_points, "_at_target", lambda _: lambda measured, low, high: None, cases.a_series_across_the_target
    ),
]

MUTANTS = [*DATES, *MONEY, *DEMAND, *RATES, *LATENCY, *ELIGIBILITY, *OFFERS, *DERIVED]
