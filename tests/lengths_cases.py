"""Points as a model of known dimensions would give them, and small cases in which what is made of them decides."""

from __future__ import annotations

from typing import Any

from planner.catalog.models import ModelSize, ServingPoint
from tests.oracle.floors import Configuration
from tests.rule_cases import DEAR, at, case, chat
from tests.strategies import META, Case, catalog, offer, system

# A mixture of experts with latent attention, and layers with a window besides.
SPARSE: dict[str, Any] = {
    "name": "m1",
    "total_params_billion": 400.0,
    "active_params_billion": 30.0,
    "experts": 64,
    "experts_per_token": 4,
    "attention_layers": 60,
    "windowed_layers": 30,
    "window_tokens": 2000,
    "query_heads": 128,
    "kv_heads": 1,
    "key_size": 192,
    "value_size": 128,
    "latent_size": 512,
    "latent_key_size": 576,
}
# Ten layers of ten heads: 2,000 FLOP for a query and a key, 1,000 numbers cached of a token.
SMALL = ModelSize.model_validate(
    META
    | {
        "name": "m1",
        "total_params_billion": 1.0,
        "active_params_billion": 1.0,
        "attention_layers": 10,
        "query_heads": 10,
        "kv_heads": 10,
        "key_size": 5,
        "value_size": 5,
    }
)
# Attention to a selection of the context.
SELECTION: dict[str, Any] = {"selected_tokens": 2048, "index_heads": 64, "index_key_size": 128}
# What every sweep below runs above its floors by: arithmetic, memory, ms a step.
FACTORS = [4.0, 1.5, 5.0]
SHAPES = ((1000.0, 500.0), (4000.0, 500.0))
LOADS = (8.0, 16.0, 32.0)
LONG = {"input": 20_000, "output": 1000}
Shape = tuple[float, float]


def size(**fields: Any) -> ModelSize:
    """The sparse model, or one that differs."""
    return ModelSize.model_validate(META | SPARSE | fields)


def sweep(
    model: ModelSize | None = None,
    shapes: tuple[Shape, ...] = SHAPES,
    loads: tuple[float, ...] = LOADS,
    factors: list[float] | None = None,
    **fields: Any,
) -> list[ServingPoint]:
    """Points on eight GPUs whose work is ``factors`` times their floors, at every length and load."""
    found = []
    for shape in shapes:
        for load in loads:
            given: dict[str, Any] = {"gpus_per_replica": 8, "largest_worker_gpus": 8, "concurrency": load}
            named = f"{fields.get('engine', 'e')}-{fields.get('mode', 'agg')}-{shape[0]:g}-{shape[1]:g}"
            given |= {"series": named, "tpot_ms": 8 + load / 2, "ttft_ms": 400.0}
            point = at(shape, 1.0, **(given | fields))
            rows = catalog([system(point.system)])
            rows.models["m1"] = model or size()
            known = Configuration([point], [point], rows)
            known.factors = factors or FACTORS
            found.append(at(shape, known.work(point, shape), **(given | fields)))
    return found


def asking_long(points: list[ServingPoint], model: ModelSize | None = None, **workload: Any) -> Case:
    """A request a second, of 20,000 tokens in and 1,000 out unless told otherwise, on rented nodes."""
    asked: dict[str, Any] = {"tokens": LONG, "demand": {"requests_per_s": 1.0}, "extrapolate": "needed", "sla": {}}
    rented = (DEAR, offer(system="b-node", usd_per_gpu_hour=9.0))
    made = case(rented, tuple(points), (system("h-node"), system("b-node")), workloads=[chat(**(asked | workload))])
    return made.with_catalog(models={"m1": model or size()})


def lengths_beyond_all() -> Case:
    return asking_long(sweep())


def a_long_output() -> Case:
    return asking_long(sweep(), tokens={"input": 2000, "output": 20_000})


def hits_beyond_all() -> Case:
    return asking_long(sweep(), prefix_cache_hit_share=0.8)


def hits_at_a_measured_length() -> Case:
    return asking_long(sweep(), tokens={"input": 4000, "output": 500}, prefix_cache_hit_share=0.8)


def a_short_output() -> Case:
    return asking_long(sweep(), tokens={"input": 20_000, "output": 200})


def drafts_of_many_requests(**workload: Any) -> Case:
    loads = (72.0, 80.0, 128.0)
    points = sweep(loads=loads, spec_decode="mtp", requires=("mtp",))
    return asking_long(points, tokens={"input": 8000, "output": 1000}, **workload)


def drafts_at_a_target() -> Case:
    """At 80 requests in flight a token comes every 82.4 ms as it is for no drafts, every 89.3 ms with them."""
    return drafts_of_many_requests(sla={"tpot_ms": 85.0})


def caches_that_do_not_fit() -> Case:
    """Of 32 requests of 80,000 tokens every GPU would have to hold all: 32 × 2.8 GB, beside 50 GB of weights."""
    return asking_long(sweep(), tokens={"input": 80_000, "output": 1000})


def a_window_that_does_not_fit() -> Case:
    """Layers with a window of 50,000 tokens hold half as much again."""
    model = size(window_tokens=50_000)
    return asking_long(sweep(model), model, tokens={"input": 50_000, "output": 1000})


def a_configuration_of_few_points() -> Case:
    """Two points on the cheaper system run by what those of the dearer one tell."""
    few = sweep(system="b-node", shapes=SHAPES[:1], loads=(16.0, 32.0), factors=[2.0, 1.0, 2.0])
    return asking_long([*sweep(loads=(4.0, 8.0, 16.0)), *few])


def lengths_that_one_configuration_has() -> Case:
    """Another configuration, which was not, would be the cheaper one."""
    cheap = sweep(engine="f", factors=[1.0, 1.0, 1.0])
    slow = at((20_000, 1000), 100.0, gpus_per_replica=8, largest_worker_gpus=8)
    return asking_long([*cheap, slow])


def a_selection() -> Case:
    """Of 20,000 tokens each attends to 2,048, selected by an index of heads that look at all of them."""
    model = size(**SELECTION)
    return asking_long(sweep(model), model)


def a_selection_of_what_is_not_cached() -> Case:
    model = size(**SELECTION)
    return asking_long(sweep(model), model, prefix_cache_hit_share=0.8)


def keys_of_an_index_that_do_not_fit() -> Case:
    """The index keeps seven times what attention does: 4.3 GB a request, of 32 of them on every GPU."""
    model = size(**(SELECTION | {"index_key_size": 4000}))
    return asking_long(sweep(model), model, tokens={"input": 15_000, "output": 1000})


def states_that_outlast_the_context() -> Case:
    """Two thirds of the layers keep a state of four million numbers; what it takes a token does not grow."""
    model = size(state_layers=40, state_size=2_000_000)
    return asking_long(sweep(model), model, tokens={"input": 2000, "output": 20_000})


def states_that_do_not_fit() -> Case:
    """Of 32 requests 19.2 GB each, in heads that eight GPUs share: 614 GB beside 400 of weights."""
    model = size(state_layers=40, state_size=120_000_000)
    return asking_long(sweep(model), model)


def two_parts(series: str = "p1x8-d1x8", model: ModelSize | None = None, **fields: Any) -> list[ServingPoint]:
    """The sweep, each half of the GPUs with its own part of the work; series named for their split."""
    given: dict[str, Any] = {"mode": "disagg", "requires": ("disagg", "mtp"), "gpus_per_replica": 16}
    found = sweep(model, **({"largest_worker_gpus": 8} | fields | given))
    return [p.model_copy(update={"series": f"{p.series}-{series}"}) for p in found]


def parts_apart() -> Case:
    return asking_long(two_parts())


def a_prompt_that_waits_for_its_part() -> Case:
    """One worker of four reads, three write: at long inputs the three wait, and so many requests for the one."""
    return asking_long(two_parts("p1x4-d3x4", largest_worker_gpus=4, loads=(16.0, 24.0, 32.0)), sla={"ttft_s": 15.0})


def a_token_that_does_not_wait() -> Case:
    """The same for the output: those that write it are no slower for it."""
    return asking_long(two_parts("p1x4-d3x4", largest_worker_gpus=4), sla={"tpot_ms": 30.0})


def hits_of_parts_apart() -> Case:
    return asking_long(two_parts(), prefix_cache_hit_share=0.8)


def workers_that_do_not_hold_their_share() -> Case:
    """Of 507 GB a worker has 400 of weights, and 149 of its third of 600 requests."""
    return asking_long(two_parts("p1x4-d3x4-dpattn", largest_worker_gpus=4, loads=(64.0, 96.0, 600.0)))


def experts_that_few_requests_read() -> Case:
    """At one request in flight a sixteenth of the experts, at 64 nearly all; measured at both, asked for at the one."""
    points = sweep(loads=(1.0, 2.0, 64.0))
    return asking_long(points, tokens={"input": 2000, "output": 6000}, sla={"tpot_ms": 12.0})


def a_wait_for_the_input() -> Case:
    """The first token of 20,000 tokens comes after 1.9 times their reading; the target is above that."""
    return asking_long(sweep(), sla={"ttft_s": 5.0})
