"""What a result orders, signs and retires, step by step, and where two results differ in that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planner.frozen import dataclass
from planner.plan.tables import ALL

RANK = {"retire": 0, "buy": 1, "sign": 2}


@dataclass(frozen=True)
class Key:
    """One step: in which period (and future, where they differ), what, where."""

    period: str
    rank: int
    what: str
    where: str
    future: str


@dataclass(frozen=True)
class Amount:
    """How many systems or lots, their GPUs and what they cost undiscounted, contracts over their whole term."""

    number: float = 0.0
    gpus: float = 0.0
    usd: float = 0.0

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.number + other.number, self.gpus + other.gpus, self.usd + other.usd)


@dataclass(frozen=True)
class Step:
    """A step that two results take to a different extent."""

    period: str
    what: str
    where: str
    future: str
    a: Amount
    b: Amount

    @property
    def words(self) -> str:
        """``buy hgx-h200 for hall``."""
        return f"{self.what} {self.where}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values; differences are B less A."""
        return {
            "period": self.period,
            **({"future": self.future} if self.future != ALL else {}),
            "step": self.words,
            "a": self.a.number,
            "b": self.b.number,
            "gpus_more": self.b.gpus - self.a.gpus,
            "usd_more": self.b.usd - self.a.usd,
        }


def steps(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Step]:
    """Steps whose number, GPUs or cost differ between two results, by period."""
    one, other = taken(a), taken(b)
    found = []
    for key in sorted({*one, *other}, key=lambda key: (key.period, key.rank, key.what, key.where, key.future)):
        before, after = one.get(key, Amount()), other.get(key, Amount())
        if before.number != after.number or before.gpus != after.gpus:
            found.append(Step(key.period, key.what, key.where, key.future, before, after))
    return found


def taken(result: Mapping[str, Any]) -> dict[Key, Amount]:
    """All steps of a result; none where it has no plan."""
    found: dict[Key, Amount] = {}
    for key, amount in _rows(result):
        found[key] = found.get(key, Amount()).plus(amount)
    return found


def _rows(result: Mapping[str, Any]) -> Iterator[tuple[Key, Amount]]:
    for row in result.get("purchases", ()):
        key = _key(row, "buy", str(row["system"]), f"for {row['site']}")
        yield key, Amount(row["count"], row["gpus"], row["cost_usd"])
    for row in result.get("contracts", ()):
        lot = f"lots of {row['gpus'] / row['lots']:g} {row['system']} GPUs"
        where = f"at {row['provider']} in {row['region']} for {row['term_months']:g} months"
        yield _key(row, "sign", lot, where), Amount(row["lots"], row["gpus"], row["cost_usd"])
    for row in result.get("retirements", ()):
        yield _key(row, "retire", str(row["system"]), f"at {row['site']}"), Amount(row["count"])


def _key(row: Mapping[str, Any], verb: str, what: str, where: str) -> Key:
    return Key(str(row["period"]), RANK[verb], f"{verb} {what}", where, str(row.get("future", ALL)))
