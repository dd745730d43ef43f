"""The templates of the pages, those of the report among them; light, for the server loads no plan."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

REPORT = "planner.report.html"
FROM_REPORT = ("first.html.j2", "parts.html.j2")
OWN = ("page.html.j2", "bound.html.j2", "answer.html.j2", "message.html.j2")


@cache
def _environment() -> Environment:
    texts = {name: _text(REPORT, name) for name in FROM_REPORT} | {name: _text(__package__, name) for name in OWN}
    return Environment(
        loader=DictLoader(texts),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def render(template: str, **parts: Any) -> str:
    """A template as text that any file can hold."""
    return _environment().get_template(template).render(**parts).encode("utf-8", "replace").decode()


@cache
def style() -> str:
    """The report's style sheet, and what these pages add to it."""
    return _text(REPORT, "page.css") + _text(__package__, "serve.css")


@cache
def script() -> str:
    """The one script of these pages."""
    return _text(__package__, "serve.js")


@cache
def plotly() -> bytes:
    """Plotly, as its package has it."""
    found = importlib.util.find_spec("plotly")
    assert found is not None
    assert found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js").read_bytes()


def _text(package: str | None, name: str) -> str:
    return files(package or "").joinpath(name).read_text(encoding="utf-8")
