"""The runs of a store on a terminal, one to a line."""

from __future__ import annotations

from planner.render.figures import gap_percent, money, price
from planner.render.sheet import Sheet, left, right
from planner.studies.history.study import History


def history_sheet(found: History) -> Sheet:
    """Every run with what it cost."""
    if not found.runs:
        return Sheet("No run is saved yet; `plan SCENARIO --save` saves one.")
    columns = (
        right("run"), left("when, UTC"), left("scenario"), right("$ per Mtok output"), right("NPV"), right("gap"),
        left("scenario digest"),
    )  # fmt: skip
    rows = tuple(
        (
            str(run.id),
            run.saved_at[:16].replace("T", " "),
            run.scenario,
            price(run.levelised_usd_per_mtok_output),
            "no plan" if run.npv_usd is None else money(run.npv_usd),
            "-" if run.gap is None else gap_percent(run.gap),
            run.scenario_digest,
        )
        for run in found.runs
    )
    return Sheet(f"{len(rows)} saved run{'s' if len(rows) > 1 else ''}:", columns, rows)
