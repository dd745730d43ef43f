"""The page and the board page by axe-core, in light and in dark, with everything on it unfolded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.report.html.board import board_page
from tests.browser import chromium
from tests.reports import Made, either_page, several_page, tiny_page  # noqa: F401

pytestmark = pytest.mark.browser

# Where npm has put axe-core's axe.min.js.
AXE = "AXE_CORE"
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
RUN = """
const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then(
  found => done(found.violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html)])),
  error => done([["critical", String(error), []]]))
"""


@pytest.fixture(scope="module")
def axe() -> str:
    where = os.environ.get(AXE, "")
    if not where or not Path(where).is_file():
        pytest.skip(f"no axe-core: npm install axe-core in a folder, and set {AXE} to its axe.min.js")
    return Path(where).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def found_by(axe: str, driver: Any, file: Path, scheme: str) -> list[Any]:
    """Impact, rule and elements of each finding of a page in one colour scheme."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get(file.as_uri())
    driver.execute_script(UNFOLD)
    # Toggling is told a task later, and draws.
    driver.execute_async_script("setTimeout(arguments[0], 100)")
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    found: list[Any] = driver.execute_async_script(RUN)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(axe: str, driver: Any, either: Made, tmp_path: Path, scheme: str) -> None:
    file = tmp_path / "plan.html"
    file.write_text(either.page, encoding="utf-8")
    assert found_by(axe, driver, file, scheme) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_board_page(axe: str, driver: Any, tiny: Made, tmp_path: Path, scheme: str) -> None:
    file = tmp_path / "board.html"
    file.write_text(board_page(tiny.plan, tiny.scenario, tiny.catalog, tiny.beside), encoding="utf-8")
    assert found_by(axe, driver, file, scheme) == []


def test_axe_finds_what_is_wrong(axe: str, driver: Any, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<html><body><img src='data:,'><p style='color:#eee'>Pale on white</p></body></html>")
    rules = {rule for _, rule, _ in found_by(axe, driver, file, "light")}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= rules
