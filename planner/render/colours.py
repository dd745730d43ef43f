"""Colours that the colour-blind can tell (Okabe and Ito), the same for the same system wherever it is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
# Black is no colour on a dark page.
PALETTE = (*COLOURS[:7], "#999999")
RED = COLOURS[3]
GREY = "#808080"
# Red is the limits' own, and what is not served.
SYSTEM_COLOURS = tuple(colour for colour in PALETTE if colour != RED)
OWN_COLOURS = {
    "gb300-nvl72": COLOURS[0],
    "hgx-b200": COLOURS[1],
    "gb200-nvl72": COLOURS[2],
    "hgx-h200": COLOURS[4],
    "hgx-b300": COLOURS[5],
    "hgx-h100": COLOURS[6],
    "mi355x-oam": PALETTE[-1],
}
# Of ways to get GPUs, whatever the system; contracts of several terms share the last ones.
WAY_COLOURS = {"own": COLOURS[0], "hourly": COLOURS[1], "api": COLOURS[2]}
CONTRACT_COLOURS = (COLOURS[4], COLOURS[5], COLOURS[7], COLOURS[6])


def colour_of(name: str, names: Sequence[str]) -> str:
    """The colour of one of several systems, the same in every picture unless two of ``names`` would share it."""
    taken: dict[str, str] = {}
    for other in sorted(names, key=lambda known: (known not in OWN_COLOURS, known)):
        free = [colour for colour in SYSTEM_COLOURS if colour not in taken.values()] or list(SYSTEM_COLOURS)
        own = OWN_COLOURS.get(other, SYSTEM_COLOURS[zlib.crc32(other.encode()) % len(SYSTEM_COLOURS)])
        taken[other] = own if own in free else free[0]
    return taken[name]
