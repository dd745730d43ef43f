"""Notes on quotes, for GPUs and for tokens: why each that is not taken is not."""

from __future__ import annotations

from collections.abc import Iterator

from planner.plan import exclusion
from planner.plan.notes.note import ANYTHING, Note, Solved
from planner.render.hints import SCENARIO, hint
from planner.rules.offers import quote_offer

PRICED_OUT = "no cheaper plan with it was found; {} says at which price it would be taken"


def _why(name: str) -> str:
    return hint("explain", SCENARIO, "--why-not", name)


def quote_notes(solved: Solved) -> Iterator[Note]:
    """A reason for each quote that is not signed."""
    signed = set(map(tuple, solved.tables["contracts"].rows("provider", "region", "system", "term_months")))
    for quote in solved.scenario.quotes:
        offer = quote_offer(quote, solved.scenario.horizon.decided_on)
        if (offer.provider, offer.region, offer.system, offer.term_months) in signed:
            continue
        said = f"The quote {offer.name} is not signed"
        why = exclusion.of_offer(solved.scenario, solved.catalog, solved.problem, offer)
        if why:
            yield Note("quote", f"{said}: {why}.", ANYTHING)
        else:
            yield Note("quote", f"{said}: {_better(solved, offer.name) or PRICED_OUT.format(_why(offer.name))}.")


def token_quote_notes(solved: Solved) -> Iterator[Note]:
    """A reason for each token quote that answers nothing."""
    called = set(map(tuple, solved.tables["token_api"].rows("provider", "model")))
    for quote in solved.scenario.token_quotes:
        if (quote.provider, quote.model) in called:
            continue
        api = solved.catalog.token_apis[(quote.provider, quote.model)]
        said = f"The token quote {api.name} is not called"
        why = exclusion.of_api(solved.scenario, solved.problem, api)
        if why:
            yield Note("quote", f"{said}: {why}.", ANYTHING)
        else:
            yield Note("quote", f"{said}: {_better(solved, api.name) or PRICED_OUT.format(_why(api.name))}.")


def _better(solved: Solved, name: str) -> str:
    """What the reductions said, where they left ``name`` out."""
    lines = (line.partition(": ") for line in solved.problem.left_out)
    return next((reason for left_out, _, reason in lines if left_out == name), "")
