"""Notes on contracts already signed: those that no period has, or that nothing can run on."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan import exclusion
from planner.plan.notes.note import ANYTHING, NOTHING, Note, Solved
from planner.render.figures import count, money


def contract_notes(solved: Solved) -> Iterator[Note]:
    """What is paid for GPUs that serve nothing, and why."""
    timeline = solved.problem.timeline
    for index, item in enumerate(solved.problem.supply.signed):
        contract = item.contract
        paid = float(item.opex_usd.sum())
        what = f"The contract with {contract.provider} for {count(contract.gpus)} GPUs of {contract.system}"
        if contract.end <= timeline.starts[0] or contract.start >= timeline.end:
            yield Note("contract", f"{what} has no day in the horizon: {contract.start} to {contract.end}.", ANYTHING)
            continue
        if not item.gpus.any():
            sentence = f"{what} covers no whole period, so its GPUs never count; {money(paid)} are due for it"
            yield Note("contract", f"{sentence}.", max(paid, ANYTHING))
            continue
        why = exclusion.nothing_runs_on(solved.scenario, solved.catalog, solved.problem, f"contract:{index}")
        if why:
            yield Note("contract", f"{what} serves nothing for the {money(paid)} that are due: {why}.", ANYTHING)
            continue
        within = [
            name
            for name, (first, after), gpus in zip(timeline.names, timeline.spans, item.gpus, strict=True)
            if not gpus and contract.start < after and contract.end > first
        ]
        if within:
            sentence = f"counts from the first to the last period that it covers wholly; in {' and '.join(within)}"
            yield Note("contract", f"{what} {sentence} it is paid by the day and serves nothing.", NOTHING)
