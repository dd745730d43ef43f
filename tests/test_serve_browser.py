"""`plan serve` in a browser: a move, the bound, the proven plan, what is kept; by keyboard, narrow, in the dark."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("selenium")

from selenium.webdriver.common.keys import Keys

from planner.pipeline import solve
from planner.scenario import load_scenario
from planner.studies.diff.comparand import answered, read
from planner.studies.diff.sheet import cost_sheet
from planner.studies.diff.study import diff
from tests.browser import chromium, requests_of
from tests.test_accessibility import RUN, axe  # noqa: F401
from tests.what_if import PATIENCE_S, hall_in, serving

pytestmark = pytest.mark.browser

STATE = "return document.documentElement.dataset.state"
POWER = "[data-field='sites.hall.power_mw']"
# From a move to its bound: what people wait for without noticing.
AT_ONCE_S = 1.0


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("chromium"), width=1440) as found:
        yield found


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hall_in(tmp_path_factory.mktemp("hall"))


@pytest.fixture(scope="module")
def address(hall: Path) -> Iterator[str]:
    with serving(str(hall)) as (_, found):
        yield found


def until(driver: Any, state: str) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(driver, PATIENCE_S, poll_frequency=0.05).until(lambda found: found.execute_script(STATE) == state)


def quiet(driver: Any, address: str) -> None:
    """No error in the console, nothing asked of anybody else."""
    assert driver.get_log("browser") == []
    asked = requests_of(driver)
    assert asked
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(address).netloc}


def text(driver: Any, selector: str) -> str:
    found: str = driver.find_element("css selector", selector).get_property("innerText")
    return found


def sized(driver: Any, width: int, scheme: str) -> None:
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def test_power_is_moved_answered_compared_kept_and_solved_from_the_shell(driver: Any, hall: Path, address: str) -> None:
    sized(driver, 1440, "light")
    driver.get(address)
    until(driver, "answer")
    assert "per million output tokens" in text(driver, "#answer .answer")
    # The browser measures it itself: from the move to the bound on the page.
    driver.execute_script(
        """
        const headline = document.getElementById("headline");
        new MutationObserver(() => {
          if (headline.textContent.startsWith("Bound")) window.after ??= performance.now() - window.moved;
        }).observe(headline, {childList: true, characterData: true, subtree: true});
        """
    )
    driver.execute_script("document.querySelector(arguments[0]).focus(); window.moved = performance.now()", POWER)
    field = driver.find_element("css selector", POWER)
    field.send_keys(Keys.CONTROL, "a")
    driver.execute_script("window.moved = performance.now(); window.after = undefined")
    field.send_keys("12", Keys.TAB)
    until(driver, "answer")
    assert driver.execute_script("return window.after") < 1000 * AT_ONCE_S
    shown = text(driver, "#answer")
    assert re.search(r"What you ask for costs 8\.\d % less than the scenario as it is", shown)

    driver.find_element("css selector", "[data-save=overlay]").click()
    overlay = hall.with_name("hall-what-if-1.yaml")
    end = time.monotonic() + PATIENCE_S
    while "Saved as" not in text(driver, "#saved") and time.monotonic() < end:
        time.sleep(0.05)
    assert f"plan diff {hall} {overlay}" in text(driver, "#saved")
    store = hall.with_name("none.sqlite")
    sides = [answered(read(str(one), store), gap=None, time_limit_s=None, progress=print) for one in (hall, overlay)]
    cells = driver.execute_script(
        "return [...document.querySelectorAll('#compared tbody tr')].map(row => [...row.cells].map(c => c.textContent))"
    )
    assert cells == [list(row) for row in cost_sheet(diff(*sides)).rows]
    assert sides[1].result["kpis"] == solve(load_scenario(overlay)).to_dict()["kpis"]

    # The link restores the state, answered at once.
    link = driver.current_url
    assert link.endswith("?sites.hall.power_mw=12")
    driver.get(link)
    until(driver, "answer")
    assert driver.find_element("css selector", POWER).get_property("value") == "12"
    assert text(driver, "#answer") == shown
    quiet(driver, address)


def test_a_slider_draws_the_frontier_and_curves_are_filtered(driver: Any, address: str) -> None:
    sized(driver, 1440, "light")
    driver.get(f"{address}?sites.hall.power_mw=12")
    until(driver, "answer")
    driver.find_element("css selector", "#frontier summary").click()
    slider = driver.find_element(
        "css selector", f"[data-for='{driver.find_element('css selector', POWER).get_property('id')}']"
    )
    slider.send_keys(Keys.ARROW_RIGHT)
    until(driver, "answer")
    rows = "return document.querySelectorAll('#points tr').length"
    assert driver.execute_script(rows) >= 2
    driver.find_element("id", "curve").click()
    end = time.monotonic() + PATIENCE_S
    while driver.find_element("id", "curve").get_property("disabled") and time.monotonic() < end:
        time.sleep(0.05)
    points = driver.execute_script(
        "return [...document.querySelectorAll('#points tr')].map(row => [...row.cells].map(c => c.textContent))"
    )
    assert len(points) >= 9
    costs = [float(usd.replace(",", "")) for _, usd in points if usd != "no plan"]
    # More power never costs more.
    assert costs == sorted(costs, reverse=True)
    assert len(driver.find_elements("css selector", "#plot-frontier .point")) >= 9

    driver.find_element("css selector", "#serving summary").click()
    drawn = "return document.querySelectorAll('#plot-speed-1 .point').length"
    end = time.monotonic() + PATIENCE_S
    while not driver.execute_script(drawn) and time.monotonic() < end:
        time.sleep(0.05)
    box = driver.find_element("css selector", "[data-filter=system]")
    box.click()
    while driver.execute_script(drawn) and time.monotonic() < end:
        time.sleep(0.05)
    assert driver.execute_script(drawn) == 0
    quiet(driver, address)


def test_everything_is_reached_by_keyboard(driver: Any, address: str) -> None:
    sized(driver, 1440, "light")
    driver.get(address)
    until(driver, "answer")
    reached: list[str] = []
    active = "const e = document.activeElement; return e.id || e.dataset.save || e.tagName"
    body = driver.find_element("tag name", "body")
    body.send_keys(Keys.TAB)
    while len(reached) < 200:
        reached.append(driver.execute_script(active))
        if reached[-1] == "command" or (len(reached) > 1 and reached[-1] == "BODY"):
            break
        driver.switch_to.active_element.send_keys(Keys.TAB)
    fields = driver.execute_script(
        "return [...document.querySelectorAll('details[open] [data-field], #reset, #link, [data-save]')]"
        ".map(e => e.id || e.dataset.save)"
    )
    assert set(fields) <= set(reached)
    # Rent, by its button, with the space bar.
    driver.execute_script("document.querySelectorAll('[data-sets]')[2].focus()")
    driver.switch_to.active_element.send_keys(Keys.SPACE)
    until(driver, "answer")
    assert "procurement.buy=off" in driver.current_url
    assert (
        driver.execute_script("return document.querySelectorAll('[data-sets]')[2].getAttribute('aria-pressed')")
        == "true"
    )
    quiet(driver, address)


def test_what_cannot_be_is_told_at_its_field(driver: Any, address: str) -> None:
    sized(driver, 1440, "light")
    driver.get(address)
    until(driver, "answer")
    field = driver.find_element("css selector", POWER)
    driver.execute_script(
        "arguments[0].value = '-3'; for (const kind of ['input', 'change'])"
        " arguments[0].dispatchEvent(new Event(kind, {bubbles: true}))",
        field,
    )
    until(driver, "refused")
    assert field.get_attribute("aria-invalid") == "true"
    assert text(driver, f"#{field.get_property('id')}-fault") == "-3 is negative"
    quiet(driver, address)


def test_axe_finds_nothing_and_nothing_is_cut_off(axe: str, driver: Any, address: str) -> None:  # noqa: F811
    sized(driver, 1440, "light")
    driver.get(f"{address}?sites.hall.power_mw=12")
    until(driver, "answer")
    driver.execute_script("for (const part of document.querySelectorAll('details')) part.open = true")
    driver.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    for width, scheme in ((1440, "light"), (400, "dark")):
        sized(driver, width, scheme)
        driver.execute_async_script("setTimeout(arguments[0], 300)")
        assert driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        assert driver.execute_async_script(RUN) == []
