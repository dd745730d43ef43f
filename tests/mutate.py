"""Scenarios and catalogs with one to three things changed in them, loaded, built and solved: nothing may fall over.

Run by hand, for hours or for minutes; every case can be had again by its seed and number::

    python tests/mutate.py --scenarios 100000 --catalogs 20000 --solve 5000 --seed 1

A case passes that ends in a plan or in sentences: of bad input each with its file and its field. What counts: a
traceback, a warning, a matrix that is no numbers, a fault without a place, a case that takes longer than
``--patience``.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import faulthandler
import io
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from ruamel.yaml import YAML

from planner.errors import AuditFailure, InfeasiblePlan, InputError, PlannerError
from planner.pipeline import catalog_of, model_of, solve
from planner.scenario import load_scenario

ROOT = Path(__file__).parents[1]
# Small ones, so that most of the time goes into what is mutated, and one with something of every section.
SCENARIOS = ("tests/mutated_scenario.yaml", "scenarios/tiny.yaml")
NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2, 0.5, 1e-12, 1e-9, 1e-6, 1e-3, 1.5, 7, 99.9, 1e3, 1e6, 1e9, 1e12, 1e15, 1e16, 1e300, 1e308, -1e308,
    float("inf"), float("-inf"), float("nan"), 10**30, 2**63, 2**31, -0.0, True, False,
)  # fmt: skip
BAD = "bad input"
TRIES = 30
FACTORS = (0.5, 2, 10, 0.1, 1e3, 1e-3, 1e6, 1e-6, -1, 1 + 1e-9, 1e9, 1e-9)
WORDS: tuple[Any, ...] = (
    "", " ", "a/b", "a.b", "../x", "x" * 300, "\x1b[31m", "a\nb", "é", "null", "1e5", "2027", "2027-13", "2027-02-30",
    "0000-01-01", "9999-12-31", "builtin", "flat", "-", "[]", "{}", "NaN", "a;b", "=1", "\ud800", "ﬀ", "%s", "{0}",
    None, [], {}, [None], {"a": None}, [[]], {1.5: 2}, {True: 1}, "on_demand", "reserved", "hgx-h200", "fp8", "liquid",
)  # fmt: skip
KEYS: tuple[Any, ...] = ("", "x", 2027, "2027-01", "2040-01", 1.5, "name", "usd", "all")


@dataclass
class Tally:
    """What became of the cases, and those that fell over."""

    ends: Counter[str] = field(default_factory=Counter)
    fell: list[tuple[str, int, str, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.ends.update(other.ends)
        self.fell.extend(other.fell)


class Hung(Exception):
    """A case took longer than anybody waits."""


@contextlib.contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Raises Hung in what takes longer; an engine that does not come back is told by faulthandler."""

    def ring(number: int, frame: Any) -> None:
        raise Hung(f"longer than {seconds} s")

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(4 * seconds, exit=True)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def mutated(document: Any, rng: random.Random) -> Any:
    """A copy of a document with one to three changes."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = list(places(document))
        if not found:
            return document
        numbers = [path for path in found if isinstance(at(document, path), int | float)]
        # What is refused at once has not been far: half of all changes are of a number to another.
        if numbers and rng.random() < 0.5:
            *above, key = rng.choice(numbers)
            _number(at(document, tuple(above)), key, document, rng)
        else:
            *above, key = rng.choice(found)
            change = rng.choice((_value, _value, _value, _drop, _double, _rename, _swap))
            change(at(document, tuple(above)), key, document, rng)
    return document


def _value(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(rng.choice(NUMBERS + WORDS))


def _number(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    known = parent[key]
    if isinstance(known, int | float) and not isinstance(known, bool):
        parent[key] = known * rng.choice(FACTORS)
    else:
        _value(parent, key, document, rng)


def _drop(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    del parent[key]


def _double(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[rng.choice(KEYS)] = copy.deepcopy(parent[key])


def _rename(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    if isinstance(parent, dict):
        parent[rng.choice((*KEYS, f"{key}s", str(key)[:-1], str(key).upper()))] = parent.pop(key)
    else:
        rng.shuffle(parent)


def _swap(parent: Any, key: Any, document: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(at(document, rng.choice(list(places(document)))))


def cut(text: str, rng: random.Random) -> str:
    """A text with a stretch of letters lost, doubled or replaced: what no document comes to."""
    first = rng.randrange(len(text) + 1)
    last = min(len(text), first + rng.choice((1, 2, 5, 40)))
    new = rng.choice(
        ("", text[first:last] * 2, rng.choice("{}[]:,'\"\\\t&*!|>%@`#-?\0\x85\ufeff\u2028"), "\n", "1e999")
    )
    return text[:first] + new + text[last:]


def dumped(document: Any) -> str:
    text = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.dump(document, text)
    return text.getvalue()


def scenario_text(number: int, rng: random.Random) -> str:
    """A shipped scenario, mutated."""
    text = (ROOT / SCENARIOS[number % len(SCENARIOS)]).read_text(encoding="utf-8")
    if rng.random() < 0.1:
        return cut(text, rng)
    return dumped(mutated(YAML(typ="safe", pure=True).load(text), rng))


def catalog_file(folder: Path, rng: random.Random) -> None:
    """One file of the shipped catalog in ``folder``, mutated; the rest of it is laid under."""
    shipped = ROOT / "catalogs"
    files = sorted(path.relative_to(shipped) for path in shipped.rglob("*") if path.suffix in (".csv", ".yaml"))
    name = rng.choice(files)
    lines = (shipped / name).read_text(encoding="utf-8").splitlines(keepends=True)
    if name.suffix == ".csv" and len(lines) > 40:
        first = rng.randrange(1, len(lines) - 30)
        lines = [lines[0], *lines[first : first + 30]]
    text = "".join(lines)
    if name.suffix == ".csv" and rng.random() < 0.8:
        text = _cells(text, rng)
    elif name.suffix == ".yaml" and rng.random() < 0.8:
        text = dumped(mutated(YAML(typ="safe", pure=True).load(text), rng))
    else:
        text = cut(text, rng)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(errors="surrogatepass"))


def _cells(text: str, rng: random.Random) -> str:
    """A table with one to three cells, of the header too, replaced; half of them numbers by others."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.choice((1, 1, 2, 3))):
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        row[at] = str(rng.choice(NUMBERS + WORDS))
        numbers = [place for place, cell in enumerate(row) if cell.replace(".", "", 1).isdecimal()]
        if numbers and rng.random() < 0.6:
            at = rng.choice(numbers)
            row[at] = f"{float(row[at]) * rng.choice(FACTORS):.12g}"
    return "\n".join(",".join(row) for row in rows) + "\n"


def run_scenario(number: int, seed: int, folder: Path, solving: bool) -> str:
    """Load and build a mutated scenario; solve the first of some that can be."""
    rng = random.Random(f"{seed} scenario {number}")
    for _ in range(TRIES if solving else 1):
        (folder / "s.yaml").write_bytes(scenario_text(number, rng).encode(errors="surrogatepass"))
        end = loaded(folder / "s.yaml", solving)
        if end != BAD:
            break
    return end


def run_catalog(number: int, seed: int, folder: Path, solving: bool) -> str:
    """Load and build a scenario over a mutated file of a catalog."""
    rng = random.Random(f"{seed} catalog {number}")
    below = Path(tempfile.mkdtemp(dir=folder))
    catalog_file(below, rng)
    text = (ROOT / "scenarios" / "tiny.yaml").read_text(encoding="utf-8")
    text = text.replace("catalogs: [builtin]", f"catalogs: [builtin, {below.name}]")
    text = text.replace("  providers: {allow: [together]}\n", "").replace("token_api: false", "token_api: true")
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return loaded(folder / "s.yaml", solving)


def loaded(path: Path, solving: bool) -> str:
    """How a scenario ends: as a plan, or in sentences."""
    try:
        scenario = load_scenario(path)
        catalog = catalog_of(scenario)
        model = model_of(scenario, catalog)
        for part in (model.milp.cost, model.milp.data, model.milp.row_upper, model.milp.upper):
            assert not np.isnan(part).any(), "the matrix holds what is no number"
        if not solving:
            return "built"
        plan = solve(scenario, catalog, gap=0.05, time_limit_s=10)
        plan.to_json()
        return "solved"
    except InputError as error:
        placed = all((fault.file and (fault.line or fault.field)) or "/" in fault.file for fault in error.faults)
        if not placed and not solving:
            raise AssertionError(f"a fault without file and field: {error}") from error
        return BAD
    except InfeasiblePlan:
        return "infeasible"
    except AuditFailure:
        raise
    except PlannerError as error:
        return f"no plan: {str(error).partition(';')[0][:40]}"


def block(task: tuple[str, range, int, bool, int]) -> Tally:
    """The cases of a range of numbers, in a process of their own."""
    kind, numbers, seed, solving, seconds = task
    run: Callable[[int, int, Path, bool], str] = run_scenario if kind == "scenario" else run_catalog
    tally = Tally()
    warnings.simplefilter("error", RuntimeWarning)
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with patience(seconds):
                    tally.ends[run(number, seed, Path(folder), solving)] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                trace = traceback.extract_tb(error.__traceback__)
                ours = [step for step in trace if "planner" in step.filename] or list(trace)
                where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
                tally.ends["FELL OVER"] += 1
                tally.fell.append((kind, number, where, f"{type(error).__name__}: {str(error)[:160]}"))
    return tally


def main() -> int:
    """Run what is asked for; 1 where anything fell over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=1000, help="mutated scenarios to load and build")
    parser.add_argument("--catalogs", type=int, default=200, help="mutated files of catalogs to load and build over")
    parser.add_argument("--solve", type=int, default=50, help="mutated scenarios to solve, behind the others")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.add_argument("--patience", type=int, default=60, help="seconds after which a case counts as hung")
    parser.add_argument("--only", default="", help="one case, such as scenario:123 or catalog:7, with its traceback")
    asked = parser.parse_args()
    if asked.only:
        kind, _, number = asked.only.partition(":")
        run = run_catalog if kind == "catalog" else run_scenario
        with tempfile.TemporaryDirectory() as folder:
            print(run(int(number), asked.seed, Path(folder), kind == "solve"))
        return 0
    started, kinds = time.monotonic(), (
        ("scenario", 0, asked.scenarios, False),
        ("catalog", 0, asked.catalogs, False),
        ("scenario", asked.scenarios, asked.scenarios + asked.solve, True),
    )  # fmt: skip
    tasks = [
        (kind, range(start, min(start + 50, end)), asked.seed, solving, asked.patience)
        for kind, first, end, solving in kinds
        for start in range(first, end, 50)
    ]
    total = Tally()
    with get_context("spawn").Pool(asked.jobs, maxtasksperchild=20) as pool:
        for tally in pool.imap_unordered(block, tasks):
            total.add(tally)
    for end, count in total.ends.most_common():
        print(f"{count:8,}  {end}")
    for (where, said), count in Counter((where, said[:60]) for _, _, where, said in total.fell).most_common(40):
        kind, number, _, _ = next(fall for fall in total.fell if fall[2] == where and fall[3][:60] == said)
        print(f"{count:8,}  {where}  {said}  (such as --only {kind}:{number})")
    print(f"{time.monotonic() - started:,.0f} s, seed {asked.seed}")
    return 1 if total.fell else 0


if __name__ == "__main__":
    sys.exit(main())
