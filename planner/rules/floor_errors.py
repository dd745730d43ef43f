"""How far extrapolated points are off lengths that they have not seen: two tables of docs/work-model.md.

Each length of each configuration is left out in turn, its coefficients fitted and its points carried without it.
``python -m planner.rules.floor_errors`` prints the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import ServingPoint
from planner.frozen import dataclass
from planner.render.markdown import table
from planner.rules.attention import has_attention
from planner.rules.extrapolated import Anchored, Extrapolator, derating, tpot_derating, ttft_derating
from planner.rules.families import Family, families, family, gpu_seconds, shape_of
from planner.rules.stages import split_of
from planner.rules.work import Lengths
from planner.rules.work_errors import FEWEST_SHAPES, TPOT_TARGETS_MS, left_out

COLUMNS = ("model", "system", "mode", "drafts", "points", "work", "covered", "TPOT", "covered", "TTFT", "covered")
RULES = ("rule", "TPOT at most, ms", "lengths", "median error", "90 % within", "bias")


@dataclass(frozen=True)
class Carried:
    """A measured point, and what the other lengths of its configuration make of it."""

    point: ServingPoint
    found: Anchored

    @property
    def work_error(self) -> float:
        """Extrapolated ÷ measured − 1, before the derating."""
        return self.found.gpu_seconds / gpu_seconds(self.point) - 1

    @property
    def tpot_error(self) -> float:
        """The same of TPOT."""
        return self.found.tpot_ms / self.point.tpot_ms - 1

    @property
    def ttft_error(self) -> float:
        """The same of TTFT."""
        return self.found.ttft_ms / _ttft_ms(self.point) - 1


def carried(catalog: Catalog) -> list[Carried]:
    """Every point whose length was left out, where another length was measured at its replica and load."""
    able = [
        point
        for point in catalog.serving.values()
        if (point.mode == "agg" or split_of(point) is not None)
        and not point.derivation
        and has_attention(catalog.models.get(point.model))
    ]
    found: list[Carried] = []
    for _, group in sorted(families(able, catalog).items()):
        # No other model and no other mode tells anything of these.
        alike = [point for point in able if (point.model, point.mode) == (group[0].model, group[0].mode)]
        for shape in sorted({shape_of(point) for point in group}):
            found += _without(alike, group, shape, catalog)
    return found


def _without(
    alike: Sequence[ServingPoint], group: Sequence[ServingPoint], shape: Lengths, catalog: Catalog
) -> Iterator[Carried]:
    out = [point for point in group if shape_of(point) == shape]
    left_out = {id(point) for point in out}
    known = Extrapolator([point for point in alike if id(point) not in left_out], catalog)
    parents = known.alike([point for point in group if id(point) not in left_out])
    for point in out:
        anchors = parents.get(known.replica(point))
        if anchors and known.efficiency(anchors[0]) is not None:
            latencies = [(_ttft_ms(parent), parent.tpot_ms) for parent in anchors]
            yield Carried(point, known.anchored(anchors, shape, 0.0, latencies))


def _ttft_ms(point: ServingPoint) -> float:
    return float("nan") if point.ttft_ms is None else point.ttft_ms


def point_table(catalog: Catalog) -> str:
    """The errors of extrapolated points by model, system, mode and drafts, as Markdown."""
    rows = carried(catalog)
    keys = sorted({_key(row.point) for row in rows})
    lines: list[tuple[str, ...]] = []
    for key in keys:
        these = [row for row in rows if _key(row.point) == key]
        lines.append((*key, str(len(these)), *_errors(these)))
    for mode in sorted({mode for _, _, mode, _ in keys}):
        these = [row for row in rows if row.point.mode == mode]
        lines.append(("all", "", mode, "", str(len(these)), *_errors(these)))
    return table(COLUMNS, lines)


def _key(point: ServingPoint) -> tuple[str, str, str, str]:
    return point.model, point.system, point.mode, "none" if point.spec_decode == "none" else "with"


def _errors(rows: Sequence[Carried]) -> Iterator[str]:
    """Of work, TPOT and TTFT: median, ninth decile and bias, and the share that the derating covers."""
    told: tuple[tuple[Callable[[Carried], float], Callable[[Carried], float]], ...] = (
        (lambda row: row.work_error, lambda row: derating(row.point, shape_of(row.point))),
        (lambda row: row.tpot_error, lambda row: tpot_derating(row.point)),
        (lambda row: row.ttft_error, lambda row: ttft_derating(row.point)),
    )
    for error, factor in told:
        # Not every row states a TTFT.
        known = [row for row in rows if np.isfinite(error(row))]
        yield _quantiles(np.array([error(row) for row in known])) if known else "-"
        covered = [(1 + error(row)) * factor(row) >= 1 for row in known]
        yield f"{100 * np.mean(covered):.0f} %" if known else "-"


def rule_table(catalog: Catalog) -> str:
    """Both rules at the least work that a plan may count on at a TPOT target, each length left out, as Markdown."""
    rows = [row for row in carried(catalog) if row.point.mode == "agg"]
    lines = []
    for tpot_ms in TPOT_TARGETS_MS:
        for rule, errors in (
            ("floors, anchored", floors_left_out(rows, tpot_ms)),
            ("plane", plane_left_out(catalog, tpot_ms)),
        ):
            target = "any" if np.isinf(tpot_ms) else f"{tpot_ms:g}"
            lines.append((rule, target, str(len(errors)), *_figures(np.array(errors))))
    return table(RULES, lines)


def floors_left_out(rows: Sequence[Carried], tpot_ms: float) -> list[float]:
    """Errors of the least work at a TPOT target, of configurations with three lengths or more there."""
    best: dict[tuple[Family, Lengths], tuple[float, float]] = {}
    for row in rows:
        key = family(row.point), shape_of(row.point)
        told, seen = best.get(key, (np.inf, np.inf))
        if row.found.tpot_ms <= tpot_ms:
            told = min(told, row.found.gpu_seconds)
        if row.point.tpot_ms <= tpot_ms:
            seen = min(seen, gpu_seconds(row.point))
        best[key] = told, seen
    known = [(key[0], told / seen - 1) for key, (told, seen) in best.items() if np.isfinite([told, seen]).all()]
    lengths = Counter(configuration for configuration, _ in known)
    return [error for configuration, error in known if lengths[configuration] >= FEWEST_SHAPES]


def plane_left_out(catalog: Catalog, tpot_ms: float) -> list[float]:
    """The same of the plane, of aggregated configurations."""
    return [row.error for row in left_out(catalog, tpot_ms) if row.family[4] == "agg"]


def _quantiles(errors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return " / ".join(_figures(errors))


def _figures(errors: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[str, ...]:
    """Median and ninth decile of their sizes, and the median of themselves; never a zero with a sign."""
    size = np.abs(errors)
    told = (np.median(size), np.quantile(size, 0.9), np.median(errors))
    return tuple(f"{round(100 * float(value)) + 0} %" for value in told)


if __name__ == "__main__":
    shipped = load_catalog(["builtin"])
    print(rule_table(shipped))
    print(point_table(shipped), end="")
