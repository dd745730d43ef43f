"""What attention takes, by hand: over everything before, over a window, over a selection, and by a state."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

import planner
from planner.catalog import load_catalog
from planner.catalog.models import ModelSize
from planner.rules import derive_points
from planner.rules.attention import cache_bytes, decode_flop, index_flop, prefill_flop, state_bytes
from planner.rules.memory import needed_gb, request_bytes
from planner.rules.roofline import Setup
from tests.lengths_cases import SMALL, size
from tests.shapes import at
from tests.strategies import META, system

BUILTIN = load_catalog(["builtin"])
STATES = {"state_size": 8, "state_layers": 2}


@pytest.mark.parametrize(
    ("model", "prefill", "decode", "index", "cached"),
    [
        ("deepseek-r1", 4.997e6, 16.99e6, 0, 61 * 576),
        # The same, beside an index of 64 heads of 128 numbers.
        ("deepseek-v3.2", 4.997e6, 16.99e6, 0.9994e6, 61 * (576 + 128)),
        # 78 layers of 64 heads: 512 numbers of key and value, or 1,088 latent ones; 32 heads of an index.
        ("glm-5", 5.112e6, 10.86e6, 0.6390e6, 78 * (576 + 128)),
        ("gpt-oss-120b", 0.2949e6, 0.2949e6, 0, 18_432),
        ("kimi-k2.5", 2.499e6, 8.495e6, 0, 61 * 576),
        ("llama-3.3-70b", 2.621e6, 2.621e6, 0, 163_840),
        # Twelve of 48 layers see everything, in 40 heads of 128 numbers; 16-bit weights and caches.
        ("llama-4-maverick", 0.2458e6, 0.2458e6, 0, 2 * 12 * 8 * 256),
        ("minimax-m2.5", 1.524e6, 1.524e6, 0, 62 * 8 * 256),
        # Fifteen of 60.
        ("qwen3.5-397b-a17b", 0.4915e6, 0.4915e6, 0, 15 * 2 * 512),
    ],
)
def test_attention_of_the_shipped_models(
    model: str, prefill: float, decode: float, index: float, cached: float
) -> None:
    row = BUILTIN.models[model]
    points = [p for p in BUILTIN.serving.values() if p.model == model]
    point = next((p for p in points if p.precision in ("fp8", "fp4")), points[0])
    assert prefill_flop(row) == pytest.approx(prefill, rel=1e-3)
    assert decode_flop(row) == pytest.approx(decode, rel=1e-3)
    assert index_flop(row) == pytest.approx(index, rel=1e-3)
    assert cache_bytes(point, row) == cached


def test_every_shipped_model_has_dimensions_of_attention() -> None:
    assert {point.model for point in BUILTIN.serving.values()} == set(BUILTIN.models)
    assert all(row.attention_layers is not None for row in BUILTIN.models.values())


def test_a_selection_of_the_context_by_hand() -> None:
    """Of 1,000 tokens the first 400 see all before them, 80,000 pairs, the others 400 each, 240,000 in compressed form.

    Then 500 of the output, 200,000. An index of 4 heads of 3 numbers looks at all 1,125,000.
    """
    model = SMALL.model_copy(
        update={
            "latent_size": 20, "latent_key_size": 30, "selected_tokens": 400, "index_heads": 4, "index_key_size": 3,
        }
    )  # fmt: skip
    point = at((1000, 500), 1.0, gpus_per_replica=4, largest_worker_gpus=4, concurrency=32)
    floors = Setup(model, system("h-node"), point).floors((1000, 500))
    # Ten layers of ten heads: 2,000 FLOP a pair of keys and values, 10,000 of compressed ones, 240 of the index.
    flop = 2000 * 80_000 + 10_000 * (240_000 + 200_000) + 240 * 1_125_000
    assert floors.compute == pytest.approx(2e9 * 1500 / 2e15 + flop / 1e15)
    # The output reads 30 numbers of 400 tokens, and 3 of all 625,000 pairs, in ten layers.
    read = 500 * 1e9 / 32 + 10 * (30 * 200_000 + 3 * 625_000)
    assert floors.memory == pytest.approx(read / 4.8e12)
    # Hits spare what cached tokens would attend to: of 600, 80,000 pairs and 80,000 more.
    hit = Setup(model, system("h-node"), point).floors((1000, 500), 0.6)
    spared = 2000 * 80_000 + 10_000 * 80_000 + 240 * 180_000
    assert floors.compute - hit.compute == pytest.approx(2e9 * 600 / 2e15 + spared / 1e15)
    # Kept are 33 numbers of each of 1,250 tokens.
    assert request_bytes(point, model, (1000, 500)) == pytest.approx(10 * 33 * 1250)


def test_layers_with_a_window_attend_to_it() -> None:
    """1,000 tokens in and 500 out, 600 attended to: 180,000 pairs and 400 × 600 of the input, 300,000 of the output."""
    model = SMALL.model_copy(update={"windowed_layers": 5, "window_tokens": 600})
    point = at((1000, 500), 1.0, gpus_per_replica=4, largest_worker_gpus=4, concurrency=32)
    with_them, without = (Setup(row, system("h-node"), point).floors((1000, 500)) for row in (model, SMALL))
    assert with_them.compute - without.compute == pytest.approx(1000 * (180_000 + 240_000 + 300_000) / 1e15)
    assert with_them.memory - without.memory == pytest.approx(5 * 100 * 300_000 / 4.8e12)


def test_linear_attention_keeps_a_state_whatever_the_length() -> None:
    """Twenty layers of 1,000 numbers of four bytes: each token reads them and writes them anew."""
    model = SMALL.model_copy(update={"state_layers": 20, "state_size": 1000})
    point = at((1000, 500), 1.0, gpus_per_replica=8, largest_worker_gpus=8, concurrency=32)
    with_them, without = (Setup(row, system("h-node"), point).floors((1000, 500)) for row in (model, SMALL))
    assert state_bytes(model) == 80_000
    assert with_them.memory - without.memory == pytest.approx(2 * 500 * 80_000 / 4.8e12)
    assert with_them.compute == without.compute
    for lengths in ((1000.0, 500.0), (9000.0, 10.0)):
        assert needed_gb(point, model, lengths) - needed_gb(point, SMALL, lengths) == pytest.approx(32 * 80_000 / 1e9)


def test_a_window_keeps_no_more_than_its_tokens() -> None:
    model = SMALL.model_copy(update={"windowed_layers": 5, "window_tokens": 600})
    point = at((1000, 500), 1.0)
    assert request_bytes(point, model, (1000, 500)) == pytest.approx(1250 * 1000 + 600 * 500)
    assert request_bytes(point, model, (100, 200)) == pytest.approx(200 * 1000 + 300 * 500)


@pytest.mark.slow
@pytest.mark.parametrize("lengths", ["{input: 3000, output: 400}", "{input: 60000, output: 800}"])
@pytest.mark.parametrize("model", sorted(BUILTIN.models))
def test_a_model_with_enough_points_is_carried_anywhere(model: str, lengths: str) -> None:
    """Of two models a cookbook has a point or two, which tell nothing of other lengths; the refusal says so."""
    asked = (f"workloads.chat.model={model}", f"workloads.chat.tokens={lengths}")
    scenario = planner.load("scenarios/tiny.yaml", asked)
    rows = [row for row in derive_points(scenario, BUILTIN).serving.values() if row.model == model and row.derivation]
    if model in ("deepseek-v3.2", "llama-4-maverick"):
        with pytest.raises(planner.ScenarioError, match="as fewer than six at two lengths tell how far they run above"):
            planner.catalog_of(scenario, BUILTIN)
        return
    assert len(rows) > 3
    assert {row.derivation for row in rows} == {"extrapolated"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"selected_tokens": 8, "index_heads": 2}, "this is missing; it belongs to selected_tokens"),
        ({"index_key_size": 8}, "this is missing; it belongs to index_key_size"),
        ({"state_layers": 8}, "this and state_layers belong together"),
        ({"state_size": 8}, "this and state_layers belong together"),
        ({"windowed_layers": 2}, "this and windowed_layers belong together"),
    ],
)
def test_dimensions_that_belong_together_are_asked_for(fields: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        size(**({"windowed_layers": 0, "window_tokens": None} | fields))


@pytest.mark.parametrize("fields", [{"selected_tokens": 8, "index_heads": 2, "index_key_size": 4}, STATES])
def test_dimensions_of_attention_are_all_or_none(fields: dict[str, int]) -> None:
    bare = {"name": "m", "total_params_billion": 1.0, "active_params_billion": 1.0}
    with pytest.raises(ValidationError, match=f"this is missing; it belongs to {next(iter(fields))}"):
        ModelSize.model_validate(META | bare | fields)
