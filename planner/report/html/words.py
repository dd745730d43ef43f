"""Names that the terminal's tables take from files, as words that need no file beside them."""

from __future__ import annotations

# Longer names come first: a shorter one may be part of them.
WORDS = {
    "marginal_usd_lp of one more": "shadow price (LP)",
    "marginal_usd_lp is an LP hint: NPV saved by one more unit throughout, were racks divisible.": (
        "The shadow price is what one more unit throughout would save (NPV), were racks divisible."
    ),
    "they are in the table binding of --json and --csv.": "plan --json has them all.",
    "; `plan stands` tells where each changes the orders due": "",
    "service.survive: replica keeps a spare one": "the scenario can ask for a spare one",
}


def in_words(text: str) -> str:
    """``text`` with each such name in words."""
    for name, words in WORDS.items():
        text = text.replace(name, words)
    return text
