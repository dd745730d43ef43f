"""The page, and what is said on it while a question is worked on; no plan is opened here."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from planner._version import __version__
from planner.render.bar_table import OTHER_COLOUR, PLAN_COLOUR, Bar, Bars
from planner.render.figures import money, percent, price, within
from planner.render.hints import call_of
from planner.render.sheet import plain
from planner.serve.asked import Asked
from planner.serve.form import OPEN
from planner.serve.templates import render
from planner.serve.values import Bound
from planner.serve.ways import WAYS

if TYPE_CHECKING:
    from planner.serve.app import Served
    from planner.serve.desk import Desk

# Bounds nearer than this, as a share, are the same one: the last digits of an engine are no difference.
SAME = 1e-6
ENDED = {
    "taken": "Something else was asked in another tab, and one question is worked on at a time.",
    "cancelled": "Ended as you asked. The bound still holds.",
    "left": "Nobody waited any more.",
    "closed": "plan serve has ended.",
}


def whole(served: Served, desk: Desk, asked: Asked, refused: Mapping[str, str], root: str) -> str:
    """The whole page of a question, with what is known of it already."""
    values = {field.name: value for field, value in asked.moves}
    groups = []
    for name, fields in served.form.groups():
        rows = [(field, field.written(values[field.name]) if field.name in values else field.shown) for field in fields]
        changed = sum(field.name in values for field in fields)
        groups.append((name, rows, changed, name in OPEN or changed > 0))
    known = desk.known_bounds(asked)
    return render(
        "page.html.j2",
        root=root,
        title=plain(served.base.name),
        description=plain(served.base.description),
        file=plain(served.shown),
        version=__version__,
        groups=groups,
        ways=[(label, about, json.dumps(sets)) for label, about, sets in served.form.ways()],
        refused=refused,
        bound=bound_part(desk, asked, known) if known.get("mix") and known["mix"].known else "",
        headline=headline(known.get("mix")),
        command=command(served, asked),
    )


def command(served: Served, asked: Asked) -> str:
    """What asks the same from the shell."""
    return shlex.join(("plan", *call_of(served.shown, (*served.overrides, *asked.overrides))))


def told(served: Served, desk: Desk, asked: Asked, message: Mapping[str, Any]) -> dict[str, Any]:
    """A message of the desk as the page takes it."""
    kind = message["kind"]
    if kind == "bound":
        bounds = message["bounds"]
        if not bounds["mix"].known:
            words = "There is a bound at once where cost is what is to be least; here the plan itself is waited for."
            return {"kind": kind, "html": f"<p>{words}</p>", "headline": "", "command": command(served, asked)}
        html = bound_part(desk, asked, bounds)
        return {
            "kind": kind, "html": html, "headline": headline(bounds["mix"]), "command": command(served, asked),
            **point(desk, asked, bounds["mix"]),
        }  # fmt: skip
    if kind == "first":
        return {"kind": kind, "words": _first(served, message["kpis"], message["gap"])}
    if kind == "progress":
        return {"kind": kind, "words": progress(desk, message["stage"], message["seconds"])}
    if kind == "answer":
        shown, solved = desk.shown(asked), desk.solved(asked)
        assert shown is not None
        assert solved is not None
        kpis = solved.result.get("kpis", {})
        return {
            "kind": kind, "html": shown.html, "figures": shown.figures, "planned": solved.planned,
            "headline": _proven(served, kpis) if solved.planned else "Proven: no plan keeps every limit",
            "npv_usd": kpis.get("npv_usd"),
        }  # fmt: skip
    if kind == "ended":
        return {"kind": kind, "words": ENDED[message["why"]], "again": message["why"] != "closed"}
    return dict(message)


def _per(served: Served, kpis: Mapping[str, Any]) -> str:
    basis = served.base.finance.token_basis
    per = kpis.get(f"reported_levelised_usd_per_mtok_{basis}")
    if per is None:
        per = kpis.get(f"levelised_usd_per_mtok_{basis}")
    return "" if per is None else f"{price(per)} per Mtok, "


def _proven(served: Served, kpis: Mapping[str, Any]) -> str:
    return f"Proven: {_per(served, kpis)}{money(kpis['npv_usd'])} in all"


def _first(served: Served, kpis: Mapping[str, Any], gap: float) -> str:
    """A plan that is there before the one that the shell finds."""
    near = "" if not math.isfinite(gap) else f", no more than {within(gap)} above the least"
    return (
        f"A plan for now: {_per(served, kpis)}{money(kpis['npv_usd'])} in all{near}, found from that of the scenario "
        "as it is. The one that the shell finds too is being proven."
    )


def progress(desk: Desk, stage: str, seconds: float) -> str:
    """What is being done, for how long."""
    since = f"{seconds:.0f} s"
    if stage == "bound":
        return f"Looking for the bound, {since}"
    if stage == "base":
        return f"Proving the plan of the scenario as it is, {since}; that is done once, and moves have bounds meanwhile"
    if stage == "page":
        return f"Drawing the answer, {since}"
    before = desk.solved(Asked())
    took = "" if before is None else f"; the scenario as it is took {before.seconds:.0f} s"
    return f"Proving the plan, {since}{took}"


def headline(bound: Bound | None) -> str:
    """The bound in a few words."""
    if bound is None or bound.npv_usd is None:
        return ""
    if bound.impossible:
        return "Bound: no plan keeps every limit"
    per = "" if bound.usd_per_mtok is None else f"{price(bound.usd_per_mtok)} per Mtok, "
    return f"Bound: at least {per}{money(bound.npv_usd)} in all"


def bound_part(desk: Desk, asked: Asked, bounds: Mapping[str, Bound]) -> str:
    """The bound as a sentence and a picture, beside that of the scenario as it is and those of each way alone."""
    mix, before = bounds["mix"], desk.known_bounds(Asked()).get("mix")
    rows: list[tuple[str, Bound, str]] = []
    if asked.moves and before is not None:
        rows.append(("as it is", before, OTHER_COLOUR))
    rows.append(("as asked" if asked.moves else "as it is", mix, PLAN_COLOUR))
    rows += [(words, bounds[name], OTHER_COLOUR) for name, words in WAYS.items() if name in bounds]
    usd = [one.npv_usd for _, one, _ in rows if one.npv_usd is not None and not one.impossible]
    most = max(usd, default=0.0) or 1.0
    bars = tuple(
        Bar(
            name,
            "not possible" if one.impossible else f"{money(one.npv_usd or 0.0)} or more",
            0.0 if one.impossible else max(one.npv_usd or 0.0, 0.0) / most,
            colour,
        )
        for name, one, colour in rows
    )
    note = (
        "Bounds by the LP relaxation, which plans in parts of servers: no plan in whole ones costs less. Buying alone "
        "is without contracts, hourly rent and APIs, renting alone without buying and APIs; what is there stays."
    )
    picture = Bars("The least that it can cost, in today's money", ("way", "cost of the whole horizon"), bars, note)
    return render("bound.html.j2", sentence=_bound_words(asked, mix, before), picture=picture)


def _bound_words(asked: Asked, mix: Bound, before: Bound | None) -> str:
    if mix.npv_usd is None or mix.impossible:
        return "No plan keeps every limit, not even in parts of servers. What would have to give is being looked for."
    per = "" if mix.usd_per_mtok is None else f", {price(mix.usd_per_mtok)} per million tokens"
    words = f"No plan costs less than {money(mix.npv_usd)} in all{per}."
    if not asked.moves or before is None or before.npv_usd is None:
        return words
    if before.impossible:
        return f"{words} As it is, the scenario has no plan."
    more = mix.npv_usd - before.npv_usd
    if abs(more) <= SAME * abs(before.npv_usd):
        return f"{words} That is the bound of the scenario as it is: by the relaxation, this limit costs nothing."
    share = f" ({percent(abs(more) / before.npv_usd, 1)})" if before.npv_usd > 0 else ""
    side = "more" if more > 0 else "less"
    return f"{words} That is {money(abs(more))}{share} {side} than the same bound of the scenario as it is."


def point(desk: Desk, asked: Asked, bound: Bound) -> dict[str, Any]:
    """A point of a frontier: the bound in $ M, null where there is no plan."""
    usd = None if bound.npv_usd is None or bound.impossible else bound.npv_usd
    return {"bound_usd": usd, "headline": headline(bound)}


def saved_file(shown: str, path: Path) -> dict[str, str]:
    """What is said of a file that was written, with what to run next."""
    name = os.path.join(os.path.dirname(shown), path.name)
    commands = [shlex.join(("plan", name)), shlex.join(("plan", "diff", shown, name))]
    return {"words": f"Saved as {name}, beside the scenario.", "commands": "\n".join(commands)}


def saved_run(number: int) -> dict[str, str]:
    """What is said of a run that was kept."""
    return {"words": f"Saved as run {number}.", "commands": f"plan show {number}"}


def quoted(name: str) -> str:
    """A file's name as a header takes it."""
    return quote(name)
