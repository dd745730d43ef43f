"""The page's templates, and what every page says of the plan it shows."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from planner._version import __version__
from planner.plan import Plan
from planner.render.sheet import plain
from planner.report.verdict import day, proven
from planner.scenario import Scenario

PAGE, BOARD, FIRST, PARTS = "template.html.j2", "board.html.j2", "first.html.j2", "parts.html.j2"
STYLE, SCRIPT = "page.css", "page.js"


def render(template: str, plan: Plan, scenario: Scenario, **parts: Any) -> str:
    """A template with ``parts``, the plan's name and what it was made of."""
    environment = Environment(
        loader=DictLoader({name: read(name) for name in (PAGE, BOARD, FIRST, PARTS)}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    page = environment.get_template(template).render(
        title=plain(plan.scenario),
        description=plain(scenario.description),
        status=plan.status,
        proven=proven(plan),
        decided_on=day(scenario.horizon.decided_on),
        scenario_digest=plan.scenario_digest,
        catalog_digest=plan.catalog_digest,
        version=__version__,
        style=Markup(read(STYLE)),
        **parts,
    )
    # A name may hold half of a character, which no file can.
    return page.encode("utf-8", "replace").decode()


def in_script(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def read(name: str) -> str:
    """A file that stands beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
