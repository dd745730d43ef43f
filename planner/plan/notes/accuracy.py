"""Notes on accuracy: precisions in use that nobody has scored, and those that a floor shuts out."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan.notes.note import ANYTHING, Note, Solved, listed
from planner.rules.accuracy import scored
from planner.rules.eligibility import UNKNOWN, misfits
from planner.scenario.workload import AccuracyFloor, Workload


def accuracy_notes(solved: Solved) -> Iterator[Note]:
    """Of each workload without a floor: the precisions it runs in whose accuracy nobody has told."""
    serving = solved.tables["serving"]
    for workload in solved.scenario.workloads:
        if workload.model is None or workload.accuracy is not None:
            continue
        names = serving["point"][serving["workload"] == workload.name]
        points = [solved.catalog.point(workload.model, name) for name in names]
        used = dict.fromkeys(point.precision for point in points if point is not None)
        unknown: list[str] = [name for name in used if not scored(solved.catalog, workload.model, name)]
        if unknown:
            # A floor would rule them out, which may cost anything: so it is said with the plan.
            yield Note(
                "accuracy",
                f"{workload.name} runs {workload.model} in {listed(unknown)}, of which no score is known: what that "
                "costs in quality nobody has told. A floor (accuracy) asks for one.",
                ANYTHING,
            )


def floor_notes(solved: Solved) -> Iterator[Note]:
    """Of each floor: the precisions that it shuts out, by what they lose, or for want of a score."""
    for workload in solved.scenario.workloads:
        if (floor := workload.accuracy) is None:
            continue
        out = _shut_out(solved, workload)
        if out:
            shut = [_told(floor, precision, found) for precision, found in out.items()]
            yield Note("accuracy", f"{workload.name}: {_in_words(floor)} shuts out {listed(shut)}.", ANYTHING)


def _shut_out(solved: Solved, workload: Workload) -> dict[str, float]:
    """What is known of each precision in which some point keeps every rule but the floor."""
    found: dict[str, float] = {}
    for point in solved.catalog.serving.values():
        if point.model != workload.model or point.precision in found:
            continue
        broken = list(misfits(point, workload, solved.catalog, solved.scenario.tail_ratio))
        if len(broken) == 1 and broken[0].rule == "accuracy":
            found[point.precision] = broken[0].found
    return found


def _in_words(floor: AccuracyFloor) -> str:
    if floor.max_loss_points is not None:
        return f"at most {_points(floor.max_loss_points)} lost in {floor.evaluation}"
    return f"at least {100 * floor.min_score_share:g} % in {floor.evaluation}"


def _told(floor: AccuracyFloor, precision: str, found: float) -> str:
    if found == UNKNOWN:
        return f"{precision} (no score known)"
    return f"{precision} ({_points(found) if floor.max_loss_points is not None else f'{100 * found:g} %'})"


def _points(number: float) -> str:
    return f"{number:g} {'point' if number == 1 else 'points'}"
