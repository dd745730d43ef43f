"""Replicas that read input and write output on GPUs of their own, carried to other lengths with the split they have."""

from __future__ import annotations

import pytest

from planner.catalog import load_catalog
from planner.rules.extrapolated import Extrapolator
from planner.rules.memory import fits, request_bytes
from planner.rules.roofline import Setup
from planner.rules.stages import split_of
from tests.lengths_cases import asking_long, size, two_parts
from tests.shapes import at
from tests.strategies import system

BUILTIN = load_catalog(["builtin"])


@pytest.mark.parametrize(
    ("series", "gpus", "split"),
    [
        ("e-fp8-disagg-p2x4ep4-d1x8ep8-nospec-8k1k", 16, ((2, 4, False), (1, 8, False))),
        ("e-p1x4-d3x4-dpattn-mtp", 16, ((1, 4, True), (3, 4, True))),
        ("e-p1x4-d3x4-dpattn-d-mtp", 16, ((1, 4, False), (3, 4, True))),
        ("e-p1x4-d3x4-dpattn-p", 16, ((1, 4, True), (3, 4, False))),
        # Pipelines and whole copies take GPUs of their own, data-parallel attention does not.
        ("e-p1x2pp2-d1x4dp3ep4", 16, ((1, 4, False), (1, 12, False))),
        ("e-p1x4-d1x4dp4ep4-dpattn", 8, ((1, 4, True), (1, 4, True))),
        # Not said, said of one alone, or of other GPUs than there are.
        ("e-tp8", 8, None),
        ("e-p1x8", 8, None),
        ("e-p1x4-d1x8", 16, None),
    ],
)
def test_a_series_says_how_its_gpus_are_split(series: str, gpus: int, split: object) -> None:
    row = at((1000, 500), 1.0, series=series, mode="disagg", gpus_per_replica=gpus, largest_worker_gpus=4)
    assert split_of(row) == split
    assert split_of(row.model_copy(update={"mode": "agg"})) is None


def test_every_shipped_disaggregated_point_says_how_it_is_split() -> None:
    assert all(split_of(point) for point in BUILTIN.serving.values() if point.mode == "disagg")


def test_the_slower_part_says_what_a_request_takes() -> None:
    """Four GPUs read and twelve write, each while the others wait; the longer of both is four thirds or four times."""
    points = two_parts("p1x4-d3x4", largest_worker_gpus=4)
    rows = asking_long(points).catalog
    known = Extrapolator(points, rows)
    (point,) = [p for p in points if p.concurrency == 16 and p.input_tokens_mean == 4000]
    split = split_of(point)
    assert split is not None
    for lengths in ((20_000.0, 1000.0), (1000.0, 4000.0)):
        whole = Setup(rows.models["m1"], rows.systems["h-node"], point).floors(lengths)
        reading = Setup(rows.models["m1"], rows.systems["h-node"], point).floors((lengths[0], 0.0)).compute
        read = 4.0 * reading * 4
        written = (4.0 * (whole.compute - reading) + 1.5 * whole.memory) * 4 / 3 + 5.0 * whole.steps
        assert known.stages(point, lengths, split) == pytest.approx((read, written))
        assert known.work(point, lengths) == max(known.stages(point, lengths, split))
    # Hits are read no more, and change nothing of the output.
    cached = known.stages(point, (20_000.0, 1000.0), split, 0.9)
    assert cached[0] < 0.5 * known.stages(point, (20_000.0, 1000.0), split)[0]
    assert cached[1] == pytest.approx(known.stages(point, (20_000.0, 1000.0), split)[1])


def test_a_request_waits_for_the_part_that_reads() -> None:
    """Of 16 requests in flight each is there for 16 × its work ÷ 16 GPUs; what writing takes of that is no wait."""
    points = two_parts("p1x4-d3x4", largest_worker_gpus=4)
    rows = asking_long(points).catalog
    known = Extrapolator(points, rows)
    parents = [p for p in points if p.concurrency == 16]
    found = known.anchored(parents, (20_000.0, 1000.0), 0.0, [(400.0, 16.0)] * 2)
    assert found.ttft_ms == pytest.approx(1000 * found.gpu_seconds - 1000 * found.tpot_ms)
    # Where writing is slower nothing queues: the first token is there when its input is read by one worker.
    short = known.anchored(parents, (4000.0, 4000.0), 0.0, [(400.0, 16.0)] * 2)
    reading = Setup(rows.models["m1"], rows.systems["h-node"], parents[0]).floors((4000.0, 0.0)).compute
    assert short.ttft_ms == pytest.approx(max(400 * 2**0.5, 1000 * 4.0 * reading / 4))


def test_every_worker_holds_its_own() -> None:
    """400 GB of weights on four GPUs of 141 GB, and a third of the requests at 0.74 GB: 144 of them, not 145."""
    (point, *_) = two_parts("p1x4-d3x4-dpattn", largest_worker_gpus=4)
    model, node = size(), system("h-node")
    each = request_bytes(point, model, (20_000.0, 1000.0)) / 1e9
    most = int((0.9 * 4 * node.memory_gb_per_gpu - 400) / each)
    for requests, expected in ((3 * most, True), (3 * (most + 1), False)):
        full = point.model_copy(update={"concurrency": float(requests)})
        assert fits(full, model, node, (20_000.0, 1000.0)) is expected
    # Weights that one worker of the four that read does not hold are on none of them.
    assert not fits(point, size(total_params_billion=520.0), node, (20_000.0, 1000.0))
