"""Names that the terminal's tables take from files, as words that need no file beside them."""

from __future__ import annotations

import re

# Longer names come first: a shorter one may be part of them.
WORDS = {
    "--json and --csv have them all, as binding.": "plan --json has them all.",
    "; `plan stands SCENARIO` tells where each changes the orders due": "",
    "service.survive: replica keeps a spare one": "the scenario can ask for a spare one",
}

# A field of the scenario by its place there.
_SECTIONS = "budget|finance|horizon|procurement|service|sites|solve|trust|workloads"
_FIELD = re.compile(rf"(?<![\w.-])(?:{_SECTIONS})\.((?:[\w*-]+\.)*[a-z]\w*)")


def in_words(text: str) -> str:
    """``text`` with each such name in words."""
    for name, words in WORDS.items():
        text = text.replace(name, words)
    return _FIELD.sub(_field, text)


def _field(found: re.Match[str]) -> str:
    """``procurement.token_api`` is the scenario's “token api”."""
    name = found[1].rpartition(".")[2]
    for unit in ("_usd", "_mw"):
        name = name.removesuffix(unit)
    return f"the scenario’s “{name.replace('_', ' ')}”"
