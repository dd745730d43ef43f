"""What makes serving cheap, one thing at a time: what a point says of each, and what is known of it by how."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from planner.catalog.row import FOUR_BIT_FLOATS, Optimised, Switch
from planner.catalog.serving import Gain, ServingPoint
from planner.frozen import dataclass
from planner.kinds.evidence import WEAK

# Whether a point has it; None where its row does not say.
Has = Callable[[ServingPoint], bool | None]
# By what the points that have it were found: a benchmark, a model of one alone, or none that anybody has told of.
Known = Literal["measured", "predicted", "not measured"]


@dataclass(frozen=True)
class Optimisation:
    """Something that a point has or has not: its key in gains.csv, its name, and what tells."""

    key: Optimised
    name: str
    has: Has


def _mtp(point: ServingPoint) -> bool | None:
    return None if point.spec_decode == "unknown" else point.spec_decode == "mtp"


def _other_drafts(point: ServingPoint) -> bool | None:
    return None if point.spec_decode == "unknown" else point.spec_decode not in ("none", "mtp")


def _said(switch: Switch) -> bool | None:
    return None if switch == "unknown" else switch == "on"


FP4 = Optimisation("fp4", "FP4", lambda point: point.precision in FOUR_BIT_FLOATS)
MTP = Optimisation("mtp", "MTP", _mtp)
OTHER_DRAFTS = Optimisation("other_drafts", "other speculative decoding", _other_drafts)
DISAGGREGATION = Optimisation("disagg", "disaggregation", lambda point: point.mode == "disagg")
KV_OFFLOAD = Optimisation("kv_offload", "KV offload", lambda point: _said(point.switch("kv_offload")))
KV_ROUTING = Optimisation("kv_routing", "KV-aware routing", lambda point: _said(point.switch("kv_routing")))
OPTIMISATIONS = (FP4, MTP, OTHER_DRAFTS, DISAGGREGATION, KV_OFFLOAD, KV_ROUTING)


def known_by(optimisation: Optimisation, points: Iterable[ServingPoint]) -> Known:
    """How anything is known of an optimisation from ``points``: by the best evidence of those that say they have it."""
    having = [point for point in points if optimisation.has(point)]
    if not having:
        return "not measured"
    return "measured" if any(point.evidence not in WEAK for point in having) else "predicted"


def in_words(gain: Gain) -> str:
    """``2 to 22x``, and ``1.6x`` where the source gives one figure."""
    low, high = f"{gain.gain_low:g}", f"{gain.gain_high:g}"
    return f"{low}x" if low == high else f"{low} to {high}x"
