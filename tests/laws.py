"""How two cases are held against each other, and the changes that more than one module makes to a case.

By their intervals only: the dearer one's audited plan may not be cheaper than what was proven of the cheaper one. Two
plans are never compared with each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from hypothesis import assume, event

from tests.strategies import Case, limit_scaled, solved, with_apis, with_offers, with_part

Change = Callable[[Case], Case]


def never_cheaper(cheap: Case, dear: Case) -> None:
    """U(dear) ≥ L(cheap), where there is a plan at all."""
    less = solved(cheap)
    assume(math.isfinite(less.high))
    more = solved(dear)
    event("both feasible" if math.isfinite(more.high) else "only the cheaper feasible")
    assert more.may_reach(less), (less, more)


def same(case: Case, other: Case) -> None:
    """The two optima can be one."""
    first = solved(case)
    second = solved(other)
    assert math.isinf(first.high) == math.isinf(second.high)
    assert first.meets(second), (first, second)


def less_trust(case: Case) -> Case:
    trust = case.scenario.trust
    return case.with_scenario(
        trust=with_part(trust, **{name: 0.8 * getattr(trust, name) for name in type(trust).model_fields})
    )


def larger_lots(case: Case) -> Case:
    changed = with_offers(case, lambda o: {"max_lots": o.max_lots and 2 * o.max_lots})
    return with_apis(changed, lambda a: {"max_mtok_per_day": a.max_mtok_per_day and 2 * a.max_mtok_per_day})


def larger_quotas(case: Case) -> Case:
    rules = case.scenario.procurement
    quotas = tuple(with_part(quota, gpus=1.5 * quota.gpus) for quota in rules.quotas)
    return case.with_scenario(procurement=with_part(rules, quotas=quotas))


def larger_depth(case: Case) -> Case:
    rules = case.scenario.procurement
    return case.with_scenario(procurement=with_part(rules, hourly_depth_gpus=limit_scaled(rules.hourly_depth_gpus, 2)))


def larger_share(case: Case) -> Case:
    rules = case.scenario.procurement
    share = rules.providers.max_share
    wider = with_part(rules.providers, max_share=None if share is None else min(1.0, 1.2 * share))
    return case.with_scenario(procurement=with_part(rules, providers=wider))
