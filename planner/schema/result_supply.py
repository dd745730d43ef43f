"""What a result says of the GPUs at the peak: whose they are, and who promised those by the hour."""

from __future__ import annotations

from typing import Annotated

from pydantic import with_config
from typing_extensions import TypedDict

from planner.fields import doc
from planner.plan.hourly_peak import PROMISED
from planner.schema.result_rows import CLOSED


@with_config(CLOSED)
class HourlyGpus(TypedDict):
    """GPUs of a system at a provider by the hour, and what stands behind them."""

    provider: Annotated[str, doc("who rents them out")]
    system: Annotated[str, doc("key of systems.yaml")]
    gpus: Annotated[float, doc("rented at the peak, on demand and spot together", "GPUs")]
    promised_by: Annotated[
        str, doc(f"the tightest of the scenario's quotas, the offers' limits and the depth: {', '.join(PROMISED)}")
    ]
    limit_gpus: Annotated[
        float | None, doc("the limit of that; null where any number is assumed to be available", "GPUs")
    ]


@with_config(CLOSED)
class PeakGpus(TypedDict):
    """The load block with most GPUs by the hour, else with most in service, of the reported periods and any future."""

    future: Annotated[str, doc("in which it is")]
    period: Annotated[str, doc("in which it is")]
    block: Annotated[str, doc("load block")]
    in_service: Annotated[float, doc("owned, signed and hourly together", "GPUs")]
    owned: Annotated[float, doc("bought or there already", "GPUs")]
    signed: Annotated[float, doc("under contracts, new and old", "GPUs")]
    hourly: Annotated[float, doc("on demand and spot", "GPUs")]
    unpromised: Annotated[float, doc("of the hourly ones, those that nobody promised", "GPUs")]
    by_hour: Annotated[list[HourlyGpus], doc("the hourly ones, most first")]
