"""How far the work model is off a shape that it was not fitted on: the table and the plot of docs/work-model.md.

``python -m planner.rules.work_errors docs/work-model.svg`` draws the plot, and prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from planner.catalog import Catalog, load_catalog
from planner.catalog.models import ServingPoint
from planner.frozen import dataclass
from planner.render.markdown import table
from planner.rules.families import families, fit_of, gpu_seconds, least_work, shape_of
from planner.rules.work import Lengths

if TYPE_CHECKING:
    from planner.render.plots import Picture

# Leaving one of two shapes out leaves one, and a fit on one shape says nothing.
FEWEST_SHAPES = 3
TPOT_TARGETS_MS = (25.0, 50.0, np.inf)
COLUMNS = (
    "system",
    "model",
    "evidence",
    "TPOT at most, ms",
    "configurations",
    "median error of the fit",
    "largest",
    "median error left out",
    "largest",
)


@dataclass(frozen=True)
class LeftOut:
    """A configuration's shape at a TPOT target: measured, fitted with it, and predicted by the fit on the others."""

    family: tuple[str, ...]
    tpot_ms: float
    shape: Lengths
    measured: float
    fitted: float
    predicted: float

    @property
    def fit_error(self) -> float:
        """Fitted ÷ measured − 1."""
        return self.fitted / self.measured - 1

    @property
    def error(self) -> float:
        """Predicted ÷ measured − 1, of the fit that has not seen the shape."""
        return self.predicted / self.measured - 1


def left_out(catalog: Catalog, tpot_ms: float = np.inf) -> list[LeftOut]:
    """Every shape of every configuration with three or more at ``tpot_ms``, left out of the fit in turn."""
    points = [point for point in catalog.serving.values() if not point.derivation and point.tpot_ms <= tpot_ms]
    found = []
    for family, group in sorted(families(points, catalog).items()):
        best = tuple(least_work(group).values())
        if len(best) >= FEWEST_SHAPES:
            found += [_left_out(family, tpot_ms, best, index) for index in range(len(best))]
    return found


def _left_out(family: tuple[str, ...], tpot_ms: float, best: tuple[ServingPoint, ...], index: int) -> LeftOut:
    shape = shape_of(best[index])
    return LeftOut(
        family,
        tpot_ms,
        shape,
        gpu_seconds(best[index]),
        fit_of(best).gpu_seconds(*shape),
        fit_of(best[:index] + best[index + 1 :]).gpu_seconds(*shape),
    )


def error_table(catalog: Catalog) -> str:
    """The errors by system, model, class of evidence and TPOT target, as Markdown."""
    return table(COLUMNS, _lines(catalog))


def _lines(catalog: Catalog) -> Iterator[tuple[str, ...]]:
    rows = [row for tpot_ms in TPOT_TARGETS_MS for row in left_out(catalog, tpot_ms)]
    keys = sorted({(row.family[1], row.family[0], row.family[-1], row.tpot_ms) for row in rows})
    for system, model, evidence, tpot_ms in keys:
        these = [
            row
            for row in rows
            if (row.family[1], row.family[0], row.family[-1], row.tpot_ms) == (system, model, evidence, tpot_ms)
        ]
        fit = np.abs([row.fit_error for row in these])
        out = np.abs([row.error for row in these])
        yield (
            system,
            model,
            evidence,
            "any" if np.isinf(tpot_ms) else f"{tpot_ms:g}",
            str(len({row.family for row in these})),
            *(f"{100 * share:.0f} %" for share in (np.median(fit), fit.max(), np.median(out), out.max())),
        )


def plot(catalog: Catalog, path: Path, tpot_ms: float = 50.0) -> None:
    """Measured against predicted GPU-seconds of the shapes left out at ``tpot_ms``, as a file."""
    from planner.render.plots import write_plot

    write_plot(path, picture(left_out(catalog, tpot_ms), tpot_ms))


def picture(rows: Sequence[LeftOut], tpot_ms: float) -> Picture:
    """A mark for each shape and model, and lines where the fit is right, or off by a factor of two."""
    # A plan asks for the errors, and draws nothing.
    from planner.render.colours import PALETTE
    from planner.render.lines import Cloud, clouds

    things = [
        Cloud(model, PALETTE[index % len(PALETTE)], (), _of(model, rows), joined=False)
        for index, model in enumerate(sorted({row.family[0] for row in rows}))
    ]
    within = sum(0.5 <= row.predicted / row.measured <= 2 for row in rows)
    return clouds(
        f"{within} of {len(rows)} shapes left out of the work model are predicted within a factor of two.",
        "measured, GPU-seconds per request",
        "predicted by the other shapes, GPU-seconds",
        things,
        f"At most {tpot_ms:g} ms per output token. Line: as measured; dotted: twice and half. Axes are logarithmic.",
        factors=(1.0, 2.0, 0.5),
    )


def _of(model: str, rows: Sequence[LeftOut]) -> tuple[list[float], list[float]]:
    these = [row for row in rows if row.family[0] == model]
    return [row.measured for row in these], [row.predicted for row in these]


if __name__ == "__main__":
    shipped = load_catalog(["builtin"])
    for argument in sys.argv[1:]:
        plot(shipped, Path(argument))
    print(error_table(shipped), end="")
