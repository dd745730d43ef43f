"""The relay: a few short solves of one matrix, each handing on a fact, each exact.

1. LP relaxation: a bound, reduced costs, x. Dives from it for an incumbent.
   Of a smaller matrix whose dives end far above it: cuts, dives from these, and the plans between both.
2. Neighbourhood of the relaxation: what it uses, of a large matrix with what is in service within one of ⌊x⌋ and ⌈x⌉,
   whenever it came, for an incumbent.
3. Reduced-cost fixing: an integer whose reduced cost exceeds incumbent − bound stays at its bound in every better plan.
4. The MIP with the incumbent as hint, to the gap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter

import numpy as np

from planner import bits
from planner.errors import SolverFailure, StoppedByClock
from planner.frozen import dataclass
from planner.milp.items import item_of
from planner.milp.matrix import Milp
from planner.solvers import cuts, dives, sifted
from planner.solvers.answer import Answer, Basis, Floats, Leg, Options, Status, relative_gap
from planner.solvers.clock import Clock

Engine = Callable[[Milp, str, Options, Floats | None], Answer]
# A plan and its cost.
Incumbent = tuple[Floats, float]
Polish = Callable[[Floats], Incumbent | None]

# From as many columns on dives find a first plan sooner than engines do.
DIVED = 1000
# Of the gap, above the relaxation: a plan so dear is dived for again.
ENOUGH = 0.99
# So far above the relaxation a plan by dives is no start yet for the whole matrix; for a smaller one it depends on the
# gap asked for.
FAR, FAR_OF_GAP = 5e-3, 2.0
# With more whole numbers than this cuts are left to the engines: of three fleets two took longer with cuts.
CUT_WHOLE = 2000
# Of the gap: where cuts leave no more than this open, engines close it in the time of the next dive.
NEARLY = 1.5
# Cuts are for plans so far above the relaxation: on variants of sites nearer to it they cost more than they save.
CUT_OF_GAP = 4.0
# Between the relaxation with cuts and the best plan the good ones are found at the root or right below it.
BETWEEN_NODES = 10
# Where no more whole numbers than this are fractions in the relaxation with cuts, SCIP closes what is left in half the
# time of HiGHS; where it needs more nodes than that, HiGHS is the faster.
FEW_FRACTIONS, FEW_NODES = 60, 50
# Nodes of a search that ends at its root.
ROOT = 1
# A level this close to a whole number is whole: the neighbourhood is measured from it, not from the next one.
WHOLE = 1e-6
# Levels a plan may be away from the relaxation's in the neighbourhood, up or down, beyond rounding.
RADIUS = 1
# Of a smaller matrix only lots and contracts may be no farther away, by so many, and that only where a wide gap is
# asked: one rack more or less makes room for nine other systems, and where they may not come there is often no plan.
FEW_LOTS, OWNED = 3, ("own", "keep")
# Asked for no more than this, a plan good enough is found long before the neighbourhood's best is proven.
WIDE = 2e-3
# Measured: HiGHS is the faster on a site's plan and on fleets; where a narrow gap is asked of these, its presolve takes
# longer in the neighbourhood than it saves. Whole numbers that it bends the other straightens.
ENGINE, OTHER = "highs", "scip"
# Then a leg that is there for a first plan gives way to the whole model; shipped scenarios take one to three.
NEAR_NODES = 1000


@dataclass(frozen=True)
class Relaxation:
    """The LP relaxation: its optimum, x, a bound that its duals prove, and reduced costs that go with it."""

    x: Floats
    bound: float
    reduced_costs: Floats
    duals: Floats
    basis: Basis | None = None


def solve(
    milp: Milp, engine: Engine, polish: Polish, lp: Answer, options: Options, start: Incumbent | None = None
) -> Answer:
    """``milp`` solved to ``options.gap`` from its LP relaxation ``lp`` and, where given, a plan with its cost.

    ``polish`` turns a vector into a feasible one with its cost, or None where it cannot. The best polished plan
    survives every leg; the bound is the larger of the LP's and the last leg's. The neighbourhood's is never global.
    A leg that the clock breaks off is the last.
    """
    engine = steady(engine)
    if lp.x is None or lp.duals is None:
        return _without_relaxation(milp, engine, polish, options, start)
    clock = Clock(options.time_limit_s)
    relaxation = replace(prove(milp, lp.x, lp.duals), basis=lp.basis)
    legs: list[Leg] = [replace(lp.leg("relaxation"), bound=relaxation.bound)]
    bound = relaxation.bound

    def open_still() -> bool:
        return not stopped and (best is None or relative_gap(best[1], bound) > options.gap)

    best, stopped = start, False
    searched = start is None or not options.from_start
    if open_still() and searched and options.dives and milp.columns >= DIVED:
        found_by_dives, stopped = _dived(milp, relaxation, polish, clock.rest(options), legs)
        best = cheapest(best, found_by_dives)
    tighter = relaxation
    far = best is not None and relative_gap(best[1], bound) > CUT_OF_GAP * options.gap
    if best is not None and far and open_still() and searched and _cut(milp, options):
        tighter, best, bound, stopped = _tightened(milp, relaxation, best, engine, polish, clock.rest(options), legs)
    if open_still() and searched and (best is None or relative_gap(best[1], bound) > _far(milp, options)):
        found = engine(near(milp, relaxation.x, options.gap), ENGINE, _near_options(milp, clock.rest(options)), None)
        legs.append(replace(found.leg("neighbourhood"), bound=None))
        stopped = found.wall_clock_stop
        best = cheapest(best, polish(found.x) if found.x is not None else None)
    if open_still():
        fixed = milp if best is None else fix(milp, tighter, best[1])
        asked = _last(milp, clock.rest(options), best, bound)
        last = engine(fixed, ENGINE, asked, None if best is None else best[0])
        legs.append(last.leg("whole"))
        stopped = last.wall_clock_stop
        if last.status == "infeasible" and best is None:
            return replace(last, solver="relay", legs=tuple(legs), seconds=clock.seconds + lp.seconds)
        best = _better(best, last, polish)
        if best is None and last.x is not None and not stopped:
            # Whole numbers that an engine's tolerances bent: look for straight ones right beside them.
            repaired = engine(_beside(milp, last.x), OTHER, _nearby(clock.rest(options)), None)
            legs.append(replace(repaired.leg("repair"), bound=None))
            stopped = repaired.wall_clock_stop
            best = _better(None, repaired, polish)
        bound = max(bound, _proven(last, best))
    closed = best is not None and relative_gap(best[1], bound) <= options.gap
    return Answer(
        status="optimal" if closed else "feasible" if best is not None else "unknown",
        solver="relay",
        version=lp.version,
        x=None if best is None else best[0],
        objective=np.inf if best is None else best[1],
        bound=bound,
        seconds=clock.seconds + lp.seconds,
        duals=relaxation.duals,
        legs=tuple(legs),
        wall_clock_stop=stopped,
    )


def _far(milp: Milp, options: Options) -> float:
    """So far above the bound a plan is no start yet for the whole matrix."""
    if _large(milp):
        return FAR
    # As far as its root a search is there for a plan, and the whole matrix has no other there.
    return options.gap if options.nodes == ROOT else FAR_OF_GAP * options.gap


def _cut(milp: Milp, options: Options) -> bool:
    """Whether cuts come before engines: of larger matrices they lift little, and a wide gap is closed without."""
    narrow = options.dives and options.nodes is None and options.gap < WIDE
    return narrow and DIVED <= milp.columns < sifted.LARGE and whole_numbers(milp) <= CUT_WHOLE


def whole_numbers(milp: Milp) -> int:
    """How many of its columns are whole, and not decided already."""
    return int((milp.integer & (milp.upper > milp.lower)).sum())


def _dived(
    milp: Milp, relaxation: Relaxation, polish: Polish, options: Options, legs: list[Leg]
) -> tuple[Incumbent | None, bool]:
    """A plan by dives from the relaxation, and whether the clock struck; a leg more in ``legs``."""
    clock = Clock(options.time_limit_s)
    enough = relaxation.bound + ENOUGH * options.gap * abs(relaxation.bound)
    x, stopped = None, False
    try:
        large = _large(milp)
        basis = relaxation.basis if large else None
        x = dives.plan(milp, relaxation.x, relaxation.reduced_costs, options, enough, few=not large, basis=basis)
    except StoppedByClock:
        stopped = True
    except SolverFailure:
        # The whole matrix is asked, as where dives find nothing.
        pass
    found = None if x is None else polish(x)
    status: Status = "unknown" if found is None else "feasible"
    legs.append(Leg("dives", "glop", status, None if found is None else found[1], None, clock.seconds))
    return found, stopped


def _tightened(
    milp: Milp,
    relaxation: Relaxation,
    best: Incumbent,
    engine: Engine,
    polish: Polish,
    options: Options,
    legs: list[Leg],
) -> tuple[Relaxation, Incumbent, float, bool]:
    """The relaxation with cuts, the best plan and bound that come of it, and whether the clock struck."""
    clock = Clock(options.time_limit_s)
    try:
        cut = cuts.tightened(milp, options, best[1] - ENOUGH * options.gap * abs(best[1]))
    except StoppedByClock:
        return relaxation, best, relaxation.bound, True
    tighter = relaxation if cut is None else prove(cut.milp, cut.x, cut.duals)
    if cut is None or tighter.bound <= relaxation.bound:
        return relaxation, best, relaxation.bound, False
    legs.append(Leg("cuts", "glop", "optimal", None, tighter.bound, clock.seconds))
    bound, few, stopped = tighter.bound, _fractions(milp, tighter.x) <= FEW_FRACTIONS, False

    def left() -> float:
        return 0.0 if stopped else relative_gap(best[1], bound)

    if left() > NEARLY * options.gap:
        found, stopped = _dived(cut.milp, tighter, polish, clock.rest(options), legs)
        best = cheapest(best, found) or best
    if left() > NEARLY * options.gap:
        asked = replace(clock.rest(options), gap=options.gap / 2, quick=True, nodes=BETWEEN_NODES)
        last = engine(between(milp, tighter.x, best[0]), OTHER, asked, best[0])
        legs.append(replace(last.leg("between"), bound=None))
        best, stopped = _better(best, last, polish) or best, last.wall_clock_stop
    if left() > options.gap and few:
        asked = replace(just_inside(clock.rest(options)), quick=True, nodes=FEW_NODES)
        last = engine(fix(milp, tighter, best[1]), OTHER, asked, best[0])
        legs.append(last.leg("whole"))
        best, stopped = _better(best, last, polish) or best, last.wall_clock_stop
        bound = max(bound, _proven(last, best))
    return tighter, best, bound, stopped


def _better(best: Incumbent | None, last: Answer, polish: Polish) -> Incumbent | None:
    """The plan of ``last``, made whole, where it is cheaper than the best one; that one otherwise."""
    cheaper = last.x is not None and (best is None or last.objective < best[1])
    return cheapest(best, polish(last.x) if cheaper and last.x is not None else None)


def _fractions(milp: Milp, x: Floats) -> int:
    """How many of the whole numbers of ``x`` are none."""
    return int((milp.integer & (np.abs(x - np.round(x)) > WHOLE)).sum())


def _without_relaxation(
    milp: Milp, engine: Engine, polish: Polish, options: Options, start: Incumbent | None
) -> Answer:
    """One leg, where the LP failed: the whole model. Its plan is polished like any other."""
    whole = engine(milp, ENGINE, just_inside(options), None if start is None else start[0])
    if whole.status == "infeasible" and start is None:
        return whole
    best = cheapest(start, polish(whole.x) if whole.x is not None else None)
    bound = _proven(whole, best)
    closed = best is not None and relative_gap(best[1], bound) <= options.gap
    return replace(
        whole,
        status="optimal" if closed else "feasible" if best is not None else "unknown",
        x=None if best is None else best[0],
        objective=np.inf if best is None else best[1],
        bound=bound,
        solver="relay",
        legs=(whole.leg("whole"),),
    )


def steady(engine: Engine) -> Engine:
    """``engine`` with the other one in the place of one that fails: HiGHS breaks down on a few ordinary matrices."""

    def run(milp: Milp, name: str, options: Options, hint: Floats | None) -> Answer:
        try:
            return engine(milp, name, options, hint)
        except SolverFailure:
            if name == OTHER:
                raise
            return engine(milp, OTHER, options, hint)

    return run


def _proven(last: Answer, best: Incumbent | None) -> float:
    """The bound of the whole model: what fixing removed is no better than the incumbent, so it is capped there."""
    upper = np.inf if best is None else best[1]
    return upper if last.status == "infeasible" else min(last.bound, upper)


def _beside(milp: Milp, x: Floats) -> Milp:
    """The same matrix with every whole number within one of ``x``."""
    return neighbourhood(milp, x, 1, everything=True)


def _near_options(milp: Milp, options: Options) -> Options:
    """How finely the neighbourhood is searched, and how.

    Of a large matrix finer than a narrow gap, since the bound of its narrower neighbourhood is not the global one.
    """
    wide = options.gap >= WIDE
    if _large(milp):
        return replace(_nearby(options), gap=options.gap / (1 if wide else 2), presolve=wide)
    return replace(_nearby(options), by_rounding=wide)


def _last(milp: Milp, options: Options, best: Incumbent | None, bound: float) -> Options:
    """To just inside the gap. With a plan to start from presolve takes longer than the cuts that are left to find.

    On a large matrix smaller searches take five times as long as these cuts, where the plan is as good as that.
    """
    if not _large(milp):
        return replace(just_inside(options), presolve=best is None)
    near_enough = best is not None and relative_gap(best[1], bound) <= FAR_OF_GAP * options.gap
    return replace(just_inside(options), searches=not near_enough)


def _large(milp: Milp) -> bool:
    return milp.columns >= sifted.LARGE


def _nearby(options: Options) -> Options:
    """As many nodes as a leg may take that is not asked for a proof."""
    return replace(options, nodes=NEAR_NODES if options.nodes is None else min(NEAR_NODES, options.nodes))


def cheapest(*plans: Incumbent | None) -> Incumbent | None:
    """The plan of least cost, the first of equals; None where there is none."""
    return min((plan for plan in plans if plan is not None), key=itemgetter(1), default=None)


def just_inside(options: Options) -> Options:
    """A little less than the gap: engines measure it against another denominator."""
    return replace(options, gap=options.gap * 0.98)


def prove(milp: Milp, x: Floats, duals: Floats) -> Relaxation:
    """A bound that holds whatever the LP's tolerances: from duals clipped to the rows' sides.

    min c·x ≥ Σ y·side + Σ min(d·lower, d·upper), d = c − Aᵀy, for any y whose sign fits a finite side.
    """
    y = np.where((duals > 0) & ~np.isfinite(milp.row_lower), 0.0, duals)
    y = np.where((y < 0) & ~np.isfinite(milp.row_upper), 0.0, y)
    side = np.where(y > 0, milp.row_lower, np.where(y < 0, milp.row_upper, 0.0))
    reduced = milp.cost - milp.transposed_times(y)
    # A stray dust of reduced cost on a column without a bound is the LP's tolerance, not a ray.
    at = np.where(reduced > 0, milp.lower, milp.upper)
    dust = np.abs(reduced) <= 1e-12 * np.maximum(1.0, np.abs(milp.cost))
    terms = np.where(dust, 0.0, reduced * np.where(dust, 0.0, at))
    bound = float(bits.dot(y, np.where(y != 0, side, 0.0)) + terms.sum()) + milp.constant
    return Relaxation(x=x, bound=bound if np.isfinite(bound) else -np.inf, reduced_costs=reduced, duals=y)


def near(milp: Milp, x: Floats, gap: float) -> Milp:
    """The neighbourhood of the relaxation, without systems and contracts that it never uses."""
    used = used_only(milp, x)
    if _large(milp):
        return neighbourhood(used, x, RADIUS)
    if gap < WIDE:
        return used
    bounded = milp.guided.copy()
    for block in milp.column_blocks:
        if block.name in OWNED:
            bounded[block.span] = False
    return replace(neighbourhood(replace(used, guided=bounded), x, FEW_LOTS), guided=milp.guided)


def used_only(milp: Milp, x: Floats) -> Milp:
    """``milp`` with every guided level at its least of what ``x`` has none of in any period."""
    upper = milp.upper.copy()
    for block in milp.column_blocks:
        if len(block.axes) < 2 or not milp.guided[block.span].any():
            continue
        item = item_of(block)
        used = np.bincount(item, weights=x[block.span] > WHOLE, minlength=len(block.axes[0])) > 0
        upper[block.span] = np.where(used[item], upper[block.span], milp.lower[block.span])
    return replace(milp, upper=upper)


def neighbourhood(milp: Milp, x: Floats, radius: int, *, everything: bool = False) -> Milp:
    """The same matrix with every guided level (or ``everything`` whole) within ``radius`` of ⌊x⌋ and ⌈x⌉."""
    bounded = milp.guided | (milp.integer & everything)
    low = np.where(bounded, np.floor(x + WHOLE) - radius, milp.lower)
    high = np.where(bounded, np.ceil(x - WHOLE) + radius, milp.upper)
    return replace(milp, lower=np.maximum(low, milp.lower), upper=np.minimum(high, milp.upper))


def between(milp: Milp, x: Floats, other: Floats) -> Milp:
    """The same matrix with every guided level from the lower of two vectors, rounded down, to the higher, rounded up.

    Where ``x`` is a plan it stays one.
    """
    low, high = np.floor(np.minimum(x, other) + WHOLE), np.ceil(np.maximum(x, other) - WHOLE)
    return replace(
        milp,
        lower=np.maximum(np.where(milp.guided, low, milp.lower), milp.lower),
        upper=np.minimum(np.where(milp.guided, high, milp.upper), milp.upper),
    )


def fix(milp: Milp, relaxation: Relaxation, upper: float) -> Milp:
    """The same matrix without integers' values that cannot be in a plan cheaper than ``upper``."""
    room = max(upper - relaxation.bound, 0.0)
    reduced = relaxation.reduced_costs
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.floor(room / np.abs(reduced) + 1e-6)
    rising = milp.integer & (reduced > 0)
    falling = milp.integer & (reduced < 0)
    high = np.where(rising, np.minimum(milp.upper, milp.lower + steps), milp.upper)
    low = np.where(falling, np.maximum(milp.lower, milp.upper - steps), milp.lower)
    return replace(milp, lower=low, upper=high)
