"""Random scenarios, each answered by every engine, and by the planner without its reductions: all have to agree.

Run by hand, for minutes; the same seed draws the same cases::

    python tests/verified.py --cases 200 --seed 1

A case agrees where the engines' proven intervals overlap, where every plan passes its audit, and where each optimum
without a reduction meets the one with all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1]))

from planner.errors import InfeasiblePlan, InputError
from planner.problem import Reductions
from planner.studies.verify.study import verify
from tests.limits import AMPLE_S
from tests.strategies import Case, cases, solved

GAP = 1e-4
WITHOUT = {
    "points": Reductions(points=False),
    "pools": Reductions(pools=False),
    "offers": Reductions(offers=False),
    "bounds": Reductions(bounds=False),
    "all": Reductions(points=False, pools=False, offers=False, bounds=False),
}


def faults(case: Case) -> list[str]:
    """What does not agree about ``case``; raises InfeasiblePlan where all say that there is no plan."""
    found = verify(case.scenario, case.catalog, GAP, AMPLE_S)
    ours = solved(case, gap=GAP)
    without = [name for name, left in WITHOUT.items() if not ours.meets(solved(case, gap=GAP, reductions=left))]
    return [*found.conflicts, *(f"without the reduction of {name} the optimum is another" for name in without)]


def main() -> int:
    """Draw, ask, count; one line for each case that does not agree."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cases", type=int, default=200)
    asked.add_argument("--seed", type=int, default=1)
    given_by = asked.parse_args()
    counts: Counter[str] = Counter()

    @seed(given_by.seed)
    @settings(
        max_examples=given_by.cases, database=None, deadline=None, phases=[Phase.generate],
        verbosity=Verbosity.quiet, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases(objective=None))
    def ask(case: Case) -> None:
        try:
            wrong = faults(case)
        except InfeasiblePlan:
            counts["without a plan"] += 1
            return
        except InputError:
            counts["refused"] += 1
            return
        counts["disagree" if wrong else "agree"] += 1
        for line in wrong:
            print(f"{line}: {case!r}", flush=True)

    ask()
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    return 1 if counts["disagree"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
