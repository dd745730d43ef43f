"""Large fleets, each planned in a process of its own: ``python -m tests.benchmarks.large [--gap 0.001] [SIZE …]``.

A size is months × sites × provider regions × workloads: ``60x6x24x8``. It prints CPU seconds, the peak of memory and
what is proven, and over all sizes how the relaxation grows with the columns.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
from typing import Any
from unittest.mock import patch

import numpy as np

from planner.milp import build_model
from planner.problem import build_problem
from planner.render.markdown import table
from planner.solvers.answer import Options, relative_gap
from planner.solvers.optimise import optimise, scale_of
from tests.benchmarks.fleet import fleet

SIZES = ("60x6x24x8", "36x6x24x8", "48x4x12x6")
HEADER = ("fleet", "columns", "build, CPU s", "plan, CPU s", "relaxation, CPU s", "above it, %", "proven, %", "MB")


def main() -> None:
    """Run the sizes one after another, or in a process of its own one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds of wall clock for a search")
    parser.add_argument("--one", action="store_true")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_planned(asked.sizes[0], asked.gap, asked.limit)))
        return
    found = []
    for size in asked.sizes:
        command = [sys.executable, "-m", "tests.benchmarks.large", "--one", size]
        command += ["--gap", str(asked.gap), "--limit", str(asked.limit)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found.append((size, json.loads(ran.stdout)))
        print(size, ran.stdout.strip(), file=sys.stderr, flush=True)
    print(table(HEADER, [_row(size, values) for size, values in found]))
    if len(found) > 2:
        logs = np.log([[values["columns"], values["relaxation_cpu_s"]] for _, values in found])
        power = np.polyfit(logs[:, 0], logs[:, 1], 1)[0]
        print(f"\nThe relaxation grows with the columns to the power of {power:.2f}.")


def _row(size: str, values: dict[str, float]) -> tuple[str, ...]:
    return (
        " × ".join(size.split("x")),
        f"{values['columns']:,.0f}",
        f"{values['build_cpu_s']:.1f}",
        f"{values['plan_cpu_s']:.1f}",
        f"{values['relaxation_cpu_s']:.1f}",
        f"{100 * values['above']:.3f}",
        f"{100 * values['gap']:.3f}",
        f"{values['mb']:.0f}",
    )


def _planned(size: str, gap: float, limit: float) -> dict[str, float]:
    began = _cpu_s()
    model = build_model(build_problem(*fleet(*map(int, size.split("x"))), whole=False))
    built = _cpu_s()
    relaxed_s: list[float] = []

    def timed(*arguments: Any) -> Any:
        started = _cpu_s()
        found = scale_of(*arguments)
        relaxed_s.append(_cpu_s() - started)
        return found

    with patch("planner.solvers.optimise.scale_of", timed):
        answer = optimise(model, model.milp, "auto", Options(gap=gap, time_limit_s=limit))
    relaxation = next(leg for leg in answer.legs if leg.name == "relaxation")
    return {
        "columns": model.milp.columns,
        "build_cpu_s": built - began,
        "plan_cpu_s": _cpu_s() - built,
        "relaxation_cpu_s": relaxed_s[0],
        "above": relative_gap(answer.objective, -math.inf if relaxation.bound is None else relaxation.bound),
        "gap": relative_gap(answer.objective, answer.bound),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _cpu_s() -> float:
    mine, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime


if __name__ == "__main__":
    main()
