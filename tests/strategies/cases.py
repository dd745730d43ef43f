"""Random scenarios with their catalogs.

Every kind of supply, limit and price of the model can occur, one beside the other, in sizes at which whole racks and
lots matter: a few hundred GPUs at most, two to four periods, one to three load blocks, workloads and systems.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from planner.catalog.models import LoadShape
from planner.scenario.models import Scenario
from tests.limits import AMPLE_S
from tests.strategies.asked import draw_floor, draw_futures, draw_revealed, draw_workloads
from tests.strategies.case import META, Case
from tests.strategies.halls import draw_sites
from tests.strategies.parts import catalog
from tests.strategies.supplies import draw_apis, draw_offers, draw_points, draw_system, load_levels, price_paths
from tests.strategies.tape import Calendar, Draw, Wanted, one, some
from tests.strategies.terms import draw_budget, draw_contract, draw_procurement, draw_quote


def _draw_calendar(draw: Draw) -> Calendar:
    period = one(draw, "quarter", "month", "year")
    start = dt.date(2027, 1, 1) if period == "year" else dt.date(2027, one(draw, 1, 7, 10), 1)
    return Calendar(
        start=start,
        period=period,
        periods=one(draw, 2, 3),
        lookahead=one(draw, 0, 0, 1),
        decided_on=start - dt.timedelta(days=one(draw, 200, 100, 0, 60, 365)),
    )


def _draw_finance(draw: Draw) -> dict[str, Any]:
    return {
        "discount_rate": one(draw, 0.1, 0.0, 0.25),
        "token_basis": one(draw, "output", "total"),
        "contract_tail_share": one(draw, 1.0, 0.0, 0.4),
        "residual_haircut": one(draw, 1.0, 0.0, 0.7),
        "residual_of": one(draw, "market", "price_paid"),
        "resell_existing": one(draw, True, False),
        "price_path": one(draw, "flat", "falling", "rising"),
    }


@st.composite
def cases(
    choose: Callable[..., Any],
    objective: str | None = "cost",
    *,
    futures: bool | None = None,
    owning: bool = False,
    whole: bool = True,
    relaxed: bool = False,
    predicted: bool = True,
    min_served: bool = True,
    renting: bool = True,
) -> Case:
    """A random case. See ``Wanted`` for the options; ``objective`` None draws one of the four."""
    draw = Draw(choose)
    wanted = Wanted(objective, futures, owning, whole, relaxed, predicted, min_served, renting)
    calendar = _draw_calendar(draw)
    names = [name for name in ("h-node", "b-node", "rack") if name == "h-node" or some(draw, 5)]
    names += ["next"] if some(draw, 1) else []
    blocks = one(draw, {"all": 1.0}, {"day": 0.6, "night": 0.4}, {"peak": 0.1, "day": 0.5, "night": 0.4})
    if some(draw, 1):
        blocks = {"leap": 0.0, **blocks}
    outlooks = draw_futures(draw, calendar, wanted)
    # Whole lots and replicas multiply with futures, blocks and workloads: small cases show as much of them.
    wanted = replace(wanted, whole=wanted.whole and not outlooks and calendar.periods == 2 and len(blocks) < 3)
    workloads = draw_workloads(draw, calendar, names, wanted)
    systems = [draw_system(draw, name, wanted) for name in names]
    models = sorted({w["model"] for w in workloads if "model" in w})
    offers = draw_offers(draw, calendar, names, wanted)
    sites = draw_sites(draw, calendar, names, wanted)
    quotes = [draw_quote(draw, calendar, names)] if wanted.renting and some(draw, 2) else []
    contracts = [draw_contract(draw, calendar, names, wanted) for _ in range(one(draw, 0, 0, 0, 1, 2))]
    apis = draw_apis(draw, calendar, models)
    named = [row.provider for row in offers] + [row.provider for row in apis]
    providers = sorted({*named, *(row["provider"] for row in (*quotes, *contracts))})
    fields: dict[str, Any] = {
        "name": "case",
        "horizon": vars(calendar),
        "finance": _draw_finance(draw),
        "trust": {"vendor": one(draw, 0.9, 1.0, 0.5), "predicted": one(draw, 0.65, 1.0, 0.4)},
        "tail_ratio": one(draw, {}, {}, {"ttft": 5.0, "tpot": 1.5}, {"tpot": 1.0}),
        "blocks": blocks if some(draw, 5) else None,
        "sites": sites,
        "load_shapes": load_levels(blocks) if some(draw, 5) else {},
        "workloads": workloads,
        "futures": outlooks,
        "revealed": draw_revealed(draw, calendar, outlooks),
        "procurement": draw_procurement(draw, names, providers, blocks, wanted),
        "quotes": quotes,
        "contracts": contracts,
        "budget": draw_budget(draw, calendar, wanted),
        "objective": wanted.objective or one(draw, "cost", "cost_per_token", "tokens", "profit"),
        "service": {"min_served": draw_floor(draw, wanted)},
        "solve": {"gap": 1e-4 if wanted.whole else 1e-5, "time_limit_s": AMPLE_S},
    }
    rows = [LoadShape.model_validate(META | {"name": n, "level": v}) for n, v in load_levels(blocks).items()]
    return Case(
        Scenario.model_validate(fields),
        catalog(systems, offers, draw_points(draw, names, models, wanted), apis, price_paths(), rows, blocks),
    )
