"""What a result says of the assumptions that a plan stands on: every field with its meaning and its unit."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import with_config
from typing_extensions import TypedDict

from planner.fields import doc
from planner.schema.result_rows import CLOSED, Day
from planner.units import Unit


@with_config(CLOSED)
class OrderChange(TypedDict):
    """GPUs of a system among the orders due, at today's value of an assumption and at another."""

    verb: Annotated[Literal["buy", "sign"], doc("bought, or signed for")]
    system: Annotated[str, doc("key of systems.yaml")]
    before_gpus: Annotated[float, doc("at today's value", "GPUs")]
    after_gpus: Annotated[float, doc("at the other", "GPUs")]


@with_config(CLOSED)
class Amount(TypedDict):
    """What the least cost is more where an assumption is taken away, by the LP relaxation."""

    way: Annotated[str, doc("less or more of it, or a price path")]
    value: Annotated[float, doc("of the assumption, taken away", "unit")]
    possible: Annotated[bool, doc("whether the LP relaxation has a plan then")]
    usd: Annotated[float | None, doc("NPV more than at today's value; null where there is no plan", "USD")]
    last_possible: NotRequired[
        Annotated[
            float | None, doc("last value with a plan, where none is left at the end and it was looked for", "unit")
        ]
    ]


@with_config(CLOSED)
class Switch(TypedDict):
    """The nearest value found on a way at which the orders due are others, by the LP relaxation."""

    way: Annotated[str, doc("less or more of it, or a price path")]
    value: Annotated[float, doc("of the assumption", "unit")]
    possible: Annotated[bool, doc("whether the LP relaxation has a plan then")]
    changes: Annotated[
        list[OrderChange], doc("orders that differ by a whole system and by a tenth of the GPUs due, or more")
    ]


@with_config(CLOSED)
class CarryingAssumption(TypedDict):
    """An assumption that the plan stands on."""

    assumption: Annotated[str, doc("its name: resale, hourly_supply, headroom, unmeasured_points, prices, …")]
    field: Annotated[str, doc("where a scenario states it")]
    unit: Annotated[Unit, doc("unit of its values")]
    today: Annotated[float | None, doc("its value; null for no limit", "unit")]
    share: Annotated[float | None, doc("of NPV, of GPUs at the peak or of tokens that rests on it", "share")]
    amounts: Annotated[list[Amount], doc("each way of taking it away")]
    switches: NotRequired[Annotated[list[Switch], doc("where orders change, one a way; left out where not looked for")]]


@with_config(CLOSED)
class Stands(TypedDict):
    """The assumptions that carry the plan, the largest amount first, and where they would change the orders due."""

    due_by: Annotated[Day, doc("orders up to this day are looked at")]
    relaxed_npv_usd: Annotated[float, doc("least cost by the LP relaxation, which amounts are against", "USD")]
    assumptions: Annotated[list[CarryingAssumption], doc("five at most")]
