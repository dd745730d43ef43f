"""What changed between two plans: in the inputs first, then in the decisions, then in the cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner._version import __version__
from planner.errors import InputError
from planner.frozen import dataclass
from planner.kinds.cash import CATEGORIES
from planner.studies.diff.cash import Cash, cash_by_period, cash_by_tag
from planner.studies.diff.comparand import Comparand
from planner.studies.diff.figure import Figure
from planner.studies.diff.inputs import LAST, Change, changes
from planner.studies.diff.steps import Step, steps
from planner.studies.result import Result

DIFF_VERSION = 1
# Costs per Mtok as results name them, each in one meaning for all versions, the one that a plan is judged by first.
REPORTED, SOLVED = "reported_levelised_usd_per_mtok", "levelised_usd_per_mtok"
# What stands in the table of costs, as the result names it, and its unit.
FIGURES = (
    (f"{REPORTED}_output", "USD/Mtok"),
    (f"{REPORTED}_total", "USD/Mtok"),
    ("levelised_usd_per_mtok_output", "USD/Mtok"),
    ("levelised_usd_per_mtok_total", "USD/Mtok"),
    ("npv_usd", "USD"),
    ("cash_usd", "USD"),
    ("capex_usd", "USD"),
    ("opex_usd", "USD"),
    ("revenue_usd", "USD"),
    ("peak_provisioned_utility_mw", "MW"),
    ("served_share", "share"),
)


@dataclass(frozen=True)
class Diff(Result):
    """``inputs`` has every field that differs; ``inputs_known`` is False where a result file does not hold them.

    ``figures`` are the plans' key figures, ``categories`` the NPV of each category of cash (expected, out positive),
    ``periods`` and ``tags`` the cash out of the reported periods by period and by tag.
    """

    a: Comparand
    b: Comparand
    inputs: tuple[Change, ...]
    inputs_known: bool
    steps: tuple[Step, ...]
    figures: tuple[Figure, ...]
    categories: tuple[Figure, ...]
    periods: tuple[Cash, ...]
    tags: tuple[Cash, ...]

    @property
    def basis(self) -> str:
        """The tokens that the cost is counted by: the scenario's own basis, of B before A."""
        scenario = self.b.scenario or self.a.scenario
        return scenario.finance.token_basis if scenario is not None else "output"

    @property
    def headline(self) -> Figure:
        """The cost per Mtok on the scenario's basis: of the reported periods, or, without that, of the solved horizon.

        Both sides are always the same figure.
        """
        reported, solved = self._cost(REPORTED), self._cost(SOLVED)
        return solved if reported.a is None or reported.b is None else reported

    @property
    def without_reported(self) -> Comparand | None:
        """The side whose result has no cost of the reported periods, where the other has one and both have plans."""
        reported = self._cost(REPORTED)
        if not (self.a.planned and self.b.planned) or (reported.a is None) == (reported.b is None):
            return None
        return self.a if reported.a is None else self.b

    def _cost(self, name: str) -> Figure:
        wanted = f"{name}_{self.basis}"
        return next(
            (figure for figure in self.figures if figure.name == wanted), Figure(wanted, "USD/Mtok", None, None)
        )

    def above(self, share: float) -> bool:
        """Whether B's cost per Mtok is more than ``share`` above A's. Raises InputError where either has none.

        Nothing is above a plan that does not exist: where A has none, whatever B costs is not too much.
        """
        if not self.a.planned:
            return False
        more = self.headline.share
        if more is None:
            side = self.a if not self.headline.a else self.b
            raise InputError(f"--fail-above: {side.label} has no cost per Mtok of {self.basis} to compare")
        # A whisker for the last bits of a division.
        return more > share + 1e-12

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "version": DIFF_VERSION,
            "planner": __version__,
            "a": _side(self.a),
            "b": _side(self.b),
            "inputs_known": self.inputs_known,
            "inputs": [{"field": change.path, "a": change.a, "b": change.b} for change in self.inputs],
            "decisions": [step.to_dict() for step in self.steps],
            "cost": [figure.to_dict() for figure in self.figures],
            "npv_by_category": [figure.to_dict() for figure in self.categories],
            "cash_by_period": [figure.to_dict() for figure in self.periods],
            "cash_by_tag": [figure.to_dict() for figure in self.tags],
        }


def diff(a: Comparand, b: Comparand) -> Diff:
    """What changed from ``a`` to ``b``."""
    known = a.scenario is not None and b.scenario is not None
    inputs = changes(a.scenario, b.scenario) if a.scenario is not None and b.scenario is not None else []
    inputs = (
        [change for change in inputs if _field(change) not in LAST]
        + _beside(a, b, known)
        + [change for change in inputs if _field(change) in LAST]
    )
    one, other = a.result.get("kpis", {}), b.result.get("kpis", {})
    figures = [
        Figure(name, unit, one.get(name), other.get(name))
        for name, unit in FIGURES
        if name in one or name in other or not name.startswith(REPORTED)
    ]
    before, after = npv_by_category(a.result), npv_by_category(b.result)
    return Diff(
        a=a,
        b=b,
        inputs=tuple(inputs),
        inputs_known=known or a.scenario_digest == b.scenario_digest,
        steps=tuple(steps(a.result, b.result)),
        figures=tuple(figures),
        categories=tuple(
            Figure(
                name,
                "USD",
                before.get(name, 0.0) if a.planned else None,
                after.get(name, 0.0) if b.planned else None,
            )
            for name in CATEGORIES
            if name in before or name in after
        ),
        periods=cash_by_period(a.result, b.result),
        tags=cash_by_tag(a.result, b.result),
    )


def npv_by_category(result: Mapping[str, Any]) -> dict[str, float]:
    """The NPV of each category of a result's cash, the expectation over its futures."""
    weight = {future["name"]: future["probability"] for future in result.get("kpis", {}).get("futures", ())}
    found: dict[str, float] = {}
    for row in result.get("cashflow", ()):
        usd = row["npv_usd"] * weight.get(row.get("future"), 1.0)
        found[row["category"]] = found.get(row["category"], 0.0) + usd
    return found


def _field(change: Change) -> str:
    return change.path.partition(".")[0]


def _beside(a: Comparand, b: Comparand, known: bool) -> list[Change]:
    """What a plan depends on beside its scenario; the scenario's digest where the scenarios are not known."""
    pairs = [
        ("scenario digest", a.scenario_digest, "" if known else b.scenario_digest),
        ("catalog digest", a.catalog_digest, b.catalog_digest),
        ("planner", a.planner, b.planner),
    ]
    return [Change(name, one, other) for name, one, other in pairs if one and other and one != other]


def _side(side: Comparand) -> dict[str, Any]:
    return {
        "what": side.label,
        "scenario": side.result["scenario"],
        "scenario_digest": side.scenario_digest,
        "catalog_digest": side.catalog_digest or None,
        "planner": side.planner,
        "status": side.result["status"],
        **({"baseline": side.baseline.summary()} if side.baseline else {}),
    }
