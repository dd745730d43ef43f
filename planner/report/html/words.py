"""Names that the terminal's tables take from files, as words that need no file beside them."""

from __future__ import annotations

import re

from planner.render.words import label

# Longer names come first: a shorter one may be part of them.
WORDS = {
    "needs, × quotas and depth": "needs, × the GPUs of providers",
    "the quotas and hourly depth": "the GPUs that providers are assumed to have",
    "--json and --csv have them all, as binding.": "plan --json has them all.",
    "; `plan stands SCENARIO` tells where each changes the orders due": "",
    "service.survive: replica keeps a spare one": "the scenario can ask for a spare one",
}

# A field of the scenario by its place there, and an offer by its name.
_SECTIONS = "budget|finance|horizon|procurement|service|sites|solve|trust|workloads"
_FIELD = re.compile(rf"(?<![\w.-])(?:{_SECTIONS})\.((?:[\w*-]+\.)*[a-z]\w*)")
_OFFER = re.compile(r"([\w.-]+)/([\w.-]+)/([\w.-]+)/(?:reserved-(\d+)m|(on_demand|spot))(?![\w/-])")


def in_words(text: str) -> str:
    """``text`` with each such name in words."""
    for name, words in WORDS.items():
        text = text.replace(name, words)
    return _OFFER.sub(_offer, _FIELD.sub(_field, text))


def _field(found: re.Match[str]) -> str:
    """``procurement.token_api`` is the scenario's “token API”."""
    words = label(found[0]).partition(",")[0]
    return f"the scenario’s “{words[:1].lower()}{words[1:]}”"


def _offer(found: re.Match[str]) -> str:
    """``nscale/global/gb300-nvl72/reserved-36m`` is “nscale (global): gb300-nvl72 for 36 months”."""
    provider, region, system, months, kind = found.groups()
    how = f"for {months} months" if months else {"on_demand": "by the hour", "spot": "at spot prices"}[kind]
    return f"“{provider} ({region}): {system} {how}”"
