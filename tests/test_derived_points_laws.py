"""What must always be true of derived points, whatever was measured and whatever is asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from planner.catalog.models import DerivedPoint, ServingPoint
from planner.rules import derive_points
from tests.laws import less_trust, never_cheaper
from tests.shapes import asking, at, renting
from tests.strategies import Case, examples, token_api, with_workloads

SHAPES = [(1000.0, 1000.0), (8000.0, 1000.0), (1000.0, 8000.0), (8000.0, 8000.0)]
LENGTHS = [(1000, 1000), (2000, 1000), (4500, 1050), (3000, 4000), (1000, 3000), (8000, 8000)]


@st.composite
def mixed(draw: st.DrawFn) -> Case:
    """Sweeps of two concurrencies at some shapes of up to two configurations, and a workload somewhere among them."""
    points: list[ServingPoint] = []
    for engine, evidence in (("e", "independent"), ("f", draw(st.sampled_from(["predicted", "measured"])))):
        for shape in draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=4, unique=True)):
            work = draw(st.integers(1, 40)) * (shape[0] / 4 + shape[1]) / 1e5
            first, wait = draw(st.integers(8, 40)), draw(st.integers(3, 60))
            for load in (1, 2):
                replica = draw(st.sampled_from([1, 2])) if draw(st.integers(0, 3)) == 0 else 1
                points.append(
                    at(
                        shape,
                        work / load**0.5,
                        engine=engine,
                        evidence=evidence,
                        series=f"{engine}-{shape[0]:g}-{shape[1]:g}",
                        concurrency=32 * load,
                        ttft_ms=100.0 * wait * load,
                        tpot_ms=first * load**0.7,
                        gpus_per_replica=replica,
                    )
                )
    sla = {"ttft_s": draw(st.sampled_from([0.8, 2.0, 6.0])), "tpot_ms": draw(st.sampled_from([12.0, 20.0, 35.0]))}
    workload = {
        "sla": sla,
        "prefix_cache_hit_share": draw(st.sampled_from([0.0, 0.3, 0.8])),
        "interpolate": draw(st.booleans()),
    }
    apis = [token_api(output_usd_per_mtok=90.0, cached_input_usd_per_mtok=0.1, ttft_ms=50.0, tpot_ms=5.0)]
    return Case(asking(draw(st.sampled_from(LENGTHS)), **workload), renting(points, apis=apis))


def made(case: Case) -> Case:
    rows = derive_points(case.scenario, case.catalog)
    how = {f"{row.derivation}, {row.evidence}" for row in rows.serving.values() if row.derivation}
    event(f"derived: {'; '.join(sorted(how)) or 'none'}")
    return Case(case.scenario, rows)


def looser(case: Case) -> Case:
    def change(workload: Any) -> dict[str, Any]:
        sla = workload.sla
        return {"sla": sla.model_copy(update={"ttft_s": 1.7 * sla.ttft_s, "tpot_ms": 1.3 * sla.tpot_ms})}

    return with_workloads(case, change)


def more_hits(case: Case) -> Case:
    return with_workloads(case, lambda w: {"prefix_cache_hit_share": 0.5 + 0.5 * w.prefix_cache_hit_share})


def interpolating(case: Case) -> Case:
    return with_workloads(case, lambda w: {"interpolate": True})


@pytest.mark.no_cover
@pytest.mark.parametrize("change", [looser, more_hits, interpolating], ids=lambda change: change.__name__)
@examples(1)
@given(case=mixed())
def test_never_dearer(change: Any, case: Case) -> None:
    never_cheaper(made(change(case)), made(case))


@examples(1)
@given(case=mixed())
def test_less_trust_is_never_cheaper(case: Case) -> None:
    never_cheaper(made(case), made(less_trust(case)))


@examples(2)
@given(case=mixed())
def test_what_is_interpolated_lies_between_its_neighbours(case: Case) -> None:
    rows = derive_points(interpolating(case).scenario, case.catalog).serving.values()
    names = {row.name: row for row in rows}
    sla = case.scenario.workloads[0].sla
    for row in rows:
        if isinstance(row, DerivedPoint) and row.derived == "interpolated":
            # Its own parents are the measured ones; with hits those lie between which were credited.
            ends = [names.get(name.replace("@", "+chat@"), names[name]) for name in row.parents]
            for figure in ("ttft_ms", "tpot_ms", "concurrency", "input_tok_s_per_gpu", "output_tok_s_per_gpu"):
                low, high = sorted(getattr(end, figure) for end in ends)
                assert low * (1 - 1e-9) <= getattr(row, figure) <= high * (1 + 1e-9)
            at_its_ttft = sla.ttft_s is not None and row.ttft_ms == sla.ttft_s * 1000
            assert row.tpot_ms == sla.tpot_ms or at_its_ttft
