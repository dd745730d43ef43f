"""Engines on the sixty instances, each to the same gap, in seconds of CPU: ``python -m tests.benchmarks.race``.

Each solve runs in a process of its own, so that neither memory nor warm caches of another count. What is broken off at
``--limit`` seconds of wall clock counts as that long. ``--keep FILE`` keeps every solve, so that the race goes on where
it was stopped, and other instances can be added to it.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

from planner import solvers
from planner.render.markdown import table
from planner.solvers.answer import Answer, Options, relative_gap
from planner.solvers.optimise import optimise
from planner.solvers.scaling import from_costs
from tests.benchmarks.instances import instances

OURS = "auto"
PEERS = ("scip", "highs", "pulp:cbc")


def main() -> None:
    """Run the race, or in a process of its own one solve of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gap", type=float, default=0.001)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds of wall clock for a solve")
    parser.add_argument("--every", type=int, default=1, help="one instance out of so many")
    parser.add_argument("--engines", default=",".join((OURS, *PEERS)))
    parser.add_argument("--keep", type=Path, help="a file of what was measured, a line a solve")
    parser.add_argument("--one", nargs=2, metavar=("INSTANCE", "ENGINE"))
    asked = parser.parse_args()
    if asked.one:
        name, engine = asked.one
        print(json.dumps(_solved(name, engine, asked.gap, asked.limit)))
        return
    engines: list[str] = asked.engines.split(",")
    kept = _kept(asked.keep)
    rows: list[list[str]] = []
    seconds: dict[str, list[float]] = {engine: [] for engine in engines}
    for instance in list(instances())[:: asked.every]:
        row = [instance.name]
        for engine in engines:
            key = f"{instance.name}, {engine}, {asked.gap:g}, {asked.limit:g}"
            if key not in kept:
                kept[key] = _apart(instance.name, engine, asked.gap, asked.limit)
                _keep(asked.keep, key, kept[key])
            found = kept[key]
            seconds[engine].append(found["cpu_s"])
            row.append(f"{found['cpu_s']:.1f}" + ("" if found["closed"] else f" ({100 * found['gap']:.2g} %)"))
        rows.append(row)
        print(" | ".join(row), flush=True)
    means = [f"{math.exp(math.fsum(map(math.log, seconds[engine])) / len(rows)):.2f}" for engine in engines]
    print(table(("instance", *engines), [*rows, ["geometric mean", *means]]))


def _kept(file: Path | None) -> dict[str, dict[str, float]]:
    if file is None or not file.exists():
        return {}
    return {line["solve"]: line["found"] for line in map(json.loads, file.read_text().splitlines())}


def _keep(file: Path | None, key: str, found: dict[str, float]) -> None:
    if file is not None:
        with file.open("a") as lines:
            lines.write(json.dumps({"solve": key, "found": found}) + "\n")


def _apart(name: str, engine: str, gap: float, limit: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.race", "--gap", str(gap), "--limit", str(limit)]
    try:
        ran = subprocess.run(
            [*command, "--one", name, engine], capture_output=True, text=True, check=True, timeout=4 * limit + 60
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return {"cpu_s": limit, "closed": False, "gap": math.inf}
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def _solved(name: str, engine: str, gap: float, limit: float) -> dict[str, float | bool]:
    model = next(instance for instance in instances() if instance.name == name).build()
    options, began, wall = Options(gap=gap, time_limit_s=limit), _cpu_s(), time.monotonic()
    if engine == OURS:
        answer = optimise(model, model.milp, OURS, options)
    else:
        # Each engine gets what its own users would give it: the whole matrix, scaled, and the gap.
        answer = solvers.run(model.milp.scaled(from_costs(model.milp.cost)), engine, options)
    left = _gap(answer)
    spent = _cpu_s() - began
    closed = left <= gap * 1.05
    return {
        "cpu_s": spent if closed else max(spent, limit),
        "wall_s": time.monotonic() - wall,
        "closed": closed,
        "gap": left,
    }


def _gap(answer: Answer) -> float:
    """What is open; nothing where an engine without a bound says that it is done, or that there is no plan."""
    if answer.status == "infeasible":
        return 0.0
    if answer.x is None:
        return math.inf
    if not math.isfinite(answer.bound):
        return 0.0 if answer.status == "optimal" else math.inf
    return relative_gap(answer.objective, answer.bound)


def _cpu_s() -> float:
    mine, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime


if __name__ == "__main__":
    main()
