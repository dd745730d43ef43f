"""What a result says of resale: every field with its meaning and its unit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import with_config
from typing_extensions import TypedDict

from planner.fields import doc
from planner.schema.result_rows import CLOSED, Day


@with_config(CLOSED)
class ResaleChange(TypedDict):
    """GPUs of a system among the orders due, at the scenario's haircut and at another."""

    verb: Annotated[Literal["buy", "sign"], doc("bought, or signed for")]
    system: Annotated[str, doc("key of systems.yaml")]
    before_gpus: Annotated[float, doc("at the scenario's haircut", "GPUs")]
    after_gpus: Annotated[float, doc("at the other", "GPUs")]


@with_config(CLOSED)
class ResaleSwitch(TypedDict):
    """The nearest haircut found at which the orders due are others."""

    haircut: Annotated[float, doc("share of the residual curve that a sale brings", "share")]
    changes: Annotated[
        list[ResaleChange], doc("orders that differ by a whole system and by a tenth of the GPUs due, or more")
    ]


@with_config(CLOSED)
class Resale(TypedDict):
    """Where the orders due next would change with the haircut of resale, by the LP relaxation."""

    haircut: Annotated[float, doc("the scenario's", "share")]
    due_by: Annotated[Day, doc("orders up to this day are looked at")]
    due: Annotated[bool, doc("whether anything is ordered by then at any haircut tried")]
    below: Annotated[ResaleSwitch | None, doc("at a lower haircut; null where none was found")]
    above: Annotated[ResaleSwitch | None, doc("at a higher haircut; null where none was found")]
