"""One field of the form: what it changes in the scenario, how it is shown, and what may be entered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args

from pydantic.fields import FieldInfo

from planner.document import KeyPath
from planner.fields import unit_of
from planner.frozen import dataclass
from planner.render.figures import short
from planner.render.words import UNITS, UNTOLD
from planner.scenario import Scenario
from planner.validation import is_section, part_type

Kind = Literal["number", "factor", "switch", "member"]
Value = float | bool | None
ON, OFF = "on", "off"
# What is entered is a number as people write it, and no longer.
LONGEST = 30
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
# A slider goes so far beyond the largest value there is, in so many steps.
BEYOND, STEPS = 2.0, 100
FACTORS = (0.5, 2.0)


@dataclass(frozen=True)
class Field:
    """A field: ``path`` is what ``--set`` takes; ``now`` is the scenario's own value, in the unit that is shown.

    ``scale`` is what one of the shown unit is in the scenario's. Of a ``member`` of a list ``path`` names the list and
    ``member`` what is in it or not. ``low``, ``high`` and ``step`` are the slider's; ``least`` and ``most`` the
    schema's own limits, None where it has none.
    """

    path: str
    group: str
    label: str
    kind: Kind
    now: Value
    about: str = ""
    unit: str = ""
    scale: float = 1.0
    member: str = ""
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    least: float | None = None
    most: float | None = None

    @property
    def name(self) -> str:
        """What the link calls it."""
        return f"{self.path}.{self.member}" if self.member else self.path

    @property
    def shown(self) -> str:
        """The scenario's own value as it stands in the form."""
        return self.written(self.now)

    @property
    def slides(self) -> bool:
        """Whether it has a slider."""
        return self.high > self.low

    def written(self, value: Value) -> str:
        """A value as it stands in the form and in a link."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return ON if value else OFF
        return f"{value:.12g}"

    def read(self, text: str) -> Value:
        """The value that ``text`` stands for. Raises ValueError with a sentence."""
        text = text.strip()
        if self.kind in ("switch", "member"):
            if text not in (ON, OFF):
                raise ValueError(f"write {ON} or {OFF}")
            return text == ON
        if not text and self.now is None:
            return None
        if len(text) > LONGEST or not _NUMBER.fullmatch(text):
            raise ValueError("write a number, such as 12 or 0.5")
        return self._within(tidy(float(text)))

    def _within(self, value: float) -> float:
        if not math.isfinite(value):
            raise ValueError("write a finite number")
        if self.least is not None and value < self.least:
            raise ValueError(f"{short(value)} is below {short(self.least)}, the least there can be")
        if self.most is not None and value > self.most:
            raise ValueError(f"{short(value)} is above {short(self.most)}, the most there can be")
        return value


def number(scenario: Scenario, keys: KeyPath, field: Field) -> Field:
    """``field`` with what the schema says of it: meaning, unit, limits; and a slider that fits its value."""
    found = info(keys)
    assert found is not None
    least, most = limits(found)
    unit = unit_of(found)
    told = "" if unit is None or unit in UNTOLD else UNITS.get(unit, unit)
    changes: dict[str, Any] = {
        "about": field.about or found.description or "",
        "unit": field.unit or told,
        "least": None if least is None else least / field.scale,
        "most": None if most is None else most / field.scale,
    }
    return Field(**{**vars(field), **changes})


def slider(field: Field, around: float) -> Field:
    """``field`` with a slider from nothing to twice the largest value that is ``around`` it, or to its own limit."""
    high = around * BEYOND
    if field.most is not None:
        high = min(high, field.most)
    low = max(field.least or 0.0, 0.0)
    step = nice((high - low) / STEPS) if high > low else 0.0
    if not step:
        return field
    return Field(**{**vars(field), "low": low, "high": tidy(math.ceil(high / step - 1e-9) * step), "step": step})


def tidy(value: float) -> float:
    """``value`` without what counting in another unit adds to its last digits.

    >>> tidy(100 * 0.07)
    7.0
    """
    return float(f"{value:.12g}")


def nice(size: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten that is no more than ``size``.

    >>> nice(0.24), nice(7), nice(0)
    (0.2, 5.0, 0.0)
    """
    if not (size > 0 and math.isfinite(size)):
        return 0.0
    power = 10.0 ** math.floor(math.log10(size))
    return float(f"{max(digit * power for digit in (1, 2, 5) if digit * power <= size * (1 + 1e-9)):.3g}")


def info(keys: KeyPath) -> FieldInfo | None:
    """What the schema says of the field at ``keys``; of a value by date or by name what it says of the whole."""
    kind: Any = Scenario
    found: FieldInfo | None = None
    for key in keys:
        if is_section(kind):
            found = kind.model_fields[str(key)]
        kind = part_type(kind, key)
    return found


def limits(found: FieldInfo) -> tuple[float | None, float | None]:
    """The least and the most that a field's numbers may be; exclusive ones are told when they are broken."""
    least: float | None = None
    most: float | None = None
    for one in (*found.metadata, *_inner(found.annotation)):
        for name in ("ge", "gt"):
            if isinstance(getattr(one, name, None), int | float):
                least = float(getattr(one, name))
        for name in ("le", "lt"):
            if isinstance(getattr(one, name, None), int | float):
                most = float(getattr(one, name))
    return least, most


def _inner(annotation: Any) -> Iterator[Any]:
    """What stands beside the types of an annotation, however deep."""
    yield from getattr(annotation, "metadata", ())
    if hasattr(annotation, "__metadata__"):
        yield from (part for one in annotation.__metadata__ for part in (one, *getattr(one, "metadata", ())))
    for part in get_args(annotation):
        if part is not annotation and not isinstance(part, str | int | float):
            yield from _inner(part)
