"""Notes on forecasts: where one begins late, ends early, or says something of days that nobody plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import PurePath

import numpy as np

from planner import bits
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import count, percent, short, span
from planner.scenario.demand import Seen, Users
from planner.scenario.models import Workload
from planner.schedule import Schedule
from planner.timeline import Timeline
from planner.traffic.windows import cut

UNITS = {
    "output_mtok_per_day": "Mtok of output a day",
    "requests_per_s": "requests/s",
    "gpu_hours_per_day": "GPU-hours a day",
}
# A last date such as 2029-12 stands for its month: what is held no longer than that is not held at all.
MONTH_DAYS = 31
# Of the hours of a trace, those whose level is told.
BUSIEST = 0.05


def forecast_notes(solved: Solved) -> Iterator[Note]:
    """What each workload's forecast leaves unsaid within the horizon, and says in vain outside of it."""
    timeline = solved.problem.timeline
    for workload in solved.scenario.workloads:
        unit, given = _given(workload)
        if workload.demand.users is not None:
            yield Note("forecast", f"{workload.name}: {in_words(workload.demand.users)}.")
        if workload.demand.seen is not None:
            yield Note("forecast", f"{workload.name}: {of_trace(workload, workload.demand.seen)}.")
        if given.anchors[0][0] > dt.date.min:
            yield from _late(workload, given, timeline, solved.cost_usd)
            yield from _early(workload, unit, given, timeline, solved.cost_usd)
            yield from _beyond(workload, given, timeline)
        if not any(given.values):
            yield Note(
                "forecast", f"{workload.name}: its forecast is zero throughout, so it asks for nothing.", ANYTHING
            )


def in_words(users: Users) -> str:
    """What users ask for: ``200,000 daily users × 3 sessions × 5 requests = 34.72 requests a second``.

    Of many dates the first and the last.
    """
    many = _first_to_last(users.count.values, count)
    if users.stated == "daily":
        assert users.sessions_per_day is not None
        assert users.requests_per_session is not None
        each = f"{_times(users.sessions_per_day, 'session')} × {_times(users.requests_per_session, 'request')}"
    else:
        assert users.requests_per_hour is not None
        each = f"{_times(users.requests_per_hour, 'request')} an hour"
    rate = _first_to_last(users.requests_per_s.values, short)
    return f"{many} {users.stated} users × {each} = {rate} requests a second"


def of_trace(workload: Workload, seen: Seen) -> str:
    """What a trace asks for: ``168 hours of day.csv have 2 × 1 to 3 = 2 to 6 requests a second``, and how unevenly."""
    demand = workload.demand
    assert demand.trace is not None
    assert demand.requests_per_s is not None
    factor, rate = (_first_to_last(one.values, short) for one in (demand.factor, demand.requests_per_s))
    times = "" if factor == "1" else f"{short(seen.requests_per_s)} × {factor} = "
    hours = f"{short(seen.hours)} hour{'' if seen.hours == 1 else 's'}"
    said = f"{hours} of {PurePath(demand.trace).name} have {times}{rate} requests a second"
    if workload.own_levels:
        busiest = cut(workload.own_levels, (BUSIEST, 1 - BUSIEST))[0]
        return f"{said}, the busiest {percent(BUSIEST)} of them {short(busiest, 3)} times as many"
    if not seen.levels:
        return f"{said}; as they make no day, that is taken for the mean of all hours"
    return said


def _first_to_last(values: tuple[float, ...], shown: Callable[[float], str]) -> str:
    first, last = shown(values[0]), shown(values[-1])
    return first if first == last else f"{first} to {last}"


def _times(number: float, what: str) -> str:
    return f"{short(number)} {what}{'' if number == 1 else 's'}"


def _given(workload: Workload) -> tuple[str, Schedule]:
    """The field that the forecast is given in, and the forecast."""
    stated = {unit: getattr(workload.demand, unit) for unit in UNITS}
    return next((unit, given) for unit, given in stated.items() if given is not None)


def _late(workload: Workload, given: Schedule, timeline: Timeline, cost_usd: float) -> Iterator[Note]:
    """The days ahead of the first date, on which the workload asks for nothing."""
    (first, value), start, end = given.anchors[0], timeline.starts[0], timeline.starts[timeline.reported]
    if first <= start:
        return
    begins = f"{workload.name}: its forecast begins on {first}"
    if first >= end:
        sentence = f"{begins}, after the last reported day, {_last(timeline)}: it asks for nothing in any period."
        yield Note("forecast", sentence, ANYTHING)
        return
    empty = [name for name, (_, after) in zip(timeline.names, timeline.spans, strict=True) if after <= first]
    until = f"in {span(empty)} it asks for nothing" if empty else "it asks for nothing before"
    asked = _asked(workload, timeline)
    missed = value * (first - start).days / asked * cost_usd if asked else ANYTHING
    sentence = f"{begins}: {until}. Where it runs from the start, give it a value for {start}."
    yield Note("forecast", sentence, missed)


def _early(workload: Workload, unit: str, given: Schedule, timeline: Timeline, cost_usd: float) -> Iterator[Note]:
    """The days after the last date, on which its value is held; by how much more the growth before would be."""
    (last, value), end = given.anchors[-1], timeline.starts[timeline.reported]
    held = (end - max(last, timeline.starts[0])).days
    if len(given.anchors) < 2 or held <= MONTH_DAYS:
        return
    before, start_value = given.anchors[-2]
    sentence = (
        f"{workload.name}: its forecast ends on {last} and is held there, at {short(value)} {UNITS[unit]}, "
        f"until {_last(timeline)}"
    )
    if value <= 0 or start_value <= 0:
        yield Note("forecast", f"{sentence}.", NOTHING if value == start_value else ANYTHING)
        return
    growth = float(bits.log(np.array(value / start_value))) / (last - before).days
    first = max((timeline.starts[0] - last).days, 0)
    went_on = value * float((bits.exp(growth * np.arange(first, first + held)) - 1).sum())
    share = went_on / max(_asked(workload, timeline), 1e-300)
    if abs(share) >= 0.0005:
        more = "more" if share > 0 else "less"
        sentence += f"; had it gone on as before, the whole of it would be {percent(abs(share), 1)} {more}"
    yield Note("forecast", f"{sentence}.", abs(share) * cost_usd)


def _beyond(workload: Workload, given: Schedule, timeline: Timeline) -> Iterator[Note]:
    """Dates after the reported periods, of which only the growth towards the first one counts."""
    end = timeline.starts[timeline.reported]
    after = [day for day, _ in given.anchors[1:] if day > end]
    if after:
        later = list(timeline.names[timeline.reported :])
        ahead = f", and {span(later)} holds the demand of the last one" if later else ""
        yield Note(
            "forecast",
            f"{workload.name}: its forecast goes on to {after[-1]}; the reported periods end on {_last(timeline)}"
            f"{ahead}.",
        )


def _asked(workload: Workload, timeline: Timeline) -> float:
    """The forecast over the reported periods, in its own unit times days."""
    given = _given(workload)[1]
    spans = timeline.spans[: timeline.reported]
    return float(sum(given.growth_mean(first, after) * (after - first).days for first, after in spans))


def _last(timeline: Timeline) -> dt.date:
    """The last reported day."""
    return timeline.starts[timeline.reported] - dt.timedelta(days=1)
