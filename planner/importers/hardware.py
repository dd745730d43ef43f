"""What benchmark tools and price lists call the systems of a catalog: a card in a form factor, or a system's alias."""

from __future__ import annotations

import math
import re
from dataclasses import field
from functools import lru_cache
from typing import NamedTuple

from planner.catalog.models import System
from planner.frozen import dataclass

# Cards by the word that names them, with the least and the most GB that files print of their memory: H100 NVL has 94,
# the H100 of a GH200 96, and neither is the H100 of an HGX board.
_MEMORY_GB: dict[str, tuple[int, int]] = {
    "h100": (75, 85),
    "h200": (138, 145),
    "b200": (176, 195),
    "b300": (260, 290),
    "gb200": (180, 195),
    "gb300": (260, 290),
    "mi300x": (185, 195),
    "mi325x": (250, 260),
    "mi355x": (280, 290),
}
# Cards that no system of the built-in catalog has; a name that begins with one of them is never taken for another.
_OTHERS = (
    "a10", "a10g", "a16", "a30", "a40", "a100", "a800", "b100", "gb10", "gaudi2", "gaudi3", "gh200", "h20", "h800",
    "l4", "l40", "l40s", "mi100", "mi210", "mi250", "mi250x", "mi300a", "mi308x", "mi350x", "p100", "rtx",
    "t4", "tpu", "v100",
)  # fmt: skip
# Form factors by the words that name them; a word may follow the card's without a space, as in H100NVL or H100SXM5.
_FORMS = {
    "sxm": "SXM", "sxm4": "SXM", "sxm5": "SXM", "sxm6": "SXM", "hgx": "SXM", "dgx": "SXM", "oam": "OAM",
    "pcie": "PCIe", "nvl": "NVL", "nvl4": "NVL4", "nvl72": "NVL72", "mig": "MIG",
}  # fmt: skip
# What a card is where its name says no form factor.
_USUAL = {
    **dict.fromkeys(("a100", "a800", "b100", "b200", "b300", "h100", "h200", "h20", "h800"), "SXM"),
    **dict.fromkeys(("gb200", "gb300"), "NVL72"),
    **dict.fromkeys(("mi300x", "mi325x", "mi350x", "mi355x"), "OAM"),
}
_SYSTEMS = {
    ("h100", "SXM"): "hgx-h100",
    ("h200", "SXM"): "hgx-h200",
    ("b200", "SXM"): "hgx-b200",
    ("b300", "SXM"): "hgx-b300",
    ("gb200", "NVL72"): "gb200-nvl72",
    ("gb300", "NVL72"): "gb300-nvl72",
    ("mi300x", "OAM"): "mi300x-oam",
    ("mi325x", "OAM"): "mi325x-oam",
    ("mi355x", "OAM"): "mi355x-oam",
}
# Instances whose price lists name a card and leave out its form factor.
_INSTANCES = {"standard_nc40ads_h100_v5": "H100 NVL", "standard_nc80adis_h100_v5": "H100 NVL"}
_COUNTED = re.compile(r"^\d+x(?=[a-z])|(?<=[a-z0-9])x\d+$")
_JOINED = re.compile("(" + "|".join(sorted(_MEMORY_GB, key=len, reverse=True)) + ")(" + "|".join(_FORMS) + ")")
_GIGABYTES = re.compile(r"(\d+)g(?:i?b)?")


class Card(NamedTuple):
    """An accelerator as its maker sells it: ``H100`` in the form of ``SXM``, ``PCIe`` or ``NVL``."""

    name: str
    form: str

    @property
    def system(self) -> str | None:
        """The built-in system that has it, None where none has."""
        return _SYSTEMS.get((self.name, self.form))

    def __str__(self) -> str:
        return f"{self.name.upper()} {self.form}".strip()


@lru_cache(maxsize=1024)
def card_of(name: str) -> Card | None:
    """The card that is called so, as in H100-80GB, h200_sxm, gb200-nv, 8xMI300X; None where the name is none known."""
    words = _words(name)
    found = {word for word in words if word in _MEMORY_GB or word in _OTHERS}
    if len(found) != 1:
        # None, or the cards of a fleet of several.
        return None
    card = found.pop()
    forms = [_FORMS[word] for word in words if word in _FORMS and word not in ("hgx", "dgx")]
    form = forms[0] if forms else _USUAL.get(card, "")
    low, high = _MEMORY_GB.get(card, (0, math.inf))
    sizes = [int(match[1]) for word in words if (match := _GIGABYTES.fullmatch(word))]
    if all(low <= size <= high for size in sizes):
        return Card(card, form)
    return Card(card, " ".join([*forms, *(f"{size} GB" for size in sizes)]))


@dataclass(frozen=True)
class Names:
    """The systems that files may be about, by key, and what their entries say that files call them."""

    systems: dict[str, System] = field(default_factory=dict)
    _found: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def system_of(self, name: str) -> str | None:
        """The system that a file calls so: by an alias of its entry, else by its card; None where none is known."""
        if name not in self._found:
            self._found[name] = self._search(name) if name else None
        return self._found[name]

    def _search(self, name: str) -> str | None:
        card = card_of(name)
        # Those of one's own catalog come last, and before the built-in ones.
        for key, system in reversed(self.systems.items()):
            if any(_alike(alias, name, card) for alias in (key, *system.aliases)):
                return key
        return card.system if card and card.system in self.systems else None

    def denies(self, name: str, system: str) -> bool:
        """Whether a file's name for its hardware is known to be that of another system."""
        found = self.system_of(name)
        if found is not None:
            return found != system
        return card_of(name) is not None and is_builtin(system)


def is_builtin(system: str) -> bool:
    """Whether a system is one whose cards are known here; of others only their aliases are."""
    return system in _SYSTEMS.values()


def instance_card(instance: str, name: str) -> str:
    """The card of an instance as its price list names it, or in full where the list leaves the form factor out."""
    return _INSTANCES.get(instance.lower(), name)


def _alike(alias: str, name: str, card: Card | None) -> bool:
    """Whether an alias stands in a name, word by word; H100 does not stand in H100 PCIe."""
    if card is not None and (known := card_of(alias)) is not None and known != card:
        return False
    wanted, words = _words(alias), _words(name)
    return any(words[start : start + len(wanted)] == wanted for start in range(len(words) - len(wanted) + 1))


@lru_cache(maxsize=4096)
def _words(name: str) -> list[str]:
    words: list[str] = []
    for word in re.split(r"[^a-z0-9]+", name.lower()):
        bare = _COUNTED.sub("", word)
        joined = _JOINED.fullmatch(bare)
        words += list(joined.groups()) if joined else [bare] if bare else []
    return words
