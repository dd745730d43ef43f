"""Small cases, each made so that one definition of ``planner.rules`` decides what the best plan costs.

A year, a workload and one kind of GPU at 9 USD an hour, and the one thing that matters: what it is called says which.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.catalog.models import Accuracy, LoadShape, ModelSize, Offer, PricePath, ServingPoint
from tests.strategies import CHAT, META, SITE, Case, catalog, offer, point, scenario, system, token_api

YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
YEARS = YEAR | {"periods": 2}
QUARTERS = YEAR | {"periods": 3, "period": "quarter"}
DEAR = offer(usd_per_gpu_hour=9.0)
HALL = SITE | {"power_mw": 0.05}
FALLING = PricePath.model_validate(
    META | {"name": "falling", "hardware": {2026: 1, 2027: 0.5}, "rent": {2026: 1, 2027: 0.5}, "api": {2026: 1}}
)
PATH: dict[str, Any] = {"finance": {"price_path": "falling"}}


def chat(**fields: Any) -> dict[str, Any]:
    return CHAT | fields


def case(
    rented: tuple[Offer, ...] = (DEAR,),
    points: tuple[ServingPoint, ...] | None = None,
    systems: tuple[Any, ...] = (),
    tables: dict[str, Any] | None = None,
    **fields: Any,
) -> Case:
    """20 requests/s for a year, on GPUs of one request/s that cost 9 USD an hour, unless told otherwise."""
    given = (point(),) if points is None else points
    rows = catalog(systems or [system("h-node")], rented, given, **(tables or {}))
    return Case(scenario(**({"horizon": YEAR} | fields)), rows)


def owning(**fields: Any) -> Case:
    return case(**({"sites": [HALL]} | fields))


# --- dates ---


def a_lead_time_of_three_days_and_a_half() -> Case:
    return owning(systems=(system("h-node", lead_weeks=0.5),), horizon=QUARTERS | {"decided_on": dt.date(2026, 12, 29)})


def an_order_of_the_year_before() -> Case:
    return owning(systems=(system("h-node", lead_weeks=8.0),), tables={"paths": [FALLING]}, **PATH)


def hardware_that_comes_in_july() -> Case:
    return owning(systems=(system("h-node", available_from="2027-07"),), horizon=QUARTERS)


def two_futures() -> Case:
    futures = [{"name": "low", "probability": 0.5}, {"name": "high", "probability": 0.5, "demand": 2.0}]
    return owning(futures=futures, sites=[SITE])


def an_offer_that_ends_in_june() -> Case:
    return case((DEAR, offer(provider="bolt", available_until="2027-06-30")))


def a_contract_from_february() -> Case:
    signed = {"provider": "core", "system": "h-node", "gpus": 16, "usd_per_gpu_hour": 1.0}
    return case(contracts=[signed | {"start": "2027-02", "end": "2029-01"}])


def nodes_until_july() -> Case:
    return case(sites=[HALL | {"existing": [node(until="2027-07")]}], procurement={"buy": False}, horizon=QUARTERS)


def nodes_at_the_end_of_their_life() -> Case:
    return case(sites=[HALL | {"existing": [node(in_service="2022-07")]}], procurement={"buy": False}, horizon=QUARTERS)


def node(**fields: Any) -> dict[str, Any]:
    return {"system": "h-node", "count": 2, "in_service": "2025-01"} | fields


def hardware_that_lives_half_a_year() -> Case:
    return owning(systems=(system("h-node", life_years=0.5, price_usd=60_000.0),), horizon=QUARTERS)


def a_lead_time_of_the_scenario() -> Case:
    return owning(procurement={"lead_weeks": {"h-node": 20}}, horizon=QUARTERS)


def a_lead_time_by_months() -> Case:
    contract = offer(kind="reserved", term_months=12, usd_per_gpu_hour=2.0, lot_gpus=4)
    leads = {"reserved_12m": 0, "reserved_1y": 30}
    return case((DEAR, contract), horizon=QUARTERS, procurement={"lead_weeks": leads})


# --- residual value and tariffs ---


def hardware_resold() -> Case:
    return owning(finance={"residual_haircut": 0.5})


def power_at_a_price_of_its_own() -> Case:
    return owning(sites=[HALL | {"electricity_usd_per_mwh": {"2027-01": 100.0, "2027-07": 300.0}}])


def an_escalating_lease() -> Case:
    lease = {"it_kw": 50.0, "usd_per_kw_month": 150.0, "escalator_per_year": 0.1}
    return owning(sites=[HALL | {"lease": lease}], horizon=YEARS)


def input_from_the_cache() -> Case:
    api = token_api(cached_input_usd_per_mtok=0.03)
    return case(tables={"apis": [api]}, workloads=[chat(cached_input_share=0.5)])


def a_path_of_rents() -> Case:
    return case(tables={"paths": [FALLING]}, **PATH)


def tokens_worth_serving() -> Case:
    price = {"input": 2.0, "output": {"2027-01": 4.0, "2027-07": 6.0}}
    return case(objective="profit", service={"min_served": 0.0}, workloads=[chat(price_usd_per_mtok=price)])


# --- demand ---

GROWING = {"requests_per_s": {"2027-01": 10.0, "2029-01": 90.0}}
DAYS = {"day": 0.5, "night": 0.5}


def a_growing_forecast() -> Case:
    return case(workloads=[chat(demand=GROWING)], horizon=YEAR | {"lookahead": 1})


def days_above_nights() -> Case:
    return case(
        workloads=[chat(load="office")],
        load_shapes={"office": {"day": 1.5, "night": 0.5}},
        blocks=DAYS,
        sites=[HALL | {"existing": [node()]}],
        procurement={"buy": False},
    )


def a_shape_of_the_catalog() -> Case:
    shape = LoadShape.model_validate(META | {"name": "office", "level": {"day": 1.5, "night": 0.5}})
    asked = days_above_nights()
    return asked.with_scenario(load_shapes={}).with_catalog(load_shapes={"office": shape})


def a_shape_of_its_trace() -> Case:
    seen = {"requests_per_s": 20.0, "hours": 24.0, "levels": [2.5, 1.0, 0.25, 0.25]}
    return case(
        workloads=[chat(load="trace", demand={"trace": "day.csv", "seen": seen})],
        blocks={"day": 0.25, "night": 0.75},
        sites=[HALL | {"existing": [node()]}],
        procurement={"buy": False},
    )


def one_workload_that_doubles() -> Case:
    return case(futures=[{"name": "only", "probability": 1.0, "demand_by_workload": {"chat": 2.0}}])


# --- rates ---


def a_vendors_point() -> Case:
    return case(points=(point(evidence="vendor"),))


def a_prediction_above_a_measurement() -> Case:
    return case(points=(point(), point(series="bold", rate=3.0, evidence="predicted", precision="fp4")))


def a_prediction_beside_a_slower_measurement() -> Case:
    bold = point(series="bold", rate=3.0, evidence="predicted")
    return case(points=(point(ttft_ms=2000.0), bold), workloads=[chat(sla={"ttft_s": 2.0})])


def software_that_gains() -> Case:
    gains = {"software_gain_per_year": {"h-node": 0.5}, "software_gain_from": "measured"}
    return case(points=(point(as_of="2025-01"),), procurement=gains)


def workers_of_five_gpus() -> Case:
    return case(points=(point(gpus_per_replica=5, largest_worker_gpus=5),))


def replicas_of_two_nodes() -> Case:
    cheap = offer(provider="bolt", interconnect="none")
    return case((DEAR, cheap), points=(point(gpus_per_replica=16, largest_worker_gpus=8),))


def gpu_hours() -> Case:
    train = {"name": "train", "kind": "gpu_hours", "demand": {"gpu_hours_per_day": 240.0}, "headroom": 0.2}
    return case(workloads=[train | {"gpu_hours_weight": {"h-node": 2.0}}])


def a_point_short_of_input() -> Case:
    return case(points=(point(input_tok_s_per_gpu=500.0),))


# --- latency ---


def a_target_at_the_tail() -> Case:
    quick = point(series="quick", rate=0.5, ttft_p99_ms=900.0)
    return case(points=(point(), quick), workloads=[chat(sla={"ttft_s": 1.0, "ttft_percentile": 99})])


def a_target_on_tokens() -> Case:
    quick = point(series="quick", rate=0.5, tpot_ms=10.0)
    return case(points=(point(), quick), workloads=[chat(sla={"ttft_s": 1.0, "tpot_ms": 15.0})])


def a_tail_converted() -> Case:
    slow = point(series="slow", rate=0.5, ttft_p99_ms=900.0)
    asked = chat(sla={"ttft_s": 2.0, "ttft_percentile": 99})
    return case(points=(point(ttft_p99_ms=None), slow), workloads=[asked], tail_ratio={"ttft": 2.0})


def a_tail_met_by_simulation() -> Case:
    """The quick point misses the target at its tail and has headroom to spare; the other has all of its own taken."""
    quick = point(series="quick", rate=2.0)
    asked = chat(
        sla={"ttft_s": 1.0, "ttft_percentile": 99},
        headroom="simulated",
        headroom_by_point={quick.name: 0.25, point().name: 1.0},
    )
    return case(points=(point(), quick), workloads=[asked])


def an_api_of_unknown_latency() -> Case:
    api = token_api(ttft_ms=None, ttft_statistic=None)
    return case(tables={"apis": [api]}, workloads=[chat(sla={"ttft_s": 1.0})])


# --- eligibility ---


def a_system_denied() -> Case:
    cheap = offer(system="b-node", usd_per_gpu_hour=1.0)
    rules = {"systems": {"deny": ["b-node"]}}
    return case((DEAR, cheap), (point(), point("b-node")), (system("h-node"), system("b-node")), procurement=rules)


def a_provider_not_allowed() -> Case:
    return case((DEAR, offer(provider="bolt")), procurement={"providers": {"allow": ["acme"]}})


def a_quote_for_what_is_announced() -> Case:
    quote = {"provider": "core", "system": "next", "term_months": 12, "usd_per_gpu_hour": 1.0, "lot_gpus": 8}
    cheap = offer(system="next", usd_per_gpu_hour=0.5)
    return case((DEAR, cheap), (point(), point("next", 1.0)), (system("h-node"), system("next")), quotes=[quote])


def a_hall_that_can_be_converted() -> Case:
    hall = HALL | {"power_mw": 0.5, "cooling": ["air"], "conversion": {"cost_usd": 1000.0}}
    rack = system("rack", price_usd=240_000.0)
    return case(points=(point(), point("rack")), systems=(system("h-node"), rack), sites=[hall])


def a_point_of_other_lengths() -> Case:
    return case(points=(point(), point(series="short", rate=5.0, input_tokens_mean=800.0)))


def a_point_of_another_precision() -> Case:
    return case(points=(point(), point(series="four", rate=5.0, precision="fp4")), workloads=[chat(precisions=["fp8"])])


def an_accuracy_floor() -> Case:
    row = {"model": "m1", "checkpoint": "own", "evaluation": "sums"}
    known = [
        Accuracy.model_validate(META | row | {"precision": p, "score_share": s})
        for p, s in (("fp8", 0.9), ("fp4", 0.7))
    ]
    floor = {"evaluation": "sums", "min_score_share": 0.8}
    asked = case(points=(point(), point(series="four", rate=5.0, precision="fp4")), workloads=[chat(accuracy=floor)])
    return asked.with_catalog(accuracy={row.key: row for row in known})


def losing(*scores: tuple[str, str, float]) -> Case:
    """FP8, and FP4 that is faster: of a score of 0.9 as published they may lose one point."""
    row = {"model": "m1", "evaluation": "sums", "native_score_share": 0.9}
    known = [
        Accuracy.model_validate(META | row | {"precision": precision, "checkpoint": name, "score_share": score})
        for precision, name, score in scores
    ]
    floor = {"evaluation": "sums", "max_loss_points": 1}
    asked = case(points=(point(), point(series="four", rate=5.0, precision="fp4")), workloads=[chat(accuracy=floor)])
    return asked.with_catalog(accuracy={row.key: row for row in known})


def a_loss_of_accuracy() -> Case:
    return losing(("fp8", "own", 0.89), ("fp4", "own", 0.87))


def two_checkpoints() -> Case:
    return losing(("fp8", "own", 0.89), ("fp4", "rough", 0.7), ("fp4", "careful", 0.895))


def weights_as_published() -> Case:
    """BF16 is what the model was published in, and nobody has scored it."""
    sizes = {"total_params_billion": 70, "active_params_billion": 70, "native_precision": "bf16"}
    size = ModelSize.model_validate(META | {"name": "m1"} | sizes)
    slow = point(series="two", rate=0.5, precision="bf16")
    asked = losing(("fp8", "own", 0.8)).with_catalog(models={"m1": size})
    return asked.with_catalog(serving=asked.catalog.serving | {slow.key: slow})


def chat_off_spot() -> Case:
    return case((DEAR, offer(kind="spot", usd_per_gpu_hour=1.0)))


def an_endpoint_without_mtp() -> Case:
    wants = point(series="mtp", rate=5.0, spec_decode="mtp", requires="mtp")
    return case((offer(usd_per_gpu_hour=9.0, service="endpoint"),), (point(), wants))


def chat_off_apis() -> Case:
    return case(tables={"apis": [token_api()]}, workloads=[chat(token_api=False)])


# --- offers and quotes ---


def an_expired_quote() -> Case:
    quote = {"provider": "core", "system": "h-node", "term_months": 12, "usd_per_gpu_hour": 1.0, "lot_gpus": 4}
    return case(quotes=[quote | {"expires": "2026-09-01"}])


def a_quote_for_a_row_of_the_catalog() -> Case:
    row = offer(kind="reserved", term_months=12, usd_per_gpu_hour=4.0, lot_gpus=4)
    quote = {"provider": "acme", "region": "north", "system": "h-node", "term_months": 12, "lot_gpus": 4}
    return case((DEAR, row), quotes=[quote | {"usd_per_gpu_hour": 3.0}])


def an_offer_with_spares() -> Case:
    return case((offer(usable_share=0.8),))


def spot_half_the_time() -> Case:
    spot = offer(kind="spot", availability=0.8)
    return case((DEAR, spot), workloads=[chat(spot=True)], procurement={"spot_availability": {"all": 0.5}})


# --- rows of a derived catalog ---


def a_token_quote() -> Case:
    quote = {"provider": "acme", "model": "m1", "input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.4}
    return case(tables={"apis": [token_api()], "paths": [FALLING]}, token_quotes=[quote], **PATH)


def a_token_quote_at_a_concurrency() -> Case:
    quote = {"provider": "bolt", "model": "m1", "input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.4}
    held = {"concurrency": 50.0, "tokens": {"input": 1000, "output": 500}, "ttft_ms": 500.0, "tpot_ms": 10.0}
    said = {"ttft_statistic": "p50", "tpot_statistic": "p50"}
    return case(token_quotes=[quote | held | said])


def at(lengths: tuple[float, float], gpu_seconds: float, **fields: Any) -> ServingPoint:
    """A point of requests of these lengths, each of so many GPU-seconds."""
    sides = dict(zip(("input", "output"), lengths, strict=True))
    given: dict[str, Any] = {"series": f"{lengths[0]:g}-{lengths[1]:g}"}
    given |= {f"{side}_tokens_{what}": tokens for side, tokens in sides.items() for what in ("nominal", "mean")}
    given |= {f"{side}_tok_s_per_gpu": tokens / gpu_seconds for side, tokens in sides.items()}
    return point(**(given | fields))


# Work that no plane goes through: the fit misses, so that it has a margin and an error.
TRIANGLE = (at((1000, 500), 1.0), at((4000, 500), 2.2), at((1000, 2000), 3.0), at((4000, 2000), 5.0))


def lengths_between() -> Case:
    return case(points=TRIANGLE, workloads=[chat(tokens={"input": 2000, "output": 1000})])


def lengths_beyond() -> Case:
    """Shapes on a line, the workload off it: only a measured point on another system is left."""
    line = (at((1000, 500), 1.0), at((4000, 2000), 4.0))
    other = at((1000, 2000), 6.0, system="b-node")
    rented = (DEAR, offer(system="b-node", usd_per_gpu_hour=9.0))
    asked = [chat(tokens={"input": 1000, "output": 2000})]
    return case(rented, (*line, other), (system("h-node"), system("b-node")), workloads=asked)


def hits_in_the_cache() -> Case:
    return case(points=TRIANGLE, workloads=[chat(prefix_cache_hit_share=0.5)])


def shapes_in_no_triangle() -> Case:
    return case(points=TRIANGLE[:2], workloads=[chat(prefix_cache_hit_share=0.5)])


def two_loads_of_a_shape() -> Case:
    """The same shape twice: the credit of hits, and a fit, rest on the load of least work."""
    return case(
        points=(*TRIANGLE, at((4000, 2000), 9.0, series="z-slow")),
        workloads=[chat(tokens={"input": 2000, "output": 1000}, prefix_cache_hit_share=0.5)],
    )


def a_series_across_the_target() -> Case:
    slow = point(rate=2.0, concurrency=64.0, tpot_ms=40.0)
    return case(points=(point(), slow), workloads=[chat(sla={"tpot_ms": 25.0}, interpolate=True)])


def a_prediction_between_shapes() -> Case:
    told = {"evidence": "predicted", "precision": "fp4"}
    bold = (at((1000, 500), 0.25, series="bold-1", **told), at((4000, 500), 0.5, series="bold-4", **told))
    return case(points=(TRIANGLE[0], *bold), workloads=[chat(tokens={"input": 2000, "output": 500})])
