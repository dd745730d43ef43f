"""Notes on what stands at the sites already: groups that never run, that a hall has no room for, that are retired."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.plan import exclusion
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.problem.limits import SiteLimit
from planner.problem.supply import Group
from planner.render.figures import count, money, short, times
from planner.rules.dates import service_days
from planner.rules.eligibility import coolable
from planner.scenario.models import Existing, Site
from planner.units import HOURS_PER_YEAR


def fleet_notes(solved: Solved) -> Iterator[Note]:
    """Why each existing group that is not kept throughout is not, and what its hall could not carry anyway."""
    for group in solved.problem.supply.groups:
        site = solved.scenario.sites[group.asset.site]
        if not coolable(site, group.asset.system):
            yield _uncooled(solved, group, site)
        elif not group.exists.any():
            yield _never_there(solved, group, site)
    yield from _crowded(solved)
    yield from _retired(solved)


def _what(group: Group, site: Site) -> str:
    """``75 × hgx-h100 (600 GPUs) at oslo``."""
    system = group.asset.system
    return f"{times(group.count, system.system)} ({count(group.count * system.gpus)} GPUs) at {site.name}"


def _uncooled(solved: Solved, group: Group, site: Site) -> Note:
    system, timeline = group.asset.system, solved.problem.timeline
    has = f"{' and '.join(site.cooling)} only" if site.cooling else "no cooling at all"
    sentence = (
        f"{_what(group, site)} never run: they need {system.cooling} cooling and the hall has {has} "
        f"(sites.{site.name}.cooling)"
    )
    if group.first < timeline.periods:
        brings = float(group.credit_usd[group.first]) * group.count
        gone = f"; they count as retired from {timeline.names[group.first]}"
        sentence += f"{gone} and sold for {money(brings)}, which the NPV is net of" if brings else gone
    return Note("fleet", f"{sentence}.", ANYTHING)


def _never_there(solved: Solved, group: Group, site: Site) -> Note:
    timeline = solved.problem.timeline
    first, until = service_days(_existing(group, site), group.asset.system)
    if first >= timeline.end:
        why = f"they enter service on {first}, after the solved horizon"
    elif until <= timeline.starts[0]:
        why = f"their service ends on {until}, before {timeline.names[0]}"
    else:
        why = f"they are in service from {first} until {until}, which covers no whole period"
    return Note("fleet", f"{_what(group, site)} serve nothing: {why}.", ANYTHING)


def _existing(group: Group, site: Site) -> Existing:
    return site.existing[group.index]


def _crowded(solved: Solved) -> Iterator[Note]:
    """Limits of a site that what stands there exceeds, each in its worst period."""
    supply = solved.problem.supply
    bought = len(supply.purchases)
    for index, site in enumerate(solved.scenario.sites):
        mine = [(bought + at, group) for at, group in enumerate(supply.groups) if group.asset.site == index]
        mine = [(at, group) for at, group in mine if group.exists.any()]
        for limit in solved.problem.limits.on_sites if mine else ():
            yield from _too_many(solved, site, limit, index, mine)


def _too_many(
    solved: Solved, site: Site, limit: SiteLimit, index: int, mine: list[tuple[int, Group]]
) -> Iterator[Note]:
    kind, periods = limit.kind, solved.problem.timeline.periods
    needed = np.sum([limit.each[at] * group.count * group.exists for at, group in mine], axis=0)
    most = limit.most[index][limit.span_of]
    over = np.where(np.isfinite(most), needed - most, -np.inf)
    worst = int(np.argmax(over))
    if periods == 0 or over[worst] <= 1e-9 * max(needed[worst], 1.0):
        return
    taking = [(at, group) for at, group in mine if limit.each[at, worst] > 0 and group.exists[worst]]
    systems = " and ".join(times(group.count, group.asset.system.system) for _, group in taking)
    gpus = count(sum(group.count * group.asset.system.gpus for _, group in taking))
    asked, there = (short(float(value[worst]) * kind.per_row_unit) for value in (needed, most))
    fit = ""
    if len(taking) == 1:
        at, _ = taking[0]
        fit = f": at most {int(most[worst] / limit.each[at, worst] + 1e-9):,} of them can run"
    yield Note(
        "fleet",
        f"{systems} ({gpus} GPUs) at {site.name} need {asked} {kind.unit} in {solved.problem.timeline.names[worst]}, "
        f"{kind.field.replace('sites.', f'sites.{site.name}.')} gives {there}{fit}. "
        "The field count is of systems, not of GPUs.",
        ANYTHING,
    )


def _retired(solved: Solved) -> Iterator[Note]:
    """A reason for each retirement of a group that could have run on."""
    problem, timeline = solved.problem, solved.problem.timeline
    for row in solved.tables["retirements"].distinct(["site", "system", "period"]).rows():
        for group in problem.supply.groups:
            site = solved.scenario.sites[group.asset.site]
            if (site.name, group.asset.system.system) != (row.site, row.system) or not group.exists.any():
                continue
            gone = timeline.names.index(row.period)
            yield _retirement(solved, group, site, gone, float(row.count))


def _retirement(solved: Solved, group: Group, site: Site, gone: int, number: float) -> Note:
    problem, timeline = solved.problem, solved.problem.timeline
    system = group.asset.system
    what = f"{times(number, system.system)} at {site.name} are retired in {timeline.names[gone]}"
    if not group.exists[gone:].any():
        until = service_days(_existing(group, site), system)[1]
        return Note("fleet", f"{what}: their service ends on {until}.")
    unfit = exclusion.no_point(solved.scenario, solved.catalog, system.system)
    if unfit:
        return Note("fleet", f"{what}: {unfit}.", ANYTHING)
    binding = solved.tables["binding"]
    full = set(binding["constraint"][(binding["where"] == site.name) & (binding["period"] == timeline.names[gone])])
    fields = [limit.kind for limit in problem.limits.on_sites if limit.kind.key in full]
    if fields:
        limits = " and ".join(kind.binding.format(site.name) for kind in fields)
        return Note("fleet", f"{what}: something else pays better for the {limits}, which is used up.")
    running = float(group.asset.running_usd[gone]) / timeline.hours[gone] * HOURS_PER_YEAR
    sale = float(group.credit_usd[gone])
    brings = f", and selling it then brings {money(sale)}" if sale else ""
    return Note(
        "fleet",
        f"{what}: the plan costs less without them; keeping one costs {money(running)} a year while idle{brings}.",
        NOTHING,
    )
