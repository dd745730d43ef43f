"""A second derivation of what attention takes, from docs/work-model.md alone: kind of layers by kind of layers."""

from __future__ import annotations

from typing import NamedTuple

from planner.catalog.models import ModelSize, ServingPoint


class Layers(NamedTuple):
    """Layers of a kind: how many, FLOP of a pair while input is read and while output is written, numbers kept of a
    token, the most tokens that one attends to, and whether the others are kept all the same."""

    how_many: int
    reading: float
    writing: float
    numbers: int
    most: float
    keeps_all: bool


def layers(size: ModelSize) -> list[Layers]:
    """Those that see the context or a selection of it, those with a window, and the index that selects."""
    assert size.attention_layers is not None
    assert size.query_heads is not None
    assert size.kv_heads is not None
    assert size.key_size is not None
    assert size.value_size is not None
    heads = 2.0 * size.query_heads
    plain = heads * (size.key_size + size.value_size)
    compressed, numbers = plain, size.kv_heads * (size.key_size + size.value_size)
    if size.latent_key_size is not None and size.latent_size is not None:
        compressed, numbers = heads * (size.latent_key_size + size.latent_size), size.latent_key_size
    most = size.selected_tokens or float("inf")
    found = [Layers(size.attention_layers, plain, compressed, numbers, most, True)]
    if size.window_tokens is not None:
        found.append(Layers(size.windowed_layers, plain, plain, numbers, size.window_tokens, False))
    if size.index_heads is not None and size.index_key_size is not None:
        flop = 2.0 * size.index_heads * size.index_key_size
        found.append(Layers(size.attention_layers, flop, flop, size.index_key_size, float("inf"), True))
    return found


def pairs(tokens: float, most: float) -> float:
    """What so many tokens see of those before them: half a square, less that of the tokens beyond the most."""
    return tokens**2 / 2 - max(0.0, tokens - most) ** 2 / 2


def flop(size: ModelSize, given: float, made: float, hits: float) -> float:
    """Of reading the input that is not cached, and of writing the output."""
    total = 0.0
    for kind in layers(size):
        for tokens, sign in ((given, 1), (given * hits, -1)):
            # A selection is made in compressed form, once there is something to leave out.
            alike = pairs(min(tokens, kind.most), kind.most) if kind.keeps_all else pairs(tokens, kind.most)
            chosen = pairs(tokens, kind.most) - alike
            total += sign * kind.how_many * (kind.reading * alike + kind.writing * chosen)
        total += kind.how_many * kind.writing * (pairs(given + made, kind.most) - pairs(given, kind.most))
    return total


def bytes_read(point: ServingPoint, size: ModelSize, given: float, made: float) -> float:
    """Of caches, in writing the output; a state is read and written at every token, four bytes a number."""
    total = 0.0
    for kind in layers(size):
        total += kind.how_many * kind.numbers * (pairs(given + made, kind.most) - pairs(given, kind.most))
    return total * width(point) + 8.0 * size.state_layers * (size.state_size or 0) * made


def bytes_kept(point: ServingPoint, size: ModelSize, given: float, made: float) -> float:
    """Of one cache of a request, its output half written."""
    total = 0.0
    for kind in layers(size):
        tokens = given + made / 2 if kind.keeps_all else min(kind.most, given + made)
        total += kind.how_many * kind.numbers * tokens
    return total * width(point)


def width(point: ServingPoint) -> float:
    """Bytes of a cached number: two with 16-bit weights, else one."""
    return 2.0 if point.precision == "bf16" else 1.0
