"""Cash out of two results by period and by tag: what a budget is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from planner.frozen import dataclass
from planner.kinds.cash import CAPEX, OPEX
from planner.studies.diff.figure import Figure

Amounts = dict[tuple[str, str, str], float]


@dataclass(frozen=True)
class Cash:
    """Cash out of a period, in USD undiscounted; of what bears ``value`` of ``tag`` where that is not empty."""

    tag: str
    value: str
    period: str
    figure: Figure

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        figure = self.figure
        return {
            **({"tag": self.tag, "value": self.value} if self.tag else {}),
            "period": self.period, "a": figure.a, "b": figure.b, "more": figure.more, "more_share": figure.share,
        }  # fmt: skip


def cash_by_period(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Cash, ...]:
    """Expected cash out of the reported periods of two results; a side without a plan has none that is known."""
    return _both(_by_period(a), _by_period(b), lambda result: "cashflow" in result, a, b)


def cash_by_tag(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Cash, ...]:
    """The same by each value of each tag, '' for what does not bear it; a side that has no tags knows none of it."""
    return _both(_by_tag(a), _by_tag(b), lambda result: bool(result.get("cost_by_tag")), a, b)


def summed(cash: Iterable[Cash], key: Callable[[Cash], tuple[str, ...]]) -> list[tuple[tuple[str, ...], Figure]]:
    """Figures added up by a key, in the order in which each comes first."""
    found: dict[tuple[str, ...], list[Figure]] = {}
    for item in cash:
        found.setdefault(key(item), []).append(item.figure)
    return [
        (at, Figure(at[-1], "USD", _sum([one.a for one in figures]), _sum([one.b for one in figures])))
        for at, figures in found.items()
    ]


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _both(
    one: Amounts, other: Amounts, knows: Callable[[Mapping[str, Any]], bool], a: Mapping[str, Any], b: Mapping[str, Any]
) -> tuple[Cash, ...]:
    tags = list(dict.fromkeys(tag for tag, _, _ in (*one, *other)))
    keys = sorted({*one, *other}, key=lambda key: (tags.index(key[0]), not key[1], key[1], key[2]))
    return tuple(
        Cash(
            *key,
            Figure(key[2], "USD", *(side.get(key, 0.0) if knows(of) else None for side, of in ((one, a), (other, b)))),
        )
        for key in keys
    )


def _by_period(result: Mapping[str, Any]) -> Amounts:
    weight = {future["name"]: future["probability"] for future in result.get("kpis", {}).get("futures", ())}
    found: Amounts = {}
    for row in result.get("cashflow", ()):
        if row["category"] in (*CAPEX, *OPEX) and not row.get("lookahead"):
            key = ("", "", row["period"])
            found[key] = found.get(key, 0.0) + row["usd"] * weight.get(row.get("future"), 1.0)
    return found


def _by_tag(result: Mapping[str, Any]) -> Amounts:
    rows = (row for row in result.get("cost_by_tag", ()) if not row.get("lookahead"))
    return {(row["tag"], row["value"], row["period"]): row["usd"] for row in rows}
