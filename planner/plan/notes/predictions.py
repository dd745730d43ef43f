"""Notes on predictions: those in use that claim much more than was measured of the same thing."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog.models import ServingPoint
from planner.plan.notes.note import ANYTHING, Note, Solved
from planner.render.figures import digits
from planner.rules.predictions import Measurements, requests_per_s


def prediction_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload: the predictions that it runs on that beat what was measured at their speed more than twice."""
    serving = solved.tables["serving"]
    predicted = serving["evidence"] == "predicted"
    if not predicted.any():
        return
    measured = Measurements(solved.catalog.serving.values())
    rows = {(point.model, point.name): point for point in solved.catalog.serving.values()}
    for workload in solved.scenario.workloads:
        if workload.model is None:
            continue
        used = serving["point"][(serving["workload"] == workload.name) & predicted]
        points = [rows[workload.model, name] for name in dict.fromkeys(used)]
        bold = [(point, rival) for point in points if (rival := measured.beaten_by(point)) is not None]
        if bold:
            bold.sort(key=lambda pair: (requests_per_s(pair[1]) / requests_per_s(pair[0]), pair[0].name))
            yield Note("predictions", _sentence(workload.name, *bold[0], len(bold) - 1), ANYTHING)


def _sentence(workload: str, point: ServingPoint, rival: ServingPoint, others: int) -> str:
    claimed, made = (digits(row.output_tok_s_per_gpu) for row in (point, rival))
    more = f" Of {others} other{'s' * (others > 1)} that it runs on that holds as well." if others else ""
    return (
        f"{workload} runs on {point.name}, which is predicted to make {claimed} output tok/s of a GPU: more than twice "
        f"the {made} of {rival.name}, the most that was measured as fast or slower.{more} "
        "`plan catalog gaps SCENARIO` says what that is worth, and how to measure it."
    )
