"""Documents, tables and texts with one to three things changed in them."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import random
import re
from collections.abc import Iterator
from typing import Any

NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2, 0.5, 1e-12, 1e-9, 1e-6, 1e-3, 1.5, 7, 99.9, 1e3, 1e6, 1e9, 1e12, 1e15, 1e16, 1e300, 1e308, -1e308,
    float("inf"), float("-inf"), float("nan"), 10**30, 2**63, 2**31, -0.0, True, False,
)  # fmt: skip
FACTORS = (0.5, 2, 10, 0.1, 1e3, 1e-3, 1e6, 1e-6, -1, 1 + 1e-9, 1e9, 1e-9)
WORDS: tuple[Any, ...] = (
    "", " ", "a/b", "a.b", "../x", "x" * 300, "\x1b[31m", "a\nb", "é", "null", "1e5", "2027", "2027-13", "2027-02-30",
    "0000-01-01", "9999-12-31", "builtin", "flat", "-", "[]", "{}", "NaN", "a;b", "=1", "\ud800", "ﬀ", "%s", "{0}",
    None, [], {}, [None], {"a": None}, [[]], {1.5: 2}, {True: 1}, "on_demand", "reserved", "hgx-h200", "fp8", "liquid",
)  # fmt: skip
KEYS: tuple[Any, ...] = ("", "x", 2027, "2027-01", "2040-01", 1.5, "name", "usd", "all")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def mutated(document: Any, rng: random.Random) -> Any:
    """A copy of a document with one to three changes."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = list(places(document))
        if not found:
            return document
        numbers = [path for path in found if isinstance(at(document, path), int | float)]
        # What is refused at once has not been far: half of all changes are of a number to another.
        if numbers and rng.random() < 0.5:
            *above, key = rng.choice(numbers)
            _number(at(document, tuple(above)), key, document, rng)
        else:
            *above, key = rng.choice(found)
            change = rng.choice((_value, _value, _value, _drop, _double, _rename, _swap))
            change(at(document, tuple(above)), key, document, rng)
    return document


def _value(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(rng.choice(NUMBERS + WORDS))


def _number(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    known = parent[key]
    if isinstance(known, int | float) and not isinstance(known, bool):
        parent[key] = known * rng.choice(FACTORS)
    else:
        _value(parent, key, document, rng)


def _drop(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    del parent[key]


def _double(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[rng.choice(KEYS)] = copy.deepcopy(parent[key])


def _rename(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    if isinstance(parent, dict):
        parent[rng.choice((*KEYS, f"{key}s", str(key)[:-1], str(key).upper()))] = parent.pop(key)
    else:
        rng.shuffle(parent)


def _swap(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(at(document, rng.choice(list(places(document)))))


def cut(text: str, rng: random.Random) -> str:
    """A text with a stretch of letters lost, doubled or replaced: what no document comes to."""
    first = rng.randrange(len(text) + 1)
    last = min(len(text), first + rng.choice((1, 2, 5, 40)))
    new = rng.choice(
        ("", text[first:last] * 2, rng.choice("{}[]:,'\"\\\t&*!|>%@`#-?\0\x85\ufeff\u2028"), "\n", "1e999")
    )
    return text[:first] + new + text[last:]


# A word that YAML takes for a text without quotes.
PLAIN = re.compile(r"(?!(true|false|null|yes|no|on|off|y|n)$)[a-z][a-z0-9_.-]*", re.IGNORECASE)


def dumped(document: Any) -> str:
    """A document as YAML in blocks, each value on a line of its own."""
    return "\n".join(_lines(document)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    parts: Iterator[tuple[str, Any]]
    if isinstance(value, dict) and value:
        parts = ((f"{_scalar(key)}:", part) for key, part in value.items())
    elif isinstance(value, list) and value:
        parts = (("-", part) for part in value)
    else:
        yield _scalar(value)
        return
    for begins, part in parts:
        if isinstance(part, dict | list) and part:
            yield begins
            yield from (f"  {line}" for line in _lines(part))
        else:
            yield f"{begins} {_scalar(part)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) else json.dumps(value)
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value)


def cells(text: str, rng: random.Random) -> str:
    """A table with one to three cells, of the header too, replaced; half of them numbers by others."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.choice((1, 1, 2, 3))):
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        row[at] = str(rng.choice(NUMBERS + WORDS))
        numbers = [place for place, cell in enumerate(row) if cell.replace(".", "", 1).isdecimal()]
        if numbers and rng.random() < 0.6:
            at = rng.choice(numbers)
            row[at] = f"{float(row[at]) * rng.choice(FACTORS):.12g}"
    return "\n".join(",".join(row) for row in rows) + "\n"
