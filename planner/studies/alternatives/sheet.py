"""``plan alternatives`` on a terminal: what plans within a few percent could do instead, and what they share."""

from __future__ import annotations

from planner.render.figures import count, digits, money, percent, tokens
from planner.render.sheet import Sheet, left, right
from planner.studies.alternatives.study import Alternatives
from planner.units import tokens_from_mtok

# Nearer to a whole number than this, it counts things.
WHOLE = 1e-6
# Of an amount that names its own.
UNITS = {"USD": "", "Mtok": "tokens"}


def alternative_sheets(found: Alternatives) -> list[Sheet]:
    """The alternatives, what is ordered in the first year of all of them, and what that means."""
    rows = tuple(
        (
            f"within {percent(row.within, 1)}",
            str(row.aim),
            money(row.cost_usd),
            f"+{100 * row.over:.2f} %",
            _amount(row.value, str(row.unit)),
            _amount(row.value_of_best, str(row.unit)),
            UNITS.get(str(row.unit), str(row.unit)),
        )
        for row in found.alternatives.itertuples()
    )
    columns = (left(), left("aim"), right("NPV"), right("over"), right("reaches"), right("best plan"), left("of"))
    ordered = tuple(
        (str(row.decision), count(row.best), count(row.least), count(row.most), str(row.verdict))
        for row in found.decisions.itertuples()
    )
    first, *rest = found.sentences
    heads = (left("decision"), right("best plan"), right("least"), right("most"), left())
    return [
        Sheet("Plans that cost little more than the best, and what they could be better at:", columns, rows),
        Sheet("What they order or sign within a year, in systems and lots:", heads, ordered),
        Sheet(first, notes=tuple(rest)),
    ]


def _amount(value: float, unit: str) -> str:
    if unit == "USD":
        return money(value)
    if unit == "Mtok":
        return tokens(tokens_from_mtok(value))
    return count(value) if value >= 1 and abs(value - round(value)) < WHOLE else digits(value)
