"""Notes on files of the scenario's own catalogs of which the plan uses no row, and on whether any could be used."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog import Catalog
from planner.catalog.models import DerivedPoint, Row
from planner.catalog.tables import name_of, place_of, rows_by_kind
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved, listed
from planner.render.figures import count

BUILTIN = "builtin/"


def file_notes(solved: Solved) -> Iterator[Note]:
    """Each file that was read in vain."""
    files: dict[str, list[tuple[str, Row]]] = {}
    for kind, rows in rows_by_kind(solved.catalog).items():
        for row in rows:
            if row.file and not row.file.startswith(BUILTIN):
                files.setdefault(row.file, []).append((kind, row))
    if not files:
        return
    used = set(solved.tables["origins"]["where"])
    able = _able(solved, solved.catalog)
    for file, held in sorted(files.items()):
        if any(place_of(row) in used for _, row in held):
            continue
        none = "its one row is not" if len(held) == 1 else f"none of its {count(len(held))} rows is"
        what = f"{file} was read and {none} in the plan ({listed([name_of(row) for _, row in held])})"
        if any(place_of(row) in able for _, row in held):
            yield Note("catalog", f"{what}: no cheaper plan with them was found.", NOTHING)
            continue
        how = ""
        if {kind for kind, _ in held} & {"systems", "offers", "apis", "serving"}:
            how = "; `plan explain SCENARIO --why-not NAME` says why"
        yield Note("catalog", f"{what}, and no plan of this scenario can use any{how}.", ANYTHING)


def _able(solved: Solved, catalog: Catalog) -> set[str]:
    """The places of the rows that some plan of the scenario can use."""
    scenario, problem = solved.scenario, solved.problem
    points = {candidate.name for candidate in problem.assignments.candidates}
    made_of = {
        parent
        for point in catalog.serving.values()
        if isinstance(point, DerivedPoint) and point.name in points
        for parent in point.parents
    }
    apis = {problem.api.names[index] for index in problem.api.api}
    dropped = {line.partition(": ")[0] for line in problem.left_out}
    models = {workload.model for workload in scenario.workloads}
    rows: list[Row] = [row for row in catalog.serving.values() if row.name in points | made_of]
    rows += [row for row in catalog.offers.values() if row.name in {o.name for o in problem.supply.offers} | dropped]
    rows += [row for row in catalog.token_apis.values() if row.name in apis | dropped]
    rows += [row for key, row in catalog.systems.items() if key in problem.supply.systems]
    rows += [row for key, row in catalog.energy.items() if key in {site.region for site in scenario.sites}]
    rows += [row for key, row in catalog.load_shapes.items() if key in {w.load for w in scenario.workloads}]
    rows += [row for key, row in catalog.price_paths.items() if key == scenario.finance.price_path]
    rows += [row for row in catalog.accuracy.values() if row.model in models]
    rows += [row for key, row in catalog.models.items() if key in models]
    return {place_of(row) for row in rows}
