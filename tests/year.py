"""A year at 10 % a year. A GPU that serves one request/s of 500 output tokens makes 1.8 Mtok an hour."""

from __future__ import annotations

from typing import Any

from tests.strategies import TOKENS

YEAR = {"decided_on": "2026-10-01", "start": "2027-01", "periods": 1, "period": "year"}
FOR_A_YEAR: dict[str, Any] = {"horizon": YEAR, "finance": {"discount_rate": 0.1}}
HOURS = 365 * 24
MIDDLE = 1.1 ** (-182.5 / 365.25)
MTOK_PER_HOUR = 3600 * TOKENS["output"] / 1e6
