"""How many of each system the plans within a few percent order: what is in all of them, and what in some."""

from __future__ import annotations

from planner.render.bars import Span, spans
from planner.render.colours import colour_of
from planner.render.figures import count, short
from planner.render.plots import Picture
from planner.studies.alternatives.study import Alternatives

ACROSS = "ordered or signed within a year, systems and lots"
NOTE = "Thick: in every one of these plans. Thin: in some of them. Diamond: the plan that costs least."
MOST_SAID = 2


def alternatives_picture(found: Alternatives) -> Picture:
    """A row for each decision, from the least to the most of it in plans that cost nearly the same."""
    decided = found.decisions
    # A decision is a verb, a system, and where.
    systems = sorted({str(name).split(" ")[1] for name in decided["decision"]})
    rows = [
        Span(
            str(row.decision), float(row.least), float(row.best), float(row.most),
            colour_of(str(row.decision).split(" ")[1], systems), _range(float(row.least), float(row.most)),
        )
        for row in decided.itertuples()
    ]  # fmt: skip
    return spans(_finding(found), ACROSS, rows, NOTE)


def _range(least: float, most: float) -> str:
    return count(most) if least == most else f"{count(least)} to {count(most)}"


def _finding(found: Alternatives) -> str:
    decided, within = found.decisions, short(100 * float(found.alternatives["within"].max()), 2)
    if decided.empty:
        return f"No plan within {within} % of the least cost orders anything within a year."
    now = [
        f"{verb} at least {count(float(row.least))} {what}"
        for row in decided[decided["verdict"] == "now"].itertuples()
        for verb, _, what in [str(row.decision).partition(" ")]
    ]
    kept = int((decided["verdict"] == "open").sum())
    later = f" {kept} other{'s' * (kept > 1)} can be kept open." if kept else ""
    if not now:
        return f"Plans within {within} % of the least cost share no order: all {kept} can be kept open."
    more = f" and {len(now) - MOST_SAID} more" if len(now) > MOST_SAID else ""
    return f"All plans within {within} % of the least cost {', and '.join(now[:MOST_SAID])}{more}.{later}"
