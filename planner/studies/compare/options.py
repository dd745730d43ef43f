"""Named alternatives: a scenario with only some ways of getting tokens left, such as buying alone or Hopper alone."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from planner.catalog import Catalog
from planner.errors import InputError
from planner.scenario import Scenario

# What each name leaves. Joined by +, what any of them leaves: ``buy+rent`` buys and rents by the hour.
WAYS = {
    "mixed": "everything the scenario allows",
    "plan": "everything the scenario allows",
    "buy": "systems bought",
    "reserve": "contracts for a term",
    "rent": "on demand and spot, by the hour",
    "api": "token APIs",
}
GENERATIONS = {"hopper": "Hopper systems, bought or rented", "blackwell": "Blackwell systems, Ultra among them"}
KNOWN = (*WAYS, *GENERATIONS)
# Names of what leaves everything.
EVERYTHING = ("mixed", "plan")


def option_words(name: str) -> str:
    """What an option leaves, in words."""
    ways = [WAYS[word] for word in name.split("+") if word in WAYS and word not in EVERYTHING]
    generations = [GENERATIONS[word] for word in name.split("+") if word in GENERATIONS]
    if not ways and not generations:
        return WAYS["mixed"]
    return "only " + "; only ".join(" or ".join(group) for group in (ways, generations) if group)


def check_options(names: Iterable[str]) -> tuple[str, ...]:
    """The options' names, each once. Raises InputError for one that is unknown or given twice, naming the nearest."""
    found: list[str] = []
    for name in names:
        for word in name.split("+"):
            if word not in KNOWN:
                close = difflib.get_close_matches(word, KNOWN, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(KNOWN)}, or some joined by +"
                raise InputError(f"--options {name}: there is no option '{word}'; {hint}")
        if name in found:
            raise InputError(f"--options {name}: this is given twice")
        found.append(name)
    if not found:
        raise InputError(f"--options: this is empty; name some of {', '.join(KNOWN)}")
    return tuple(found)


def option(scenario: Scenario, catalog: Catalog, name: str) -> Scenario:
    """``scenario`` with only what the option leaves; what is owned or signed already stays.

    Raises InputError for an unknown name.
    """
    (name,) = check_options([name])
    words = set(name.split("+"))
    changed = _of_generations(scenario, catalog, words & set(GENERATIONS))
    ways = words & set(WAYS)
    return changed if not ways or ways & set(EVERYTHING) else _by_ways(changed, ways)


def _by_ways(scenario: Scenario, ways: set[str]) -> Scenario:
    kept = {"reserved": "reserve" in ways, "on_demand": "rent" in ways, "spot": "rent" in ways}
    procurement = scenario.procurement
    changes: dict[str, Any] = {
        "buy": procurement.buy and "buy" in ways,
        "rent": tuple(kind for kind in procurement.rent if kept[kind]),
        "token_api": procurement.token_api and "api" in ways,
    }
    return scenario.model_copy(update={"procurement": procurement.model_copy(update=changes)})


def _of_generations(scenario: Scenario, catalog: Catalog, generations: Sequence[str] | set[str]) -> Scenario:
    if not generations:
        return scenario
    systems = scenario.procurement.systems
    fitting = tuple(
        name
        for name, system in sorted(catalog.systems.items())
        if any(system.generation.startswith(generation) for generation in generations)
        and (systems.allow is None or name in systems.allow)
    )
    rules = systems.model_copy(update={"allow": fitting})
    procurement = scenario.procurement.model_copy(update={"systems": rules})
    return scenario.model_copy(update={"procurement": procurement})
