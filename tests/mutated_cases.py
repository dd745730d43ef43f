"""Mutated scenarios and catalogs as cases: loaded and built, or solved, each from its seed and number."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from planner import pipeline
from planner.catalog import Catalog
from planner.catalog import load as catalogs
from planner.document import Key, Node, parse
from planner.errors import Fault, InfeasiblePlan, InputError, StoppedByClock
from planner.milp import Model
from planner.pipeline import catalog_of, model_of, solve
from planner.render.console import console_on
from planner.render.sheet import show
from planner.report.terminal import sheets
from planner.scenario import Scenario, load_scenario, overlay
from planner.schema.result import infeasible
from tests.mutations import cells, cut, dumped, mutated

ROOT = Path(__file__).parents[1]
# Small ones, so that most of the time goes into what is mutated, and one with something of every section.
SCENARIOS = ("tests/mutated_scenario.yaml", "scenarios/tiny.yaml")
BAD = "bad input"
# A mutated scenario that is to be solved is looked for so many times.
TRIES = 30
# What an engine takes long for is to prove, which is not what is tried here: a few are solved closely.
GAP, CLOSE, CLOSELY = 0.15, 0.05, 0.04
# Reading YAML takes longer than all else. One text in eight is read whole; the others say that they are in blocks, of
# which only the changed ones are read anew.
WHOLE = 0.125
IN_BLOCKS = "# in blocks\n"
BLOCK = re.compile(r"^(?=[^ \-])", re.MULTILINE)
TIME_LIMIT_S = 100.0
# What is wrong with a whole file, and stands on no line of it.
WHOLE_FILES = (
    "this file is empty",
    "this is not a text file",
    "this is nested too deeply",
    "this folder holds no",
    "no catalog file has this name",
)


@lru_cache(maxsize=64)
def document_of(path: Path) -> tuple[str, Any]:
    """A shipped file as text and as what it says; each process reads it once."""
    text = path.read_text(encoding="utf-8")
    return text, YAML(typ="safe", pure=True).load(text)


def read_once() -> None:
    """From now on this process reads what no case changes once: the shipped catalog, and parts of scenarios."""
    read, load = catalogs._read, catalogs.load_catalog
    shipped = catalogs._opened(catalogs.builtin_folder(), catalogs.BUILTIN)
    content, whole = read(shipped, []), load([catalogs.BUILTIN])

    def _read(folder: Any, faults: list[Fault]) -> Any:
        return content if folder.shown == catalogs.BUILTIN else read(folder, faults)

    def load_catalog(names: Sequence[str], base: Path | None = None) -> Catalog:
        return whole if list(names) == [catalogs.BUILTIN] else load(names, base)

    vars(catalogs)["_read"] = _read
    vars(pipeline)["load_catalog"] = load_catalog
    vars(overlay)["parse"] = parsed


def parsed(text: str, file: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """What ``parse`` makes of a text; of most that are in blocks block by block, each with lines of its own."""
    if not text.startswith(IN_BLOCKS):
        return parse(text, file)
    fields: dict[Key, Node] = {}
    faults: list[Fault] = []
    for block in BLOCK.split(text.removeprefix(IN_BLOCKS)):
        node, wrong = part_of(block, file)
        faults.extend(wrong)
        if node is not None and isinstance(node.value, dict):
            fields.update(node.value)
    return Node(fields, file, 1), tuple(faults)


@lru_cache(maxsize=1024)
def part_of(text: str, file: str) -> tuple[Node | None, tuple[Fault, ...]]:
    """``parse``, which remembers more."""
    return parse(text, file)


def scenario_text(number: int, rng: random.Random) -> str:
    """A shipped scenario, mutated."""
    text, document = document_of(ROOT / SCENARIOS[number % len(SCENARIOS)])
    if rng.random() < 0.1:
        return cut(text, rng)
    text = dumped(mutated(document, rng))
    return text if rng.random() < WHOLE else IN_BLOCKS + text


def catalog_file(folder: Path, rng: random.Random) -> None:
    """One file of the shipped catalog in ``folder``, mutated; the rest of it is laid under."""
    shipped = ROOT / "catalogs"
    files = sorted(path.relative_to(shipped) for path in shipped.rglob("*") if path.suffix in (".csv", ".yaml"))
    name = rng.choice(files)
    table = name.suffix == ".csv"
    text = (shipped / name).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    if table and len(lines) > 40:
        first = rng.randrange(1, len(lines) - 30)
        text = "".join([lines[0], *lines[first : first + 30]])
    if rng.random() < 0.2:
        text = cut(text, rng)
    else:
        text = cells(text, rng) if table else dumped(mutated(document_of(shipped / name)[1], rng))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(errors="surrogatepass"))


def run_scenario(number: int, seed: int, folder: Path) -> str:
    """Load and build a mutated scenario."""
    rng = random.Random(f"{seed} scenario {number}")
    (folder / "s.yaml").write_bytes(scenario_text(number, rng).encode(errors="surrogatepass"))
    return outcome(folder / "s.yaml", built)


def run_solve(number: int, seed: int, folder: Path) -> str:
    """Solve the first of some mutated scenarios that can be built."""
    rng = random.Random(f"{seed} solve {number}")
    gap = CLOSE if rng.random() < CLOSELY else GAP
    for _ in range(TRIES):
        (folder / "s.yaml").write_bytes(scenario_text(number, rng).encode(errors="surrogatepass"))
        end = outcome(folder / "s.yaml", lambda scenario: solved(scenario, gap))
        if end != BAD:
            break
    return end


def run_catalog(number: int, seed: int, folder: Path) -> str:
    """Load and build a scenario over a mutated file of a catalog."""
    rng = random.Random(f"{seed} catalog {number}")
    catalog_file(folder / "own", rng)
    text, _ = document_of(ROOT / "scenarios" / "tiny.yaml")
    text = text.replace("catalogs: [builtin]", "catalogs: [builtin, own]")
    text = text.replace("  providers: {allow: [together]}\n", "").replace("token_api: false", "token_api: true")
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    return outcome(folder / "s.yaml", built)


RUNS: dict[str, Callable[[int, int, Path], str]] = {
    "scenario": run_scenario,
    "catalog": run_catalog,
    "solve": run_solve,
}


def outcome(path: Path, ends: Callable[[Scenario], str]) -> str:
    """How a scenario ends: as a plan, or in sentences."""
    try:
        return ends(load_scenario(path))
    except InputError as error:
        for fault in error.faults:
            if not (fault.file and (fault.line or fault.field or fault.message.startswith(WHOLE_FILES))):
                raise AssertionError(f"a fault without a place: {fault}") from error
        return BAD


def built(scenario: Scenario) -> str:
    """The matrix of a scenario, which has to be numbers."""
    check_numbers(model_of(scenario, catalog_of(scenario)))
    return "built"


def check_numbers(model: Model) -> None:
    """No part of a matrix, or of its relaxation, is without a value, and no coefficient without an end."""
    milp = model.milp
    for part in (milp.row_lower, milp.row_upper, milp.lower, milp.upper):
        assert not np.isnan(part).any(), "a bound is no number"
    for part in (milp.cost, milp.data):
        assert np.isfinite(part).all(), "a coefficient is no finite number"
    if model.relaxation is not None:
        check_numbers(model.relaxation)


def solved(scenario: Scenario, gap: float) -> str:
    """The plan of a scenario, with all that is shown of it."""
    catalog = catalog_of(scenario)
    try:
        plan = solve(scenario, catalog, gap=gap, time_limit_s=TIME_LIMIT_S)
    except InfeasiblePlan as error:
        if not error.relaxations:
            raise AssertionError("no plan, and nothing to relax") from error
        infeasible(scenario, error)
        return "infeasible"
    except StoppedByClock:
        return "stopped by the clock"
    plan.to_json()
    console = console_on(io.StringIO())
    for sheet in sheets(plan, scenario, catalog):
        show(sheet, console)
    return "solved"
