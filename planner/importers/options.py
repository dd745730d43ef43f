"""What a user says of a run that its file does not."""

from __future__ import annotations

import datetime as dt

from planner.frozen import dataclass


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import; None leaves it to the file. Tokens are nominal lengths, limits those of MLPerf's rules.

    ``as_of`` is the day of the measurement where the file has none. ``failed_share`` is that of the requests that may
    have failed in a run that still counts. ``shape`` names the load shape that a record of traffic makes, ``columns``
    its fields.
    """

    system: str | None = None
    model: str | None = None
    precision: str | None = None
    gpus_per_replica: int | None = None
    largest_worker_gpus: int | None = None
    mode: str | None = None
    spec_decode: str | None = None
    kv_offload: str | None = None
    kv_routing: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    series: str | None = None
    shape: str | None = None
    columns: str | None = None
    provider: str | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    ttft_limit_ms: float | None = None
    tpot_limit_ms: float | None = None
    evidence: str | None = None
    as_of: dt.date | None = None
    failed_share: float = 0.01

    def option(self, field: str) -> str:
        """How a field is given on the command line."""
        return f"--{field.replace('_', '-')}"
