"""The page in a browser: its controls work, it logs no error and asks the network for nothing."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.render.bar_table import Bar, Bars
from planner.report.html.board import board_page
from planner.report.html.first import MOST_BARS, MOST_SIGNED, First
from planner.report.html.templates import BOARD, render
from tests.browser import chromium, printed, requests_of
from tests.reports import HOSTILE, IMAGE, Made, check_plots, several_page, tiny_page  # noqa: F401

pytestmark = pytest.mark.browser

READY = "return document.documentElement.dataset.ready === 'true'"
PAPER = "return getComputedStyle(document.body).backgroundColor"
INK = "return document.getElementById('plot-power')._fullLayout.font.color"
LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 28)"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def opened(driver: Any, made: Made, folder: Path) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    file = folder / "plan.html"
    file.write_text(made.page, encoding="utf-8")
    driver.get_log("browser")
    driver.get(file.as_uri())
    WebDriverWait(driver, 60).until(lambda found: found.execute_script(READY))


def quiet(driver: Any) -> None:
    """No error in the console, nothing asked of the network."""
    assert driver.get_log("browser") == []
    assert requests_of(driver) == []


def click(driver: Any, selector: str) -> None:
    driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center'})", driver.find_element("css selector", selector)
    )
    driver.find_element("css selector", selector).click()


def unfold(driver: Any) -> None:
    """Open every part of the page; plots are drawn as they are seen."""
    driver.execute_script("for (const part of document.querySelectorAll('details.part')) part.open = true")
    # Toggling is told a task later.
    driver.execute_async_script("setTimeout(arguments[0], 0)")


def media(driver: Any, **features: str) -> None:
    found = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": found})


def drawn(driver: Any) -> dict[str, Any]:
    """What the plots were drawn from, as the browser has it."""
    script = "return JSON.stringify(Object.fromEntries([...document.querySelectorAll('.plot')].filter(p => p.data)"
    found: dict[str, Any] = json.loads(driver.execute_script(script + ".map(p => [p.id.slice(5), p.data])))"))
    return found


def test_controls_change_the_page_and_nothing_else(driver: Any, tiny: Made, tmp_path: Path) -> None:
    media(driver, prefers_color_scheme="light")
    opened(driver, tiny, tmp_path)
    unfold(driver)
    assert driver.execute_script(PAPER) == LIGHT
    ink = driver.execute_script(INK)
    click(driver, "#theme")
    assert driver.execute_script(PAPER) == DARK
    assert driver.execute_script(INK) != ink
    assert driver.find_element("id", "theme").text == "Light"
    click(driver, "#theme")
    assert (driver.execute_script(PAPER), driver.execute_script(INK)) == (LIGHT, ink)

    assert driver.find_element("id", "plot-cash").is_displayed()
    assert not driver.find_element("id", "plot-levelised").is_displayed()
    click(driver, "[data-view=levelised]")
    assert not driver.find_element("id", "plot-cash").is_displayed()
    bars = driver.find_elements("css selector", "#plot-levelised .point path")
    assert driver.find_element("id", "plot-levelised").is_displayed()
    assert len([bar for bar in bars if bar.size["width"] > 20]) >= 2
    check_plots(tiny, drawn(driver))
    quiet(driver)


def test_the_page_follows_the_machines_own_theme(driver: Any, tiny: Made, tmp_path: Path) -> None:
    media(driver, prefers_color_scheme="dark")
    opened(driver, tiny, tmp_path)
    unfold(driver)
    assert driver.execute_script(PAPER) == DARK
    dark = driver.execute_script(INK)
    media(driver, prefers_color_scheme="light")
    assert driver.execute_script(PAPER) == LIGHT
    assert driver.execute_script(INK) != dark
    quiet(driver)


def test_figures_can_be_seen(driver: Any, tiny: Made, tmp_path: Path) -> None:
    opened(driver, tiny, tmp_path)
    for fold in driver.find_elements("css selector", "summary"):
        driver.execute_script("arguments[0].parentElement.open = true", fold)
    click(driver, "[data-view=cash]")
    seen = driver.execute_script(
        "return [...document.querySelectorAll('[data-figure]')]"
        ".map(e => [e.dataset.figure, e.innerText, e.checkVisibility()])"
    )
    hidden = [figure for figure, text, visible in seen if not (visible and text.strip())]
    assert len(seen) > 80
    assert all(figure.startswith("levelised ") for figure in hidden)
    wide = driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    quiet(driver)


def test_a_future_is_chosen_and_names_stay_words(driver: Any, several: Made, tmp_path: Path) -> None:
    opened(driver, several, tmp_path)
    unfold(driver)
    assert driver.find_element("css selector", "h1").text == HOSTILE
    assert driver.title == f"{HOSTILE}: plan"
    served = driver.execute_script("return document.getElementById('plot-served-1').textContent")
    assert HOSTILE in served
    assert driver.find_elements("css selector", "img, iframe") == []
    before = visible_mw(driver)
    driver.execute_script(
        "const s = document.getElementById('future'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))",
        IMAGE,
    )
    for name, seen in (("calm", before), (IMAGE, visible_mw(driver))):
        rows = [row for row in several.result["fleet"] if row["future"] in (name, "all") and "lookahead" not in row]
        assert seen == pytest.approx(math.fsum(row["provisioned_utility_mw"] for row in rows))
    click(driver, "[data-view=levelised]")
    check_plots(several, drawn(driver))
    quiet(driver)


def visible_mw(driver: Any) -> float:
    traces = drawn(driver)["power"]
    return math.fsum(y for trace in traces if trace["type"] == "bar" and trace["visible"] for y in trace["y"])


def test_it_prints(driver: Any, several: Made, tmp_path: Path) -> None:
    media(driver, prefers_color_scheme="dark")
    opened(driver, several, tmp_path)
    assert printed(driver, printBackground=False, preferCSSPageSize=True).startswith(b"%PDF")
    # Back on the screen everything is as it was: dark, folded, one view.
    assert driver.execute_script(PAPER) == DARK
    assert driver.find_elements("css selector", "details[open]") == []
    assert not driver.find_element("id", "plot-levelised").is_displayed()
    quiet(driver)


def test_paper_has_every_part_and_of_its_folds_what_was_opened(driver: Any, tiny: Made, tmp_path: Path) -> None:
    opened(driver, tiny, tmp_path)
    driver.execute_script("document.querySelector('#steps section > details').open = true")
    driver.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    count = "return document.querySelectorAll(arguments[0]).length"
    assert driver.execute_script(count, "details.part:not([open])") == 0
    assert driver.execute_script(count, "section details[open]") == 1
    height = driver.execute_script("return document.getElementById('plot-cash')._fullLayout.height")
    driver.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert driver.execute_script(count, "details.part[open]") == 0
    unfold(driver)
    assert driver.execute_script("return document.getElementById('plot-cash')._fullLayout.height") > height
    quiet(driver)


def test_a_link_opens_the_part_it_names(driver: Any, tiny: Made, tmp_path: Path) -> None:
    opened(driver, tiny, tmp_path)
    assert not driver.find_element("id", "plot-power").is_displayed()
    click(driver, "nav a[href='#power']")
    driver.execute_async_script("setTimeout(arguments[0], 100)")
    assert driver.find_element("css selector", "#plot-power .main-svg").is_displayed()
    quiet(driver)


def crowded() -> First:
    """A page one with as much on it as it ever has."""
    sentence = "Buy 37 × hgx-b200 for dallas by 10 December 2026 ($17.0 M), " * 3
    orders = (("31 December 2026", "sign 12 × 64 gb300-nvl72 GPUs at acme for 36 months", "$27.6 M"),) * MOST_SIGNED
    text = "$87.4 M of $90.0 M (97 %)"
    few = tuple(Bar(f"limit {index} of dallas", text, 0.9) for index in range(MOST_BARS))
    ways = tuple(Bar("renting it all by the hour", f"{text}, beyond the limits given", 0.5) for _ in range(5))
    note = "Renting it all by the hour: it needs 6.3 × the quotas and hourly depth. " * 5
    pictures = (
        Bars("Buy or rent", ("way", "cost"), ways, note),
        Bars("Cost by workload", ("workload", "$"), few, note[:150]),
        Bars("Power and budget used", ("limit", "used"), few, note[:100]),
    )
    asked = tuple((f"What of {name}", sentence) for name in ("signing", "cost", "instead", "wrong"))
    return First(asked, "31 December 2026", orders, note[:150], pictures)


@pytest.mark.parametrize(("width", "height"), [(8.27, 11.69), (8.5, 11.0)], ids=["a4", "letter"])
def test_the_board_page_is_one_sheet(driver: Any, tiny: Made, tmp_path: Path, width: float, height: float) -> None:
    own = board_page(tiny.plan, tiny.scenario, tiny.catalog, tiny.beside)
    for page in (own, render(BOARD, tiny.plan, tiny.scenario, first=crowded())):
        file = tmp_path / "board.html"
        file.write_text(page, encoding="utf-8")
        driver.get_log("browser")
        driver.get(file.as_uri())
        made = printed(driver, paperWidth=width, paperHeight=height)
        assert len(re.findall(rb"/Type\s*/Page\b", made)) == 1
        quiet(driver)


def test_page_one_fits_a_telephone(driver: Any, tiny: Made, tmp_path: Path) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        opened(driver, tiny, tmp_path)
        assert driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        assert driver.find_element("css selector", ".verdict").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
