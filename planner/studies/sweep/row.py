"""What a sweep tells of a case: the columns of its results, and how a case is solved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from typing_extensions import TypedDict

from planner import bits
from planner._version import __version__
from planner.accounts.account import Account
from planner.accounts.inputs import Floats
from planner.catalog import Catalog
from planner.errors import InfeasiblePlan, InputError, SolverFailure, StoppedByClock
from planner.fields import doc
from planner.frozen import dataclass
from planner.pipeline import Base, optimum
from planner.plan.audited import Audited
from planner.plan.kpis import expected_figures
from planner.scenario import Scenario
from planner.scenario.parts import is_whole

NO_PLAN = "no plan meets every limit"
FIGURES = (
    "npv_usd", "npv_unserved_usd", "levelised_usd_per_mtok_output", "levelised_usd_per_mtok_total",
    "capex_usd", "opex_usd", "peak_cumulative_cash_usd", "peak_provisioned_utility_mw", "energy_mwh", "served_share",
    "tokens_output", "tokens_total",
)  # fmt: skip


class Row(TypedDict):
    """The columns of a sweep's results behind the case's name and what it overrides."""

    status: Annotated[
        Literal["optimal", "feasible", "infeasible", "unknown", "failed"],
        doc("`optimal`: proven to the gap; `feasible`: a plan above it; `unknown`: the search ended without a plan"),
    ]
    reason: Annotated[str, doc("why there is no plan; empty where there is one")]
    reproducible: Annotated[bool, doc("false where the wall clock ended the search, or a worker was killed")]
    gap: Annotated[float | None, doc("proven between the plan and the bound", "share")]
    npv_usd: Annotated[float | None, doc("NPV of all cost over the solved horizon", "USD")]
    bound_usd: Annotated[float | None, doc("no plan costs less, unserved at its value", "USD")]
    npv_unserved_usd: Annotated[float | None, doc("NPV of what is not served, at its value; no cash", "USD")]
    levelised_usd_per_mtok_output: Annotated[float | None, doc("NPV of cost ÷ that of output tokens", "USD per Mtok")]
    levelised_usd_per_mtok_total: Annotated[float | None, doc("NPV of cost ÷ that of all tokens", "USD per Mtok")]
    capex_usd: Annotated[float | None, doc("of the reported periods, undiscounted", "USD")]
    opex_usd: Annotated[float | None, doc("of the reported periods, undiscounted", "USD")]
    peak_cumulative_cash_usd: Annotated[float | None, doc("most paid out up to any period's end", "USD")]
    bought_gpus: Annotated[float | None, doc("in systems bought for the reported periods", "GPUs")]
    signed_gpus: Annotated[float | None, doc("under contracts signed for the reported periods", "GPUs")]
    rented_gpus: Annotated[float | None, doc("by the hour, mean over the reported periods", "GPUs")]
    rented_peak_gpus: Annotated[float | None, doc("by the hour, in the block with most of any future", "GPUs")]
    peak_provisioned_utility_mw: Annotated[float | None, doc("of all sites together, at design PUE", "MW")]
    energy_mwh: Annotated[float | None, doc("drawn at the meters in the reported periods", "MWh")]
    served_share: Annotated[float | None, doc("tokens served ÷ tokens asked for", "share")]
    tokens_output: Annotated[float | None, doc("output tokens served in the reported periods", "tokens")]
    tokens_total: Annotated[float | None, doc("input and output tokens served in them", "tokens")]
    scenario_digest: Annotated[str, doc("of the scenario with the case's overrides")]


@dataclass(frozen=True, eq=False)
class Common:
    """What all cases share: catalogs by digest, and the scenario without their overrides, where it is a scenario."""

    catalogs: Mapping[str, Catalog]
    base: Base | None


@dataclass(frozen=True)
class Task:
    """A case to solve: its scenario, and how. ``catalog`` is the digest of its catalog; ``explained`` as in optimum.

    ``base`` is the digest of the scenario that all cases begin from.
    """

    scenario: Scenario
    scenario_digest: str
    catalog: str
    gap: float
    time_limit_s: float
    solver: str
    explained: bool
    base: str = ""

    @property
    def digest(self) -> str:
        """What its result is kept under: all that a result depends on which no clock ended the search for."""
        said = [__version__, self.scenario_digest, self.catalog, self.gap, self.solver]
        if not is_whole(self.scenario):
            said.append(self.base)
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def solved(common: Common, task: Task) -> dict[str, Any]:
    """The row of a case, by what all of them share."""
    try:
        found = optimum(
            task.scenario,
            common.catalogs[task.catalog],
            solver=task.solver,
            gap=task.gap,
            time_limit_s=task.time_limit_s,
            explained=task.explained,
            base=common.base,
        )
    except InfeasiblePlan as error:
        reason = "; ".join(relaxation.sentence for relaxation in error.relaxations) or NO_PLAN
        return without_plan(task, "infeasible", reason, reproducible=not error.stopped)
    except StoppedByClock as error:
        return without_plan(task, "unknown", str(error), reproducible=False)
    except (SolverFailure, InputError) as error:
        return without_plan(task, "unknown" if isinstance(error, SolverFailure) else "failed", str(error))
    return _row(found, task)


def without_plan(task: Task, status: str, reason: str, *, reproducible: bool = True) -> dict[str, Any]:
    """The row of a case that has no plan, or of which none is known."""
    row: dict[str, Any] = dict.fromkeys(Row.__annotations__)
    return row | {
        "status": status,
        "reason": " ".join(reason.split()),
        "reproducible": reproducible,
        "scenario_digest": task.scenario_digest,
    }


def _row(found: Audited, task: Task) -> dict[str, Any]:
    figures = expected_figures(found.model.problem, found.account, found.totals)
    row = without_plan(task, found.status, "", reproducible=found.proof.reproducible)
    bound = found.proof.best_bound_usd
    row |= {"gap": found.proof.gap, "bound_usd": bound} | {name: figures[name] for name in FIGURES}
    row |= _gpus(found.account)
    return {name: _plain(value) for name, value in row.items()}


def _gpus(account: Account) -> dict[str, float]:
    """GPUs by how they come, expected over the futures; the peak is of any of them."""
    inputs, holdings, timeline = account.inputs, account.holdings, account.inputs.timeline
    reported, hours = timeline.reported, timeline.block_hours[: timeline.reported]
    per_system = np.array([system.gpus for system in inputs.systems], dtype=float)
    per_lot = np.array([terms.lot_gpus for terms in inputs.contract_terms], dtype=float)
    bought = holdings.buy[..., :reported].sum(axis=(1, 3))
    signed = holdings.sign[..., :reported].sum(axis=2)
    rented = (holdings.rent[:, :, :reported] * hours).sum(axis=(2, 3)) / hours.sum()
    at_once = (holdings.rent_at_once[:, :, :reported] * per_lot[:, None, None]).sum(axis=1)

    def expected(counts: Floats, gpus: Floats) -> float:
        return float(bits.dot(bits.dot(counts, gpus), inputs.probability))

    return {
        "bought_gpus": expected(bought, per_system),
        "signed_gpus": expected(signed, per_lot),
        "rented_gpus": expected(rented, per_lot),
        "rented_peak_gpus": float(at_once.max(initial=0.0)),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
