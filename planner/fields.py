"""What a field of a published model says of itself: its meaning and its unit, where the field stands.

Schemas, reference pages, faults and the columns of other formats read it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, get_args, get_origin

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo
from typing_extensions import get_type_hints, is_typeddict

from planner.frozen import dataclass
from planner.units import Unit


@dataclass(frozen=True)
class Extra:
    """What a field says beside its description. ``plain``: its name says it all, so a fault does not explain it."""

    unit: Unit | None
    plain: bool

    def __call__(self, schema: dict[str, Any]) -> None:
        """Put the unit into the field's JSON Schema."""
        if self.unit is not None:
            schema["unit"] = self.unit


def doc(meaning: str, unit: Unit | None = None) -> Any:
    """``Annotated[Weeks, doc("order to service", "weeks")]``: a field's meaning, told too where the field is missing.

    >>> doc("order to service", "weeks").description
    'order to service'
    """
    return Field(description=meaning, json_schema_extra=Extra(unit, plain=False))


def plain(meaning: str, unit: Unit | None = None) -> Any:
    """Like ``doc``, for a required field whose name says it all: a fault says that it is missing, and no more."""
    return Field(description=meaning, json_schema_extra=Extra(unit, plain=True))


def fields_of(model: type[Any]) -> Mapping[str, FieldInfo]:
    """The fields of a model or of a typed dictionary, in order."""
    if issubclass(model, BaseModel):
        return model.model_fields
    return {name: FieldInfo.from_annotation(_present(hint)) for name, hint in _hints(model).items()}


def left_out(model: type[Any]) -> frozenset[str]:
    """The keys of a typed dictionary that are not always there."""
    return frozenset(name for name, hint in _hints(model).items() if get_origin(hint) is NotRequired)


def unit_of(field: FieldInfo) -> Unit | None:
    """The unit that a field's numbers are in; None where it has none to say."""
    extra = field.json_schema_extra
    return extra.unit if isinstance(extra, Extra) else None


def explanation(field: FieldInfo) -> str:
    """What a fault adds where the field is missing; nothing where its name says it all."""
    extra = field.json_schema_extra
    return "" if isinstance(extra, Extra) and extra.plain else field.description or ""


def _hints(model: type[Any]) -> dict[str, Any]:
    assert is_typeddict(model)
    return get_type_hints(model, include_extras=True)


def _present(hint: Any) -> Any:
    """What a key holds where it is there."""
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint
