"""What every row of a catalog carries, and what the values of catalogs and scenarios may be.

Modules of models have annotations that are no texts: pydantic would evaluate every one of them at each start.
"""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from planner.fields import doc
from planner.kinds.evidence import ORDER, Evidence
from planner.schedule import parse_date

Kind = Literal["on_demand", "spot", "reserved"]
Cooling = Literal["air", "liquid"]
Precision = Literal["fp4", "mxfp4", "fp8", "bf16", "int4"]
# Floats of four bits. A source that says FP4 of a GPU of NVIDIA's means NVFP4; AMD's compute MXFP4.
FOUR_BIT_FLOATS: tuple[Precision, ...] = ("fp4", "mxfp4")
Statistic = Literal["p50", "mean", "p90", "p95", "p99"]
Capability = Literal["mtp", "disagg", "kv_offload", "kv_routing"]
# How an engine drafts tokens ahead; one run of it drafts in one way.
Drafting = Literal["none", "mtp", "eagle", "draft_model", "ngram", "other", "unknown"]
# Of what a benchmark may or may not have switched on: no source of it says.
Switch = Literal["on", "off", "unknown"]
# What makes serving cheap, one thing at a time.
Optimised = Literal["fp4", "mtp", "other_drafts", "disagg", "kv_offload", "kv_routing"]
Derivation = Literal["", "interpolated", "fitted", "extrapolated"]
MOST = 1_000_000_000
# No price, power, rate or demand of any fleet is beyond these; products of several have to stay numbers.
MOST_AMOUNT = 1e15
LEAST = 1e-9
MOST_GROWTH = 10.0
# Fields of a row that say where it stands, and are not for its author to write.
PLACE = ("file", "line")


def not_bool(value: Any) -> Any:
    """The value, unless it is true or false: those would pass for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is not a number")
    return value


def sensible(value: float) -> float:
    """The amount, unless it is beyond what can be reckoned with beside others: what it makes is no number then."""
    if abs(value) > MOST_AMOUNT:
        raise ValueError(f"this has to be at most {MOST_AMOUNT:g}, not {value:.12g}")
    if 0 < abs(value) < LEAST:
        raise ValueError(f"this has to be 0, or at least {LEAST:g}, not {value:.12g}")
    return value


def _above_zero(value: float) -> float:
    """A sensible amount that may not be zero."""
    if 0 < value < LEAST:
        raise ValueError(f"this has to be at least {LEAST:g}, not {value:.12g}")
    return sensible(value)


def _yearly(value: float) -> float:
    """A growth that stays a number over the years of a plan."""
    if value > MOST_GROWTH:
        raise ValueError(f"this has to be at most {MOST_GROWTH:g} a year, not {value:.12g}; 0.5 is half as much again")
    return value


def _countable(value: int) -> int:
    """The count, unless it is beyond what solvers and their integers can hold."""
    if value > MOST:
        raise ValueError(f"this has to be at most {MOST:,}")
    return value


def _day(value: Any) -> dt.date:
    """A date within the times that a plan can be about: further off, lives and terms run out of the calendar."""
    day = parse_date(value)
    if not 1970 <= day.year < 2200:
        raise ValueError(f"{day} is outside the years 1970 to 2199")
    return day


Day = Annotated[dt.date, BeforeValidator(_day)]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(not_bool)]
Fraction = Annotated[float, Field(gt=0, le=1), BeforeValidator(not_bool)]
Positive = Annotated[float, Field(gt=0), BeforeValidator(not_bool), AfterValidator(_above_zero)]
NonNegative = Annotated[float, Field(ge=0), BeforeValidator(not_bool), AfterValidator(sensible)]
Growth = Annotated[float, Field(ge=0), BeforeValidator(not_bool), AfterValidator(_yearly)]
Count = Annotated[int, Field(ge=1), BeforeValidator(not_bool), AfterValidator(_countable)]
Weeks = Annotated[float, Field(ge=0, le=520), BeforeValidator(not_bool)]
Years = Annotated[float, Field(gt=0, le=50), BeforeValidator(not_bool)]
Months = Annotated[int, Field(ge=1, le=240), BeforeValidator(not_bool)]
NonNegativeCount = Annotated[int, Field(ge=0), BeforeValidator(not_bool), AfterValidator(_countable)]


def _split(value: Any) -> Any:
    """A tuple from ``a;b`` as CSV cells write lists."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return value


Delivery = Annotated[
    Literal["bare_metal", "endpoint"],
    doc("bare metal runs any stack, an endpoint only what capabilities name"),
]
Interconnect = Annotated[Literal["none", "rdma"], doc("rdma is needed by replicas larger than an NVLink domain")]
Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(_split)]


def wrong(field: str | int | float, message: str) -> PydanticCustomError:
    """The error of a check across the parts of a value, laid at one of them."""
    return PydanticCustomError("field", "{field}: {message}", {"field": field, "message": message})


class Row(BaseModel):
    """What every row of a catalog carries: where its figures come from and how far to trust them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    source: Annotated[Names, Field(min_length=1), doc("ids in sources.yaml")]
    as_of: Annotated[Day, doc("day the figures were valid or read")]
    evidence: Annotated[Evidence, doc(f"{', '.join(ORDER[:-1])} or {ORDER[-1]}")]
    note: Annotated[str, doc("what contradicts, how an estimate was reached")] = ""
    file: Annotated[str, Field(exclude=True), doc("file the row was read from")] = ""
    line: Annotated[int, Field(exclude=True), doc("line the row starts at", "index")] = 0
