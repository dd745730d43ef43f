"""Solving in a fresh process: the way out where a host program has loaded highspy before OR-Tools.

``python -m planner.solvers.process`` reads a pickled call from standard input and writes its answer.
"""

from __future__ import annotations

import pickle
import subprocess
import sys

from planner.errors import SolverFailure
from planner.milp.matrix import Milp
from planner.solvers.answer import Answer, Basis, Floats, Options
from planner.streams import keep_stdout


def solve(milp: Milp, engine: str, options: Options, hint: Floats | Basis | None = None) -> Answer:
    """``planner.solvers.ortools.solve`` in a process that has loaded nothing before OR-Tools."""
    call = pickle.dumps((milp, engine, options, hint))
    child = subprocess.run([sys.executable, "-m", "planner.solvers.process"], input=call, capture_output=True)
    if child.returncode:
        last = child.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise SolverFailure(f"OR-Tools failed in a process of its own: {last[0]}")
    answer = pickle.loads(child.stdout)
    assert isinstance(answer, Answer)
    return answer


def _main() -> None:
    from planner.solvers import ortools

    keep_stdout()
    answer = ortools.solve(*pickle.load(sys.stdin.buffer))
    sys.stdout.buffer.write(pickle.dumps(answer))


if __name__ == "__main__":
    _main()
