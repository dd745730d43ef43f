"""What every engine says of one matrix, on a terminal."""

from __future__ import annotations

from planner.render.figures import digits, gap_percent, money_unit
from planner.render.sheet import Sheet, left, right
from planner.studies.verify.study import Verification

# Which matrix that is, where the scenario asks for whole replicas.
MATRIX = {
    None: "",
    False: ", in whole replicas and lots",
    True: " in parts of replicas and hourly lots, and the plan in whole ones",
}


def verify_sheet(found: Verification) -> Sheet:
    """What the engines say as a table, the verdict under it."""
    unit, scale = found.unit, 1.0
    if unit == "USD NPV":
        money = money_unit(voice.value for voice in found.voices if voice.value is not None)
        unit, scale = f"{money.name} NPV", money.usd
    columns = (
        left("engine"),
        left("says"),
        right(f"plan, {unit}"),
        right(f"bound, {unit}"),
        right("seconds"),
        left("audit"),
        left("remark"),
    )
    lines = tuple(
        (
            voice.engine,
            voice.state,
            "-" if voice.value is None else digits(voice.value / scale, 7),
            "-" if voice.bound is None else digits(voice.bound / scale, 7) + ("" if voice.own_bound else " (LP)"),
            f"{voice.seconds:.1f}",
            "-" if voice.value is None else "passed" if voice.audited else "failed",
            voice.remark,
        )
        for voice in ([found.plan] if found.plan is not None else []) + list(found.voices)
    )
    notes = [f"{found.scenario}: {found.sentence}."]
    notes += [f"What {engine} claims is refuted by a plan that passed its audit." for engine in found.refuted]
    if found.stopped:
        notes.append(f"The clock stopped {', '.join(found.stopped)}; --time-limit gives them more time.")
    sentence = (
        f"{found.scenario} ({found.objective.replace('_', ' ')}) to a gap of {gap_percent(found.gap)}, "
        f"each engine on the same matrix{MATRIX[found.in_parts]}:"
    )
    return Sheet(sentence, columns, lines, tuple(notes))
