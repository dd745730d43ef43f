"""``plan catalog levers``: what each lever brings at a speed, interpolation, prices, and rows that are missing."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import ServingPoint
from planner.catalog.points import Shape, best_at, parse_shape, price_of, total_tok_s
from planner.errors import InputError
from planner.studies.catalog_levers.sheet import lever_gains_sheet
from planner.studies.catalog_levers.study import LeverGain, LeverGains, Side, lever_gains
from tests.strategies import catalog, point, system

LONG = Shape(8192, 1024)


@pytest.fixture(scope="module")
def builtin() -> Catalog:
    return load_catalog(["builtin"])


def of(found: tuple[LeverGain, ...], system: str, name: str) -> LeverGain:
    return next(lever for lever in found if (lever.system, lever.name) == (system, name))


def test_interpolation_is_linear_in_the_logarithm_of_the_rate_over_tokens_per_user(builtin: Catalog) -> None:
    template = next(iter(builtin.serving.values()))

    def point(tpot_ms: float, rate: float) -> ServingPoint:
        return template.model_copy(
            update={"tpot_ms": tpot_ms, "input_tok_s_per_gpu": rate / 2, "output_tok_s_per_gpu": rate / 2}
        )

    # 200, 150 and 100 tok/s per user: half-way between 100 and 400 is their geometric mean.
    at = best_at([point(5, 100), point(10, 400)], 1000 / 150)
    assert at is not None
    assert at.interpolated
    assert at.total_tok_s_per_gpu == pytest.approx(200)
    exact = best_at([point(5, 100), point(10, 400)], 10)
    assert exact is not None
    assert not exact.interpolated
    assert exact.total_tok_s_per_gpu == 400
    assert best_at([point(5, 100), point(10, 400)], 4) is None


def test_a_price_is_given_or_the_cheapest_published_offer(builtin: Catalog) -> None:
    h200 = price_of(builtin, "hgx-h200", {})
    assert h200 is not None
    offers = [offer for offer in builtin.offers.values() if offer.system == "hgx-h200" and offer.kind != "spot"]
    assert h200.usd_per_gpu_hour == min(offer.usd_per_gpu_hour for offer in offers if offer.evidence != "estimate")
    gb300 = price_of(builtin, "gb300-nvl72", {})
    assert gb300 is not None
    assert not gb300.published
    given = price_of(builtin, "gb300-nvl72", {"gb300-nvl72": 2.5})
    assert given is not None
    assert (given.usd_per_gpu_hour, given.origin) == (2.5, "given")
    assert price_of(replace(builtin, offers={}), "hgx-h200", {}) is None


def test_the_cost_of_a_lever_is_its_price_over_its_tokens(builtin: Catalog) -> None:
    found = lever_gains(builtin, "deepseek-r1", LONG, 10, prices={"hgx-b200": 3.6}).found
    fp4 = of(found, "hgx-b200", "FP4")
    assert fp4.with_it.best is not None
    assert fp4.with_it.usd_per_mtok == pytest.approx(1000 / fp4.with_it.best.total_tok_s_per_gpu)
    assert fp4.with_it.best.point.precision == "fp4"
    assert fp4.without.best is not None
    assert fp4.without.best.point.precision == "fp8"
    assert fp4.ratio is not None
    assert fp4.ratio > 1.5
    assert of(found, "hgx-b200", "workers over 8 GPUs").with_it.rows == 0
    assert of(found, "gb300-nvl72", "disaggregation").without.rows == 0
    assert all(of(found, lever.system, "KV-aware routing").ratio is None for lever in found)


def test_points_are_within_both_limits(builtin: Catalog) -> None:
    for lever in lever_gains(builtin, "deepseek-r1", LONG, 20, 1500).found:
        for side in (lever.without, lever.with_it):
            assert side.best is None or (side.best.tpot_ms <= 20 and side.best.ttft_ms <= 1500)


def test_the_published_21_fold_gain_of_mtp_needs_rows_that_no_source_has(builtin: Catalog) -> None:
    """Published: GB300 NVL72, FP4, 8k/1k at 150 tok/s per user; MTP takes 2.35 $ per million tokens to 0.11 $.

    The catalog has that configuration with MTP at 312 and at 69 tok/s per user, in two layouts, and nothing between.
    """
    found = lever_gains(builtin, "deepseek-r1", LONG, 1000 / 150, systems=["gb300-nvl72"], precision="fp4")
    mtp = of(found.found, "gb300-nvl72", "MTP")
    assert mtp.with_it.missing is not None
    fast, slow = mtp.with_it.missing
    assert (fast.tpot_ms, slow.tpot_ms) == (3.201, 14.56)
    assert fast.series != slow.series
    notes = lever_gains_sheet(found).notes
    at = notes.index("rows missing, gb300-nvl72 with MTP:")
    assert notes[at + 1] == (
        f"  none between 3.2 ms (line {fast.line}, concurrency 5) and 14.6 ms (line {slow.line}, concurrency 1127)"
    )
    assert mtp.with_it.best is not None
    assert total_tok_s(fast) == mtp.with_it.best.total_tok_s_per_gpu
    assert total_tok_s(slow) / total_tok_s(fast) > 21


def test_the_published_cost_without_mtp_is_that_of_a_row(builtin: Catalog) -> None:
    """Published: 2.35 $ per million total tokens without MTP, at the 2.652 $ per GPU-hour of owning one."""
    found = lever_gains(
        builtin,
        "deepseek-r1",
        LONG,
        1000 / 150,
        systems=["gb300-nvl72"],
        precision="fp4",
        prices={"gb300-nvl72": 2.652},
        interpolate=False,
    )
    mtp = of(found.found, "gb300-nvl72", "MTP")
    assert mtp.without.best is not None
    assert not mtp.without.best.interpolated
    assert mtp.without.usd_per_mtok == pytest.approx(2.35, rel=0.01)
    # With MTP, 0.11 $ need 6,697 tok/s; the nearest row that is fast enough runs at twice the speed, on as many GPUs
    # and at the same rate.
    assert mtp.with_it.best is not None
    assert mtp.with_it.missing is not None
    without, with_it = mtp.without.best.point, mtp.with_it.best.point
    assert without.gpus_per_replica == with_it.gpus_per_replica == 34
    assert total_tok_s(with_it) == pytest.approx(total_tok_s(without), rel=0.01)
    assert without.tpot_ms / with_it.tpot_ms == pytest.approx(2, rel=0.02)


def test_without_interpolation_every_figure_is_that_of_a_row(builtin: Catalog) -> None:
    between = lever_gains(builtin, "deepseek-r1", LONG, 10).found
    rows = lever_gains(builtin, "deepseek-r1", LONG, 10, interpolate=False).found
    sides = [(a, b) for one, other in zip(between, rows, strict=True) for a, b in _sides(one, other)]
    assert any(a.best is not None and a.best.interpolated for a, _ in sides)
    for a, b in sides:
        assert (a.best is None) == (b.best is None)
        if a.best is not None and b.best is not None:
            assert not b.best.interpolated
            assert b.best.total_tok_s_per_gpu <= a.best.total_tok_s_per_gpu


def _sides(one: LeverGain, other: LeverGain) -> list[tuple[Side, Side]]:
    return [(one.without, other.without), (one.with_it, other.with_it)]


def test_it_is_said_of_which_lever_and_system_there_is_no_row(builtin: Catalog) -> None:
    notes = lever_gains_sheet(lever_gains(builtin, "deepseek-r1", LONG, 20)).notes
    assert "No row with other speculative decoding on any system." in notes
    assert "No row says whether it has KV offload." in notes
    assert "No row with FP4 on hgx-h200, mi300x-oam, mi325x-oam." in notes
    assert "No row without disaggregation on gb200-nvl72, gb300-nvl72." in notes
    assert "No row says whether it has KV-aware routing." in notes
    assert not any(note.startswith("No row without FP4") for note in notes)
    # Published prices of most systems are on demand, the only one of GB300 is for three years.
    differ = "Prices of different terms: compare systems only at prices that you state."
    assert differ in notes
    given = dict.fromkeys(builtin.systems, 3.0)
    assert differ not in lever_gains_sheet(lever_gains(builtin, "deepseek-r1", LONG, 20, prices=given)).notes


def test_lines_fit_and_names_come_once(builtin: Catalog) -> None:
    shown = lever_gains_sheet(lever_gains(builtin, "deepseek-r1", LONG, 10))
    assert [row[:2] for row in shown.rows if row[1]] == [
        ("NVIDIA", "hgx-h200"),
        ("", "hgx-b200"),
        ("", "hgx-b300"),
        ("", "gb200-nvl72"),
        ("", "gb300-nvl72"),
        ("AMD", "mi300x-oam"),
        ("", "mi325x-oam"),
        ("", "mi355x-oam"),
    ]
    # Of one maker alone no column names it.
    own = lever_gains_sheet(lever_gains(builtin, "deepseek-r1", LONG, 10, systems=["hgx-b200"])).rows
    assert [row[0] for row in own if row[0]] == ["hgx-b200"]
    assert all(len(note) <= 100 for note in shown.notes)


def test_predicted_rows_are_marked(builtin: Catalog) -> None:
    measured = lever_gains_sheet(lever_gains(builtin, "deepseek-r1", LONG, 10))
    predicted = lever_gains_sheet(lever_gains(builtin, "gpt-oss-120b", LONG, 10, systems=["gb300-nvl72"]))
    assert not any("*" in row[5] + row[8] for row in measured.rows)
    assert all(row[4].endswith("*") for row in predicted.rows if row[4])
    assert [note[0] for note in (*measured.notes, *predicted.notes) if "model, not measured" in note] == ["*"]


def one_shape(*points: ServingPoint) -> LeverGains:
    """The levers of a handmade catalog at 20 ms, at 3.60 USD per GPU-hour."""
    rows = catalog([system("h-node")], points=points)
    return lever_gains(rows, "m1", Shape(1000, 500), 20.0, prices={"h-node": 3.6})


SWITCHED = (("KV offload", "kv_offload"), ("KV-aware routing", "kv_routing"))


@pytest.mark.parametrize(("name", "field"), SWITCHED)
def test_a_switch_is_measured_where_rows_state_both(name: str, field: str) -> None:
    """1.5 and 3 thousand tokens/s per GPU at 3.60 USD an hour: 0.667 and 0.333 USD per Mtok, a gain of 2."""
    off: dict[str, Any] = {field: "off"}
    on: dict[str, Any] = {field: "on", "requires": field}
    mute, without, with_it = point(), point(series="off", **off), point(series="on", rate=2.0, **on)
    lever = of(one_shape(mute, without, with_it).found, "h-node", name)
    assert (lever.measured, lever.mute, lever.without.rows, lever.with_it.rows) == (True, 1, 1, 1)
    assert lever.ratio == pytest.approx(2.0)
    assert lever.without.usd_per_mtok == pytest.approx(1000 / 1500)
    for rows in ((mute,), (mute, with_it), (mute, without)):
        lever = of(one_shape(*rows).found, "h-node", name)
        assert (lever.measured, lever.ratio) == (False, None)


def test_what_is_not_measured_is_called_so_and_never_1x() -> None:
    shown = {row[1]: row[-1] for row in lever_gains_sheet(one_shape(point(), point(series="on", rate=2.0))).rows}
    assert set(shown.values()) == {"not measured"}
    both = one_shape(point(), point(series="mtp", rate=2.0, spec_decode="mtp", requires="mtp"))
    shown = {row[1]: row[-1] for row in lever_gains_sheet(both).rows}
    assert shown.pop("MTP") == "2.00x"
    assert set(shown.values()) == {"not measured"}
    assert [lever["lever"] for lever in both.to_dict()["levers"] if lever["measured"]] == ["MTP"]


def test_gains_that_others_tell_stand_under_what_is_not_measured(builtin: Catalog) -> None:
    found = lever_gains(builtin, "deepseek-r1", LONG, 20)
    assert [gain.optimisation for gain in found.told] == ["other_drafts", "kv_offload", *["kv_routing"] * 3]
    notes = lever_gains_sheet(found).notes
    at = notes.index("  KV-aware routing: 2.34x output tokens per second")
    assert notes[at + 1] == "    qwen2.5-7b, 8 x A10G (independent)"
    # What rows have measured needs no word of others.
    assert not {gain.optimisation for gain in found.told} & {"fp4", "mtp", "disagg"}
    assert one_shape(point()).told == ()


@pytest.mark.parametrize("text", ["", "8192", "8192/", "a/b", "0/1024", "1/2/3", "inf/1", "-1/1"])
def test_a_shape_is_two_numbers(text: str) -> None:
    with pytest.raises(InputError, match="must be input and output tokens, such as 8192/1024"):
        parse_shape(text)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"model": "deepseek-r2"}, "deepseek-r2: no points of this model; nearest: deepseek-r1"),
        (
            {"shape": Shape(1, 1)},
            "--shape 1/1: no points of this shape; deepseek-r1 has 1024/1024, 1024/8192, 8192/1024",
        ),
        ({"systems": ["gb30-nvl72"]}, "--system gb30-nvl72: no such system; nearest: gb300-nvl72"),
        ({"precision": "fp5"}, "--precision fp5: no points of it; nearest: fp"),
        ({"prices": {"gb": 1.0}}, "--usd-per-gpu-hour gb: no such system"),
    ],
)
def test_unknown_names_are_said(asked: dict[str, Any], sentence: str, builtin: Catalog) -> None:
    arguments: dict[str, Any] = {"model": "deepseek-r1", "shape": LONG} | asked
    with pytest.raises(InputError) as raised:
        lever_gains(builtin, tpot_ms=10, ttft_ms=math.inf, **arguments)
    assert str(raised.value).startswith(sentence)
