"""What a model's attention takes: arithmetic by pairs of tokens, and the bytes of what it keeps of them.

A layer sees the whole context, a window of it, a selection that an index makes, or a state that stands for all of it.
[Work model](docs/work-model.md) has the formulas.
"""

from __future__ import annotations

from planner.catalog.models import ModelSize, ServingPoint
from planner.rules.work import Lengths

# Reads and caches of keys and values: of 16 bits where the weights are, else of 8.
CACHE_BYTES = {"bf16": 2.0}
# A number of the state that linear attention keeps: what is summed over all tokens takes 32 bits.
STATE_BYTES = 4.0


def has_attention(size: ModelSize | None) -> bool:
    """Whether the dimensions of a model's attention are known."""
    return size is not None and size.attention_layers is not None


def attended(first: float, last: float, most: float | None = None) -> float:
    """Pairs of each token from the ``first`` to the ``last`` with those before it, at most so many each."""
    if most is None or last <= most:
        return (last - first) * (first + last) / 2
    growing = max(0.0, most - first) * (first + most) / 2
    return growing + (last - max(first, most)) * most


def reading_flop(size: ModelSize, first: float, last: float) -> float:
    """FLOP of attention, over all layers, while input is read from its ``first`` token to its ``last``."""
    most = size.selected_tokens
    if most is None:
        return prefill_flop(size) * attended(first, last) + _windows_flop(size, first, last)
    # While there is nothing to leave out all is attended to. Then every token has a selection of its own, in the form
    # in which it is cached.
    alike = attended(min(first, most), min(last, most))
    selected = attended(first, last, most) - alike
    flop = prefill_flop(size) * alike + decode_flop(size) * selected + index_flop(size) * attended(first, last)
    return flop + _windows_flop(size, first, last)


def writing_flop(size: ModelSize, first: float, last: float) -> float:
    """The same while output is written."""
    flop = decode_flop(size) * attended(first, last, size.selected_tokens)
    return flop + index_flop(size) * attended(first, last) + _windows_flop(size, first, last)


def prefill_flop(size: ModelSize) -> float:
    """FLOP per pair of a query and a key, over the layers without a window, while input is read."""
    return _layer_flop(size) * _known(size.attention_layers)


def decode_flop(size: ModelSize) -> float:
    """The same while output is written: latent attention works on what it has compressed."""
    if size.latent_size is None or size.latent_key_size is None:
        return prefill_flop(size)
    heads = 2.0 * _known(size.attention_layers) * _known(size.query_heads)
    return heads * (size.latent_key_size + size.latent_size)


def index_flop(size: ModelSize) -> float:
    """The same of the index that selects what is attended to: it looks at everything, and has no values."""
    if size.index_heads is None or size.index_key_size is None:
        return 0.0
    return 2.0 * _known(size.attention_layers) * size.index_heads * size.index_key_size


def _windows_flop(size: ModelSize, first: float, last: float) -> float:
    return size.windowed_layers * _layer_flop(size) * attended(first, last, size.window_tokens)


def _layer_flop(size: ModelSize) -> float:
    """FLOP of a pair in one layer: a multiplication and an addition for every number of key and value."""
    return 2.0 * _known(size.query_heads) * (_known(size.key_size) + _known(size.value_size))


def read_bytes(point: ServingPoint, size: ModelSize, lengths: Lengths) -> float:
    """Bytes that writing a request's output reads of its caches, and reads and writes of its states."""
    first, last = lengths[0], sum(lengths)
    layers = _known(size.attention_layers)
    each = cached_numbers(size)
    numbers = layers * each * attended(first, last, size.selected_tokens)
    numbers += size.windowed_layers * each * attended(first, last, size.window_tokens)
    numbers += layers * (size.index_key_size or 0) * attended(first, last)
    return CACHE_BYTES.get(point.precision, 1.0) * numbers + 2 * lengths[1] * state_bytes(size)


def cache_bytes(point: ServingPoint, size: ModelSize) -> float:
    """Bytes that a token adds to the cache, layers with a window left out; keys of an index are cached too."""
    numbers = cached_numbers(size) + (size.index_key_size or 0)
    return CACHE_BYTES.get(point.precision, 1.0) * _known(size.attention_layers) * numbers


def window_bytes(point: ServingPoint, size: ModelSize, tokens: float) -> float:
    """Bytes that the layers with a window keep of a request of so many tokens."""
    each = CACHE_BYTES.get(point.precision, 1.0) * size.windowed_layers * cached_numbers(size)
    return each * min(size.window_tokens or 0, tokens)


def state_bytes(size: ModelSize) -> float:
    """Bytes of the states of linear attention that a request keeps, however long it is."""
    return STATE_BYTES * size.state_layers * (size.state_size or 0)


def cached_numbers(size: ModelSize) -> int:
    """Numbers that one layer caches of a token's key and value."""
    if size.latent_key_size is not None:
        return size.latent_key_size
    return _known(size.kv_heads) * (_known(size.key_size) + _known(size.value_size))


def _known(value: int | None) -> int:
    assert value is not None
    return value
