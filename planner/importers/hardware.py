"""What benchmark tools and price lists call the systems of the built-in catalog."""

from __future__ import annotations

import re
from functools import lru_cache

_SYSTEMS = {
    "h100": "hgx-h100",
    "h200": "hgx-h200",
    "b200": "hgx-b200",
    "b300": "hgx-b300",
    "gb200": "gb200-nvl72",
    "gb300": "gb300-nvl72",
}
# Cards with less power and no NVLink domain of eight.
_OTHER_CARDS = {"pcie", "nvl"}


@lru_cache(maxsize=256)
def system_of(name: str) -> str | None:
    """The system whose GPUs are called so, as in H100-80GB, h200_sxm, gb200-nv; None where the catalog has none."""
    words = re.split(r"[-_ ]", name.lower().removeprefix("nvidia "))
    return None if _OTHER_CARDS & set(words) else _SYSTEMS.get(words[0])
