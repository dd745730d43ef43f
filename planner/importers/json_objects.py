"""The objects of a JSON text: one, a list of them, or one after another."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from planner.errors import Fault, InputError
from planner.importers.record import Record

# Longer ones are beyond any figure; as text they would take longer to read than the rest of the file.
_MOST_DIGITS = 400


def objects_of(text: str, file: str) -> Iterator[Record]:
    """Each object with its line. Raises InputError at the first thing that is no JSON or no object."""
    decoder = json.JSONDecoder(parse_int=_integer)
    offset, line = 0, 1
    while True:
        begins = offset
        while offset < len(text) and text[offset].isspace():
            offset += 1
        if offset == len(text):
            return
        line += text.count("\n", begins, offset)
        try:
            value, end = decoder.raw_decode(text, offset)
        except json.JSONDecodeError as error:
            at = line + text.count("\n", offset, error.pos)
            ended = not text[error.pos :].strip() or error.msg.startswith("Unterminated string")
            what = "the file ends in the middle of a value" if ended else "it cannot be read from here on"
            raise InputError([Fault(file, at, "", f"this is not JSON: {what}")]) from None
        except RecursionError:
            raise InputError([Fault(file, line, "", "this is nested too deeply to be read")]) from None
        items: list[Any] = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise InputError([Fault(file, line, "", f"expected objects, found {type(item).__name__}")])
            yield Record(item, file, line, f"[{index}]" if isinstance(value, list) else "")
        line += text.count("\n", offset, end)
        offset = end


def _integer(digits: str) -> float:
    """A whole number; one of more digits than any figure has is without an end, and refused where it is used."""
    return int(digits) if len(digits) <= _MOST_DIGITS else math.copysign(math.inf, -1 if digits[0] == "-" else 1)
