"""Load shapes against the blocks they are made for."""

from __future__ import annotations

from collections.abc import Mapping

from planner.validation import nearest

SHARE_TOLERANCE = 1e-6


def level_fault(level: Mapping[str, float], blocks: Mapping[str, float]) -> str:
    """What is wrong with a load shape for a partition of the hours, '' if nothing."""
    for block in level:
        if block not in blocks:
            return f"unknown block '{block}'{nearest(block, blocks)}"
    missing = [block for block in blocks if block not in level]
    if missing:
        return f"no level for block '{missing[0]}'"
    mean = sum(share * level[block] for block, share in blocks.items())
    if abs(mean - 1) > SHARE_TOLERANCE:
        return f"the mean of the levels, weighted with the blocks' shares, is {mean:.7g}; it has to be 1"
    return ""
