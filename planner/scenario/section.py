"""What every part of a scenario is made of: frozen sections, amounts that may change over time, limits by year.

Modules of models have annotations that are no texts: pydantic would evaluate every one of them at each start.
"""

import datetime as dt
import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from planner.catalog.models import NonNegative, not_bool, wrong
from planner.catalog.row import sensible
from planner.schedule import Schedule, parse_date

# Columns of a file of actuals, where tags have columns too.
MEASURED = ("period", "workload", "output_mtok", "cost_usd", "power_mw")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
MOST_OVERHEAD = 10.0
# A factor that changes nothing; constructed, since to check it would take making what checks schedules.
ALWAYS = Schedule.model_construct(anchors=((dt.date.min, 1.0),))


class Section(BaseModel):
    """A part of a scenario: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def _entries(value: Any) -> Any:
    """A schedule's mapping as it is; raises at the entry that is wrong, so that its line can be named."""
    if isinstance(value, Mapping) and "anchors" not in value:
        for key, number in value.items():
            try:
                parse_date(key)
            except ValueError as error:
                raise wrong(key, str(error)) from None
            _not_negative(number, key)
    return value


def _not_negative(number: Any, key: str | int | float) -> None:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise wrong(key, "this is empty; give it a value" if number is None else f"'{number}' is not a number")
    if not 0 <= number < math.inf:
        raise wrong(key, f"{number:g} is negative" if number < 0 else f"{number} is not a finite number")
    try:
        sensible(number)
    except ValueError as error:
        raise wrong(key, str(error)) from None


def _amounts(schedule: Schedule) -> Schedule:
    for value in schedule.values:
        if not 0 <= value < math.inf:
            raise ValueError(f"{value:g} is negative" if value < 0 else f"{value} is not a finite number")
        sensible(value)
    return schedule


def _by_year(value: Any) -> Any:
    """A limit as it is; raises where it is neither a number nor a number per year."""
    if isinstance(value, Mapping):
        for year, usd in value.items():
            if not (str(year).isdecimal() and len(str(year)) == 4):
                raise wrong(year, f"'{year}' is not a year; write a number or {{2027: 70e6}}")
            _not_negative(usd, year)
    elif isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError(f"'{value}' is not a number of USD; write a number or {{2027: 70e6}}")
    elif value is not None and not 0 <= value < math.inf:
        raise ValueError(f"{value:g} is negative" if value < 0 else f"{value} is not a finite number")
    elif value is not None:
        sensible(value)
    if value == {}:
        raise ValueError("this budget is empty; write a number or {2027: 70e6}")
    return value


def _month(value: Any) -> Any:
    """The number of a month as it is; raises for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= len(MONTHS):
        text = str(value).strip().casefold()
        close = [number for number, name in enumerate(MONTHS, 1) if len(text) > 2 and name.startswith(text)]
        raise ValueError(f"'{value}' is not the number of a month; write {close[0] if close else '1 to 12'}")
    return value


def _tags(value: Any) -> Any:
    """Tags as they are; raises at one that is no text, or is named like a column of what a plan is held against."""
    for key, text in value.items() if isinstance(value, Mapping) else ():
        if text is None or text == "":
            raise wrong(key, "this is empty; give it a value")
        if not isinstance(text, str):
            raise wrong(key, f"{text} is not text; write it in quotes, so that it stays as it is")
        if key in MEASURED:
            raise wrong(key, f"'{key}' is a column of the files that `plan actuals` reads; name the tag otherwise")
    return value


def _by_name(value: Any) -> Any:
    """A number of GPUs as it is, or one for each name; raises where it is neither."""
    if isinstance(value, Mapping):
        if not value:
            raise ValueError("this is empty; write a number of GPUs, {nebius: 1024} or null for any number")
        for name, gpus in value.items():
            _not_negative(gpus, name)
    elif isinstance(value, bool) or not isinstance(value, int | float | None):
        raise ValueError(f"'{value}' is not a number of GPUs; write a number, {{nebius: 1024}} or null for any number")
    elif value is not None and not 0 <= value < math.inf:
        raise ValueError(f"{value:g} is negative" if value < 0 else f"{value} is not a finite number")
    elif value is not None:
        sensible(value)
    return value


def _overhead(value: float) -> float:
    """A PUE, unless no hall that was ever built has it."""
    if value > MOST_OVERHEAD:
        raise ValueError(f"this has to be at most {MOST_OVERHEAD:g}, not {value:.12g}; a good hall has 1.2")
    return value


Amounts = Annotated[Schedule, AfterValidator(_amounts), BeforeValidator(_entries)]
Overhead = Annotated[float, Field(ge=1), BeforeValidator(not_bool), AfterValidator(sensible)]
UpTo10 = Annotated[Overhead, AfterValidator(_overhead)]
BelowOne = Annotated[float, Field(ge=0, lt=1), BeforeValidator(not_bool)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
GpusByName = Annotated[NonNegative | dict[str, NonNegative] | None, BeforeValidator(_by_name)]
Month = Annotated[int, Field(ge=1, le=12), BeforeValidator(_month)]
Tags = Annotated[dict[Name, Name], BeforeValidator(_tags)]
YearlyLimit = Annotated[NonNegative | dict[int, NonNegative] | None, BeforeValidator(_by_year)]
