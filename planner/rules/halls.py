"""Halls: what a system takes at the meter of one, and of its rack positions."""

from __future__ import annotations

import math

from planner.catalog.models import System
from planner.scenario.models import Pue, Site

# What fits into 8 GPUs is a node, of which a rack position feeds several; anything larger is a rack of its own.
NODE_GPUS = 8
# A system that misses what a position feeds by no more than this share is fed: it is rounding.
ROUNDING = 1e-9
_NO_OVERHEAD = Pue.model_construct(design=1.0, annual=1.0)


def pue(site: Site, system: System) -> Pue:
    """PUE of a system at a site.

    A hall that has not its cooling runs no such system, so there any figure does: its first, or none above the IT.
    """
    return site.pue.get(system.cooling) or next(iter(site.pue.values()), _NO_OVERHEAD)


def rack_positions(site: Site, system: System) -> float:
    """Rack positions that one system takes; inf where a position cannot feed it, 0 where positions are no limit."""
    feeds = site.kw_per_rack_position
    if feeds is None:
        return 0.0
    if system.provisioned_it_kw > feeds * (1 + ROUNDING):
        return math.inf
    sharing = 1 if system.gpus > NODE_GPUS else int(feeds / system.provisioned_it_kw + ROUNDING)
    return 1 / max(1, sharing)
